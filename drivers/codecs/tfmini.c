// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"

/*
 * Benewake TFmini, TFmini-S and TFmini Plus: LiDAR, 115200 baud, 100 frames a second.
 *
 *   0x59 0x59 | distance 2, cm | strength 2 | Plus, S: temperature 2, v/8 - 256 | sum of these eight    all little-endian
 *                                           | TFmini: mode 1, a spare byte      |
 *
 * The TFmini's modes are 2 (near: the distance is in mm) and 7; as temperatures they would be below -255. A strength below
 * 100 or of 65535 says that the distance is not to be relied on; nothing is measured beyond 12 m.
 */

enum { FRAME = 9, MODE_NEAR = 2, MODE_FAR = 7, MODES_END = 256, WEAK = 100, BLINDED = 65535, ABOVE_MM = 12000 };

static int match(const uint8_t *data, size_t size)
{
    int found = frame_starts(data, size, "\x59\x59", 2, FRAME);
    return found > 0 && frame_sum(data, 8) != data[8] ? -REFUSAL_CHECKSUM : found;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    enum refusal refusal = frame_prove(match, frame, why);
    if (refusal)
        return refusal;
    unsigned strength = le16(frame->data + 4), heat = le16(frame->data + 6);
    unsigned distance_mm = le16(frame->data + 2) * (heat == MODE_NEAR ? 1U : 10U);
    if (strength < WEAK || strength == BLINDED)
        raw_pack_text(pack, "range", "unreliable");
    else if (distance_mm > ABOVE_MM)
        raw_pack_text(pack, "range", "above");
    else
        raw_pack_number(pack, "distance_m", "m", distance_mm / 1000.0);
    raw_pack_number(pack, "strength", "", strength);
    if (heat >= MODES_END)
        raw_pack_number(pack, "temperature_c", "Cel", heat / 8.0 - 256);
    return REFUSAL_NONE;
}

static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    const struct raw_value *temperature = raw_pack_find(values, "temperature_c");
    if (size < FRAME)
        return 0;
    out[0] = out[1] = 0x59;
    put_le16(out + 2, (unsigned)frame_rounded(100 * frame_number(values, "distance_m", 655.35), 0, UINT16_MAX));
    put_le16(out + 4, (unsigned)frame_rounded(frame_number(values, "strength", 1000), 0, UINT16_MAX));
    put_le16(out + 6,
             temperature ? (unsigned)frame_rounded(8 * (temperature->number + 256), MODES_END, UINT16_MAX) : MODE_FAR);
    out[8] = frame_sum(out, 8);
    return FRAME;
}

const struct codec codec_tfmini = {
    .name = "tfmini",
    .description = N_("TFmini and TFmini Plus LiDAR distance heads"),
    .content_format = -1,
    .frame_max = FRAME,
    .anonymous = true,
    .measures_distance = true,
    .delimit = frame_found,
    .match = match,
    .parse = parse,
    .compose = compose,
};
