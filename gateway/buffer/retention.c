// SPDX-License-Identifier: Apache-2.0
#include "retention.h"

#include "evict.h"
#include "gone.h"
#include "pending.h"
#include "roll.h"

enum { LOOK_EVERY_US = 60 * 1000 * 1000, SLICES = 8 };

// Only the writer changes the list, so that it may look without the lock. The segment being written never goes.
static bool has_old_segment(const struct buffer *buffer)
{
    return buffer->segments.count > (buffer->writer.fd >= 0 ? 1 : 0);
}

static bool some_outlet_had(const struct buffer *buffer, const struct segment *segment)
{
    return cursors_some_had(&buffer->cursors, segment->first, segment->end);
}

static bool every_outlet_had(const struct buffer *buffer, const struct segment *segment)
{
    return cursors_all_had(&buffer->cursors, segment->first, segment->end);
}

static bool every_outlet_has_come_to(const struct buffer *buffer, uint64_t number)
{
    const struct cursors *cursors = &buffer->cursors;
    for (size_t i = 0; i < cursors->count; i++)
        if (pending_open(&cursors->list[i].pending) <= number)
            return false;
    return cursors->count > 0;
}

static bool oldest_may_go(struct buffer *buffer)
{
    if (!has_old_segment(buffer))
        return false;
    buffer_lock(buffer);
    bool may = !buffer->options.refuse_when_full || some_outlet_had(buffer, &buffer->segments.list[0]);
    buffer_unlock(buffer);
    return may;
}

void retention_make_room(struct buffer *buffer)
{
    while ((buffer->segments.bytes > buffer->options.max_size_bytes || buffer->segments.count > SEGMENTS_MAX) &&
           oldest_may_go(buffer) && evict_oldest(buffer, EVICT_FULL)) {
    }
}

bool retention_gives_delivered(struct buffer *buffer)
{
    if (!has_old_segment(buffer))
        return false;
    buffer_lock(buffer);
    bool delivered = every_outlet_had(buffer, &buffer->segments.list[0]);
    buffer_unlock(buffer);
    return delivered && evict_oldest(buffer, EVICT_FULL);
}

bool retention_give_way(struct buffer *buffer)
{
    return oldest_may_go(buffer) && evict_oldest(buffer, EVICT_FULL);
}

bool retention_has_room(const struct buffer *buffer, size_t bytes)
{
    if (!buffer->options.refuse_when_full)
        return true;
    uint64_t waiting = buffer->flying_bytes + buffer->filling->frames.used + bytes;
    const struct segment *current = segments_by_id(&buffer->segments, buffer->current_id);
    uint64_t left = current && current->disk_bytes > current->used ? current->disk_bytes - current->used : 0;
    if (waiting <= left)
        return true;
    uint64_t wanted = ((waiting - left - 1) / segment_capacity(buffer) + 1) * buffer->segment_bytes;
    uint64_t kept = buffer->segments.bytes;
    for (size_t i = 0; kept + wanted > buffer->options.max_size_bytes; i++) {
        const struct segment *oldest = &buffer->segments.list[i];
        if (i >= buffer->segments.count || oldest == current || !some_outlet_had(buffer, oldest))
            return false;
        kept -= oldest->disk_bytes;
    }
    return true;
}

// The age of the newest commit in that segment; where nobody can tell, it is at least as old as the one after it.
static bool age_of(const struct buffer *buffer, size_t index, int64_t *ret_age_us)
{
    for (size_t i = index; i < buffer->segments.count; i++) {
        const struct segment *segment = &buffer->segments.list[i];
        if (commit_age(buffer, &segment->newest, segment->this_boot, ret_age_us))
            return true;
    }
    return false;
}

static int64_t slice_us(int64_t limit_us)
{
    return limit_us / SLICES > LOOK_EVERY_US ? limit_us / SLICES : LOOK_EVERY_US;
}

// A segment can only go as a whole: one that is written to slowly is closed after a part of the time that it may be kept.
// (Delivery counts once every outlet has come to this segment: a dead one would only make many small segments.)
static void close_old_segment(struct buffer *buffer)
{
    if (buffer->writer.fd < 0)
        return;
    buffer_lock(buffer);
    const struct segment *current = &buffer->segments.list[buffer->segments.count - 1];
    int64_t age = 0, max = buffer->options.max_age_us, keep = buffer->options.keep_delivered_us;
    bool known = current->end > current->first && commit_age(buffer, &current->oldest, true, &age);
    bool delivering = every_outlet_has_come_to(buffer, current->first);
    buffer_unlock(buffer);
    bool old = max > 0 && age > (max < slice_us(max) ? max : slice_us(max));
    if (known && (old || (delivering && age > slice_us(keep))))
        roll_close(buffer);
}

static bool drop_one_by_age(struct buffer *buffer)
{
    if (!has_old_segment(buffer))
        return false;
    buffer_lock(buffer);
    int64_t age = 0;
    bool known = age_of(buffer, 0, &age);
    bool delivered = every_outlet_had(buffer, &buffer->segments.list[0]);
    buffer_unlock(buffer);
    if (known && delivered && age > buffer->options.keep_delivered_us)
        return evict_oldest(buffer, EVICT_DELIVERED);
    return known && buffer->options.max_age_us > 0 && age > buffer->options.max_age_us &&
           evict_oldest(buffer, EVICT_AGE);
}

void retention_tick(struct buffer *buffer)
{
    int64_t now_us = clock_boot_us(buffer->options.clock);
    int64_t *next_us = &buffer->writer.retention_boot_us;
    if (now_us < *next_us)
        return;
    *next_us = now_us + LOOK_EVERY_US;
    buffer_at_disk(buffer);
    if (buffer->writer.checkpoint_wanted)
        roll_checkpoint(buffer);
    if (buffer->writer.fd >= 0 && gone_current(buffer)) {
        gone_look(buffer);
        roll_condemn(buffer);
    }
    gone_forget(buffer);
    close_old_segment(buffer);
    while (drop_one_by_age(buffer)) {
    }
}
