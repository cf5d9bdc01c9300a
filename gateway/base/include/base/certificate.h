// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stddef.h>
#include <stdint.h>

/*
 * When certificates end (RFC 5280, 4.1.2.5).
 */

// Of the certificates of a PEM file of at most 1 MB: when the first of them ends, and the last; in microseconds since 1970, UTC.
// -errno as file_read(); -EBADMSG: there is none in it, or one that cannot be read.
int certificate_ends(const char *path, int64_t *ret_first_us, int64_t *ret_last_us, struct fault *why);
