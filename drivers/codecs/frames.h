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
