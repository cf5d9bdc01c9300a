// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "buffer/buffer.h"
#include "format.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One frame: encoding it while records arrive, sealing it when it is about to be written, reading and finding it again.
 */

struct frame {
    uint64_t first, durable;
    int64_t wall_us, boot_us;
    size_t length; // in bytes, without padding
    uint16_t records, key_size;
    uint8_t type, flags;
    const uint8_t *key, *body; // the body follows the key
    size_t body_size;
};

struct frame_record {
    uint32_t stream;
    uint64_t seq;
    int64_t time_us;
    uint8_t class, flags;          // see enum record_flag
    int64_t boot_us;               // when unsure
    int64_t wall_us, committed_us; // when copied: wall and boot time of the first commit
    int64_t corrected_us;          // when copied and unsure
    const uint8_t *payload;
    size_t size;
};

// What is only known when a frame is about to be written.
struct frame_seal {
    uint32_t seed;
    uint64_t durable;
    int64_t wall_us, boot_us;
    bool wall_synced;
    uint64_t first; // number of the first record
};

enum frame_state {
    FRAME_WHOLE,
    FRAME_MORE, // may be whole: `length` bytes are needed to tell
    FRAME_BAD,
};

// From a frame's length to its place on disk: a multiple of 8.
static inline size_t frame_padded(size_t length)
{
    return (length + 7) & ~(size_t)7;
}

// What both CRCs of every frame in that segment begin from.
uint32_t frame_seed(const uint8_t secret[8], uint64_t segment_id);

// Appends a frame up to and with its key; records (or a state) are to follow, then frame_end.
// `start` is where the frame begins within `out`.
void frame_begin(struct bytes *out, uint8_t type, size_t records, const void *key, size_t key_size);
void frame_record(struct bytes *out, const struct frame_record *record);
void frame_end(struct bytes *out, size_t start);

// Fills in what is only known now, and the checksums. May be done again.
void frame_close(uint8_t *frame, const struct frame_seal *seal);

// The padded length of a frame that we encoded ourselves.
size_t frame_step(const uint8_t *frame);

// What a record takes besides its payload.
size_t frame_record_head(uint8_t flags);

// Reads a frame that we encoded ourselves, without any check.
struct frame frame_peek(const uint8_t *data);

// Reads and checks the frame at `data`. Its pointers live as long as `data`. FRAME_MORE fills `length` alone.
enum frame_state frame_read(const uint8_t *data, size_t size, uint32_t seed, struct frame *ret_frame);

// By what time it counts among those of its stream (see streams.h); INT64_MIN when it is unsure.
int64_t frame_order_us(const struct frame *frame, const struct frame_record *record);

// The next record of a view on frame.body; false at the end or when what is left is no record.
bool frame_next_record(struct view *view, struct frame_record *ret_record);
