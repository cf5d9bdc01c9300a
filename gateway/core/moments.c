// SPDX-License-Identifier: Apache-2.0
#include "moments.h"
#include <stdlib.h>

bool moments_taken(const struct moments *moments, int64_t time_us)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->times_us[i] == time_us)
            return true;
    return false;
}

// While it grows it has not wrapped around: the next place is behind the last time.
static void make_room(struct moments *moments)
{
    enum { START_SIZE = 32 };
    uint8_t size = moments->size ? (uint8_t)(2 * moments->size) : START_SIZE;
    if (moments->count < moments->size || moments->size == MOMENTS_MAX)
        return;
    int64_t *times_us = realloc(moments->times_us, size * sizeof *times_us);
    if (!times_us)
        return;
    moments->times_us = times_us;
    moments->size = size;
    moments->next = moments->count;
}

void moments_take(struct moments *moments, int64_t time_us)
{
    make_room(moments);
    if (moments->size == 0)
        return;
    moments->times_us[moments->next] = time_us;
    moments->next = (uint8_t)((moments->next + 1) % moments->size);
    if (moments->count < moments->size)
        moments->count++;
}

void moments_finish(struct moments *moments)
{
    free(moments->times_us);
    *moments = (struct moments){0};
}
