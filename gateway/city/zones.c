// SPDX-License-Identifier: Apache-2.0
#include "city/zones.h"

#include "base/text.h"
#include "keep.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_VERSION = 1, NOWHERE = -1 };

struct zone {
    const struct settings_zone *settings;
    struct zone_parking *parking; // one of the two
    struct zone_crowd *crowd;
};

// Where a sensor stands, and its number there.
struct standpoint {
    const struct settings_sensor *sensor;
    struct zone *zone; // NULL: none
    int number;        // NOWHERE: it only bears the zone's name, or none
};

struct zones {
    struct zone *list;
    size_t count;
    struct standpoint *sensors; // by index
};

static struct zone *find(const struct zones *zones, const char *id)
{
    for (size_t i = 0; i < zones->count; i++)
        if (strcmp(zones->list[i].settings->id, id) == 0)
            return &zones->list[i];
    return NULL;
}

static int make_zones(struct zones *zones, const struct settings *settings, const struct calendar *calendar)
{
    for (size_t i = 0; i < settings->zone_count; i++) {
        struct zone *zone = &zones->list[zones->count];
        if (settings->zone[i].disabled)
            continue;
        zone->settings = &settings->zone[i];
        if (zone->settings->kind == KIND_PARKING)
            zone->parking = zone_parking_create(zone->settings, calendar);
        else
            zone->crowd = zone_crowd_create(zone->settings, calendar);
        if (!zone->parking && !zone->crowd)
            return -ENOMEM;
        zones->count++;
    }
    return 0;
}

// -ENOMEM, or its number there.
static int stand(struct zone *zone, const struct settings_sensor *sensor)
{
    if (zone && zone->parking && (sensor->kind == KIND_PARKING || sensor->kind == KIND_TRAFFIC))
        return zone_parking_add(zone->parking, sensor);
    if (zone && zone->crowd && sensor->kind == KIND_CROWD)
        return zone_crowd_add(zone->crowd, sensor);
    return NOWHERE;
}

static int make_standpoints(struct zones *zones, const struct sensors *sensors)
{
    for (size_t i = 0; i < sensors_count(sensors); i++) {
        const struct settings_sensor *sensor = sensors_at(sensors, i)->settings;
        struct zone *zone = *sensor->zone ? find(zones, sensor->zone) : NULL;
        zones->sensors[i] = (struct standpoint){sensor, zone, stand(zone, sensor)};
        if (zones->sensors[i].number == -ENOMEM)
            return -ENOMEM;
    }
    return 0;
}

int zones_create(const struct settings *settings, const struct sensors *sensors, const struct calendar *calendar,
                 struct zones **ret_zones)
{
    struct zones *zones = calloc(1, sizeof *zones);
    if (!zones)
        return -ENOMEM;
    zones->list = calloc(settings->zone_count + 1, sizeof *zones->list);
    zones->sensors = calloc(sensors_count(sensors) + 1, sizeof *zones->sensors);
    if (zones->list && zones->sensors && make_zones(zones, settings, calendar) == 0 &&
        make_standpoints(zones, sensors) == 0) {
        *ret_zones = zones;
        return 0;
    }
    zones_destroy(zones);
    return -ENOMEM;
}

void zones_destroy(struct zones *zones)
{
    for (size_t i = 0; zones && i < zones->count; i++) {
        zone_parking_destroy(zones->list[i].parking);
        zone_crowd_destroy(zones->list[i].crowd);
    }
    if (zones) {
        free(zones->list);
        free(zones->sensors);
    }
    free(zones);
}

enum zone_news zones_take(struct zones *zones, size_t sensor_index, struct reading *reading, int64_t now_us)
{
    struct standpoint at = zones->sensors[sensor_index];
    if (at.number == NOWHERE)
        return ZONE_SAID_NOTHING;
    return at.zone->parking ? zone_parking_take(at.zone->parking, at.number, reading, now_us)
                            : zone_crowd_take(at.zone->crowd, at.number, reading, now_us);
}

void zones_guard(const struct zones *zones, size_t sensor_index, struct reading *reading)
{
    const struct standpoint *at = &zones->sensors[sensor_index];
    crowd_guard(at->zone ? at->zone->settings : NULL, at->sensor, reading);
}

void zones_heard(struct zones *zones, size_t sensor_index, int64_t heard_us)
{
    struct standpoint at = zones->sensors[sensor_index];
    if (at.number == NOWHERE)
        return;
    if (at.zone->parking)
        zone_parking_heard(at.zone->parking, at.number, heard_us);
    else
        zone_crowd_heard(at.zone->crowd, at.number, heard_us);
}

void zones_tick(struct zones *zones, int64_t now_us)
{
    for (size_t i = 0; i < zones->count; i++)
        if (zones->list[i].parking)
            zone_parking_tick(zones->list[i].parking, now_us);
        else
            zone_crowd_tick(zones->list[i].crowd, now_us);
}

bool zones_report(struct zones *zones, int64_t clock_us, const struct settings_zone **ret_zone,
                  struct reading *ret_reading)
{
    for (size_t i = 0; i < zones->count; i++) {
        struct zone *zone = &zones->list[i];
        *ret_zone = zone->settings;
        if (zone->parking ? zone_parking_report(zone->parking, clock_us, ret_reading)
                          : zone_crowd_report(zone->crowd, clock_us, ret_reading))
            return true;
    }
    return false;
}

void zones_tell_again(struct zones *zones, const char *id)
{
    struct zone *zone = find(zones, id);
    if (zone && zone->parking)
        zone_parking_tell_again(zone->parking);
    else if (zone)
        zone_crowd_tell_again(zone->crowd);
}

bool zones_alert(struct zones *zones, const struct settings_zone **ret_zone, struct crowd_alert *ret_alert)
{
    for (size_t i = 0; i < zones->count; i++) {
        *ret_zone = zones->list[i].settings;
        if (zones->list[i].crowd && zone_crowd_alert(zones->list[i].crowd, ret_alert))
            return true;
    }
    return false;
}

void zones_alerted(struct zones *zones, enum crowd_level (*told)(void *context, const struct settings_zone *zone),
                   void *context)
{
    for (size_t i = 0; i < zones->count; i++)
        if (zones->list[i].crowd)
            zone_crowd_alerted(zones->list[i].crowd, told(context, zones->list[i].settings));
}

/* Keeping. The bytes: u32 version, u32 zones, each: id, flag whether it is a car park, u32 size, and its own bytes. */

void zones_keep(const struct zones *zones, struct bytes *out)
{
    struct keep keep = {.out = out};
    bytes_u32(out, KEEP_VERSION);
    bytes_u32(out, (uint32_t)zones->count);
    for (size_t i = 0; i < zones->count && !out->overflow; i++) {
        char id[ID_MAX + 1];
        const struct zone *zone = &zones->list[i];
        bool is_parking = zone->parking;
        keep_word(&keep, zone->settings->id, id, sizeof id);
        keep_flag(&keep, &is_parking);
        size_t place = out->used;
        bytes_u32(out, 0);
        if (is_parking)
            zone_parking_keep(zone->parking, out);
        else
            zone_crowd_keep(zone->crowd, out);
        uint32_t size = (uint32_t)(out->used - place - sizeof size);
        for (size_t byte = 0; !out->overflow && byte < sizeof size; byte++)
            out->data[place + byte] = (uint8_t)(size >> 8 * byte);
    }
}

int zones_restore(struct zones *zones, const uint8_t *data, size_t size)
{
    struct view view = {.data = data, .left = size};
    struct keep keep = {.in = &view};
    view.bad = view_u32(&view) != KEEP_VERSION;
    uint32_t count = view_u32(&view);
    int error = 0;
    for (uint32_t i = 0; i < count && !view.bad && !error; i++) {
        char id[ID_MAX + 1];
        bool is_parking = false;
        keep_word(&keep, NULL, id, sizeof id);
        keep_flag(&keep, &is_parking);
        uint32_t own_size = view_u32(&view);
        const uint8_t *own = view_take(&view, own_size);
        const struct zone *zone = own && !view.bad ? find(zones, id) : NULL;
        if (zone && is_parking && zone->parking)
            error = zone_parking_restore(zone->parking, own, own_size);
        else if (zone && !is_parking && zone->crowd)
            error = zone_crowd_restore(zone->crowd, own, own_size);
    }
    return error ? error : view.bad || view.left ? -EBADMSG : 0;
}

void zones_keep_sensor(const struct zones *zones, size_t sensor_index, struct bytes *out)
{
    struct standpoint at = zones->sensors[sensor_index];
    if (at.number == NOWHERE)
        return;
    if (at.zone->parking)
        zone_parking_keep_member(at.zone->parking, at.number, out);
    else
        zone_crowd_keep_member(at.zone->crowd, at.number, out);
}

int zones_put_back(struct zones *zones, size_t sensor_index, struct view *view, int64_t now_us)
{
    struct standpoint at = zones->sensors[sensor_index];
    if (at.number == NOWHERE)
        return 0;
    return at.zone->parking ? zone_parking_put_back(at.zone->parking, at.number, view, now_us)
                            : zone_crowd_put_back(at.zone->crowd, at.number, view, now_us);
}
