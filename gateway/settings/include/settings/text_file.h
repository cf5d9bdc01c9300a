// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"
#include <stddef.h>

#define TEXT_FILE_ROOM(max)                                                                                            \
    (3 * (size_t)(max) + 1) // for the text of a file of `max` bytes: half-width kana become three times as long

// Appends a text file of at most `max` bytes, as an office saves it (a table as CSV, say), as UTF-8 without a byte order mark: UTF-8, UTF-16
// and Shift_JIS (CP932) are known. What is none of them is appended as it stands. The errors of file_read(), or -ENOMEM.
int text_file_read(const char *path, size_t max, struct bytes *ret_text, struct fault *why);
