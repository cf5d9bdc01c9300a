// SPDX-License-Identifier: Apache-2.0
#include "walk.h"

#include "inside.h"

// A whole frame that this walk may hand out: later than what we have, and not the next segment's business.
static bool reads(const struct walk *walk, size_t at, struct frame *ret_frame)
{
    return frame_read(walk->data + at, walk->size - at, walk->seed, ret_frame) == FRAME_WHOLE &&
           ret_frame->first >= walk->next && ret_frame->first + ret_frame->records <= walk->limit;
}

static enum walk_step step_over(struct walk *walk)
{
    struct frame frame;
    for (size_t at = walk->offset; at + FRAME_HEADER_SIZE <= walk->size; at += 8) {
        if (reads(walk, at, &frame)) {
            walk->gap = frame.first - walk->next;
            walk->next = frame.first;
            walk->offset = at;
            return WALK_GAP;
        }
    }
    return WALK_END;
}

enum walk_step walk_next(struct walk *walk, struct frame *ret_frame)
{
    if (walk->next >= walk->limit)
        return WALK_END;
    struct frame frame;
    if (walk->offset > walk->size || !reads(walk, walk->offset, &frame) || frame.first != walk->next)
        return walk->whole ? step_over(walk) : WALK_MORE;
    walk->frame_at = walk->offset;
    walk->offset += frame_padded(frame.length);
    walk->next += frame.records;
    *ret_frame = frame;
    return WALK_FRAME;
}

struct walk walk_over(const struct buffer *buffer, const struct segment *segment, const struct bytes *bytes)
{
    return (struct walk){
        .data = bytes->data,
        .size = bytes->used,
        .offset = SEGMENT_HEADER_SIZE,
        .whole = true,
        .seed = frame_seed(buffer->secret, segment->id),
        .next = segment->first,
        .limit = segment->end,
    };
}
