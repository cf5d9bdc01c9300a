// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "carry.h"

/*
 * How far an import came, in FILE.imported beside the file:
 *
 *   {"citygw_imported":1,"crc32c":"9a71bb4c","readings":5000,"broker":"mqtt://127.0.0.1","done":1200}
 *
 * The first `done` readings were acknowledged by that broker. It speaks of a file with that checksum and count only, so an
 * old one of another export is ignored. Without it everything is sent again, which does no harm.
 */

// How many are done; 0 when nothing is known.
size_t progress_read(const char *path, const struct carry *carry, const char *broker);
int progress_write(const char *path, const struct carry *carry, const char *broker, size_t done, struct fault *why);
