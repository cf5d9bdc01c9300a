// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"

/*
 * What codecs share around their own parsing: the frame is found, parsed by `parse`, and its verdict told in the words
 * of codec.h. A refused frame leaves an empty pack.
 */

typedef enum refusal frame_parse(const uint8_t *data, size_t size, struct raw_pack *pack, struct fault *why);

// The whole of the data is one frame.
enum codec_result frame_whole(const uint8_t *data, size_t size, frame_parse *parse, struct raw_pack *pack,
                              size_t *ret_used, enum refusal *ret_refusal, struct fault *why);

// The first line of the data is one frame: up to LF or CRLF, at most `line_max` bytes with its end. Blank lines are taken
// and give nothing. Of a line without an end all but its last `line_max` bytes are refused, so that what follows is still
// seen to be too long, and is refused up to its end.
enum codec_result frame_line(const uint8_t *data, size_t size, size_t line_max, frame_parse *parse,
                             struct raw_pack *pack, size_t *ret_used, enum refusal *ret_refusal, struct fault *why);
