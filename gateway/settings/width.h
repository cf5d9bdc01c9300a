// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Full-width forms (U+FF01..U+FF5E and the blank U+3000), as Japanese keyboards write letters, digits and signs: they look
 * like what was meant and are not.
 */

// The first full-width character of the text and, in *ret_half, the ASCII character that it looks like; NULL: none.
const char *width_find(const char *text, char *ret_half);
enum { WIDTH_BYTES = 3 }; // such a character is three bytes of UTF-8

// Writes the text with ASCII characters in their place. False when it had none. `ret_text` may be `text` itself; it never
// gets longer.
bool width_fold(const char *text, char *ret_text);

// How many columns of a terminal the text takes (UTF-8; Japanese characters take two).
size_t width_columns(const char *text);
