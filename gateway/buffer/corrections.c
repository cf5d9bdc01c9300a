// SPDX-License-Identifier: Apache-2.0
#include "corrections.h"

#include <string.h>

uint64_t corrections_end(const struct corrections *corrections)
{
    return corrections->count ? corrections->list[corrections->count - 1].to : 0;
}

static void remove_first(struct corrections *corrections)
{
    corrections->count--;
    memmove(&corrections->list[0], &corrections->list[1], corrections->count * sizeof *corrections->list);
}

bool corrections_add(struct corrections *corrections, uint64_t oldest, const struct correction *correction)
{
    struct correction fresh = *correction;
    uint64_t covered = corrections_end(corrections);
    fresh.from = fresh.from > covered ? fresh.from : covered;
    fresh.from = fresh.from > oldest ? fresh.from : oldest;
    if (fresh.from >= fresh.to)
        return false;
    while (corrections->count && (corrections->list[0].to <= oldest || corrections->count == CORRECTIONS_MAX))
        remove_first(corrections);
    corrections->list[corrections->count++] = fresh;
    return true;
}

int64_t corrections_apply(const struct corrections *corrections, uint64_t number, int64_t boot_us)
{
    int64_t time_us = 0;
    for (size_t i = 0; i < corrections->count; i++) {
        const struct correction *correction = &corrections->list[i];
        if (number >= correction->from && number < correction->to)
            return __builtin_add_overflow(correction->wall_at_boot_us, boot_us, &time_us) ? 0 : time_us;
    }
    return 0;
}

bool corrections_within(const struct corrections *corrections, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < corrections->count; i++)
        if (corrections->list[i].from < to && corrections->list[i].to > from)
            return true;
    return false;
}
