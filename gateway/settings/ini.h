// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * INI text, item by item. A line is a section, `key = value`, a comment, or blank; it never goes on in the next one.
 * A line that is none of these is an item, too, so that the caller knows in which section it stands.
 */

enum { INI_LINE_MAX = 4096 };

enum ini_what {
    INI_END,
    INI_SECTION,       // [section]
    INI_KEY,           // key = value
    INI_WRONG,         // a wrong line within a section; `why`
    INI_WRONG_SECTION, // a wrong section line; `section` is what was probably meant, "" when nothing can be told
};

struct ini {
    const char *text; // UTF-8, without NUL
    size_t left;
    int line;
    char buffer[INI_LINE_MAX + 1];
};

// Texts live until the next call.
struct ini_item {
    int line;
    const char *section;
    const char *key, *value; // trimmed; the value without its quotes and comment
    struct fault why;
};

void ini_begin(struct ini *ini, const char *text, size_t size);
enum ini_what ini_next(struct ini *ini, struct ini_item *ret_item);
