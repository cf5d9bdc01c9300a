// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"

/*
 * Bosch Parking Lot Sensor (PLS, TPL110), by LoRaWAN port; without a port the length tells.
 *
 *   port 1 status, 2 heartbeat   0: bit 0 occupied   1: temperature, signed (some firmware)
 *   port 3 start-up              0-11 debug   12-14 firmware   15 reset cause   16: bit 0 occupied
 *
 * Ports 4 to 7 (device, usage, debug, temperature alert) carry no reading.
 */

enum { STATUS = 1, HEARTBEAT = 2, START_UP = 3, START_UP_SIZE = 17 };

static enum refusal parse_status(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    if (frame->size != 1 && frame->size != 2)
        return frame_refuse_size(frame, _("1 or 2"), why);
    raw_pack_bool(pack, "occupied", frame->data[0] & 1);
    if (frame->size == 2)
        raw_pack_number(pack, "temperature_c", "Cel", (int8_t)frame->data[1]);
    return REFUSAL_NONE;
}

static enum refusal parse_start(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    if (frame->size != START_UP_SIZE)
        return frame_refuse_size(frame, "17", why);
    raw_pack_bool(pack, "occupied", frame->data[START_UP_SIZE - 1] & 1);
    return REFUSAL_NONE;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    unsigned port = frame->port ? frame->port : frame->size == START_UP_SIZE ? START_UP : STATUS;
    if (port == STATUS || port == HEARTBEAT)
        return parse_status(frame, pack, why);
    return port == START_UP ? parse_start(frame, pack, why) : frame_refuse_port(frame, _("1, 2 or 3"), why);
}

const struct codec codec_bosch_parking = {
    .name = "bosch-parking",
    .description = N_("Bosch Parking Lot Sensor (PLS, TPL110)"),
    .content_format = -1,
    .parse = parse,
};
