// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"

/*
 * Libelium Smart Parking, firmware v2 and v3: 11 bytes, big-endian.
 *
 *            0          1      2     3-4    5-6    7-8    9     10
 *   info     occupied|0 count  temp  x      y      z      -     battery    a change of state
 *   alive    occupied|1 count  hours min,   temp,  x, y   y, z  z          temp at 4, x 5-6, y 7-8, z 9-10
 *   error    occupied|3 count  flags temp,  x, y   y, z   z     battery    temp at 3, x 4-5, y 6-7, z 8-9
 *   start 1  occupied|4 count  temp  x      y      z      battery, mV
 *
 * Byte 0: bit 7 occupied, bit 6 battery to be changed, bits 3-0 the type. Battery: 2 800 mV and 4 mV a step. The field is
 * in steps of the sensor's own, which nobody publishes, so it is given without a unit. Other types carry the state alone.
 */

enum { SIZE = 11, INFO = 0, KEEP_ALIVE = 1, ERROR = 3, START = 4, TYPES = 9 };

// Where each type has what; 0: not there.
static const struct layout {
    uint8_t temperature, field, battery, battery_mv;
} layouts[TYPES] = {
    [INFO] = {.temperature = 2, .field = 3, .battery = 10},
    [KEEP_ALIVE] = {.temperature = 4, .field = 5},
    [ERROR] = {.temperature = 3, .field = 4, .battery = 10},
    [START] = {.temperature = 2, .field = 3, .battery_mv = 9},
};

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    const uint8_t *data = frame->data;
    if (frame->size != SIZE)
        return frame_refuse_size(frame, "11", why);
    unsigned type = data[0] & 15;
    if (type >= TYPES) {
        fault_set(why, 0, _("the frame has type %u; expected 0 to %d"), type, TYPES - 1);
        return REFUSAL_SYNTAX;
    }
    const struct layout *layout = &layouts[type];
    raw_pack_bool(pack, "occupied", data[0] >> 7);
    raw_pack_frame(pack, data[1], 8);
    if (layout->temperature)
        raw_pack_number(pack, "temperature_c", "Cel", (int8_t)data[layout->temperature]);
    if (layout->field) {
        raw_pack_number(pack, "magnetic_x", "", be16(data + layout->field));
        raw_pack_number(pack, "magnetic_y", "", be16(data + layout->field + 2));
        raw_pack_number(pack, "magnetic_z", "", be16(data + layout->field + 4));
    }
    if (layout->battery)
        raw_pack_number(pack, "battery_v", "V", (2800 + 4 * data[layout->battery]) / 1000.0);
    if (layout->battery_mv)
        raw_pack_number(pack, "battery_v", "V", be16(data + layout->battery_mv) / 1000.0);
    return REFUSAL_NONE;
}

const struct codec codec_libelium_parking = {
    .name = "libelium-parking",
    .description = N_("Libelium Smart Parking, firmware v2 and v3: frames of 11 bytes"),
    .content_format = -1,
    .parse = parse,
};
