// SPDX-License-Identifier: Apache-2.0
#include "reckon.h"

#include "checkpoint.h"
#include "frame.h"
#include "pending.h"
#include "walk.h"
#include <stdlib.h>
#include <string.h>

void reckon_audience(struct buffer *buffer, struct audience *ret_audience)
{
    buffer_lock(buffer);
    struct cursors cursors = buffer->cursors;
    buffer_unlock(buffer);
    ret_audience->count = cursors.count ? cursors.count : 1;
    ret_audience->list[0].name = LOSS_NOBODY;
    ret_audience->list[0].pending = pending_from(1);
    for (size_t i = 0; i < cursors.count; i++) {
        ret_audience->list[i].name = ledger_outlet(buffer, cursors.list[i].name);
        ret_audience->list[i].pending = cursors.list[i].pending;
    }
}

static struct loss loss_of(const struct buffer *buffer, uint32_t stream, uint64_t first, uint64_t last, uint64_t count,
                           enum buffer_loss_reason reason)
{
    int64_t now_us = clock_wall_us(buffer->options.clock);
    return (struct loss){first, last, count, now_us, now_us, stream, LOSS_NOBODY, (uint8_t)reason};
}

/* What goes with a segment that reads. */

// One entry a stream for what it held first-hand; what was copied has older sequences, and entries of its own.
struct entries {
    struct bytes *out;
    uint32_t *at; // by stream: its entry, counted from 1
    size_t streams;
};

static struct loss *entry_of(const struct entries *entries, const struct frame_record *record)
{
    struct loss *list = (struct loss *)(void *)entries->out->data;
    size_t count = entries->out->used / sizeof *list;
    if (!(record->flags & RECORD_COPIED))
        return entries->at[record->stream] ? &list[entries->at[record->stream] - 1] : NULL;
    struct loss *last = count ? &list[count - 1] : NULL;
    return last && last->stream == record->stream && last->last + 1 == record->seq ? last : NULL;
}

static void enter(struct entries *entries, const struct frame_record *record, const struct loss *like)
{
    if (record->stream >= entries->streams)
        return; // no stream that we know of
    struct loss *entry = entry_of(entries, record);
    if (entry) {
        entry->last = record->seq > entry->last ? record->seq : entry->last;
        entry->count++;
        return;
    }
    struct loss fresh = *like;
    fresh.stream = record->stream;
    fresh.first = fresh.last = record->seq;
    fresh.count = 1;
    bytes_append(entries->out, &fresh, sizeof fresh);
    if (!(record->flags & RECORD_COPIED))
        entries->at[record->stream] = (uint32_t)(entries->out->used / sizeof fresh);
}

// Whether the number is in the list, where everything below it has been asked for.
static bool is_kept(const struct bytes *kept, size_t *at, uint64_t number)
{
    const uint64_t *numbers = (const uint64_t *)(const void *)kept->data;
    size_t count = kept->used / sizeof *numbers;
    while (*at < count && numbers[*at] < number)
        ++*at;
    return *at < count && numbers[*at] == number;
}

static void enter_segment(struct entries *entries, struct walk walk, const struct buffer_pending *pending,
                          const struct bytes *kept, const struct loss *like)
{
    struct frame frame;
    struct buffer_range range;
    size_t at = 0;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;) {
        if (step != WALK_FRAME || frame.type != FRAME_RECORDS)
            continue;
        struct view view = {frame.body, frame.body_size, false};
        struct frame_record record;
        for (uint64_t number = frame.first; frame_next_record(&view, &record); number++)
            if (!is_kept(kept, &at, number) && pending_first(pending, number, number + 1, &range))
                enter(entries, &record, like);
    }
}

static size_t count_streams(struct buffer *buffer)
{
    buffer_lock(buffer);
    size_t count = buffer->streams.count;
    buffer_unlock(buffer);
    return count;
}

bool reckon_pending(struct buffer *buffer, const struct audience *audience, const struct segment *segment,
                    const struct bytes *bytes, enum buffer_loss_reason reason, const struct bytes *kept,
                    struct bytes *out)
{
    struct entries entries = {.out = out, .streams = count_streams(buffer)};
    struct buffer_range range;
    for (size_t i = 0; i < audience->count; i++) {
        if (!pending_first(&audience->list[i].pending, segment->first, segment->end, &range))
            continue;
        entries.at = calloc(entries.streams + 1, sizeof *entries.at);
        if (!entries.at)
            return false;
        struct loss like = loss_of(buffer, 0, 0, 0, 0, reason);
        like.outlet = audience->list[i].name;
        enter_segment(&entries, walk_over(buffer, segment, bytes), &audience->list[i].pending, kept, &like);
        free(entries.at);
    }
    return !out->overflow;
}

/* What is missing where a segment does not read. */

struct gaps {
    struct buffer *buffer;
    struct audience audience;
    uint64_t from, to;      // what is looked for
    struct bytes ranges;    // of struct buffer_range: the gaps so far, cut to that
    uint64_t missing;       // their sum
    uint64_t *known, *seen; // by stream: its next sequence, 0 when unknown; and how many gaps there were then
    uint64_t *behind;       // by stream: its next sequence behind the segment, 0 when unknown
    size_t streams;
    struct bytes out; // of struct loss
};

struct sighting {
    uint64_t *next;
    size_t streams;
};

static void take_next(void *context, uint32_t stream, const struct state_stream *said)
{
    const struct sighting *sighting = context;
    if (stream < sighting->streams && sighting->next[stream] == 0)
        sighting->next[stream] = said->next_seq;
}

// Takes what a state says of streams that are not known yet. False: it does not read.
static bool take_state(const struct frame *frame, const struct sighting *sighting)
{
    struct state state;
    if (frame->type != FRAME_STATE || state_read(frame->body, frame->body_size, &state) != 0)
        return false;
    state_streams(&state, take_next, (void *)sighting);
    return true;
}

static bool load(struct buffer *buffer, const struct segment *segment, struct bytes *ret_bytes)
{
    bytes_init(ret_bytes, SEGMENT_BYTES_MAX);
    return segment_load(buffer->disk, buffer->folder, segment->id, ret_bytes, NULL) == 0;
}

// The last sequences that a segment's frames show.
static void see_last(const struct buffer *buffer, const struct segment *segment, const struct bytes *bytes,
                     const struct sighting *sighting)
{
    struct walk walk = walk_over(buffer, segment, bytes);
    struct frame frame;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;) {
        if (step != WALK_FRAME || take_state(&frame, sighting) || frame.type != FRAME_RECORDS)
            continue;
        struct view view = {frame.body, frame.body_size, false};
        struct frame_record record;
        while (frame_next_record(&view, &record))
            if (record.stream < sighting->streams && !(record.flags & RECORD_COPIED))
                sighting->next[record.stream] = record.seq + 1;
    }
}

// What stood at the segment's beginning: its own state, or else the segment before.
static void know_before(struct gaps *gaps, const struct segment *segment, const struct bytes *bytes)
{
    struct buffer *buffer = gaps->buffer;
    struct sighting sighting = {gaps->known, gaps->streams};
    struct walk walk = walk_over(buffer, segment, bytes);
    struct frame frame;
    if (walk_next(&walk, &frame) == WALK_FRAME && take_state(&frame, &sighting))
        return;
    buffer_lock(buffer);
    const struct segment *found = segment->first > 1 ? segments_from(&buffer->segments, segment->first - 1) : NULL;
    struct segment before = found ? *found : (struct segment){0};
    buffer_unlock(buffer);
    struct bytes earlier;
    if (found && before.end == segment->first && load(buffer, &before, &earlier))
        see_last(buffer, &before, &earlier, &sighting);
    if (found && before.end == segment->first)
        bytes_finish(&earlier);
}

// The first sequences from `number` on. True: it holds a state that speaks of all that was before.
static bool see_first(const struct buffer *buffer, const struct segment *segment, const struct bytes *bytes,
                      uint64_t number, const struct sighting *sighting)
{
    struct walk walk = walk_over(buffer, segment, bytes);
    struct frame frame;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;) {
        if (step != WALK_FRAME || frame.first < number)
            continue;
        if (take_state(&frame, sighting))
            return true;
        struct view view = {frame.body, frame.body_size, false};
        struct frame_record record;
        while (frame.type == FRAME_RECORDS && frame_next_record(&view, &record))
            if (record.stream < sighting->streams && !(record.flags & RECORD_COPIED) &&
                sighting->next[record.stream] == 0)
                sighting->next[record.stream] = record.seq;
    }
    return false;
}

// What memory says, once no segment behind `number` is left to look into.
static bool know_end(struct gaps *gaps, uint64_t number, struct segment *ret_next)
{
    struct buffer *buffer = gaps->buffer;
    buffer_lock(buffer);
    const struct segment *next = segments_from(&buffer->segments, number);
    for (size_t i = 0; !next && i < gaps->streams; i++)
        gaps->behind[i] = gaps->behind[i] ? gaps->behind[i] : buffer->streams.stored_seq[i];
    if (next)
        *ret_next = *next;
    buffer_unlock(buffer);
    return next == NULL;
}

static void know_behind(struct gaps *gaps, uint64_t number)
{
    struct sighting sighting = {gaps->behind, gaps->streams};
    struct segment next;
    for (bool told = false; !told && !know_end(gaps, number, &next); number = next.end) {
        struct bytes bytes;
        if (load(gaps->buffer, &next, &bytes))
            told = see_first(gaps->buffer, &next, &bytes, number, &sighting);
        bytes_finish(&bytes);
    }
}

static uint64_t count_pending(const struct buffer_pending *pending, const struct gaps *gaps, size_t first_gap)
{
    const struct buffer_range *ranges = (const struct buffer_range *)(const void *)gaps->ranges.data;
    uint64_t count = 0;
    for (size_t i = first_gap; i < gaps->ranges.used / sizeof *ranges; i++) {
        struct buffer_range range = {0, ranges[i].from};
        while (pending_first(pending, range.to, ranges[i].to, &range))
            count += range.to - range.from;
    }
    return count;
}

// Sequences [first, behind) of the stream stood in the gaps since the one with that index.
static void miss(struct gaps *gaps, uint32_t stream, uint64_t first, uint64_t behind, size_t first_gap)
{
    for (size_t i = 0; first < behind && i < gaps->audience.count; i++) {
        uint64_t pending = count_pending(&gaps->audience.list[i].pending, gaps, first_gap);
        uint64_t count = behind - first;
        if (pending == 0)
            continue;
        struct loss loss =
            loss_of(gaps->buffer, stream, first, behind - 1, count < pending ? count : pending, BUFFER_LOSS_DAMAGE);
        loss.outlet = gaps->audience.list[i].name;
        bytes_append(&gaps->out, &loss, sizeof loss);
    }
}

// The stream's next sequence is `next` here. What is not known of it before can be no more than what is missing.
static void note_next(struct gaps *gaps, uint32_t stream, uint64_t next)
{
    uint64_t known = gaps->known[stream], missing = gaps->missing;
    if (known == 0)
        known = next > missing ? next - missing : 1;
    miss(gaps, stream, known, next, (size_t)gaps->seen[stream]);
}

static void note_gap(struct gaps *gaps, uint64_t from, uint64_t to)
{
    struct buffer_range range = {from > gaps->from ? from : gaps->from, to < gaps->to ? to : gaps->to};
    if (range.from >= range.to)
        return;
    bytes_append(&gaps->ranges, &range, sizeof range);
    gaps->missing += range.to - range.from;
}

static void note_records(struct gaps *gaps, const struct frame *frame)
{
    struct view view = {frame->body, frame->body_size, false};
    struct frame_record record;
    while (frame_next_record(&view, &record)) {
        if (record.stream >= gaps->streams || record.flags & RECORD_COPIED)
            continue;
        note_next(gaps, record.stream, record.seq);
        gaps->known[record.stream] = record.seq + 1;
        gaps->seen[record.stream] = gaps->ranges.used / sizeof(struct buffer_range);
    }
}

static void note_segment(struct gaps *gaps, const struct segment *segment, const struct bytes *bytes)
{
    struct walk walk = walk_over(gaps->buffer, segment, bytes);
    struct frame frame;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;) {
        if (step == WALK_GAP)
            note_gap(gaps, walk.next - walk.gap, walk.next);
        else if (frame.type == FRAME_RECORDS)
            note_records(gaps, &frame);
    }
    note_gap(gaps, walk.next, segment->end);
    for (size_t i = 0; gaps->missing > 0 && i < gaps->streams; i++)
        if (gaps->behind[i] > 0)
            note_next(gaps, (uint32_t)i, gaps->behind[i]);
}

static bool gaps_init(struct gaps *gaps, struct buffer *buffer, uint64_t from, uint64_t to)
{
    gaps->buffer = buffer;
    gaps->from = from;
    gaps->to = to;
    gaps->streams = count_streams(buffer);
    gaps->known = calloc(gaps->streams + 1, sizeof *gaps->known);
    gaps->seen = calloc(gaps->streams + 1, sizeof *gaps->seen);
    gaps->behind = calloc(gaps->streams + 1, sizeof *gaps->behind);
    bytes_init(&gaps->ranges, SEGMENT_BYTES_MAX);
    bytes_init(&gaps->out, SIZE_MAX / 2);
    reckon_audience(buffer, &gaps->audience);
    return gaps->known && gaps->seen && gaps->behind;
}

static void gaps_finish(struct gaps *gaps)
{
    free(gaps->known);
    free(gaps->seen);
    free(gaps->behind);
    bytes_finish(&gaps->ranges);
    bytes_finish(&gaps->out);
    free(gaps);
}

void reckon_damage(struct buffer *buffer, const struct segment *segment, uint64_t from, uint64_t to)
{
    struct gaps *gaps = calloc(1, sizeof *gaps);
    if (!gaps)
        return;
    struct bytes bytes;
    if (gaps_init(gaps, buffer, from, to)) {
        load(buffer, segment, &bytes);
        know_before(gaps, segment, &bytes);
        know_behind(gaps, segment->end);
        note_segment(gaps, segment, &bytes);
        bytes_finish(&bytes);
        ledger_add_new(buffer, (const struct loss *)(const void *)gaps->out.data, gaps->out.used / sizeof(struct loss));
    }
    gaps_finish(gaps);
}

/* What is carried at the end. */

// `had`: bit by outlet.
static void lose_carried(struct buffer *buffer, const struct frame_record *record, uint32_t had, struct bytes *out)
{
    const struct carry *carry = &buffer->writer.carry;
    for (size_t i = 0; i < CURSORS_MAX && (i == 0 || *carry->names[i]); i++) {
        struct loss loss = loss_of(buffer, record->stream, record->seq, record->seq, 1, BUFFER_LOSS_FULL);
        loss.outlet = *carry->names[i] ? ledger_outlet(buffer, carry->names[i]) : LOSS_NOBODY;
        if (!(had & 1u << i))
            bytes_append(out, &loss, sizeof loss);
    }
}

size_t reckon_carried(struct buffer *buffer)
{
    const struct carry *carry = &buffer->writer.carry;
    const uint32_t *had = (const uint32_t *)(const void *)carry->had.data;
    size_t records = 0;
    struct bytes out;
    bytes_init(&out, SIZE_MAX / 2);
    for (size_t at = 0; at < carry->frames.used; at += frame_step(carry->frames.data + at)) {
        struct frame frame = frame_peek(carry->frames.data + at);
        struct view view = {frame.body, frame.body_size, false};
        struct frame_record record;
        for (; frame_next_record(&view, &record); records++)
            lose_carried(buffer, &record, had[records], &out);
    }
    ledger_add_new(buffer, (const struct loss *)(const void *)out.data, out.used / sizeof(struct loss));
    bytes_finish(&out);
    return records;
}

/* What nobody knows. */

void reckon_skipped(struct buffer *buffer, uint32_t stream, uint64_t first, uint64_t last)
{
    struct loss loss = loss_of(buffer, stream, first, last, 0, BUFFER_LOSS_DAMAGE);
    bytes_append(&buffer->skipped, &loss, sizeof loss);
    pthread_cond_signal(&buffer->work);
}

void reckon_serve(struct buffer *buffer)
{
    buffer_lock(buffer);
    struct bytes skipped = buffer->skipped;
    bytes_init(&buffer->skipped, SKIPPED_MAX);
    buffer_unlock(buffer);
    struct audience audience;
    if (skipped.used > 0)
        reckon_audience(buffer, &audience);
    struct loss *losses = (struct loss *)(void *)skipped.data;
    size_t count = skipped.used / sizeof *losses;
    for (size_t i = 0; count > 0 && i < audience.count; i++) {
        for (size_t k = 0; k < count; k++)
            losses[k].outlet = audience.list[i].name;
        ledger_add_new(buffer, losses, count);
    }
    bytes_finish(&skipped);
}
