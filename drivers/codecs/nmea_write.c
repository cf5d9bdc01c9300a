// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "frames.h"
#include "gnss.h"
#include "sentence.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Sentences of NMEA 0183 out of values (see nmea.c), for those who play a receiver: as many as the values are told by.
 */

enum { FIELD = 32 };

static const double knots_per_mps = 3600 / 1852.0;

static bool has(const struct raw_pack *values, const char *name)
{
    return raw_pack_find(values, name) != NULL;
}

// "4807.0380000,N", or "," where it is not known.
static void print_angle(const struct raw_pack *values, const char *name, int digits, const char *signs, char ret[FIELD])
{
    const struct raw_value *value = raw_pack_find(values, name);
    if (!value) {
        strcpy(ret, ",");
        return;
    }
    double minutes = round(fabs(value->number) * 60 * 1e7) / 1e7;
    int degrees = (int)(minutes / 60);
    snprintf(ret, FIELD, "%0*d%010.7f,%c", digits, degrees, minutes - 60.0 * degrees, signs[value->number < 0]);
}

// Nothing where the value is not known.
static void print_number(const struct raw_pack *values, const char *name, double factor, int decimals, char ret[FIELD])
{
    const struct raw_value *value = raw_pack_find(values, name);
    ret[0] = '\0';
    if (value)
        snprintf(ret, FIELD, "%.*f", decimals, value->number * factor);
}

// A sentence around what it says, with its checksum.
static size_t frame(const char *text, uint8_t *out, size_t size)
{
    unsigned sum = 0;
    for (const char *at = text; *at; at++)
        sum ^= (uint8_t)*at;
    return frame_print(out, size, "$%s*%02X\r\n", text, sum);
}

static char mode_of(const struct raw_pack *values)
{
    static const char modes[] = {[FIX_NONE] = 'N', [FIX_GNSS] = 'A',  [FIX_CORRECTED] = 'D', [FIX_PRECISE] = 'P',
                                 [FIX_RTK] = 'R',  [FIX_FLOAT] = 'F', [FIX_RECKONED] = 'E'};
    return modes[frame_rounded(frame_number(values, "fix", FIX_GNSS), FIX_NONE, FIX_RECKONED)];
}

// "111309.00" and "140915", or "" each.
static void print_time(const struct raw_pack *values, char ret_time[FIELD], char ret_date[FIELD])
{
    const struct raw_value *value = values->count > 0 ? &values->values[0] : NULL;
    struct tm utc;
    ret_time[0] = ret_date[0] = '\0';
    if (!value || value->time != RAW_TIME_ABSOLUTE)
        return;
    time_t seconds = (time_t)(value->time_us / 1000000);
    gmtime_r(&seconds, &utc);
    snprintf(ret_date, FIELD, "%02d%02d%02d", utc.tm_mday, utc.tm_mon + 1, utc.tm_year % 100);
    snprintf(ret_time, FIELD, "%02d%02d%02d.%06d", utc.tm_hour, utc.tm_min, utc.tm_sec,
             (int)(value->time_us % 1000000));
}

static size_t print_rmc(const struct raw_pack *values, uint8_t *out, size_t size)
{
    char text[SENTENCE_MAX], time[FIELD], date[FIELD], latitude[FIELD], longitude[FIELD], knots[FIELD], course[FIELD];
    char mode = mode_of(values);
    print_time(values, time, date);
    print_angle(values, "latitude", 2, "NS", latitude);
    print_angle(values, "longitude", 3, "EW", longitude);
    print_number(values, "speed_mps", knots_per_mps, 4, knots);
    print_number(values, "heading_deg", 1, 4, course);
    snprintf(text, sizeof text, "GPRMC,%s,%c,%s,%s,%s,%s,%s,,,%c", time, mode == 'N' ? 'V' : 'A', latitude, longitude,
             knots, course, date, mode);
    return frame(text, out, size);
}

static size_t print_gga(const struct raw_pack *values, uint8_t *out, size_t size)
{
    char text[SENTENCE_MAX], latitude[FIELD], longitude[FIELD], satellites[FIELD], hdop[FIELD], altitude[FIELD];
    print_angle(values, "latitude", 2, "NS", latitude);
    print_angle(values, "longitude", 3, "EW", longitude);
    print_number(values, "satellites", 1, 0, satellites);
    print_number(values, "hdop", 1, 4, hdop);
    print_number(values, "altitude_m", 1, 4, altitude);
    snprintf(text, sizeof text, "GPGGA,,%s,%s,%d,%s,%s,%s,M,,M,,", latitude, longitude,
             (int)frame_rounded(frame_number(values, "fix", FIX_GNSS), FIX_NONE, FIX_RECKONED), satellites, hdop,
             altitude);
    return frame(text, out, size);
}

static size_t print_vtg(const struct raw_pack *values, uint8_t *out, size_t size)
{
    char text[SENTENCE_MAX], knots[FIELD], course[FIELD];
    print_number(values, "speed_mps", knots_per_mps, 4, knots);
    print_number(values, "heading_deg", 1, 4, course);
    snprintf(text, sizeof text, "GPVTG,%s,T,,M,%s,N,,K,%c", course, knots, mode_of(values));
    return frame(text, out, size);
}

static size_t print_gst(const struct raw_pack *values, uint8_t *out, size_t size)
{
    char text[SENTENCE_MAX], north[FIELD];
    print_number(values, "sigma_m", 1, 4, north);
    snprintf(text, sizeof text, "GPGST,,,,,,%s,0.0,", north);
    return frame(text, out, size);
}

size_t nmea_compose(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size)
{
    (void)options;
    bool moves = has(values, "speed_mps") || has(values, "heading_deg"), is_placed = has(values, "latitude");
    bool is_detailed = has(values, "satellites") || has(values, "hdop") || has(values, "altitude_m");
    bool says_fix = has(values, "fix") || is_placed;
    const struct {
        bool is_said;
        size_t (*print)(const struct raw_pack *values, uint8_t *out, size_t size);
    } sentences[] = {{says_fix && (moves || !is_detailed), print_rmc},
                     {says_fix && is_detailed, print_gga},
                     {moves && !says_fix, print_vtg},
                     {has(values, "sigma_m"), print_gst}};
    size_t used = 0;
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        size_t one = sentences[i].is_said ? sentences[i].print(values, out + used, size - used) : 0;
        if (sentences[i].is_said && one == 0)
            return 0;
        used += one;
    }
    return used;
}
