// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"

/*
 * Satellite receivers send NMEA sentences and UBX messages through one port, in any order. Both codecs find the same frames
 * and know the same words.
 */

// The longest UBX message that is passed over, and the longest sentence. Longer ones count as garbage.
enum { GNSS_FRAME_MAX = 4096, SENTENCE_MAX = 256 };

// How a position was found, in the quantity `fix`: the numbers are those of GGA's quality.
enum fix {
    FIX_NONE = 0,
    FIX_GNSS = 1,
    FIX_CORRECTED = 2,
    FIX_PRECISE = 3,
    FIX_RTK = 4,
    FIX_FLOAT = 5,
    FIX_RECKONED = 6
};

// The first frame, whichever it is: a sentence from its '$' to the end of its line, without that; or a whole UBX message, whose
// checksum is right. What is between frames is refused, except ends of lines. After a broken one, the search goes on behind its
// first byte.
enum codec_result gnss_delimit(const struct codec *codec, const uint8_t *data, size_t size, struct frame *ret_frame,
                               size_t *ret_used, enum refusal *ret_refusal, struct fault *why);

// True for one whole UBX message with the right checksum.
bool gnss_is_ubx(const struct frame *frame);

// Reads one sentence.
enum refusal nmea_parse(const struct frame *frame, struct raw_pack *pack, struct fault *why);

// The opposite: see codec.h. RMC, GGA, VTG and GST, as the values need them.
size_t nmea_compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size);

// Gives all values of the pack a time of their own.
void gnss_time(struct raw_pack *pack, int64_t time_us);
