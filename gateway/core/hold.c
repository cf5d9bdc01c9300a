// SPDX-License-Identifier: Apache-2.0
#include "hold.h"

#include <errno.h>
#include <stdlib.h>

static const int64_t look_every_us = 2 * 1000000LL; // what has waited long enough is let go so often

static bool is_unsure(const struct buffer_item *item)
{
    return item->unsure && item->this_boot && item->corrected_us == 0;
}

static int64_t due_us(const struct hold *hold, const struct buffer_item *item)
{
    return item->commit_boot_us + hold->wait_us;
}

// The first reading from that number on that waits; the end: there is none, or nobody can tell.
static uint64_t first_waiting(const struct hold *hold, uint64_t from)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    int64_t now_us = clock_boot_us(hold->clock);
    int error = batch ? 0 : -ENOMEM;
    bool found = false, more = true;
    while (!error && !found && more) {
        error = buffer_read(hold->buffer, from, BUFFER_BATCH_MAX, 256 * 1024, batch);
        more = !error && batch->next > from;
        from = more ? batch->next : from;
        for (size_t i = 0; more && !found && i < batch->count; i++) {
            found = is_unsure(&batch->items[i]) && due_us(hold, &batch->items[i]) > now_us;
            from = found ? batch->items[i].number : from;
        }
    }
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
    return error ? buffer_end(hold->buffer) : from;
}

// With the lock held, or before there are others.
static void give_below(struct hold *hold, uint64_t number)
{
    hold->given = number;
    buffer_estimates_given(hold->buffer, number);
}

void hold_init(struct hold *hold, const struct clock *clock, struct buffer *buffer, int64_t wait_us)
{
    *hold = (struct hold){
        .clock = clock, .buffer = buffer, .wait_us = wait_us, .lock = PTHREAD_MUTEX_INITIALIZER, .due_us = INT64_MAX};
    struct buffer_boot boot;
    buffer_boot(buffer, clock_boot_us(clock) - wait_us, &boot);
    atomic_init(&hold->over, wait_us <= 0 || boot.clock_was_set);
    hold->asked = wait_us <= 0 || boot.settled;
    hold->corrected_to = hold->asked ? 0 : UINT64_MAX;
    give_below(hold, hold->asked ? UINT64_MAX : first_waiting(hold, boot.since));
}

static bool ask(struct hold *hold)
{
    if (!hold->clock->synchronised(hold->clock))
        return false;
    int64_t wall_at_boot_us = clock_wall_us(hold->clock) - clock_boot_us(hold->clock);
    hold->asked = buffer_correct(hold->buffer, hold->given, wall_at_boot_us) == 0;
    atomic_store(&hold->over, hold->asked);
    return hold->asked;
}

// The correction is durable: what it does not cover waits no longer.
static bool is_corrected(struct hold *hold)
{
    return hold->corrected_to == UINT64_MAX && buffer_corrected_to(hold->buffer, &hold->corrected_to);
}

static bool is_due(struct hold *hold)
{
    int64_t now_us = clock_boot_us(hold->clock);
    if (now_us < hold->due_us || now_us - hold->looked_us < look_every_us)
        return false;
    hold->due_us = INT64_MAX; // who looks now and still finds some says when
    hold->looked_us = now_us;
    return true;
}

bool hold_tick(struct hold *hold)
{
    pthread_mutex_lock(&hold->lock);
    bool some = hold->asked ? is_corrected(hold) : !ask(hold) && is_due(hold);
    pthread_mutex_unlock(&hold->lock);
    return some;
}

// With the lock held. Until the correction shows, what waits goes on waiting, however long that takes.
static bool waits(struct hold *hold, const struct buffer_item *item)
{
    if (item->number < hold->given || item->number >= hold->corrected_to)
        return false;
    if (hold->asked || clock_boot_us(hold->clock) < due_us(hold, item))
        return true;
    give_below(hold, item->number + 1);
    return false;
}

bool hold_keeps(struct hold *hold, const struct buffer_item *item)
{
    if (!is_unsure(item))
        return false;
    pthread_mutex_lock(&hold->lock);
    bool keeps = waits(hold, item);
    if (keeps && due_us(hold, item) < hold->due_us)
        hold->due_us = due_us(hold, item);
    pthread_mutex_unlock(&hold->lock);
    return keeps;
}

bool hold_is_settled(struct hold *hold, const struct buffer_item *item)
{
    if (!is_unsure(item))
        return true;
    pthread_mutex_lock(&hold->lock);
    bool settled = item->number < hold->given || item->number >= hold->corrected_to;
    pthread_mutex_unlock(&hold->lock);
    return settled;
}
