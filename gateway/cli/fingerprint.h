// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jansson.h>
#include <stdint.h>

// A number that is the same for readings that say the same, and hardly ever for others. The order of members does not
// matter, nor do the marks of how a reading was sent.
uint64_t fingerprint(const json_t *reading);
