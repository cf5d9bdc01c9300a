// SPDX-License-Identifier: Apache-2.0
#include "hold.h"

#include <stdlib.h>

enum { LOOK_BACK = 20000 };
static const int64_t second_us = 1000000;

static uint64_t end_of(struct buffer *buffer)
{
    struct buffer_figures figures;
    buffer_figures(buffer, &figures);
    return figures.next;
}

static bool still_waits(const struct hold *hold, const struct buffer_item *item)
{
    return item->unsure && item->this_boot && item->corrected_us == 0 &&
           clock_boot_us(hold->clock) - item->commit_boot_us < hold->wait_us;
}

// The first of the last readings that waits, or the end.
static uint64_t first_waiting(const struct hold *hold, uint64_t end)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    uint64_t from = end > LOOK_BACK ? end - LOOK_BACK : 1, found = end;
    while (batch && found == end && buffer_read(hold->buffer, from, BUFFER_BATCH_MAX, 256 * 1024, batch) == 0 &&
           batch->next > from) {
        for (size_t i = batch->count; i-- > 0;)
            if (still_waits(hold, &batch->items[i]))
                found = batch->items[i].number;
        from = batch->next;
    }
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
    return found;
}

void hold_init(struct hold *hold, const struct clock *clock, struct buffer *buffer, int64_t wait_us)
{
    *hold = (struct hold){.clock = clock, .buffer = buffer, .wait_us = wait_us};
    uint64_t end = end_of(buffer);
    atomic_init(&hold->from, wait_us > 0 ? first_waiting(hold, end) : UINT64_MAX);
}

// What was committed before the newest sample that is older than clock_wait has waited long enough.
static bool let_go(struct hold *hold, int64_t now_us)
{
    uint64_t from = atomic_load(&hold->from), before = from;
    for (size_t i = 0; i < hold->count; i++)
        if (now_us - hold->samples[i].boot_us >= hold->wait_us && hold->samples[i].end > from)
            from = hold->samples[i].end;
    atomic_store(&hold->from, from);
    return from > before;
}

static void take_sample(struct hold *hold, int64_t now_us)
{
    int64_t spacing_us = hold->wait_us / HOLD_SAMPLES > second_us ? hold->wait_us / HOLD_SAMPLES + 1 : second_us;
    size_t last = (hold->next + HOLD_SAMPLES - 1) % HOLD_SAMPLES;
    if (hold->count && now_us - hold->samples[last].boot_us < spacing_us)
        return;
    hold->samples[hold->next].boot_us = now_us;
    hold->samples[hold->next].end = end_of(hold->buffer);
    hold->next = (hold->next + 1) % HOLD_SAMPLES;
    hold->count += hold->count < HOLD_SAMPLES;
}

// The first reading from that number on whose time is unsure; NULL: there is none among the next ones.
static const struct buffer_item *first_unsure(const struct hold *hold, uint64_t from, struct buffer_batch *batch)
{
    for (int reads = 0; reads < LOOK_BACK / BUFFER_BATCH_MAX; reads++, from = batch->next) {
        if (buffer_read(hold->buffer, from, BUFFER_BATCH_MAX, 256 * 1024, batch) != 0 || batch->next <= from)
            return NULL;
        for (size_t i = 0; i < batch->count; i++)
            if (batch->items[i].unsure)
                return &batch->items[i];
    }
    return NULL;
}

// Whether what waited reads with its right time by now, and whether anything waited at all.
static bool shows(const struct hold *hold, bool *ret_waited)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    const struct buffer_item *item = batch ? first_unsure(hold, atomic_load(&hold->from), batch) : NULL;
    bool waited = item, shown = !item || item->corrected_us != 0;
    *ret_waited = waited;
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
    return shown;
}

bool hold_tick(struct hold *hold)
{
    if (hold->told || hold->wait_us <= 0)
        return false;
    if (hold->set) {
        bool waited;
        hold->told = shows(hold, &waited);
        return hold->told && waited;
    }
    int64_t now_us = clock_boot_us(hold->clock);
    bool some = let_go(hold, now_us);
    if (!hold->clock->synchronised(hold->clock)) {
        take_sample(hold, now_us);
        return some;
    }
    // Until the correction is durable, what waits goes on waiting; the buffer wakes the outlets then.
    hold->set = buffer_correct(hold->buffer, atomic_load(&hold->from), clock_wall_us(hold->clock) - now_us) == 0;
    return some;
}

bool hold_keeps(const struct hold *hold, const struct buffer_item *item)
{
    return item->unsure && item->this_boot && item->corrected_us == 0 && item->number >= atomic_load(&hold->from);
}
