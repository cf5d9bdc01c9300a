// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What the texts and lists of one configuration live in: taken piece by piece, freed all at once. When memory runs out,
 * lists come back NULL and texts "", and memory_failed() stays true, so that one question at the end is enough.
 */

struct settings_memory;

struct settings_memory *memory_create(void); // NULL: out of memory
void memory_destroy(struct settings_memory *memory);
bool memory_failed(const struct settings_memory *memory);

void *memory_take(struct settings_memory *memory, size_t size); // zeroed
const char *memory_text(struct settings_memory *memory, const char *text, size_t size);
const char *memory_printf(struct settings_memory *memory, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The list with room (zeroed) for one item more than its `count`: itself, or a copy of twice the size.
void *memory_grow(struct settings_memory *memory, void *list, size_t count, size_t item_size);
