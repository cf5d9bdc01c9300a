// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include <string.h>

/*
 * HLK-LD2410: presence radar; 256000 baud, about 20 frames a second.
 *
 *   F4 F3 F2 F1 | length 2 | type 1 | AA | state 1 | moving: distance 2, cm | energy 1 | still: distance 2 | energy 1 |
 *   distance 2 | in type 1 (engineering; 2 is basic) energies of each gate, light 22 | 55 00 | F8 F7 F6 F5
 *
 * All little-endian; the length counts from the type to the 00, which is no checksum. State: bit 0 something moves, bit 1
 * something is still; from 4 on the radar measures its surroundings. Distances are told only of what is there.
 */

enum {
    HEAD = 8, // up to AA
    AROUND = 10,
    BASIC = 2,
    BASIC_LENGTH = 13,
    ENGINEERING = 1,
    ENGINEERING_LENGTH = 35,
    FRAME_MAX = AROUND + ENGINEERING_LENGTH,
    MOVING = 1,
    STILL = 2,
};

static const char header[] = "\xf4\xf3\xf2\xf1", tail[] = "\x55\x00\xf8\xf7\xf6\xf5";

static int match(const uint8_t *data, size_t size)
{
    int found = frame_starts(data, size, header, 4, HEAD);
    if (found <= 0)
        return found;
    size_t length = le16(data + 4), whole = AROUND + length;
    if (!(data[6] == BASIC && length == BASIC_LENGTH) && !(data[6] == ENGINEERING && length == ENGINEERING_LENGTH))
        return -REFUSAL_LENGTH;
    if (data[7] != 0xaa)
        return -REFUSAL_SYNTAX;
    if (size < whole)
        return 0;
    return memcmp(data + whole - 6, tail, 6) == 0 ? (int)whole : -REFUSAL_SYNTAX;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    enum refusal refusal = frame_prove(match, frame, why);
    if (refusal)
        return refusal;
    const uint8_t *target = frame->data + HEAD;
    unsigned state = target[0];
    if (state > (MOVING | STILL))
        return REFUSAL_NONE;
    raw_pack_bool(pack, "presence", state != 0);
    raw_pack_bool(pack, "moving", state & MOVING);
    raw_pack_bool(pack, "still", state & STILL);
    if (state)
        raw_pack_number(pack, "distance_m", "m", le16(target + 7) / 100.0);
    if (state & MOVING)
        raw_pack_number(pack, "moving_distance_m", "m", le16(target + 1) / 100.0);
    if (state & STILL)
        raw_pack_number(pack, "still_distance_m", "m", le16(target + 4) / 100.0);
    raw_pack_number(pack, "moving_energy", "", target[3]);
    raw_pack_number(pack, "still_energy", "", target[6]);
    return REFUSAL_NONE;
}

static void put_cm(uint8_t *at, const struct raw_pack *values, const char *name, double otherwise_m)
{
    put_le16(at, (unsigned)frame_rounded(100 * frame_number(values, name, otherwise_m), 0, UINT16_MAX));
}

static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    double people = frame_number(values, "people", frame_number(values, "occupied", 0));
    bool present = frame_number(values, "presence", people) > 0;
    bool still = frame_number(values, "still", 0) > 0, moving = frame_number(values, "moving", present && !still) > 0;
    double distance_m = frame_number(values, "distance_m", present ? 1.5 : 0);
    if (size < AROUND + BASIC_LENGTH)
        return 0;
    memcpy(out, header, 4);
    put_le16(out + 4, BASIC_LENGTH);
    out[6] = BASIC;
    out[7] = 0xaa;
    uint8_t *target = out + HEAD;
    target[0] = (uint8_t)((moving ? MOVING : 0) | (still ? STILL : 0));
    put_cm(target + 1, values, "moving_distance_m", moving ? distance_m : 0);
    target[3] = (uint8_t)frame_rounded(frame_number(values, "moving_energy", moving ? 60 : 0), 0, 100);
    put_cm(target + 4, values, "still_distance_m", still ? distance_m : 0);
    target[6] = (uint8_t)frame_rounded(frame_number(values, "still_energy", still ? 60 : 0), 0, 100);
    put_cm(target + 7, values, "distance_m", distance_m);
    memcpy(target + 9, tail, 6);
    return AROUND + BASIC_LENGTH;
}

const struct codec codec_ld2410 = {
    .name = "ld2410",
    .description = N_("HLK-LD2410 presence radar"),
    .content_format = -1,
    .frame_max = FRAME_MAX,
    .anonymous = true,
    .delimit = frame_found,
    .match = match,
    .parse = parse,
    .compose = compose,
};
