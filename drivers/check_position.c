// SPDX-License-Identifier: Apache-2.0
#include "check_position.h"

#include "base/messages.h"
#include "base/text.h"
#include "check_gives.h"
#include "drivers/codec.h"
#include "settings/address.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 96, SECTION_SIZE = ID_MAX + 16 };

static const char port_type[] = "serial:", gpsd_type[] = "gpsd://";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static const char *position_of(const struct settings_sensor *sensor)
{
    return sensor->position && !sensor->disabled ? sensor->position : "";
}

bool gives_position(const struct settings *settings, const char *type, const char *name)
{
    if (strcmp(type, "serial") != 0)
        return false;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const char *position = settings->sensor[i].position; // also of a sensor that is wrong: it is meant
        if (position && begins(position, port_type) && strcmp(position + strlen(port_type), name) == 0)
            return true;
    }
    return false;
}

static void warn(struct findings *findings, const struct settings_sensor *sensor, const char *sentence)
{
    char section[SECTION_SIZE];
    snprintf(section, sizeof section, "sensor:%s", sensor->id);
    findings_add(findings, FINDING_WARNING, sensor->origin, section, "position", "%s", sentence);
}

// No device that has a codec of its own says where it is.
static bool is_blind(const struct settings_serial *port)
{
    const struct codec *codec = codec_find(port->codec);
    return codec && codec->anonymous;
}

static void check_position(const struct settings *settings, const struct settings_sensor *sensor,
                           struct findings *findings)
{
    const char *position = sensor->position;
    char shown[SHOWN_MAX], text[3 * SHOWN_MAX];
    struct url url;
    text_escape(position, strlen(position), shown, sizeof shown);
    if (sensor->kind != KIND_BUMP) {
        warn(findings, sensor, _("it has no effect here; expected it in a sensor of kind bump"));
    } else if (begins(position, port_type)) {
        const struct settings_serial *port = port_named(settings, position + strlen(port_type));
        if (port && !port->disabled && !is_blind(port))
            return;
        snprintf(text, sizeof text,
                 !port            ? _("there is no port \"%s\"; expected one that has a section")
                 : port->disabled ? _("the section of the port \"%s\" is wrong; expected it to be put right first")
                                  : _("the codec of the port \"%s\" gives no position; expected one such as nmea"),
                 shown);
        warn(findings, sensor, text);
    } else if (!begins(position, gpsd_type) || !url_parse(position, &url)) {
        snprintf(text, sizeof text, _("\"%s\" gives no position; expected serial:ID or gpsd://HOST:PORT"), shown);
        warn(findings, sensor, text);
    }
}

// Of formats that say themselves what they carry nobody knows before.
static bool lacks_position(const struct settings *settings, const struct settings_sensor *sensor)
{
    const struct settings_serial *port =
        sensor->source_type == SOURCE_SERIAL ? port_named(settings, sensor->source_name) : NULL;
    if (!port || sensor->kind != KIND_BUMP)
        return false;
    if (strcmp(port->codec, "csv") != 0)
        return strcmp(port->codec, "wt901") == 0;
    return gives(settings, sensor, "acceleration_x_mps2") && !gives(settings, sensor, "latitude");
}

void check_positions(const struct settings *settings, struct findings *findings)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        if (*position_of(sensor))
            check_position(settings, sensor, findings);
        else if (!sensor->disabled && lacks_position(settings, sensor))
            warn(findings, sensor,
                 _("its source says acceleration and no position, so that nobody will know where a bump is; expected "
                   "serial:ID or gpsd://HOST:PORT"));
    }
}
