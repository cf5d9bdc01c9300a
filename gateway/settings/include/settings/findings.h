// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * What is wrong with a configuration, one line each: `FILE:LINE: [section] key: what is wrong; what was expected`.
 * Every room that checks a part of it adds to the same list. At most FINDINGS_MAX are kept; the rest are counted.
 */

enum { FINDINGS_MAX = 1000 };

enum finding_level {
    FINDING_WARNING,  // told, and `check` still ends with 0
    FINDING_DISABLES, // disables its section (a sensor, zone, port, profile) alone
    FINDING_STOPS,    // the daemon does not start
};

struct finding {
    enum finding_level level;
    char *text; // the whole line, escaped
};

struct findings {
    struct finding *list;
    size_t count, size;
    size_t dropped; // beyond FINDINGS_MAX
    size_t warnings, disabled, stops;
};

struct key_line {
    const char *key;
    int line;
};

// Where a thing stands in the configuration. Borrowed texts that live as long as the settings; line 0: nowhere (a default).
struct origin {
    const char *file;
    int line;
    const struct key_line *keys; // of a section: where its keys stand; ends with a key of NULL. NULL: not known
};

// "line 3", or "line 3 of FILE" when `from` is in another file. Returns `ret_text`.
enum { PLACE_MAX = 200 };
const char *origin_place(struct origin origin, struct origin from, char ret_text[PLACE_MAX]);

// Adds a line. `section` such as "sensor:bay-1" and `key` may be NULL; where the origin knows the key's line, it is told. The rest says what is wrong and what was expected.
void findings_add(struct findings *findings, enum finding_level level, struct origin origin, const char *section,
                  const char *key, const char *format, ...) __attribute__((format(printf, 6, 7)));
void findings_finish(struct findings *findings);
