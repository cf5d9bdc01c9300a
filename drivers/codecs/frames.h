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

/* Numbers in frames, by their order of bytes. */
static inline uint16_t be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint16_t le16(const uint8_t *at)
{
    return (uint16_t)(at[1] << 8 | at[0]);
}

static inline uint32_t le32(const uint8_t *at)
{
    return (uint32_t)le16(at + 2) << 16 | le16(at);
}

// A frame of another length than `expected` ("11", "1 or 2") says.
enum refusal frame_refuse_size(const struct frame *frame, const char *expected, struct fault *why);

// A frame that says nothing that was measured; `expected` lists the ports whose frames do.
enum refusal frame_refuse_port(const struct frame *frame, const char *expected, struct fault *why);
