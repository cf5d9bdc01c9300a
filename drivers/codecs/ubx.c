// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include "gnss.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * u-blox UBX-NAV-PVT (01 07), little-endian, beside NMEA. 84 bytes from u-blox 7, 92 from newer ones.
 *
 *   4-5 year   6 month   7 day   8 hour   9 minute   10 second   11 valid: bit 0 date, 1 time, 2 to the second   16 ns, signed
 *   20 fix: 1 reckoned, 2 2D, 3 3D, 4 with reckoning, 5 time   21 flags: bit 0 good, 1 corrected, 7-6 RTK: 1 float, 2 fixed
 *   23 satellites   24 longitude, 28 latitude (1e-7 deg)   36 height above sea (mm)   40 accuracy (mm)   60 speed (mm/s)
 *   64 heading (1e-5 deg)   76-77 PDOP (0.01)   78 bit 0: the position is not valid (92 bytes)
 *
 * Other messages say nothing here.
 */

enum { AROUND = 8, OLD_SIZE = 84, NEW_SIZE = 92, RECKONED = 1, FLAT = 2, COMBINED = 4 };

static int32_t signed32(const uint8_t *at)
{
    return (int32_t)le32(at);
}

static enum fix fix_of(const uint8_t *pvt, size_t size)
{
    bool is_good = pvt[21] & 1, is_invalid = size == NEW_SIZE && pvt[78] & 1;
    unsigned carrier = pvt[21] >> 6;
    if (!is_good || is_invalid || pvt[20] < RECKONED || pvt[20] > COMBINED)
        return FIX_NONE;
    if (pvt[20] == RECKONED)
        return FIX_RECKONED;
    return carrier == 2 ? FIX_RTK : carrier == 1 ? FIX_FLOAT : pvt[21] & 2 ? FIX_CORRECTED : FIX_GNSS;
}

static void add_time(const uint8_t *pvt, struct raw_pack *pack)
{
    enum { ALL_VALID = 7, NS_PER_US = 1000 };
    char text[UTC_TEXT_SIZE];
    int64_t time_us;
    snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02uZ", le16(pvt + 4), pvt[6], pvt[7], pvt[8], pvt[9],
             pvt[10]);
    if ((pvt[11] & ALL_VALID) == ALL_VALID && utc_parse(text, &time_us) == 0)
        gnss_time(pack, time_us + signed32(pvt + 16) / NS_PER_US);
}

static void add_position(const uint8_t *pvt, struct raw_pack *pack)
{
    double heading = signed32(pvt + 64) / 1e5;
    raw_pack_number(pack, "latitude", "lat", signed32(pvt + 28) / 1e7);
    raw_pack_number(pack, "longitude", "lon", signed32(pvt + 24) / 1e7);
    if (pvt[20] != FLAT)
        raw_pack_number(pack, "altitude_m", "m", signed32(pvt + 36) / 1e3);
    raw_pack_number(pack, "sigma_m", "m", le32(pvt + 40) / 1e3);
    raw_pack_number(pack, "speed_mps", "m/s", signed32(pvt + 60) / 1e3);
    raw_pack_number(pack, "heading_deg", "deg", heading < 0 ? heading + 360 : heading);
    raw_pack_number(pack, "pdop", "", le16(pvt + 76) / 1e2);
}

static enum refusal parse_pvt(const uint8_t *pvt, size_t size, struct raw_pack *pack, struct fault *why)
{
    if (size != OLD_SIZE && size != NEW_SIZE) {
        fault_set(why, 0, _("NAV-PVT has %zu bytes; expected 84 or 92"), size);
        return REFUSAL_SYNTAX;
    }
    enum fix fix = fix_of(pvt, size);
    raw_pack_number(pack, "fix", "", fix);
    raw_pack_number(pack, "satellites", "count", pvt[23]);
    if (fix != FIX_NONE)
        add_position(pvt, pack);
    add_time(pvt, pack);
    return REFUSAL_NONE;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    enum { NAV = 1, PVT = 7 };
    if (!gnss_is_ubx(frame))
        return nmea_parse(frame, pack, why);
    bool is_pvt = frame->data[2] == NAV && frame->data[3] == PVT;
    // Without a payload it is the question for one.
    return is_pvt && frame->size > AROUND ? parse_pvt(frame->data + 6, frame->size - AROUND, pack, why) : REFUSAL_NONE;
}

static void put_number(uint8_t *at, const struct raw_pack *values, const char *name, double factor)
{
    put_le32(at, (uint32_t)frame_rounded(frame_number(values, name, 0) * factor, INT32_MIN, INT32_MAX));
}

static void put_time(uint8_t *pvt, const struct raw_pack *values)
{
    enum { ALL_VALID = 7, US_PER_S = 1000000 };
    const struct raw_value *value = values->count > 0 ? &values->values[0] : NULL;
    struct tm utc;
    if (!value || value->time != RAW_TIME_ABSOLUTE)
        return;
    time_t seconds = (time_t)(value->time_us / US_PER_S);
    gmtime_r(&seconds, &utc);
    put_le16(pvt + 4, (unsigned)utc.tm_year + 1900);
    const int parts[] = {utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ALL_VALID};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        pvt[6 + i] = (uint8_t)parts[i];
    put_le32(pvt + 16, (uint32_t)(value->time_us % US_PER_S) * 1000);
}

static void put_fix(uint8_t *pvt, enum fix fix, bool has_altitude)
{
    enum { SPACE = 3, GOOD = 1, CORRECTED = 2, FLOATING = 0x40, FIXED = 0x80 };
    static const uint8_t flags[] = {[FIX_NONE] = 0,
                                    [FIX_GNSS] = GOOD,
                                    [FIX_CORRECTED] = GOOD | CORRECTED,
                                    [FIX_PRECISE] = GOOD | CORRECTED,
                                    [FIX_RTK] = GOOD | FIXED,
                                    [FIX_FLOAT] = GOOD | FLOATING,
                                    [FIX_RECKONED] = GOOD};
    pvt[20] = fix == FIX_NONE ? 0 : fix == FIX_RECKONED ? RECKONED : has_altitude ? SPACE : FLAT;
    pvt[21] = flags[fix];
}

// What says neither where nor whether it knows is told by a sentence.
static size_t compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    static const uint8_t head[] = {0xb5, 0x62, 0x01, 0x07, NEW_SIZE, 0};
    bool is_placed = raw_pack_find(values, "latitude");
    if (!is_placed && !raw_pack_find(values, "fix"))
        return nmea_compose(values, options, out, size);
    if (size < NEW_SIZE + AROUND)
        return 0;
    uint8_t *pvt = out + sizeof head, a = 0, b = 0;
    memset(out, 0, NEW_SIZE + AROUND);
    memcpy(out, head, sizeof head);
    put_time(pvt, values);
    put_fix(pvt, (enum fix)frame_rounded(frame_number(values, "fix", FIX_GNSS), FIX_NONE, FIX_RECKONED),
            raw_pack_find(values, "altitude_m"));
    pvt[23] = (uint8_t)frame_rounded(frame_number(values, "satellites", is_placed ? 8 : 0), 0, UINT8_MAX);
    put_number(pvt + 24, values, "longitude", 1e7);
    put_number(pvt + 28, values, "latitude", 1e7);
    put_number(pvt + 36, values, "altitude_m", 1e3);
    put_number(pvt + 40, values, "sigma_m", 1e3);
    put_number(pvt + 60, values, "speed_mps", 1e3);
    put_number(pvt + 64, values, "heading_deg", 1e5);
    put_le16(pvt + 76, (unsigned)frame_rounded(frame_number(values, "pdop", 0) * 100, 0, UINT16_MAX));
    for (size_t i = 2; i < sizeof head + NEW_SIZE; i++) // the sums stand behind what they are over
        b = (uint8_t)(b + (a = (uint8_t)(a + out[i])));
    out[sizeof head + NEW_SIZE] = a;
    out[sizeof head + NEW_SIZE + 1] = b;
    return NEW_SIZE + AROUND;
}

const struct codec codec_ubx = {
    .name = "ubx",
    .description = N_("u-blox UBX (NAV-PVT), and NMEA 0183 between its messages"),
    .content_format = -1,
    .frame_max = GNSS_FRAME_MAX,
    .delimit = gnss_delimit,
    .parse = parse,
    .compose = compose,
};
