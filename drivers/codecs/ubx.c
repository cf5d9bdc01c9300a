// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/messages.h"
#include "codecs.h"
#include "frames.h"
#include "gnss.h"
#include <math.h>
#include <stdio.h>

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

const struct codec codec_ubx = {
    .name = "ubx",
    .description = N_("u-blox UBX (NAV-PVT), and NMEA 0183 between its messages"),
    .content_format = -1,
    .frame_max = GNSS_FRAME_MAX,
    .delimit = gnss_delimit,
    .parse = parse,
};
