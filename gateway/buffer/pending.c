// SPDX-License-Identifier: Apache-2.0
#include "pending.h"

#include <string.h>

enum { HELD_MAX = BUFFER_RANGES_MAX + 1 };

struct buffer_pending pending_from(uint64_t number)
{
    return (struct buffer_pending){.ranges = {{number, UINT64_MAX}}, .count = 1};
}

// The first range that ends behind `number`; there always is one, since the last has no end.
static size_t find(const struct buffer_pending *pending, uint64_t number)
{
    size_t low = 0, high = pending->count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pending->ranges[middle].to <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// Joins the two neighbours of ranges[0..HELD_MAX] that have the least between them.
static void join_closest(struct buffer_range ranges[HELD_MAX + 1])
{
    size_t best = 0;
    for (size_t i = 1; i < HELD_MAX; i++)
        if (ranges[i + 1].from - ranges[i].to < ranges[best + 1].from - ranges[best].to)
            best = i;
    ranges[best].to = ranges[best + 1].to;
    memmove(&ranges[best + 1], &ranges[best + 2], (HELD_MAX - best - 1) * sizeof *ranges);
}

// [from, to) lies within the range at `index` and leaves something on both sides.
static void split(struct buffer_pending *pending, size_t index, uint64_t from, uint64_t to)
{
    struct buffer_range ranges[HELD_MAX + 1];
    size_t after = pending->count - index - 1;
    memcpy(ranges, pending->ranges, (index + 1) * sizeof *ranges);
    memcpy(&ranges[index + 1], &pending->ranges[index], (after + 1) * sizeof *ranges);
    ranges[index].to = from;
    ranges[index + 1].from = to;
    if (pending->count == HELD_MAX)
        join_closest(ranges);
    else
        pending->count++;
    memcpy(pending->ranges, ranges, pending->count * sizeof *ranges);
}

bool pending_done(struct buffer_pending *pending, uint64_t from, uint64_t to)
{
    struct buffer_range *ranges = pending->ranges;
    size_t low = find(pending, from), high = low;
    if (from >= to || ranges[low].from >= to)
        return false;
    while (ranges[high].to <= to)
        high++;
    bool left = ranges[low].from < from;
    if (left && low == high) {
        split(pending, low, from, to);
        return true;
    }
    if (left)
        ranges[low++].to = from;
    if (ranges[high].from < to)
        ranges[high].from = to;
    memmove(&ranges[low], &ranges[high], (pending->count - high) * sizeof *ranges);
    pending->count -= high - low;
    return true;
}

bool pending_first(const struct buffer_pending *pending, uint64_t from, uint64_t to, struct buffer_range *ret_range)
{
    struct buffer_range range = pending->ranges[find(pending, from)];
    range.from = range.from > from ? range.from : from;
    range.to = range.to < to ? range.to : to;
    if (range.from >= range.to)
        return false;
    *ret_range = range;
    return true;
}

bool pending_fits(const struct buffer_pending *pending)
{
    if (pending->count == 0 || pending->count > HELD_MAX || pending->ranges[0].from == 0 ||
        pending->ranges[pending->count - 1].to != UINT64_MAX || pending_open(pending) > UINT64_MAX / 2)
        return false;
    for (size_t i = 0; i < pending->count; i++) {
        const struct buffer_range *range = &pending->ranges[i];
        if (range->from >= range->to || (i > 0 && range->from <= range[-1].to))
            return false;
    }
    return true;
}
