// SPDX-License-Identifier: Apache-2.0
#include "streams.h"

#include "base/number.h"
#include "format.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_START = 64 };

// Lists of the largest size: never moved, so that names can be read while others are added; untouched pages cost nothing.
int streams_init(struct streams *streams)
{
    *streams = (struct streams){.first_seq = 1, .first_us = INT64_MIN};
    streams->names = calloc(BUFFER_STREAMS_MAX, sizeof *streams->names);
    streams->next_seq = calloc(BUFFER_STREAMS_MAX, sizeof *streams->next_seq);
    streams->stored_seq = calloc(BUFFER_STREAMS_MAX, sizeof *streams->stored_seq);
    streams->newest_us = calloc(BUFFER_STREAMS_MAX, sizeof *streams->newest_us);
    streams->stored_us = calloc(BUFFER_STREAMS_MAX, sizeof *streams->stored_us);
    streams->newest = calloc(BUFFER_STREAMS_MAX, sizeof *streams->newest);
    streams->slots = calloc(SLOTS_START, sizeof *streams->slots);
    streams->slot_count = SLOTS_START;
    if (!streams->names || !streams->next_seq || !streams->stored_seq || !streams->newest_us || !streams->stored_us ||
        !streams->newest || !streams->slots) {
        streams_finish(streams);
        return -ENOMEM;
    }
    return 0;
}

void streams_finish(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        free(streams->names[i]);
    free(streams->names);
    free(streams->next_seq);
    free(streams->stored_seq);
    free(streams->newest_us);
    free(streams->stored_us);
    free(streams->newest);
    free(streams->slots);
    *streams = (struct streams){0};
}

// The slot that holds the name, or the free one where it belongs. Half of the slots always stay free.
static uint32_t *slot_of(const struct streams *streams, const char *name, size_t size)
{
    size_t at = (size_t)(fnv64(FNV_START, name, size) % streams->slot_count);
    while (streams->slots[at] != 0) {
        const char *there = streams->names[streams->slots[at] - 1];
        if (strlen(there) == size && memcmp(there, name, size) == 0)
            break;
        at = (at + 1) % streams->slot_count;
    }
    return &streams->slots[at];
}

bool streams_find(const struct streams *streams, const char *name, size_t size, uint32_t *ret_stream)
{
    uint32_t slot = *slot_of(streams, name, size);
    if (slot == 0)
        return false;
    *ret_stream = slot - 1;
    return true;
}

static void note_name(struct streams *streams, uint32_t stream)
{
    uint32_t *slot = slot_of(streams, streams->names[stream], strlen(streams->names[stream]));
    if (*slot < stream + 1)
        *slot = stream + 1;
}

// Slots for so many streams. -ENOMEM.
static int make_slots(struct streams *streams, size_t count)
{
    if (2 * count <= streams->slot_count)
        return 0;
    size_t size = 2 * streams->slot_count;
    while (size < 2 * count)
        size *= 2;
    uint32_t *slots = calloc(size, sizeof *slots);
    if (!slots)
        return -ENOMEM;
    free(streams->slots);
    streams->slots = slots;
    streams->slot_count = size;
    for (uint32_t stream = 0; stream < streams->count; stream++)
        if (streams->names[stream])
            note_name(streams, stream);
    return 0;
}

int streams_name(struct streams *streams, uint32_t stream, const char *name, size_t size)
{
    if (size == 0 || size > STREAM_NAME_MAX || memchr(name, '\0', size) != NULL)
        return -EINVAL;
    if (streams->names[stream])
        return 0;
    int error = make_slots(streams, stream + 1u);
    if (error)
        return error;
    char *copy = strndup(name, size);
    if (!copy)
        return -ENOMEM;
    streams->names[stream] = copy;
    note_name(streams, stream);
    return 0;
}

void streams_note_newest(struct streams *streams, uint32_t stream, int64_t time_us, uint64_t number)
{
    if (time_us > streams->stored_us[stream])
        streams->stored_us[stream] = time_us;
    if (number > streams->newest[stream])
        streams->newest[stream] = number;
}

int streams_reach(struct streams *streams, uint32_t stream)
{
    if (stream >= BUFFER_STREAMS_MAX)
        return -ENOSPC;
    while (streams->count <= stream) {
        streams->next_seq[streams->count] = streams->first_seq;
        streams->stored_seq[streams->count] = streams->first_seq;
        streams->newest_us[streams->count] = streams->stored_us[streams->count] = streams->first_us;
        streams->count++;
    }
    return 0;
}

int streams_add(struct streams *streams, const char *name, size_t size, uint32_t *ret_stream)
{
    if (streams->count >= BUFFER_STREAMS_MAX)
        return -ENOSPC;
    uint32_t stream = (uint32_t)streams->count;
    int error = streams_name(streams, stream, name, size);
    if (error)
        return error;
    streams_reach(streams, stream);
    *ret_stream = stream;
    return 0;
}
