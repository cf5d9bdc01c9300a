// SPDX-License-Identifier: Apache-2.0
#include "feed.h"

#include "outlets.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// A reading that is older than this when its outlet reads it is backlog.
static const int64_t live_us = 5 * 1000000LL;

_Static_assert((int)OUTLET_RANGES_MAX == BUFFER_RANGES_MAX + 1,
               "an outlet can be told every range that the buffer keeps");

size_t feed_pending(void *context, struct outlet_range ret_ranges[OUTLET_RANGES_MAX])
{
    struct outlet *outlet = context;
    struct buffer_pending pending;
    if (!buffer_cursor_pending(outlet->common->buffer, outlet->name, &pending))
        return 0;
    for (size_t i = 0; i < pending.count; i++)
        ret_ranges[i] = (struct outlet_range){pending.ranges[i].from, pending.ranges[i].to};
    return pending.count;
}

uint64_t feed_end(void *context)
{
    struct outlet *outlet = context;
    return buffer_end(outlet->common->buffer);
}

// The feed's own part of an outlet's batch.
struct inner {
    struct buffer_batch batch;
    char (*unknown)[16]; // made-up names of its nameless streams, made when first needed; by place
};

// Damage may have taken a stream's name; its readings go out all the same, under a made-up one.
static const char *sensor_name(const struct outlet *outlet, uint32_t stream, struct outlet_batch *batch)
{
    const char *name = buffer_stream_name(outlet->common->buffer, stream);
    struct inner *inner = batch->private;
    if (name)
        return name;
    if (!inner->unknown)
        inner->unknown = calloc(OUTLET_BATCH_MAX, sizeof *inner->unknown);
    if (!inner->unknown)
        return "unknown";
    snprintf(inner->unknown[batch->count], sizeof *inner->unknown, "unknown-%u", stream % 1000000);
    return inner->unknown[batch->count];
}

// NULL: out of memory.
static struct buffer_batch *inner_batch(struct outlet_batch *batch)
{
    if (!batch->private)
        batch->private = calloc(1, sizeof(struct inner));
    struct inner *inner = batch->private;
    batch->count = 0;
    return inner ? &inner->batch : NULL;
}

// When the outlet was connected, by the clock since boot; never: INT64_MAX.
static int64_t connected_since(struct outlet *outlet)
{
    pthread_mutex_lock(&outlet->lock);
    int64_t since_us = outlet->connected ? outlet->connected_boot_us : INT64_MAX;
    pthread_mutex_unlock(&outlet->lock);
    return since_us;
}

static struct outlet_record *add_record(struct outlet *outlet, const struct buffer_item *item, int64_t connected_us,
                                        struct outlet_batch *batch)
{
    int64_t now_us = clock_boot_us(outlet->feed.clock);
    bool live = item->this_boot && item->commit_boot_us >= connected_us && now_us - item->commit_boot_us <= live_us;
    struct outlet_record *record = &batch->records[batch->count];
    *record = (struct outlet_record){.number = item->number,
                                     .sensor = sensor_name(outlet, item->stream, batch),
                                     .seq = item->seq,
                                     .late = !live || item->copied,
                                     .newest = item->newest,
                                     .corrected_us = item->corrected_us,
                                     .payload = item->payload,
                                     .size = item->size};
    batch->count++;
    return record;
}

// The first pending range that reaches beyond `from`, cut to [from, to).
static bool next_range(struct outlet *outlet, uint64_t from, uint64_t to, struct buffer_range *ret_range)
{
    struct buffer_pending pending;
    if (!buffer_cursor_pending(outlet->common->buffer, outlet->name, &pending))
        return false;
    for (size_t i = 0; i < pending.count; i++) {
        struct buffer_range range = pending.ranges[i];
        if (range.to <= from)
            continue;
        ret_range->from = range.from > from ? range.from : from;
        ret_range->to = range.to < to ? range.to : to;
        return ret_range->from < ret_range->to;
    }
    return false;
}

// One call of feed_read: how far it came within the range.
struct take {
    struct outlet *outlet;
    struct buffer_range range;
    bool skip_held;
    int64_t connected_us;
    uint64_t next; // what stands below is dealt with
};

// Numbers below `to` that were stepped over: nothing is kept under them.
static void step_to(struct take *take, uint64_t to)
{
    to = to < take->range.to ? to : take->range.to;
    if (take->next < to) {
        buffer_cursor_done(take->outlet->common->buffer, take->outlet->name, take->next, to);
        take->next = to;
    }
}

// False: the batch ends before this one, which waits.
static bool take_item(struct take *take, const struct buffer_item *item, struct outlet_batch *batch)
{
    step_to(take, item->number);
    bool held = hold_keeps(take->outlet->common->hold, item);
    if (held && !take->skip_held)
        return false;
    if (!held)
        add_record(take->outlet, item, take->connected_us, batch);
    take->next = item->number + 1;
    return true;
}

int feed_read(void *context, uint64_t from, uint64_t to, bool skip_held, size_t max_records, size_t max_bytes,
              struct outlet_batch *ret_batch)
{
    struct outlet *outlet = context;
    struct buffer_batch *batch = inner_batch(ret_batch);
    struct take take = {.outlet = outlet, .skip_held = skip_held, .connected_us = connected_since(outlet)};
    ret_batch->next = from;
    if (!batch)
        return -ENOMEM;
    if (!next_range(outlet, from, to, &take.range)) {
        ret_batch->next = to == UINT64_MAX ? from : to;
        return 0;
    }
    int error = buffer_read(outlet->common->buffer, take.range.from, max_records, max_bytes, batch);
    if (error)
        return error;
    take.next = take.range.from;
    bool all = true;
    for (size_t i = 0; all && i < batch->count && batch->items[i].number < take.range.to; i++)
        all = take_item(&take, &batch->items[i], ret_batch);
    if (all)
        step_to(&take, batch->next);
    ret_batch->next = take.next;
    return 0;
}

// The newest reading of that stream, when it is young enough and its time is settled.
static bool read_newest(struct outlet *outlet, uint32_t stream, uint64_t since, struct outlet_batch *ret_batch)
{
    struct buffer_batch *batch = &((struct inner *)ret_batch->private)->batch;
    uint64_t number = buffer_stream_newest(outlet->common->buffer, stream);
    if (number < since || number == 0 || buffer_read(outlet->common->buffer, number, 1, 1, batch) != 0 ||
        batch->count == 0 || batch->items[0].number != number ||
        !hold_is_settled(outlet->common->hold, &batch->items[0]))
        return false;
    add_record(outlet, &batch->items[0], connected_since(outlet), ret_batch)->refresh = true;
    return true;
}

// One at a time: each stands elsewhere on the disk.
int feed_read_states(void *context, uint64_t since, size_t *index, size_t max_records, struct outlet_batch *ret_batch)
{
    struct outlet *outlet = context;
    (void)max_records;
    if (!inner_batch(ret_batch))
        return -ENOMEM;
    while (*index < outlet->common->state_count)
        if (read_newest(outlet, outlet->common->states[(*index)++], since, ret_batch))
            return 0;
    return 0;
}

int feed_read_replay(void *context, size_t max_records, size_t max_bytes, struct outlet_batch *ret_batch)
{
    struct outlet *outlet = context;
    struct buffer_batch *batch = inner_batch(ret_batch);
    bool more;
    if (!batch)
        return -ENOMEM;
    int error = replays_read(&outlet->replays, outlet->common->buffer, max_records, max_bytes, batch, &more);
    for (size_t i = 0; !error && i < batch->count; i++)
        if (!hold_keeps(outlet->common->hold, &batch->items[i])) // its time is not known, and its turn will come
            add_record(outlet, &batch->items[i], INT64_MAX, ret_batch)->replay = true;
    if (!error && more && ret_batch->count == 0)
        outlet_wake(outlet);
    return error;
}

void feed_batch_finish(void *context, struct outlet_batch *batch)
{
    (void)context;
    struct inner *inner = batch->private;
    if (inner) {
        bytes_finish(&inner->batch.bytes);
        free(inner->unknown);
    }
    free(inner);
    batch->private = NULL;
    batch->count = 0;
}
