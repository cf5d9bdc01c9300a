// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"

/*
 * Nwave NPS405, by LoRaWAN port; without a port the length tells.
 *
 *   port 1 change of state   0: bit 0 occupied, bits 7-1 how long the state before had lasted, compressed
 *   port 2 heartbeat         0: bit 0 occupied   1: battery, 2 500 mV and 4 mV a step   2: temperature, signed, v/2 + 10
 *
 * The compressed minutes: 0 to 89 themselves, then steps of 5 up to 239, then of 60; 127 is "longer", so no value.
 */

enum { CHANGE = 1, HEARTBEAT = 2, LONGER = 127 };

static double minutes_of(unsigned code)
{
    return code < 90 ? code : code < 120 ? 90 + 5 * (code - 90) : 240 + 60 * (code - 120);
}

static enum refusal parse_change(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    if (frame->size != 1)
        return frame_refuse_size(frame, "1", why);
    unsigned code = frame->data[0] >> 1;
    raw_pack_bool(pack, "occupied", frame->data[0] & 1);
    if (code != LONGER)
        raw_pack_number(pack, "duration_s", "s", 60 * minutes_of(code));
    return REFUSAL_NONE;
}

static enum refusal parse_heartbeat(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    if (frame->size != 3)
        return frame_refuse_size(frame, "3", why);
    raw_pack_bool(pack, "occupied", frame->data[0] & 1);
    raw_pack_number(pack, "battery_v", "V", (2500 + 4 * frame->data[1]) / 1000.0);
    raw_pack_number(pack, "temperature_c", "Cel", (int8_t)frame->data[2] / 2.0 + 10);
    return REFUSAL_NONE;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    unsigned port = frame->port ? frame->port : frame->size == 1 ? CHANGE : HEARTBEAT;
    if (port == CHANGE)
        return parse_change(frame, pack, why);
    return port == HEARTBEAT ? parse_heartbeat(frame, pack, why) : frame_refuse_port(frame, _("1 or 2"), why);
}

const struct codec codec_nwave_parking = {
    .name = "nwave-parking",
    .description = N_("Nwave NPS405 parking sensor"),
    .content_format = -1,
    .parse = parse,
};
