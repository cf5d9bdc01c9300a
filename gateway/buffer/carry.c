// SPDX-License-Identifier: Apache-2.0
#include "carry.h"

#include "frame.h"
#include "gone.h"
#include "pending.h"
#include "roll.h"
#include "walk.h"
#include <errno.h>
#include <string.h>

enum { FRAME_EVENTS_MAX = 64, FRAME_BYTES = 16 << 10 };

// An event that may be taken along, in the order of numbers.
struct candidate {
    uint64_t number;
    struct frame_record record; // as the copy will be
    uint32_t had;               // bit by outlet of the audience
    bool pending;
};

void carry_init(struct carry *carry)
{
    bytes_init(&carry->frames, SEGMENT_BYTES_MAX);
    bytes_init(&carry->had, SEGMENT_BYTES_MAX);
}

void carry_finish(struct carry *carry)
{
    bytes_finish(&carry->frames);
    bytes_finish(&carry->had);
}

size_t carry_size(const struct carry *carry)
{
    return carry->frames.used;
}

struct carry_mark carry_mark(const struct carry *carry)
{
    return (struct carry_mark){carry->frames.used, carry->had.used};
}

void carry_back(struct carry *carry, struct carry_mark mark)
{
    carry->frames.used = mark.frames;
    carry->had.used = mark.had;
    carry->frames.overflow = carry->had.overflow = false;
}

static void find_owners(const struct audience *audience, uint64_t number, struct candidate *candidate)
{
    struct buffer_range range;
    for (size_t i = 0; i < audience->count; i++) {
        bool pending = pending_first(&audience->list[i].pending, number, number + 1, &range);
        candidate->pending = candidate->pending || pending;
        candidate->had |= pending ? 0 : 1u << i;
    }
}

// When it was committed first: what was copied before has that with it.
static struct commit_time commit_of(const struct frame *frame, const struct frame_record *record)
{
    bool synced = frame->flags & FRAME_WALL_SYNCED;
    if (record->flags & RECORD_COPIED)
        return (struct commit_time){true, synced, record->wall_us, record->committed_us};
    return (struct commit_time){true, synced, frame->wall_us, frame->boot_us};
}

// Whether somebody still wants it: for an outlet while it is not too old, for a replay while it is young.
static bool is_wanted(const struct buffer *buffer, const struct commit_time *time, bool this_boot, bool pending)
{
    int64_t age_us, max_us = buffer->options.max_age_us;
    if (!commit_age(buffer, time, this_boot, &age_us))
        return pending;
    if (max_us > 0 && age_us > max_us)
        return false;
    return pending || age_us < buffer->options.keep_delivered_us;
}

static void become_copy(struct buffer *buffer, struct candidate *candidate, const struct commit_time *time,
                        bool same_boot)
{
    struct frame_record *record = &candidate->record;
    bool unsure = record->flags & RECORD_UNSURE;
    buffer_lock(buffer);
    bool newest = record->stream < buffer->streams.count && buffer->streams.newest[record->stream] == candidate->number;
    if (unsure && record->corrected_us == 0 && (same_boot || !(record->flags & RECORD_COPIED)))
        record->corrected_us = corrections_apply(&buffer->corrections, candidate->number, record->boot_us);
    buffer_unlock(buffer);
    record->wall_us = time->wall_us;
    record->committed_us = time->boot_us;
    bool given = candidate->number < atomic_load(&buffer->estimates_given);
    bool final = unsure && record->corrected_us == 0 && given;
    record->flags = (uint8_t)(RECORD_COPIED | (newest ? RECORD_NEWEST : 0) | (unsure ? RECORD_UNSURE : 0) |
                              (same_boot && !final ? RECORD_SAME_BOOT : 0));
}

static void consider(struct buffer *buffer, const struct audience *audience, const struct segment *segment,
                     const struct frame *frame, const struct frame_record *record, uint64_t number, struct bytes *out)
{
    if (record->class != BUFFER_EVENT)
        return;
    struct candidate candidate = {.number = number, .record = *record};
    find_owners(audience, number, &candidate);
    struct commit_time time = commit_of(frame, record);
    bool same_boot = segment->this_boot && (!(record->flags & RECORD_COPIED) || record->flags & RECORD_SAME_BOOT);
    if (!is_wanted(buffer, &time, same_boot, candidate.pending))
        return;
    become_copy(buffer, &candidate, &time, same_boot);
    bytes_append(out, &candidate, sizeof candidate);
}

static void find_candidates(struct buffer *buffer, const struct audience *audience, const struct segment *segment,
                            const struct bytes *bytes, struct bytes *out)
{
    struct walk walk = walk_over(buffer, segment, bytes);
    struct frame frame;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;) {
        if (step != WALK_FRAME || frame.type != FRAME_RECORDS)
            continue;
        struct view view = {frame.body, frame.body_size, false};
        struct frame_record record;
        for (uint64_t number = frame.first; frame_next_record(&view, &record); number++)
            consider(buffer, audience, segment, &frame, &record, number, out);
    }
}

static size_t size_of(const struct frame_record *record)
{
    // A frame's head and padding are shared by many, but a large one has its own.
    size_t size = frame_record_head(record->flags) + record->size;
    return size + (size > FRAME_BYTES / 8 ? FRAME_HEADER_SIZE + 8 : 2 * FRAME_HEADER_SIZE / 8);
}

// How much may be taken up: half a segment, and no more than fits beside what waits to be written.
static size_t limit_of(const struct buffer *buffer)
{
    const struct writer *writer = &buffer->writer;
    uint64_t half = buffer->segment_bytes / 2, carried = carry_size(&writer->carry);
    uint64_t room = half > carried ? half - carried : 0;
    if (writer->fd >= 0) {
        uint64_t left = writer->size > writer->used + writer->reserved + carried
                            ? writer->size - writer->used - writer->reserved - carried
                            : 0;
        room = room < left ? room : left;
    }
    return (size_t)room;
}

// The first candidate of those that fit: the oldest beyond the limit stay behind.
static size_t first_that_fits(struct buffer *buffer, const struct candidate *list, size_t count)
{
    size_t limit = limit_of(buffer), size = 2 * FRAME_HEADER_SIZE, first = count, dropped = 0;
    while (first > 0 && size + size_of(&list[first - 1].record) <= limit)
        size += size_of(&list[--first].record);
    for (size_t i = 0; i < first; i++)
        dropped += list[i].pending;
    buffer_lock(buffer);
    buffer->figures.events_dropped += dropped;
    buffer_unlock(buffer);
    return first;
}

// Names what the bits of `had` mean. False: those that are carried already mean something else.
static bool name_outlets(struct buffer *buffer, const struct audience *audience)
{
    struct carry *carry = &buffer->writer.carry;
    char names[CURSORS_MAX][ID_MAX + 1] = {0};
    buffer_lock(buffer);
    for (size_t i = 0; i < audience->count; i++)
        strcpy(names[i], buffer->ledger.losses.names[audience->list[i].name]);
    buffer_unlock(buffer);
    if (carry->had.used > 0)
        return memcmp(carry->names, names, sizeof names) == 0;
    memcpy(carry->names, names, sizeof names);
    return true;
}

static void pack(struct carry *carry, const struct candidate *list, size_t count, bool named)
{
    for (size_t i = 0; i < count;) {
        size_t start = carry->frames.used, records = 0, size = 0;
        while (i + records < count && records < FRAME_EVENTS_MAX && (records == 0 || size < FRAME_BYTES))
            size += list[i + records++].record.size;
        frame_begin(&carry->frames, FRAME_RECORDS, records, NULL, 0);
        for (; records > 0; records--, i++) {
            uint32_t had = named ? list[i].had : 0;
            frame_record(&carry->frames, &list[i].record);
            bytes_append(&carry->had, &had, sizeof had);
        }
        frame_end(&carry->frames, start);
    }
}

int carry_take(struct buffer *buffer, const struct audience *audience, const struct segment *segment,
               const struct bytes *bytes, struct bytes *ret_kept)
{
    struct carry *carry = &buffer->writer.carry;
    struct carry_mark mark = carry_mark(carry);
    struct bytes found;
    bytes_init(&found, SIZE_MAX / 2);
    find_candidates(buffer, audience, segment, bytes, &found);
    const struct candidate *list = (const struct candidate *)(const void *)found.data;
    size_t count = found.used / sizeof *list, first = found.overflow ? 0 : first_that_fits(buffer, list, count);
    if (first < count && !found.overflow)
        pack(carry, list + first, count - first, name_outlets(buffer, audience));
    for (size_t i = first; i < count; i++)
        bytes_append(ret_kept, &list[i].number, sizeof list[i].number);
    bool failed = found.overflow || carry->frames.overflow || carry->had.overflow || ret_kept->overflow;
    if (failed)
        carry_back(carry, mark);
    bytes_finish(&found);
    return failed ? -ENOMEM : 0;
}

static struct commit_time seal(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    const struct clock *clock = buffer->options.clock;
    struct frame_seal seal = {
        writer->seed,   buffer->durable, clock_wall_us(clock), clock_boot_us(clock), clock->synchronised(clock),
        buffer->durable};
    for (size_t at = 0; at < writer->carry.frames.used; at += frame_step(writer->carry.frames.data + at)) {
        frame_close(writer->carry.frames.data + at, &seal);
        seal.first += frame_peek(writer->carry.frames.data + at).records;
    }
    return (struct commit_time){true, seal.wall_synced, seal.wall_us, seal.boot_us};
}

// With the lock held: who had the event has its copy, too.
static void publish_copy(struct buffer *buffer, struct segment *segment, const struct frame *frame,
                         const struct frame_record *record, uint64_t number, uint32_t had)
{
    time_span_add(&segment->times, record->time_us);
    if (record->flags & RECORD_NEWEST)
        streams_note_newest(&buffer->streams, record->stream, frame_order_us(frame, record), number);
    for (size_t i = 0; i < CURSORS_MAX; i++) {
        struct cursor *cursor = had & 1u << i ? cursors_find(&buffer->cursors, buffer->writer.carry.names[i]) : NULL;
        if (cursor)
            pending_done(&cursor->pending, number, number + 1);
    }
}

static void publish(struct buffer *buffer, const struct commit_time *now)
{
    struct writer *writer = &buffer->writer;
    struct carry *carry = &writer->carry;
    const uint32_t *had = (const uint32_t *)(const void *)carry->had.data;
    uint64_t number = buffer->durable;
    writer->newest = *now;
    buffer_lock(buffer);
    struct segment *segment = segments_by_id(&buffer->segments, writer->id);
    segment_mark(segment, segment->end, writer->used);
    segment->oldest = segment->end == segment->first ? *now : segment->oldest;
    segment->newest = *now;
    for (size_t at = 0; at < carry->frames.used; at += frame_step(carry->frames.data + at)) {
        struct frame frame = frame_peek(carry->frames.data + at);
        struct view view = {frame.body, frame.body_size, false};
        struct frame_record record;
        for (; frame_next_record(&view, &record); number++)
            publish_copy(buffer, segment, &frame, &record, number, *had++);
    }
    segment->used = writer->used += carry->frames.used;
    buffer->figures.events_copied += number - buffer->durable;
    segment->end = buffer->durable = number;
    buffer->cursors_dirty = true;
    buffer_unlock(buffer);
}

int carry_write(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    struct carry *carry = &writer->carry;
    if (carry->frames.used == 0)
        return 0;
    struct commit_time now = seal(buffer);
    int error = carry->frames.used > writer->size - writer->used
                    ? -EFBIG
                    : buffer->disk->write(buffer->disk, writer->fd, carry->frames.data, carry->frames.used,
                                          (int64_t)writer->used);
    if (!error)
        error = buffer->disk->sync(buffer->disk, writer->fd);
    if (!error && gone_current(buffer))
        error = -ESTALE;
    if (error) {
        roll_condemn(buffer);
        return error;
    }
    atomic_fetch_add_explicit(&buffer->written_bytes, carry->frames.used, memory_order_relaxed);
    publish(buffer, &now);
    carry_finish(carry);
    carry_init(carry);
    if (buffer->options.wake)
        buffer->options.wake(buffer->options.context);
    return 0;
}
