// SPDX-License-Identifier: Apache-2.0
#include "frame.h"
#include "inside.h"
#include "walk.h"

/*
 * The de-duplication keys of the last minutes, read back at start.
 */

// So much of unknown age is looked into: on a machine without a clock every segment of an earlier boot, and each start
// begins one.
enum { UNKNOWN_BYTES = 16 << 20 };

struct seen {
    void (*call)(const uint8_t *key, size_t size, int64_t age_us, void *context);
    void *context;
    int64_t age_us;
};

// How many of the newest segments may hold keys that are young enough.
static size_t young_segments(const struct buffer *buffer, int64_t limit_us)
{
    size_t young = 0;
    uint64_t unknown = 0;
    for (size_t i = buffer->segments.count; i-- > 0; young++) {
        const struct segment *segment = &buffer->segments.list[i];
        int64_t age_us;
        bool known = commit_age(buffer, &segment->newest, segment->this_boot, &age_us);
        if (known ? age_us > limit_us : unknown > UNKNOWN_BYTES)
            break;
        unknown += known ? 0 : segment->used;
    }
    return young;
}

static void tell_keys(const struct buffer *buffer, const struct segment *segment, const struct bytes *bytes,
                      const struct seen *seen)
{
    struct walk walk = walk_over(buffer, segment, bytes);
    struct frame frame;
    for (enum walk_step step; (step = walk_next(&walk, &frame)) != WALK_END;) {
        if (step != WALK_FRAME || frame.key_size == 0)
            continue;
        struct commit_time time = {true, frame.flags & FRAME_WALL_SYNCED, frame.wall_us, frame.boot_us};
        int64_t age_us = 0; // when nobody can tell: as if it were now
        commit_age(buffer, &time, segment->this_boot, &age_us);
        if (age_us <= seen->age_us)
            seen->call(frame.key, frame.key_size, age_us, seen->context);
    }
}

void buffer_recent_keys(struct buffer *buffer, int64_t age_us,
                        void (*call)(const uint8_t *key, size_t size, int64_t age_us, void *context), void *context)
{
    struct seen seen = {call, context, age_us};
    struct bytes bytes;
    bytes_init(&bytes, SEGMENT_BYTES_MAX);
    buffer_lock(buffer);
    size_t left = young_segments(buffer, age_us);
    uint64_t from = left ? buffer->segments.list[buffer->segments.count - left].first : UINT64_MAX;
    buffer_unlock(buffer);
    for (;;) {
        buffer_lock(buffer);
        const struct segment *found = segments_from(&buffer->segments, from);
        struct segment segment = found ? *found : (struct segment){0};
        buffer_unlock(buffer);
        if (!found)
            break;
        if (segment_load(buffer->disk, buffer->folder, segment.id, &bytes, NULL) == 0)
            tell_keys(buffer, &segment, &bytes, &seen);
        from = segment.end;
    }
    bytes_finish(&bytes);
}
