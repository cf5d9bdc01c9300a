// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Large enough to be mapped each by itself, so that what only loading needed goes back whole.
enum { CHUNK_SIZE = 64 * 1024, ALIGNMENT = sizeof(max_align_t) };

struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t data[];
};

struct settings_memory {
    struct chunk *chunks; // the first is the one being filled
    bool failed;
};

struct settings_memory *memory_create(void)
{
    return calloc(1, sizeof(struct settings_memory));
}

void memory_destroy(struct settings_memory *memory)
{
    if (!memory)
        return;
    while (memory->chunks) {
        struct chunk *next = memory->chunks->next;
        free(memory->chunks);
        memory->chunks = next;
    }
    free(memory);
}

bool memory_failed(const struct settings_memory *memory)
{
    return memory->failed;
}

static struct chunk *add_chunk(struct settings_memory *memory, size_t at_least)
{
    size_t size = at_least > CHUNK_SIZE ? at_least : CHUNK_SIZE;
    struct chunk *chunk = size < SIZE_MAX / 2 ? calloc(1, sizeof *chunk + size) : NULL;
    if (!chunk) {
        memory->failed = true;
        return NULL;
    }
    *chunk = (struct chunk){.next = memory->chunks, .size = size};
    memory->chunks = chunk;
    return chunk;
}

void *memory_take(struct settings_memory *memory, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct chunk *chunk = memory->chunks;
    if (!chunk || chunk->size - chunk->used < size)
        chunk = add_chunk(memory, size);
    if (!chunk)
        return NULL;
    void *taken = (char *)chunk->data + chunk->used;
    chunk->used += size;
    return taken;
}

const char *memory_text(struct settings_memory *memory, const char *text, size_t size)
{
    if (!size)
        return "";
    char *copy = memory_take(memory, size + 1);
    if (!copy)
        return "";
    memcpy(copy, text, size);
    return copy;
}

const char *memory_printf(struct settings_memory *memory, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    char *text = size > 0 ? memory_take(memory, (size_t)size + 1) : NULL;
    if (text)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text ? text : "";
}

void *memory_grow(struct settings_memory *memory, void *list, size_t count, size_t item_size)
{
    bool full = (count & (count - 1)) == 0; // lists are 1, 2, 4, 8 ... items long
    if (!full)
        return list;
    void *longer = memory_take(memory, (count ? 2 * count : 1) * item_size);
    if (longer && count)
        memcpy(longer, list, count * item_size);
    return longer;
}
