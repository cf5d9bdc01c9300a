// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory.h"
#include <stddef.h>

/*
 * A table of names, to find at once what was given twice. Made for a number of names that is known from the beginning.
 */

struct names {
    struct name_slot *slots;
    size_t size; // a power of two, at least twice the names
};

int names_init(struct names *names, struct settings_memory *memory, size_t max); // -ENOMEM

// What stands under that name already; else keeps `value` under it and returns NULL. Borrows the name.
void *names_put(struct names *names, const char *name, void *value);
void *names_get(const struct names *names, const char *name); // NULL when unknown
