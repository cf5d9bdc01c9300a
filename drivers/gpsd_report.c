// SPDX-License-Identifier: Apache-2.0
#include "gpsd_report.h"
#include "codecs/gnss.h"
#include <gps.h>
#include <math.h>
#include <stdlib.h>

/*
 * libgps parses; it neither connects nor reads here, because gps_open() waits for names and connections, and gps_read() for a
 * whole line. It reports no failure, and leaves satellites that a line does not hold as they were: so only what the line has set counts.
 *
 * This file is built with the system's own time_t, as libgps was: where that has 32 bits, another size moves the fields behind it.
 */

struct gpsd_report {
    struct gps_data_t data;
};

struct gpsd_report *gpsd_report_create(void)
{
    return calloc(1, sizeof(struct gpsd_report));
}

void gpsd_report_destroy(struct gpsd_report *report)
{
    free(report);
}

// A position that was surveyed in, or is simulated, was not measured.
static enum fix fix_of(const struct gps_data_t *data)
{
    static const enum fix fixes[] = {
        [STATUS_NO_FIX] = FIX_GNSS, // or not told
        [STATUS_FIX] = FIX_GNSS,      [STATUS_DGPS_FIX] = FIX_CORRECTED, [STATUS_RTK_FIX] = FIX_RTK,
        [STATUS_RTK_FLT] = FIX_FLOAT, [STATUS_DR] = FIX_RECKONED,        [STATUS_GNSSDR] = FIX_GNSS,
        [STATUS_TIME] = FIX_NONE,     [STATUS_SIM] = FIX_NONE,           [STATUS_PPS_FIX] = FIX_PRECISE,
    };
    int status = data->fix.status;
    bool has_position = data->set & LATLON_SET && isfinite(data->fix.latitude) && isfinite(data->fix.longitude);
    if (data->fix.mode < MODE_2D || !has_position || status < 0 || (size_t)status >= sizeof fixes / sizeof *fixes)
        return FIX_NONE;
    return fixes[status];
}

static void add(struct raw_pack *pack, const char *name, const char *unit, bool is_set, double value)
{
    if (is_set && isfinite(value))
        raw_pack_number(pack, name, unit, value);
}

static void add_position(const struct gps_data_t *data, struct raw_pack *pack)
{
    const struct gps_fix_t *fix = &data->fix;
    enum fix how = fix_of(data);
    raw_pack_number(pack, "fix", "", how);
    if (how == FIX_NONE)
        return;
    raw_pack_number(pack, "latitude", "lat", fix->latitude);
    raw_pack_number(pack, "longitude", "lon", fix->longitude);
    add(pack, "altitude_m", "m", data->set & ALTITUDE_SET && fix->mode == MODE_3D, fix->altMSL);
    add(pack, "speed_mps", "m/s", data->set & SPEED_SET, fix->speed);
    add(pack, "heading_deg", "deg", data->set & TRACK_SET, fix->track);
    if (data->set & TIME_SET && fix->time.tv_sec > 0)
        gnss_time(pack, (int64_t)fix->time.tv_sec * 1000000 + fix->time.tv_nsec / 1000);
}

static void add_sky(const struct gps_data_t *data, struct raw_pack *pack)
{
    add(pack, "hdop", "", true, data->dop.hdop);
    add(pack, "satellites", "count", data->satellites_visible > 0, data->satellites_used);
}

enum gpsd_class gpsd_report_read(struct gpsd_report *report, char *line, struct raw_pack *pack)
{
    struct gps_data_t *data = &report->data;
    raw_pack_clear(pack);
    data->set = 0;
    data->satellites_visible = 0;
    gps_unpack(line, data);
    if (data->set & VERSION_SET)
        return GPSD_VERSION;
    if (data->set & ERROR_SET)
        return GPSD_ERROR;
    if (data->set & MODE_SET)
        add_position(data, pack);
    else if (data->set & (SATELLITE_SET | DOP_SET))
        add_sky(data, pack);
    return data->set & MODE_SET ? GPSD_POSITION : data->set & (SATELLITE_SET | DOP_SET) ? GPSD_SKY : GPSD_OTHER;
}

const char *gpsd_report_device(const struct gpsd_report *report)
{
    return report->data.dev.path;
}

const char *gpsd_report_error(const struct gpsd_report *report)
{
    return report->data.error;
}

int gpsd_report_protocol(const struct gpsd_report *report)
{
    return report->data.version.proto_major;
}
