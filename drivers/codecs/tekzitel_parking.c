// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"

/*
 * Tekzitel TEKZIPARK.
 *
 *   0  bit 7 occupied, 5 battery good, 4 obstructed, 3 radar used, 2 no beacon, 1 reset, 0 keep-alive
 *   1  temperature, signed
 *   2  the number of the bay
 *   3-5  on port 2: how far the magnetic field is bent in x, y and z, signed, in steps that nobody publishes
 */

enum { SHORT = 3, LONG = 6 };

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    const uint8_t *data = frame->data;
    if (frame->port > 2)
        return frame_refuse_port(frame, _("1 or 2"), why);
    if (frame->size != SHORT && frame->size != LONG)
        return frame_refuse_size(frame, _("3 or 6"), why);
    raw_pack_bool(pack, "occupied", data[0] >> 7);
    raw_pack_number(pack, "temperature_c", "Cel", (int8_t)data[1]);
    if (frame->size == LONG) {
        raw_pack_number(pack, "magnetic_x", "", (int8_t)data[3]);
        raw_pack_number(pack, "magnetic_y", "", (int8_t)data[4]);
        raw_pack_number(pack, "magnetic_z", "", (int8_t)data[5]);
    }
    return REFUSAL_NONE;
}

const struct codec codec_tekzitel_parking = {
    .name = "tekzitel-parking",
    .description = N_("Tekzitel TEKZIPARK parking sensor"),
    .content_format = -1,
    .parse = parse,
};
