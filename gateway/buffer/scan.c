// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

static void take_stream(void *context, uint32_t stream, const struct state_stream *said)
{
    struct scan *scan = context;
    struct streams *streams = &scan->buffer->streams;
    if (streams_reach(streams, stream) != 0)
        return;
    if (said->size > 0)
        streams_name(streams, stream, said->name, said->size);
    if (said->next_seq > streams->next_seq[stream])
        streams->next_seq[stream] = said->next_seq;
    streams_note_newest(streams, stream, said->newest_us, said->newest);
    scan->seen_at[stream] = scan->missing;
}

void scan_state(struct scan *scan, const struct state *state)
{
    struct streams *streams = &scan->buffer->streams;
    if (state->first_seq > streams->first_seq)
        streams->first_seq = state->first_seq;
    if (corrections_end(&state->corrections) > corrections_end(&scan->corrections))
        scan->corrections = state->corrections;
    state_streams(state, take_stream, scan);
}

void scan_gap(struct scan *scan, struct segment *segment, uint64_t from, uint64_t to)
{
    if (from >= to)
        return;
    uint64_t uncounted = from > scan->counted ? from : scan->counted;
    scan->missing += to > uncounted ? to - uncounted : 0;
    scan->buffer->figures.lost_damage += segment ? segment_note_gap(segment, from, to) : to - from;
}

static void take_records(struct scan *scan, struct segment *segment, const struct frame *frame)
{
    struct streams *streams = &scan->buffer->streams;
    struct view view = {frame->body, frame->body_size, false};
    struct frame_record record;
    for (uint64_t number = frame->first; frame_next_record(&view, &record); number++) {
        time_span_add(&segment->times, record.time_us);
        if (record.stream >= streams->count)
            scan->unknown_streams = true;
        if (streams_reach(streams, record.stream) != 0)
            continue;
        if (record.seq >= streams->next_seq[record.stream])
            streams->next_seq[record.stream] = record.seq + 1;
        if (record.flags & RECORD_NEWEST)
            streams_note_newest(streams, record.stream, frame_order_us(frame, &record), number);
        if (record.flags & RECORD_COPIED)
            continue; // tells nothing of what came since
        scan->seen_at[record.stream] = scan->missing;
    }
}

static void take_frame(struct scan *scan, struct segment *segment, const struct frame *frame, size_t offset)
{
    struct state state;
    if (frame->type == FRAME_STATE) {
        if (state_read(frame->body, frame->body_size, &state) == 0) {
            scan_state(scan, &state);
            scan->state_segment = segment->id;
            scan->state_missing = scan->missing;
        }
        return;
    }
    if (frame->type != FRAME_RECORDS)
        return;
    take_records(scan, segment, frame);
    segment_mark(segment, frame->first, offset);
    struct commit_time time = {true, frame->flags & FRAME_WALL_SYNCED, frame->wall_us, frame->boot_us};
    segment->newest = time;
    if (!segment->oldest.known)
        segment->oldest = time;
}

static struct walk walk_from(const struct scan *scan, uint64_t id, const struct bytes *bytes, uint64_t next,
                             uint64_t limit)
{
    return (struct walk){
        .data = bytes->data,
        .size = bytes->used,
        .offset = SEGMENT_HEADER_SIZE,
        .whole = true,
        .seed = frame_seed(scan->buffer->secret, id),
        .next = next,
        .limit = limit,
    };
}

uint64_t scan_first(struct scan *scan, uint64_t id, const struct bytes *bytes)
{
    struct walk walk = walk_from(scan, id, bytes, 0, UINT64_MAX);
    struct frame frame;
    // Number 0 is nobody's: the walk reports it as a gap before the first frame.
    return walk_next(&walk, &frame) == WALK_GAP ? walk.next : 0;
}

// The highest `durable` of any frame: what stands below had been synced, whether it reads now or not.
static uint64_t proven(const struct scan *scan, const struct segment *segment, const struct bytes *bytes)
{
    uint64_t synced = scan->synced;
    struct walk walk = walk_from(scan, segment->id, bytes, segment->first, UINT64_MAX);
    struct frame frame;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;)
        if (step == WALK_FRAME && frame.durable > synced)
            synced = frame.durable;
    return synced;
}

void scan_segment(struct scan *scan, struct segment *segment, uint64_t limit, const struct bytes *bytes)
{
    // The next segment was only made when everything before it had been synced.
    uint64_t synced = limit != UINT64_MAX ? limit : proven(scan, segment, bytes);
    struct walk walk = walk_from(scan, segment->id, bytes, segment->first, limit);
    uint64_t end = segment->first;
    size_t used = SEGMENT_HEADER_SIZE;
    struct frame frame;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;) {
        if (step == WALK_GAP) {
            if (walk.gap > 0 && walk.next - walk.gap >= synced)
                break; // a torn tail, and whole frames of the same group behind it
            scan_gap(scan, segment, walk.next - walk.gap, walk.next);
            continue;
        }
        take_frame(scan, segment, &frame, walk.frame_at);
        end = walk.next;
        used = walk.offset;
    }
    if (end < synced) {
        scan_gap(scan, segment, end, synced);
        end = synced;
    }
    segment->end = end;
    segment->used = used;
}
