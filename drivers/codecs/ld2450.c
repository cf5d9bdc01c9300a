// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include <string.h>

/*
 * HLK-LD2450: radar that follows three targets; 256000 baud unless set otherwise, 10 frames a second.
 *
 *   AA FF 03 00 | three times: x 2, mm | y 2, mm | speed 2, cm/s | gate 2, mm | 55 CC    all little-endian
 *
 * Bit 15 of x, y and speed is their sign, and it is set when they are positive: no two's complement. A target that is not
 * there is eight zeros. There is no checksum.
 */

enum { TARGETS = 3, TARGET = 8, HEADER = 4, FRAME = HEADER + TARGETS * TARGET + 2, GATE_MM = 320 };

static const char *const names[TARGETS][3] = {
    {"target_1_x_m", "target_1_y_m", "target_1_speed_mps"},
    {"target_2_x_m", "target_2_y_m", "target_2_speed_mps"},
    {"target_3_x_m", "target_3_y_m", "target_3_speed_mps"},
};

static int match(const uint8_t *data, size_t size)
{
    int found = frame_starts(data, size, "\xaa\xff\x03\x00", HEADER, FRAME);
    return found > 0 && memcmp(data + FRAME - 2, "\x55\xcc", 2) != 0 ? -REFUSAL_SYNTAX : found;
}

static double signed_number(const uint8_t *at)
{
    unsigned number = le16(at);
    return number & 0x8000 ? (int)(number & 0x7fff) : -(int)number;
}

static void put_signed(uint8_t *at, double number)
{
    int32_t whole = frame_rounded(number, -0x7fff, 0x7fff);
    put_le16(at, whole < 0 ? (unsigned)-whole : (unsigned)whole | 0x8000);
}

static bool is_there(const uint8_t *target)
{
    static const uint8_t nobody[TARGET];
    return memcmp(target, nobody, TARGET) != 0;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    enum refusal refusal = frame_prove(match, frame, why);
    if (refusal)
        return refusal;
    unsigned people = 0;
    for (size_t i = 0; i < TARGETS; i++)
        people += is_there(frame->data + HEADER + i * TARGET);
    raw_pack_number(pack, "people", "count", people);
    for (size_t i = 0; i < TARGETS; i++) {
        const uint8_t *target = frame->data + HEADER + i * TARGET;
        if (!is_there(target))
            continue;
        raw_pack_number(pack, names[i][0], "m", signed_number(target) / 1000);
        raw_pack_number(pack, names[i][1], "m", signed_number(target + 2) / 1000);
        raw_pack_number(pack, names[i][2], "m/s", signed_number(target + 4) / 100);
    }
    return REFUSAL_NONE;
}

static bool any_target(const struct raw_pack *values)
{
    return raw_pack_find(values, names[0][1]) || raw_pack_find(values, names[1][1]) ||
           raw_pack_find(values, names[2][1]);
}

static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    double invented = any_target(values) ? 0 : frame_number(values, "people", 0);
    if (size < FRAME)
        return 0;
    memset(out, 0, FRAME);
    memcpy(out, "\xaa\xff\x03\x00", HEADER);
    for (size_t i = 0; i < TARGETS; i++) {
        uint8_t *target = out + HEADER + i * TARGET;
        if ((double)i >= invented && !raw_pack_find(values, names[i][1]))
            continue;
        put_signed(target, 1000 * frame_number(values, names[i][0], (double)i - 1));
        put_signed(target + 2, 1000 * frame_number(values, names[i][1], 2 + (double)i / 2));
        put_signed(target + 4, 100 * frame_number(values, names[i][2], -0.5));
        put_le16(target + 6, GATE_MM);
    }
    memcpy(out + FRAME - 2, "\x55\xcc", 2);
    return FRAME;
}

const struct codec codec_ld2450 = {
    .name = "ld2450",
    .description = N_("HLK-LD2450 radar, which follows three people"),
    .content_format = -1,
    .frame_max = FRAME,
    .anonymous = true,
    .delimit = frame_found,
    .match = match,
    .parse = parse,
    .compose = compose,
};
