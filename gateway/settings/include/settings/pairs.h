// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"

/*
 * A private file with one section of `name = value` lines, such as the sensors' keys: read like a configuration, in whatever
 * encoding it was saved.
 */

enum { PAIRS_BYTES_MAX = 4 << 20 };

// Takes one pair; texts live until it returns. An error ends the reading; `why` is told with the file's name and the line.
typedef int pair_take(void *context, const char *name, const char *value, struct fault *why);

// -EPERM when others may read the file, -EINVAL for a line that is no such pair, or one outside the section.
int pairs_read(const char *path, const char *section, pair_take *take, void *context, struct fault *why);
