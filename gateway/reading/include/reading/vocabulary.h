// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The vocabulary of quantities: name (with its unit, as it appears in topics and fields), unit, type and range; and the
 * units that convert into it. One table in vocabulary.c.
 */

enum value_type { VALUE_NUMBER, VALUE_BOOL, VALUE_TEXT, VALUE_INTEGER };

struct quantity {
    const char *name; // "battery_v"
    const char *unit; // the unit its values are in, in SenML spelling ("V"); "" for none
    enum value_type type;
    double low, high;         // what can be; -INFINITY..INFINITY for no bound
    unsigned kinds;           // bit per enum kind; all bits: any kind
    const char *meaning;      // one line in English, for documents and `about`
    const char *const *words; // VALUE_TEXT: what it may be, ends with NULL; NULL when it may be any text
};

enum { QUANTITY_NAME_MAX = 64 };

// The quantity of that name that sensors of that kind may have, or NULL. `generic` may have every quantity of the table,
// `environment` every one that has a unit. Besides, these two take any name of a-z 0-9 _ that ends in a known unit's suffix
// ("soil_temperature_c", "tank_v"; the suffixes stand in suffixes.c); those are made on demand and live as long as the
// program (at most 1024; NULL when the bound is reached), and none that could name a device (identifier.h). Thread-safe. Quantities and their names never move, so that
// pointers to them may be kept.
const struct quantity *vocabulary_find(const char *name, enum kind kind);

// Those suffixes ("c", "v"); NULL after the last.
const char *vocabulary_suffix_at(size_t index);

// How many such names there are, and how often one was refused because there were too many.
void vocabulary_made(uint64_t *ret_made, uint64_t *ret_refused);

// A running counter, "in_total": it only grows.
bool quantity_is_counter(const struct quantity *quantity);

// What was counted since the reading before, "in": it adds up.
bool quantity_is_count(const char *name);

// The table, in the order of names; NULL after its end.
const struct quantity *vocabulary_at(size_t index);

// The quantity of the table whose unit this is, when sensors of that kind may have exactly one; else NULL.
const struct quantity *vocabulary_by_unit(const char *unit, enum kind kind);

// For messages: the nearest known name that sensors of that kind may have, or NULL.
const char *vocabulary_nearest_of(const char *name, enum kind kind);

// Converts a value from the unit `from` (SenML primary and secondary units, and common spellings such as "°C", "km/h")
// into the quantity's unit. False when the dimension is another. "" converts as the quantity's own unit. Computed values
// are cut to 12 significant digits. As RFC 8428 has it, "/" and its old name "%" are a ratio of 0..1, while "%RH" and
// "%EL" are percent: 0.5 in "/" or "%" is 50 for battery_pct. Percent without a dimension of its own is "/100".
bool unit_convert(const char *from, const struct quantity *to, double value, double *ret_value);
bool unit_known(const char *unit);
