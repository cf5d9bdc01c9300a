// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include <math.h>
#include <string.h>

/*
 * Terabee people counters. All big-endian; the last byte is a CRC-8 of all before it.
 *
 *   on a passage    "PC" | sensor 4 | inside 4 | in 2 | out 2 | CRC    People Counting Evo
 *                   "PC" | inside 4 | in 2 | out 2 | CRC               Evo Swipe Plus
 *   all the time    "DD" | two distances of 2, mm | CRC                nothing is read from them
 *
 * By chance one in 256 frames of the first kind has a right CRC after eleven bytes as well, and a damaged one of the second
 * kind after fifteen. They are told apart by `inside`, signed, which is `in` less `out`. Totals are of 16 bits, and are 0
 * again after a loss of power.
 */

enum { DISTANCES = 7, SHORT = 11, LONG = 15 };

static bool is_sealed(const uint8_t *data, size_t size)
{
    return frame_crc8(data, size - 1) == data[size - 1];
}

static bool begins(const uint8_t *data)
{
    return memcmp(data, "PC", 2) == 0 || memcmp(data, "DD", 2) == 0;
}

static bool adds_up(const uint8_t *counts)
{
    return (uint16_t)be32(counts) == (uint16_t)(be16(counts + 4) - be16(counts + 6));
}

static int match(const uint8_t *data, size_t size)
{
    int found = frame_starts(data, size, "DD", 2, DISTANCES);
    if (found >= 0)
        return found > 0 && !is_sealed(data, DISTANCES) ? -REFUSAL_CHECKSUM : found;
    found = frame_starts(data, size, "PC", 2, SHORT);
    if (found <= 0)
        return found;
    bool is_short = is_sealed(data, SHORT);
    if (is_short && adds_up(data + 2))
        return SHORT;
    if (size < LONG)
        return 0;
    bool is_long = is_sealed(data, LONG) && (adds_up(data + 6) || !begins(data + SHORT));
    return is_long ? LONG : is_short ? SHORT : -REFUSAL_CHECKSUM;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    enum refusal refusal = frame_prove(match, frame, why);
    if (refusal || frame->size == DISTANCES)
        return refusal;
    const uint8_t *counts = frame->data + frame->size - 9;
    raw_pack_counter(pack, "in_total", be16(counts + 4), 16);
    raw_pack_counter(pack, "out_total", be16(counts + 6), 16);
    raw_pack_number(pack, "inside", "count", (int32_t)be32(counts));
    if (frame->size == LONG)
        raw_pack_number(pack, "sensor_id", "", be32(frame->data + 2));
    return REFUSAL_NONE;
}

static void put_be32(uint8_t *at, uint32_t number)
{
    put_be16(at, number >> 16);
    put_be16(at + 2, number & 0xffff);
}

static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    const struct raw_value *sensor = raw_pack_find(values, "sensor_id");
    size_t frame = sensor ? LONG : SHORT;
    uint8_t *counts = out + frame - 9;
    if (size < frame)
        return 0;
    int32_t in = frame_rounded(frame_number(values, "in_total", 0), 0, INT32_MAX);
    int32_t out_total = frame_rounded(frame_number(values, "out_total", 0), 0, INT32_MAX);
    out[0] = 'P';
    out[1] = 'C';
    if (sensor)
        put_be32(out + 2, (uint32_t)llrint(fmin(fmax(sensor->number, 0), UINT32_MAX)));
    put_be32(counts, (uint32_t)frame_rounded(frame_number(values, "inside", in - out_total), INT32_MIN, INT32_MAX));
    put_be16(counts + 4, (uint32_t)in & 0xffff);
    put_be16(counts + 6, (uint32_t)out_total & 0xffff);
    out[frame - 1] = frame_crc8(out, frame - 1);
    return frame;
}

const struct codec codec_terabee_people = {
    .name = "terabee-people",
    .description = N_("Terabee people counters"),
    .content_format = -1,
    .frame_max = LONG,
    .anonymous = true,
    .counts_people = true,
    .delimit = frame_found,
    .match = match,
    .parse = parse,
    .compose = compose,
};
