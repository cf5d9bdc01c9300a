// SPDX-License-Identifier: Apache-2.0
#include "seen.h"

#include <stdlib.h>
#include <string.h>

void seen_finish(struct seen *seen)
{
    free(seen->ranges);
    *seen = (struct seen){.ranges = NULL};
}

// The first range that ends at `number` or later; `count` when there is none. Nearly always it is one of the last.
static size_t find(const struct seen *seen, uint64_t number)
{
    size_t low = 0, high = seen->count;
    if (high > 0 && seen->ranges[high - 1].last < number)
        return high;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (seen->ranges[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_out(struct seen *seen, size_t at)
{
    seen->count--;
    memmove(&seen->ranges[at], &seen->ranges[at + 1], (seen->count - at) * sizeof *seen->ranges);
}

static bool put_in(struct seen *seen, size_t at, uint64_t number)
{
    if (seen->count == seen->size) {
        size_t size = seen->size ? seen->size * 2 : 2;
        struct seen_range *ranges = realloc(seen->ranges, size * sizeof *ranges);
        if (!ranges)
            return false;
        seen->ranges = ranges;
        seen->size = size;
    }
    memmove(&seen->ranges[at + 1], &seen->ranges[at], (seen->count - at) * sizeof *seen->ranges);
    seen->ranges[at] = (struct seen_range){number, number};
    seen->count++;
    return true;
}

static void join_nearest(struct seen *seen)
{
    size_t nearest = 1;
    uint64_t least = UINT64_MAX;
    for (size_t i = 1; i < seen->count; i++) {
        uint64_t between = seen->ranges[i].first - seen->ranges[i - 1].last - 1;
        if (between < least) {
            least = between;
            nearest = i;
        }
    }
    seen->blurred += least;
    seen->ranges[nearest - 1].last = seen->ranges[nearest].last;
    take_out(seen, nearest);
}

enum seen_result seen_add(struct seen *seen, uint64_t number, size_t max)
{
    size_t at = find(seen, number);
    struct seen_range *before = at > 0 ? &seen->ranges[at - 1] : NULL;
    struct seen_range *here = at < seen->count ? &seen->ranges[at] : NULL;
    if (here && here->first <= number)
        return SEEN_AGAIN;
    bool follows = before && before->last + 1 == number, leads = here && number + 1 == here->first;
    if (follows && leads) {
        before->last = here->last;
        take_out(seen, at);
    } else if (follows) {
        before->last = number;
    } else if (leads) {
        here->first = number;
    } else if (!put_in(seen, at, number)) {
        return SEEN_NO_MEMORY;
    }
    if (seen->count > max && seen->count > 1)
        join_nearest(seen);
    return SEEN_NEW;
}
