// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"

/*
 * The one table of sections and keys: loading follows it, and `citygw keys` prints it. A new key is a row here and a
 * member in settings.h.
 */

enum key_type {
    TYPE_TEXT,
    TYPE_FILE,
    TYPE_FILES, // patterns of files, relative to the main file
    TYPE_ID,    // of a sensor, zone, port, profile
    TYPE_GATEWAY_ID,
    TYPE_MUNICIPALITY,
    TYPE_TIMEZONE,
    TYPE_TOPIC,
    TYPE_URL, // `range` names the schemes, separated by blanks
    TYPE_SOURCE,
    TYPE_ADDRESSES, // HOST:PORT ...
    TYPE_ADDRESS,
    TYPE_BOOL,
    TYPE_CHOICE,      // one of `choices`, stored as its number
    TYPE_CHOICE_TEXT, // the same, stored as its name
    TYPE_INTEGER,
    TYPE_NUMBERS, // up to four, rising
    TYPE_NUMBER,
    TYPE_COORDINATE,  // degrees
    TYPE_TIME_OF_DAY, // minutes
    TYPE_DAYS,        // the first and the last, counted from 1970-01-01
    TYPE_DURATION,    // microseconds
    TYPE_SIZE,        // bytes
    TYPE_RATE,        // per second
    TYPE_BYTE_RATE,   // bytes per second
    TYPE_METRES,
    TYPE_AREA, // square metres
    TYPE_PERCENT,
    TYPE_VOLTS,
    TYPE_MAP,  // the keys `map.QUANTITY`, and so on
    TYPE_RANGE,
    TYPE_EXTRA,
    TYPE_COUNT
};

enum key_flag {
    KEY_REQUIRED = 1,
    KEY_LATER = 2,     // known, but what it is for is not built yet
    KEY_SECRET = 4,    // names a file that holds a secret
    KEY_EMPTY_OFF = 8, // an empty value switches off; elsewhere it means the default
};

struct choice {
    const char *name; // NULL ends the list
    int value;
    bool later;
};

struct key {
    const char *section, *name; // a name that ends in '.' is a prefix: `map.`
    const char *fallback;       // the default as it would be written; NULL: none
    const char *range;          // LOW..HIGH as they would be written; NULL: any
    const struct choice *choices;
    const char *help;
    size_t offset, size;  // of the member in the section's struct; size 0: not kept
    size_t second_offset; // of the count that belongs to a list, or of the municipality's name
    enum key_type type;
    unsigned flags;
};

extern const struct key keys[]; // ends with a NULL section

enum section_naming { SECTION_PLAIN, SECTION_NAMED, SECTION_EITHER };

struct section_type {
    const char *type;  // NULL ends the list
    const char *label; // as in `citygw keys`: "[sensor:ID]"
    enum section_naming naming;
    enum finding_level level; // of what is wrong in it
    bool included;            // may stand in an included file
    bool outlet;
    bool later;
    size_t size;            // of its struct, which begins with its origin; 0: not kept
    size_t offset;          // in struct settings: of the struct, or of the list
    size_t count_offset;    // of the list's count; 0: no list
    size_t name_offset;     // in its struct, of the name
    size_t disabled_offset; // in its struct; 0: it has none
    const char *help;
};

extern const struct section_type section_types[];

const struct section_type *section_type_find(const char *type, size_t size); // case ignored; NULL when unknown
const char *section_type_nearest(const char *type);                          // NULL when none is near

// The row of that key, or NULL. For `map.occupied` that is the row `map.`, and *ret_suffix is "occupied"; else "".
const struct key *key_find(const char *section, const char *name, const char **ret_suffix);
const char *key_nearest(const char *section, const char *name);
