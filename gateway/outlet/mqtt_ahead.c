// SPDX-License-Identifier: Apache-2.0
#include "mqtt_ahead.h"

#include <stdlib.h>
#include <string.h>

// The first place whose number is not below.
static size_t place_of(const struct ahead *ahead, uint64_t number)
{
    size_t low = 0, high = ahead->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ahead->list[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct ahead *ahead, size_t place, uint64_t number)
{
    return place < ahead->count && ahead->list[place].number == number;
}

static bool has_room(struct ahead *ahead)
{
    if (ahead->count < ahead->size) {
        return true;
    }
    size_t size = ahead->size ? 2 * ahead->size : 64;
    struct ahead_number *list = size > AHEAD_MAX ? NULL : realloc(ahead->list, size * sizeof *list);
    if (list) {
        ahead->list = list;
        ahead->size = size;
    }
    return list != NULL;
}

void ahead_sent(struct ahead *ahead, uint64_t number)
{
    size_t place = place_of(ahead, number);
    if (!is_at(ahead, place, number)) {
        if (!has_room(ahead)) {
            return;
        }
        memmove(&ahead->list[place + 1], &ahead->list[place], (ahead->count - place) * sizeof *ahead->list);
        ahead->count++;
    }
    ahead->list[place] = (struct ahead_number){.number = number};
}

void ahead_answered(struct ahead *ahead, uint64_t number, bool arrived)
{
    size_t place = place_of(ahead, number);
    if (!is_at(ahead, place, number)) {
        return;
    }
    if (arrived) {
        ahead->list[place].arrived = true;
    } else {
        ahead->count--;
        memmove(&ahead->list[place], &ahead->list[place + 1], (ahead->count - place) * sizeof *ahead->list);
    }
}

enum ahead_fate ahead_fate(const struct ahead *ahead, uint64_t number)
{
    size_t place = place_of(ahead, number);
    return !is_at(ahead, place, number) ? AHEAD_NOT : ahead->list[place].arrived ? AHEAD_ARRIVED : AHEAD_UNDER_WAY;
}

static void keep(struct ahead *ahead, uint64_t lowest, bool under_way)
{
    size_t kept = 0;
    for (size_t i = 0; i < ahead->count; i++) {
        const struct ahead_number *one = &ahead->list[i];
        if (one->arrived ? one->number >= lowest : under_way) {
            ahead->list[kept++] = *one;
        }
    }
    ahead->count = kept;
}

void ahead_tidy(struct ahead *ahead, uint64_t lowest)
{
    keep(ahead, lowest, true);
}

void ahead_forget(struct ahead *ahead, uint64_t lowest)
{
    keep(ahead, lowest, false);
}

void ahead_finish(struct ahead *ahead)
{
    free(ahead->list);
    *ahead = (struct ahead){0};
}
