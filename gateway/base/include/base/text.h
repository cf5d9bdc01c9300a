// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>

enum { ID_MAX = 64 };

// True for an id as users give it: 1 to 64 of A-Z a-z 0-9 _ . -
bool text_is_id(const char *text, size_t size);

// True when [text, text+size) is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool text_is_utf8(const char *text, size_t size);

// True for UTF-8 without control characters (U+0000-001F, 007F-009F) and non-characters: what MQTT 5 section 1.5.4 wants of
// its texts, since a broker may end a connection over others.
bool text_is_plain(const char *text, size_t size);

// The candidate nearest to `word` (edits, case ignored), or NULL when none is near enough to be what was meant.
const char *text_nearest(const char *word, const char *const candidates[], size_t count);

// Copies printable text for logs and diagnostics: control characters, marks that turn or hide text and malformed UTF-8 become
// \xNN, long text is cut at a character's border and ends in "...". Always terminates; returns `ret_text`.
char *text_escape(const char *text, size_t size, char *ret_text, size_t ret_size);
