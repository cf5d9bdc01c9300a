// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include <string.h>

/*
 * A02YYUW and its family (DFRobot SEN0311, SEN0312, SEN0313): ultrasonic, 9600 baud, pushed every 100 to 300 ms.
 *
 *   0xFF | distance 2, big-endian, mm | sum of these three
 *
 * The SEN0627 sends the same in cm: map.distance_m = distance_m * 10. No head of the family sees as far as 10 m; without an
 * echo they send numbers near 0xFFFF. Out of range is not free: it has no distance, but says on which side.
 */

enum { FRAME = 4, BELOW_MM = 30, ABOVE_MM = 10000, NO_ECHO = 0xfffd };

static int match(const uint8_t *data, size_t size)
{
    int found = frame_starts(data, size, "\xff", 1, FRAME);
    return found > 0 && frame_sum(data, 3) != data[3] ? -REFUSAL_CHECKSUM : found;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    enum refusal refusal = frame_prove(match, frame, why);
    if (refusal)
        return refusal;
    unsigned distance_mm = be16(frame->data + 1);
    if (distance_mm < BELOW_MM || distance_mm > ABOVE_MM)
        raw_pack_text(pack, "range", distance_mm < BELOW_MM ? "below" : "above");
    else
        raw_pack_number(pack, "distance_m", "m", distance_mm / 1000.0);
    return REFUSAL_NONE;
}

static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    const struct raw_value *range = raw_pack_find(values, "range");
    bool below = range && range->type == RAW_TEXT && strcmp(range->text, "below") == 0;
    if (size < FRAME)
        return 0;
    out[0] = 0xff;
    put_be16(out + 1, (unsigned)frame_rounded(1000 * frame_number(values, "distance_m", below ? 0 : 65), 0, NO_ECHO));
    if (range && !below)
        put_be16(out + 1, NO_ECHO);
    out[3] = frame_sum(out, 3);
    return FRAME;
}

const struct codec codec_a02yyuw = {
    .name = "a02yyuw",
    .description = N_("A02YYUW ultrasonic distance heads"),
    .content_format = -1,
    .frame_max = FRAME,
    .anonymous = true,
    .measures_distance = true,
    .delimit = frame_found,
    .match = match,
    .parse = parse,
    .compose = compose,
};
