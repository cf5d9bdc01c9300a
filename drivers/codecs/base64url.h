// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Decodes base64url without padding (RFC 4648 section 5) in place; the bytes are never longer than the text. False when
// it is anything else, also when the last character has bits that belong to no byte: then something was cut.
bool base64url_decode(char *text, size_t size, size_t *ret_size);
