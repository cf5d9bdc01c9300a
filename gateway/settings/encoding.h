// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"
#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of a configuration file become UTF-8 text without a byte order mark. Windows editors save UTF-16 or, the older
 * ones, Shift_JIS (CP932).
 */

enum encoding { ENCODING_UTF8, ENCODING_UTF16_LE, ENCODING_UTF16_BE, ENCODING_CP932 };

// Appends the text to `ret_text`, terminated by a NUL that is not counted. -EILSEQ when the bytes are no text in any of
// them, -EINVAL when they hold NUL characters; *ret_line is then the line of the first bad place. With ENCODING_CP932
// *ret_line is the first line that is not UTF-8.
int encoding_to_utf8(const uint8_t *data, size_t size, struct bytes *ret_text, enum encoding *ret_encoding,
                     int *ret_line, struct fault *why);
