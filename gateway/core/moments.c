// SPDX-License-Identifier: Apache-2.0
#include "moments.h"
#include <stdlib.h>

static const int64_t *find(const struct moments *moments, int64_t time_us)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->times_us[i] == time_us)
            return &moments->times_us[i];
    return NULL;
}

bool moments_taken(const struct moments *moments, int64_t time_us)
{
    return find(moments, time_us) != NULL;
}

bool moments_known(const struct moments *moments, int64_t time_us, uint32_t content)
{
    for (const int64_t *at; moments->contents && (at = find(moments, time_us)); time_us++)
        if (moments->contents[at - moments->times_us] == content)
            return true;
    return false;
}

// False without memory: then it stays as large as it was.
static bool resize(struct moments *moments, uint8_t size)
{
    uint32_t *contents = moments->keeps_contents ? realloc(moments->contents, size * sizeof *contents) : NULL;
    if (moments->keeps_contents && !contents)
        return false;
    moments->contents = contents;
    int64_t *times_us = realloc(moments->times_us, size * sizeof *times_us);
    if (!times_us)
        return false;
    moments->times_us = times_us;
    return true;
}

// While it grows it has not wrapped around: the next place is behind the last time.
static void make_room(struct moments *moments)
{
    enum { START_SIZE = 32 };
    uint8_t size = moments->size ? (uint8_t)(2 * moments->size) : START_SIZE;
    if (moments->count < moments->size || moments->size == MOMENTS_MAX || !resize(moments, size))
        return;
    moments->size = size;
    moments->next = moments->count;
}

void moments_take(struct moments *moments, int64_t time_us, uint32_t content)
{
    make_room(moments);
    if (moments->size == 0)
        return;
    moments->times_us[moments->next] = time_us;
    if (moments->contents)
        moments->contents[moments->next] = content;
    moments->next = (uint8_t)((moments->next + 1) % moments->size);
    if (moments->count < moments->size)
        moments->count++;
}

void moments_finish(struct moments *moments)
{
    free(moments->times_us);
    free(moments->contents);
    *moments = (struct moments){0};
}
