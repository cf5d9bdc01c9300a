// SPDX-License-Identifier: Apache-2.0
#include "check_gives.h"

#include "base/messages.h"
#include "base/text.h"
#include "drivers/codec.h"
#include <stdio.h>
#include <string.h>

const struct settings_serial *port_named(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->serial_count; i++)
        if (strcmp(settings->serial[i].name, name) == 0)
            return &settings->serial[i];
    return NULL;
}

static const struct settings_device *profile_of(const struct settings *settings, const struct settings_sensor *sensor)
{
    for (size_t i = 0; sensor->device && i < settings->device_count; i++)
        if (strcmp(settings->device[i].name, sensor->device) == 0)
            return &settings->device[i];
    return NULL;
}

// `field` NULL: any.
static bool maps(const struct settings_map *maps, size_t count, const char *quantity, const char *field)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(maps[i].quantity, quantity) == 0 && (!field || strcmp(maps[i].field, field) == 0))
            return true;
    return false;
}

static bool is_mapped(const struct settings *settings, const struct settings_sensor *sensor, const char *quantity,
                      const char *field)
{
    const struct settings_device *profile = profile_of(settings, sensor);
    return maps(sensor->maps, sensor->map_count, quantity, field) ||
           (profile && maps(profile->maps, profile->map_count, quantity, field));
}

// One of the names in `columns`, with an address in front or without.
static bool has_column(const struct settings *settings, const struct settings_sensor *sensor, const char *columns,
                       const char *quantity)
{
    while (*(columns += strspn(columns, " \t"))) {
        char name[ID_MAX + 1];
        size_t size = strcspn(columns, " \t");
        snprintf(name, sizeof name, "%.*s", (int)size, columns);
        const char *colon = strrchr(name, ':'), *field = colon ? colon + 1 : name;
        if (strcmp(field, quantity) == 0 || is_mapped(settings, sensor, quantity, field))
            return true;
        columns += size;
    }
    return false;
}

bool gives(const struct settings *settings, const struct settings_sensor *sensor, const char *quantity)
{
    const struct settings_serial *port =
        sensor->source_type == SOURCE_SERIAL ? port_named(settings, sensor->source_name) : NULL;
    if (port && strcmp(port->codec, "csv") == 0)
        return port->columns && has_column(settings, sensor, port->columns, quantity);
    return is_mapped(settings, sensor, quantity, NULL);
}

static const struct codec *codec_of_port(const struct settings *settings, const struct settings_sensor *sensor)
{
    const struct settings_serial *port =
        sensor->source_type == SOURCE_SERIAL ? port_named(settings, sensor->source_name) : NULL;
    return port ? codec_find(port->codec) : NULL;
}

static bool is_distance_codec(const struct settings *settings, const struct settings_sensor *sensor)
{
    const struct codec *codec = codec_of_port(settings, sensor);
    return codec && codec->measures_distance;
}

void check_heads(const struct settings *settings, struct findings *findings)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        char section[ID_MAX + 16];
        if (sensor->disabled || sensor->kind != KIND_PARKING || sensor->occupied_below_m > 0 ||
            gives(settings, sensor, "occupied") || gives(settings, sensor, "state") ||
            !(is_distance_codec(settings, sensor) || gives(settings, sensor, "distance_m")))
            continue;
        snprintf(section, sizeof section, "sensor:%s", sensor->id);
        findings_add(findings, FINDING_WARNING, sensor->origin, section, "occupied_below",
                     _("missing; its device measures a distance, and nothing tells when the bay is occupied; expected "
                       "one such as 1.5 m"));
    }
}

static bool counts_people(const struct settings *settings, const struct settings_sensor *sensor)
{
    static const char *const names[] = {"in", "out", "in_total", "out_total"};
    const struct codec *codec = codec_of_port(settings, sensor);
    if (codec && codec->counts_people)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (gives(settings, sensor, names[i]))
            return true;
    return false;
}

// Of a place: whether nobody says how many people there are, so that they are what counters have counted.
static bool lives_by_counters(const struct settings *settings, const struct settings_zone *zone)
{
    bool counters = false;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        if (sensor->disabled || sensor->kind != KIND_CROWD || strcmp(sensor->zone, zone->id) != 0)
            continue;
        if (gives(settings, sensor, "people") || !counts_people(settings, sensor))
            return false;
        counters = true;
    }
    return counters;
}

void check_places(const struct settings *settings, struct findings *findings)
{
    for (size_t i = 0; i < settings->zone_count; i++) {
        const struct settings_zone *zone = &settings->zone[i];
        char section[ID_MAX + 16];
        if (zone->disabled || zone->kind != KIND_CROWD || zone->reset_minute >= 0 || !lives_by_counters(settings, zone))
            continue;
        snprintf(section, sizeof section, "zone:%s", zone->id);
        findings_add(findings, FINDING_WARNING, zone->origin, section, "reset",
                     _("what counters miss adds up from day to day; expected a time of day such as 03:30"));
    }
}
