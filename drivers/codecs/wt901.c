// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include <math.h>

/*
 * WitMotion WT901, JY901, BWT901, HWT901: inertial units; 9600 or 115200 baud, 10 to 200 times a second.
 *
 *   0x55 | id 1 | three numbers of 2, signed, little-endian | 2 more bytes | sum of these ten
 *
 * Ids: 0x51 acceleration, and in the two bytes the temperature in 1/100 degC; 0x52 angular rate; 0x53 angles; 0x54 magnetic
 * field, raw. The others from 0x50 (time) to 0x5F are taken, and nothing is read from them. 0x55 occurs within frames, too.
 */

enum { FRAME = 11, ACCELERATION = 0x51 };

static const struct packet {
    uint8_t id;
    const char *names[3];
    const char *unit;
    double scale;
} packets[] = {
    {ACCELERATION, {"acceleration_x_mps2", "acceleration_y_mps2", "acceleration_z_mps2"}, "m/s2", 16 * 9.80665 / 32768},
    {0x52, {"angular_x_dps", "angular_y_dps", "angular_z_dps"}, "", 2000.0 / 32768},
    {0x53, {"roll_deg", "pitch_deg", "yaw_deg"}, "deg", 180.0 / 32768},
    {0x54, {"magnetic_x", "magnetic_y", "magnetic_z"}, "", 1},
};

enum { PACKETS = sizeof packets / sizeof packets[0] };

static int match(const uint8_t *data, size_t size)
{
    int found = frame_starts(data, size, "\x55", 1, FRAME);
    if (size > 1 && data[1] >> 4 != 5)
        return -REFUSAL_SYNTAX;
    return found > 0 && frame_sum(data, 10) != data[10] ? -REFUSAL_CHECKSUM : found;
}

// The steps are far wider than the fifth decimal.
static double scaled(const uint8_t *at, double scale)
{
    return round((int16_t)le16(at) * scale * 1e5) / 1e5;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    enum refusal refusal = frame_prove(match, frame, why);
    if (refusal)
        return refusal;
    const uint8_t *data = frame->data + 2;
    for (const struct packet *packet = packets; packet < packets + PACKETS; packet++)
        for (size_t i = 0; i < 3 && packet->id == frame->data[1]; i++)
            raw_pack_number(pack, packet->names[i], packet->unit, scaled(data + 2 * i, packet->scale));
    if (frame->data[1] == ACCELERATION)
        raw_pack_number(pack, "temperature_c", "Cel", scaled(data + 6, 0.01));
    return REFUSAL_NONE;
}

static void compose_packet(const struct raw_pack *values, const struct packet *packet, uint8_t *out)
{
    double temperature_c = packet->id == ACCELERATION ? frame_number(values, "temperature_c", 20) : 0;
    out[0] = 0x55;
    out[1] = packet->id;
    for (size_t i = 0; i < 3; i++) {
        double number = frame_number(values, packet->names[i], 0) / packet->scale;
        put_le16(out + 2 + 2 * i, (uint16_t)frame_rounded(number, INT16_MIN, INT16_MAX));
    }
    put_le16(out + 8, (uint16_t)frame_rounded(100 * temperature_c, INT16_MIN, INT16_MAX));
    out[10] = frame_sum(out, 10);
}

static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    size_t used = 0;
    for (const struct packet *packet = packets; packet < packets + PACKETS; packet++) {
        if (!raw_pack_find(values, packet->names[0]))
            continue;
        if (size - used < FRAME)
            return 0;
        compose_packet(values, packet, out + used);
        used += FRAME;
    }
    return used;
}

const struct codec codec_wt901 = {
    .name = "wt901",
    .description = N_("WitMotion WT901 and its family of inertial units"),
    .content_format = -1,
    .frame_max = FRAME,
    .anonymous = true,
    .delimit = frame_found,
    .match = match,
    .parse = parse,
    .compose = compose,
};
