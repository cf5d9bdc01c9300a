// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory.h"
#include "table.h"

/*
 * The text of a value becomes what its key's type makes of it.
 */

enum { VALUE_NUMBERS_MAX = 4, VALUE_SHOWN_MAX = 80 };

struct value {
    int64_t integer; // of integers, durations, sizes, choices, bools, times of day; the first of days
    int64_t last;    // of days
    double number;
    double numbers[VALUE_NUMBERS_MAX];
    size_t count;
    const char *text, *second;
    bool later; // a choice that is not built yet
};

// What a type's parser is given.
struct value_input {
    const struct key *key;
    const char *text;
    const char *shown;    // the text, escaped and cut for a message
    const char *expected; // "a duration such as ...", translated
    struct settings_memory *memory;
};

// Without memory only the types that `range` and `second` values need are parsed. -EINVAL and `why`: "what; expected".
int value_parse(const struct key *key, const char *text, struct settings_memory *memory, struct value *ret_value,
                struct fault *why);

// What stands for an empty value: the default, or the unset value of its type.
void value_default(const struct key *key, struct settings_memory *memory, struct value *ret_value);

void value_store(const struct key *key, const struct value *value, void *object);
bool value_same(const struct value *a, const struct value *b);

const char *value_type_name(const struct key *key); // "duration", translated
bool value_is_numeric(const struct key *key);       // full-width digits are taken in it
const char *value_expected(const struct key *key);  // "a duration such as 200 ms ...", translated
const char *value_range(const struct key *key, char *ret_text, size_t size); // "0 s..10 s", "a | b", or ""
