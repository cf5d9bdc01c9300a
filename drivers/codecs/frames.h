// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"

/*
 * Where a frame ends in the bytes of a serial line; for codecs' `delimit`. A frame without data is a gap: taken, and
 * nothing in it.
 */

// The first line of the data is one frame: up to LF or CRLF, at most codec->frame_max bytes with its end. Blank lines are
// gaps. Of a line without an end all but its last frame_max bytes are refused, so that what follows is still seen to be too
// long, and is refused up to its end.
enum codec_result frame_line(const struct codec *codec, const uint8_t *data, size_t size, struct frame *ret_frame,
                             size_t *ret_used, enum refusal *ret_refusal, struct fault *why);

// For codecs with `match`: the first frame of the data; else what cannot begin one is refused in one piece, at least a byte
// and never a byte that may begin a frame. So a damaged frame costs no other, unless its ruins look like a frame by
// chance: one in 256 where the checksum has eight bits.
enum codec_result frame_found(const struct codec *codec, const uint8_t *data, size_t size, struct frame *ret_frame,
                              size_t *ret_used, enum refusal *ret_refusal, struct fault *why);

// For `match`: the bytes agree with the header, as far as there are any, and `whole` bytes are there: `whole`, else as above.
int frame_starts(const uint8_t *data, size_t size, const char *header, size_t header_size, size_t whole);

// For `parse`: whether the frame is exactly what `match` accepts. Frames need not have come by a stream.
enum refusal frame_prove(int (*match)(const uint8_t *data, size_t size), const struct frame *frame, struct fault *why);

uint8_t frame_sum(const uint8_t *data, size_t size);  // the low byte of the sum
uint8_t frame_crc8(const uint8_t *data, size_t size); // polynomial 0x07, from 0

// For `compose`: the number (or 0 and 1) of that name, `otherwise` when there is none.
double frame_number(const struct raw_pack *values, const char *name, double otherwise);

// The nearest whole number within [low, high], for fields of a frame.
int32_t frame_rounded(double number, int32_t low, int32_t high);

// Text for `compose`: how many bytes it takes, without a NUL; 0 when there is not so much room.
size_t frame_print(uint8_t *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Numbers in frames, by their order of bytes. */
static inline uint16_t be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint16_t le16(const uint8_t *at)
{
    return (uint16_t)(at[1] << 8 | at[0]);
}

static inline uint32_t be32(const uint8_t *at)
{
    return (uint32_t)be16(at) << 16 | be16(at + 2);
}

static inline uint32_t le32(const uint8_t *at)
{
    return (uint32_t)le16(at + 2) << 16 | le16(at);
}

static inline void put_be16(uint8_t *at, unsigned number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static inline void put_le32(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(number >> 8 * i);
}

static inline void put_le16(uint8_t *at, unsigned number)
{
    at[0] = (uint8_t)number;
    at[1] = (uint8_t)(number >> 8);
}

// A frame of another length than `expected` ("11", "1 or 2") says.
enum refusal frame_refuse_size(const struct frame *frame, const char *expected, struct fault *why);

// A frame that says nothing that was measured; `expected` lists the ports whose frames do.
enum refusal frame_refuse_port(const struct frame *frame, const char *expected, struct fault *why);
