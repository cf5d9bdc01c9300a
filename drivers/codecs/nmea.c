// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/messages.h"
#include "base/text.h"
#include "codecs.h"
#include "gnss.h"
#include "sentence.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * NMEA 0183:  $GPRMC,field,field,...*hh   hh: XOR of all between '$' and '*', in hexadecimal
 *
 *   RMC  1 hhmmss.ss  2 A or V  3-4 ddmm.mmmm N/S  5-6 dddmm.mmmm E/W  7 knots  8 course  9 ddmmyy  10-11 variation  12 mode
 *        13 navigational state
 *   GGA  1 time  2-3, 4-5 as 3-6 above  6 quality  7 satellites  8 HDOP  9-10 altitude M  11-12 geoid M  13 age  14 station
 *   VTG  1-2 course T  3-4 magnetic M  5-6 knots N  7-8 km/h K  9 mode
 *   GST  1 time  2 range  3-5 ellipse  6 north  7 east  8 up: one sigma, in metres
 *
 * Fields may be empty, and sentences of other types say nothing. Old devices send no checksum: then each field must be what
 * `shape` says, n a number, c a character, s a station's four digits; and there must be as many. Only RMC has the date, so the
 * values of the others are of the time when they came.
 */

static void add(struct raw_pack *pack, const char *name, const char *unit, double value)
{
    raw_pack_number(pack, name, unit, round(value * 1e4) / 1e4);
}

// What cannot be below zero; -1 is how phones say that they do not know.
static void add_field(struct sentence *sentence, size_t at, struct raw_pack *pack, const char *name, const char *unit,
                      double factor)
{
    double value;
    if (sentence_number(sentence, at, &value) && value >= 0)
        add(pack, name, unit, value * factor);
}

static void add_position(struct sentence *sentence, size_t at, enum fix fix, struct raw_pack *pack)
{
    double latitude, longitude;
    bool has_latitude = sentence_angle(sentence, at, 2, "NS", &latitude),
         has_longitude = sentence_angle(sentence, at + 2, 3, "EW", &longitude);
    raw_pack_number(pack, "fix", "", fix);
    if (fix == FIX_NONE || !has_latitude || !has_longitude)
        return;
    if (fabs(latitude) > 90 || fabs(longitude) > 180)
        sentence->wrong = at;
    raw_pack_number(pack, "latitude", "lat", latitude);
    raw_pack_number(pack, "longitude", "lon", longitude);
}

// Receivers before version 2.3 send no mode. What was entered by hand (M) or simulated (S) was not measured.
static enum fix fix_of_mode(struct sentence *sentence, size_t at)
{
    static const enum fix fixes[] = {FIX_GNSS, FIX_CORRECTED, FIX_PRECISE, FIX_RTK, FIX_FLOAT, FIX_RECKONED, 0, 0, 0};
    int mode = sentence_letter(sentence, at, "ADPRFEMSN");
    return mode < 0 ? FIX_GNSS : fixes[mode];
}

static void add_time(struct sentence *sentence, struct raw_pack *pack)
{
    const char *time = sentence->field[1], *date = sentence->field[9];
    char text[UTC_TEXT_SIZE + SENTENCE_MAX];
    int64_t time_us;
    if (!*time || !*date)
        return;
    if (strlen(date) == 6 && strlen(time) >= 6) {
        snprintf(text, sizeof text, "%s%.2s-%.2s-%.2sT%.2s:%.2s:%sZ", date[4] >= '8' ? "19" : "20", date + 4, date + 2,
                 date, time, time + 2, time + 4);
        if (utc_parse(text, &time_us) == 0) {
            gnss_time(pack, time_us);
            return;
        }
    }
    sentence->wrong = 9;
}

// Without a fix the time is that of a battery, if there is one.
static void parse_rmc(struct sentence *sentence, struct raw_pack *pack)
{
    enum fix mode = fix_of_mode(sentence, 12), fix = sentence_letter(sentence, 2, "VA") == 1 ? mode : FIX_NONE;
    add_position(sentence, 3, fix, pack);
    if (fix == FIX_NONE)
        return;
    add_field(sentence, 7, pack, "speed_mps", "m/s", 1852.0 / 3600);
    add_field(sentence, 8, pack, "heading_deg", "deg", 1);
    add_time(sentence, pack);
}

static void parse_gga(struct sentence *sentence, struct raw_pack *pack)
{
    int quality = sentence_letter(sentence, 6, "0123456789");
    enum fix fix = quality > 0 && quality <= FIX_RECKONED ? (enum fix)quality : FIX_NONE;
    double altitude;
    add_position(sentence, 2, fix, pack);
    add_field(sentence, 7, pack, "satellites", "count", 1);
    if (fix == FIX_NONE)
        return;
    add_field(sentence, 8, pack, "hdop", "", 1);
    if (sentence_number(sentence, 9, &altitude))
        add(pack, "altitude_m", "m", altitude);
}

static void parse_vtg(struct sentence *sentence, struct raw_pack *pack)
{
    if (fix_of_mode(sentence, 9) == FIX_NONE)
        return;
    if (*sentence->field[5])
        add_field(sentence, 5, pack, "speed_mps", "m/s", 1852.0 / 3600);
    else
        add_field(sentence, 7, pack, "speed_mps", "m/s", 1 / 3.6);
    add_field(sentence, 1, pack, "heading_deg", "deg", 1);
}

static void parse_gst(struct sentence *sentence, struct raw_pack *pack)
{
    double north, east;
    if (sentence_number(sentence, 6, &north) && sentence_number(sentence, 7, &east) && north >= 0 && east >= 0)
        add(pack, "sigma_m", "m", sqrt(north * north + east * east));
}

static const struct type {
    const char *name, *shape;
    size_t least; // fields; the last of the shape are newer
    void (*parse)(struct sentence *sentence, struct raw_pack *pack);
} types[] = {
    {"RMC", "ncncncnnnnccc", 11, parse_rmc},
    {"GGA", "nncncnnnncncns", 14, parse_gga},
    {"VTG", "ncncncncc", 8, parse_vtg},
    {"GST", "nnnnnnnn", 8, parse_gst},
};

static bool has_shape(struct sentence *sentence, const struct type *type)
{
    double ignored;
    size_t fields = sentence->count - 1, most = strlen(type->shape);
    for (size_t i = 1; i <= fields && i <= most; i++) {
        size_t size = strlen(sentence->field[i]);
        char shape = type->shape[i - 1];
        if (size && (shape == 'c' ? size != 1 : !sentence_number(sentence, i, &ignored) || (shape == 's' && size != 4)))
            return false;
    }
    return fields >= type->least && fields <= most;
}

static enum refusal parse_type(struct sentence *sentence, struct raw_pack *pack, bool is_checked, struct fault *why)
{
    char shown[32];
    size_t size = strlen(sentence->field[0]);
    const struct type *type = types;
    while (size != 5 || strcmp(type->name, sentence->field[0] + 2) != 0)
        if (++type == types + sizeof types / sizeof *types)
            return REFUSAL_NONE;
    text_escape(sentence->field[0], size, shown, sizeof shown);
    if (!is_checked && !has_shape(sentence, type)) {
        fault_set(why, 0, _("%s has no checksum and is not whole"), shown);
        return REFUSAL_CHECKSUM;
    }
    type->parse(sentence, pack);
    if (!sentence->wrong)
        return REFUSAL_NONE;
    fault_set(why, 0, _("%s: field %zu cannot be read"), shown, sentence->wrong);
    return REFUSAL_SYNTAX;
}

enum refusal nmea_parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    struct sentence sentence;
    bool is_checked;
    enum refusal refusal = sentence_read(frame, &sentence, &is_checked, why);
    return refusal ? refusal : parse_type(&sentence, pack, is_checked, why);
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    return gnss_is_ubx(frame) ? REFUSAL_NONE : nmea_parse(frame, pack, why);
}

const struct codec codec_nmea = {
    .name = "nmea",
    .description = N_("NMEA 0183 of a satellite receiver: RMC, GGA, VTG and GST"),
    .content_format = -1,
    .frame_max = GNSS_FRAME_MAX,
    .delimit = gnss_delimit,
    .parse = parse,
    .compose = nmea_compose,
};
