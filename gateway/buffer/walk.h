// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "frame.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Walks over the frames of (a part of) a segment in memory, in the order of their numbers. Frames of other numbers than
 * the expected ones are never handed out; where the expected one does not read, the next valid one is searched for.
 */

struct walk {
    // Set by the caller.
    const uint8_t *data;
    size_t size, offset; // the walk begins at offset, a multiple of 8
    bool whole;          // nothing of the segment follows `data`
    uint32_t seed;
    uint64_t next;  // number expected at offset
    uint64_t limit; // where this segment ends: the next one's first number, or UINT64_MAX
    // Filled by walk_next.
    uint64_t gap;    // WALK_GAP: records that are missing before `next`
    size_t frame_at; // WALK_FRAME: where that frame began
};

enum walk_step {
    WALK_FRAME,
    WALK_GAP,  // the frames of [next - gap, next) do not read; the walk goes on behind them
    WALK_MORE, // only when not `whole`: with this much data the frame at `offset` does not read
    WALK_END,  // nothing valid follows; when `next` is below `limit`, something may be missing
};

enum walk_step walk_next(struct walk *walk, struct frame *ret_frame);

struct buffer;
struct bytes;
struct segment;

// Over all of a segment, whose content is in `bytes`.
struct walk walk_over(const struct buffer *buffer, const struct segment *segment, const struct bytes *bytes);
