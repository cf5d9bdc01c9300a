// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"

/*
 * Milesight EM400-MUD, ultrasonic. NB-IoT has a header of 86 bytes, big-endian, in front of the values; LoRaWAN has the
 * values alone.
 *
 *    0  02   1-2 0001   3-4 bytes that follow   5 flag   6-7 frame counter   8 protocol   9-12 software   13-16 hardware
 *   17  serial number (16)   33 IMEI (15)   48 IMSI (15)   63 ICCID (20)   83 signal (asu)   84-85 bytes of values   86 values
 *
 * What names the subscriber (IMEI, IMSI, ICCID) is passed over and goes nowhere.
 *
 * Values: channel, type, little-endian value; those of an alarm have a byte of state behind them.
 *
 *   01 75 battery, %       03 67 temperature, 0.1 degC   04 82 distance, mm (FFFD: out of range)   05 00 tilted
 *   06 88 longitude, latitude (1e-6 degrees), motion      83 67 and 84 82 the same as an alarm
 */

enum {
    HEADER = 86,
    LENGTH_AT = 3,
    FRAME_AT = 6,
    SIGNAL_AT = 83,
    VALUES_AT = 84,
    SIGNAL_MAX = 31,
    OUT_OF_RANGE = 0xfffd
};

static void put_battery(const uint8_t *at, struct raw_pack *pack)
{
    raw_pack_number(pack, "battery_pct", "%EL", at[0]);
}

static void put_temperature(const uint8_t *at, struct raw_pack *pack)
{
    raw_pack_number(pack, "temperature_c", "Cel", (int16_t)le16(at) / 10.0);
}

static void put_distance(const uint8_t *at, struct raw_pack *pack)
{
    if (le16(at) < OUT_OF_RANGE)
        raw_pack_number(pack, "distance_m", "m", le16(at) / 1000.0);
}

static void put_tilt(const uint8_t *at, struct raw_pack *pack)
{
    raw_pack_bool(pack, "tilted", at[0] != 0);
}

static void put_position(const uint8_t *at, struct raw_pack *pack)
{
    raw_pack_number(pack, "longitude", "lon", (int32_t)le32(at) / 1e6);
    raw_pack_number(pack, "latitude", "lat", (int32_t)le32(at + 4) / 1e6);
}

static const struct channel {
    uint8_t channel, type, size;
    void (*put)(const uint8_t *at, struct raw_pack *pack);
} channels[] = {
    {0x01, 0x75, 1, put_battery},  {0x03, 0x67, 2, put_temperature}, {0x04, 0x82, 2, put_distance},
    {0x05, 0x00, 1, put_tilt},     {0x06, 0x88, 9, put_position},    {0x83, 0x67, 3, put_temperature},
    {0x84, 0x82, 3, put_distance},
};

static const struct channel *find_channel(const uint8_t *at)
{
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        if (channels[i].channel == at[0] && channels[i].type == at[1])
            return &channels[i];
    return NULL;
}

static enum refusal parse_values(const struct frame *frame, size_t at, struct raw_pack *pack, struct fault *why)
{
    while (at < frame->size) {
        size_t left = frame->size - at;
        const struct channel *channel = left >= 2 ? find_channel(frame->data + at) : NULL;
        if (!channel || left - 2 < channel->size) {
            fault_set(why, 0, _("byte %zu of the frame begins no whole value; expected channel, type and value"), at);
            return REFUSAL_SYNTAX;
        }
        channel->put(frame->data + at + 2, pack);
        if (pack->count + 2 > RAW_VALUES_MAX)
            return frame_refuse_size(frame, _("fewer values"), why);
        at += 2u + channel->size;
    }
    return REFUSAL_NONE;
}

static enum refusal parse_header(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    const uint8_t *data = frame->data;
    if (frame->size < HEADER)
        return frame_refuse_size(frame, _("at least 86"), why);
    if (be16(data + LENGTH_AT) != frame->size - LENGTH_AT - 2 || be16(data + VALUES_AT) != frame->size - HEADER) {
        fault_set(why, 0, _("the frame says %u bytes follow, and %u of values; it has %zu and %zu"),
                  be16(data + LENGTH_AT), be16(data + VALUES_AT), frame->size - LENGTH_AT - 2, frame->size - HEADER);
        return REFUSAL_SYNTAX;
    }
    raw_pack_frame(pack, be16(data + FRAME_AT), 16);
    if (data[SIGNAL_AT] <= SIGNAL_MAX) // 3GPP TS 27.007, +CSQ; 99 is "not known"
        raw_pack_number(pack, "rssi_dbm", "dBm", 2 * data[SIGNAL_AT] - 113);
    return REFUSAL_NONE;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    if (frame->size == 0)
        return frame_refuse_size(frame, _("at least 3"), why);
    if (frame->data[0] != 2)
        return parse_values(frame, 0, pack, why);
    enum refusal refusal = parse_header(frame, pack, why);
    return refusal ? refusal : parse_values(frame, HEADER, pack, why);
}

const struct codec codec_milesight_em400 = {
    .name = "milesight-em400",
    .description = N_("Milesight EM400-MUD (ultrasonic), over NB-IoT or LoRaWAN"),
    .content_format = -1,
    .parse = parse,
};
