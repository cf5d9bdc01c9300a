// SPDX-License-Identifier: Apache-2.0
#include "losses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void losses_init(struct losses *losses)
{
    *losses = (struct losses){.name_count = 2};
    strcpy(losses->names[LOSS_SEVERAL], "*"); // no outlet can have that name
}

void losses_finish(struct losses *losses)
{
    free(losses->list);
    losses->list = NULL;
    losses->count = 0;
}

// Makes room among the names where an outlet's last entry is gone.
static size_t reuse_name(const struct losses *losses)
{
    bool used[LOSS_OUTLETS_MAX] = {true, true};
    for (size_t i = 0; i < losses->count; i++)
        used[losses->list[i].outlet] = true;
    for (size_t i = 0; i < LOSS_OUTLETS_MAX; i++)
        if (!used[i])
            return i;
    return LOSS_SEVERAL;
}

uint8_t losses_outlet(struct losses *losses, const char *name)
{
    for (size_t i = 0; i < losses->name_count; i++)
        if (strcmp(losses->names[i], name) == 0)
            return (uint8_t)i;
    size_t index = losses->name_count < LOSS_OUTLETS_MAX ? losses->name_count++ : reuse_name(losses);
    if (index != LOSS_SEVERAL) {
        strncpy(losses->names[index], name, ID_MAX);
        losses->names[index][ID_MAX] = '\0';
    }
    return (uint8_t)index;
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_place(const void *a, const void *b)
{
    const struct loss *left = a, *right = b;
    int order = compare(left->stream, right->stream);
    order = order ? order : compare(left->outlet, right->outlet);
    order = order ? order : compare(left->reason, right->reason);
    return order ? order : compare(left->first, right->first);
}

static void join(struct loss *into, const struct loss *other)
{
    if (other->count > into->count)
        into->reason = other->reason;
    if (other->outlet != into->outlet)
        into->outlet = LOSS_SEVERAL;
    into->first = other->first < into->first ? other->first : into->first;
    into->last = other->last > into->last ? other->last : into->last;
    into->count += other->count;
    into->since_us = other->since_us < into->since_us ? other->since_us : into->since_us;
    into->until_us = other->until_us > into->until_us ? other->until_us : into->until_us;
}

static bool touch(const struct loss *left, const struct loss *right)
{
    return left->stream == right->stream && left->outlet == right->outlet && left->reason == right->reason &&
           right->first <= left->last + 1;
}

static bool same_reason(const struct loss *left, const struct loss *right)
{
    return left->stream == right->stream && left->outlet == right->outlet && left->reason == right->reason;
}

static bool same_outlet(const struct loss *left, const struct loss *right)
{
    return left->stream == right->stream && left->outlet == right->outlet;
}

static bool same_stream(const struct loss *left, const struct loss *right)
{
    return left->stream == right->stream;
}

// Joins neighbours that belong together, until `enough` entries are left. Returns how many were joined.
static size_t join_neighbours(struct losses *losses, bool (*together)(const struct loss *, const struct loss *),
                              size_t enough)
{
    size_t kept = 0, all = losses->count;
    struct loss *list = losses->list;
    for (size_t i = 0; i < all; i++) {
        bool too_many = kept + (all - i) > enough;
        if (too_many && kept > 0 && together(&list[kept - 1], &list[i]))
            join(&list[kept - 1], &list[i]);
        else
            list[kept++] = list[i];
    }
    losses->count = kept;
    return all - kept;
}

static void shrink(struct losses *losses, size_t max)
{
    static bool (*const steps[])(const struct loss *, const struct loss *) = {same_reason, same_outlet, same_stream};
    join_neighbours(losses, touch, 0);
    size_t enough = max - max / 8; // so that the next one does not find it full again
    for (size_t i = 0; losses->count > max && i < sizeof steps / sizeof *steps; i++) {
        losses->joined += join_neighbours(losses, steps[i], enough);
        qsort(losses->list, losses->count, sizeof *losses->list, by_place); // what was joined may stand elsewhere
    }
}

static void merge(const struct losses *losses, const struct loss *batch, size_t count, struct loss *ret_list)
{
    size_t left = 0, right = 0;
    for (size_t i = 0; i < losses->count + count; i++) {
        bool old = right == count || (left < losses->count && by_place(&losses->list[left], &batch[right]) <= 0);
        ret_list[i] = old ? losses->list[left++] : batch[right++];
    }
}

int losses_with(const struct losses *losses, struct loss *batch, size_t count, size_t max, struct losses *ret_losses)
{
    struct losses fresh = *losses;
    fresh.list = malloc((losses->count + count + 1) * sizeof *fresh.list);
    if (!fresh.list)
        return -ENOMEM;
    if (count > 1)
        qsort(batch, count, sizeof *batch, by_place);
    merge(losses, batch, count, fresh.list);
    for (size_t i = 0; i < count; i++)
        fresh.lost[batch[i].reason] += batch[i].count;
    fresh.count += count;
    shrink(&fresh, max);
    struct loss *list = realloc(fresh.list, (fresh.count + 1) * sizeof *list);
    fresh.list = list ? list : fresh.list;
    *ret_losses = fresh;
    return 0;
}

// The first entry of that stream.
static size_t find_stream(const struct losses *losses, uint32_t stream)
{
    size_t low = 0, high = losses->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (losses->list[middle].stream < stream)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool losses_uncovered(const struct losses *losses, const struct loss *loss, uint64_t *ret_first, uint64_t *ret_last)
{
    uint64_t first = loss->first, last = loss->last;
    size_t from = find_stream(losses, loss->stream);
    // Entries of several reasons are not in one order: go on until nothing moves `first` any more.
    for (bool moved = true; moved && first <= last;) {
        moved = false;
        for (size_t i = from; i < losses->count && losses->list[i].stream == loss->stream; i++) {
            const struct loss *known = &losses->list[i];
            if ((known->outlet != loss->outlet && known->outlet != LOSS_SEVERAL) || known->last < first)
                continue;
            if (known->first <= first) {
                first = known->last + 1;
                moved = true;
            } else if (known->first <= last) {
                last = known->first - 1;
            }
        }
    }
    if (first > last)
        return false;
    *ret_first = first;
    *ret_last = last;
    return true;
}
