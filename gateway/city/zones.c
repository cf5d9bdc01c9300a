// SPDX-License-Identifier: Apache-2.0
#include "city/zones.h"

#include "base/text.h"
#include "keep.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEEP_VERSION = 2, NOWHERE = -1 };

struct zone {
    const struct settings_zone *settings;
    struct zone_parking *parking; // one of the three
    struct zone_crowd *crowd;
    struct zone_traffic *traffic;
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
    int64_t due_us;             // until then no zone has anything to tell, so that not all are asked after each reading
    size_t asked;               // those before it have nothing more to tell in this round of zones_report()
    bool may_alert;
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
        else if (zone->settings->kind == KIND_TRAFFIC)
            zone->traffic = zone_traffic_create(zone->settings);
        else
            zone->crowd = zone_crowd_create(zone->settings, calendar);
        if (!zone->parking && !zone->crowd && !zone->traffic)
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
    if (zone && zone->traffic && sensor->kind == KIND_TRAFFIC)
        return zone_traffic_add(zone->traffic, sensor);
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
    zones->due_us = INT64_MIN;
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
        zone_traffic_destroy(zones->list[i].traffic);
    }
    if (zones) {
        free(zones->list);
        free(zones->sensors);
    }
    free(zones);
}

static void note_due(struct zones *zones, const struct zone *zone)
{
    int64_t due_us = zone->parking   ? zone_parking_due_us(zone->parking)
                     : zone->traffic ? zone_traffic_due_us(zone->traffic)
                                     : zone_crowd_due_us(zone->crowd);
    if (due_us < zones->due_us)
        zones->due_us = due_us;
    zones->may_alert |= zone->crowd != NULL;
}

enum zone_news zones_take(struct zones *zones, size_t sensor_index, struct reading *reading, int64_t now_us)
{
    struct standpoint at = zones->sensors[sensor_index];
    if (at.number == NOWHERE)
        return ZONE_SAID_NOTHING;
    enum zone_news news = at.zone->parking   ? zone_parking_take(at.zone->parking, at.number, reading, now_us)
                          : at.zone->traffic ? zone_traffic_take(at.zone->traffic, at.number, reading, now_us)
                                             : zone_crowd_take(at.zone->crowd, at.number, reading, now_us);
    note_due(zones, at.zone);
    return news;
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
    else if (at.zone->crowd)
        zone_crowd_heard(at.zone->crowd, at.number, heard_us);
}

void zones_tick(struct zones *zones, int64_t now_us)
{
    for (size_t i = 0; i < zones->count; i++) {
        const struct zone *zone = &zones->list[i];
        if (zone->parking)
            zone_parking_tick(zone->parking, now_us);
        else if (zone->traffic)
            zone_traffic_tick(zone->traffic, now_us);
        else
            zone_crowd_tick(zone->crowd, now_us);
        note_due(zones, zone);
    }
}

static bool report(const struct zone *zone, int64_t clock_us, struct reading *ret_reading)
{
    return zone->parking   ? zone_parking_report(zone->parking, clock_us, ret_reading)
           : zone->traffic ? zone_traffic_report(zone->traffic, ret_reading)
                           : zone_crowd_report(zone->crowd, clock_us, ret_reading);
}

// Sensors that count wrongly, an area that is too small: what no number of that name can be becomes the nearest that it can be.
static void cut(struct reading *reading)
{
    for (size_t i = 0; i < reading->value_count; i++) {
        struct value *value = &reading->values[i];
        if (value->type != VALUE_NUMBER && value->type != VALUE_INTEGER)
            continue;
        const char *name = strcmp(value->name, "occupied") == 0 ? "free" : value->name; // of bays, not of a bay
        const struct quantity *quantity = vocabulary_find(name, reading->kind);
        double number = quantity ? fmax(quantity->low, fmin(value->number, quantity->high)) : value->number;
        if (number == value->number)
            continue;
        value->number = number;
        reading->quality = QUALITY_RANGE;
    }
}

bool zones_report(struct zones *zones, int64_t clock_us, const struct settings_zone **ret_zone,
                  struct reading *ret_reading)
{
    if (clock_us < zones->due_us)
        return false;
    for (; zones->asked < zones->count; zones->asked++) {
        *ret_zone = zones->list[zones->asked].settings;
        if (report(&zones->list[zones->asked], clock_us, ret_reading)) {
            cut(ret_reading);
            return true; // it may have more, and those behind it are still to be asked
        }
    }
    zones->asked = 0;
    zones->due_us = INT64_MAX;
    for (size_t i = 0; i < zones->count; i++)
        note_due(zones, &zones->list[i]);
    return false;
}

void zones_tell_again(struct zones *zones, const char *id)
{
    struct zone *zone = find(zones, id);
    if (zone && zone->parking)
        zone_parking_tell_again(zone->parking);
    else if (zone && zone->crowd)
        zone_crowd_tell_again(zone->crowd);
    zones->due_us = INT64_MIN;
}

bool zones_alert(struct zones *zones, const struct settings_zone **ret_zone, struct crowd_alert *ret_alert)
{
    for (size_t i = 0; zones->may_alert && i < zones->count; i++) {
        *ret_zone = zones->list[i].settings;
        if (zones->list[i].crowd && zone_crowd_alert(zones->list[i].crowd, ret_alert))
            return true;
    }
    zones->may_alert = false;
    return false;
}

void zones_alerted(struct zones *zones, enum crowd_level (*told)(void *context, const struct settings_zone *zone),
                   void *context)
{
    for (size_t i = 0; i < zones->count; i++)
        if (zones->list[i].crowd)
            zone_crowd_alerted(zones->list[i].crowd, told(context, zones->list[i].settings));
    zones->may_alert = true;
}

void zones_told(struct zones *zones, const char *id, int64_t until_us)
{
    struct zone *zone = find(zones, id);
    if (zone && zone->traffic)
        zone_traffic_told(zone->traffic, until_us);
}

/* Keeping. The bytes: u32 version, u32 zones, each: id, u32 kind, u32 size, and its own bytes. */

static void keep_own(const struct zone *zone, struct bytes *out)
{
    if (zone->parking)
        zone_parking_keep(zone->parking, out);
    else if (zone->traffic)
        zone_traffic_keep(zone->traffic, out);
    else
        zone_crowd_keep(zone->crowd, out);
}

void zones_keep(const struct zones *zones, struct bytes *out)
{
    struct keep keep = {.out = out};
    bytes_u32(out, KEEP_VERSION);
    bytes_u32(out, (uint32_t)zones->count);
    for (size_t i = 0; i < zones->count && !out->overflow; i++) {
        char id[ID_MAX + 1];
        const struct zone *zone = &zones->list[i];
        keep_word(&keep, zone->settings->id, id, sizeof id);
        bytes_u32(out, (uint32_t)zone->settings->kind);
        size_t place = out->used;
        bytes_u32(out, 0);
        keep_own(zone, out);
        uint32_t size = (uint32_t)(out->used - place - sizeof size);
        for (size_t byte = 0; !out->overflow && byte < sizeof size; byte++)
            out->data[place + byte] = (uint8_t)(size >> 8 * byte);
    }
}

static int restore_own(const struct zone *zone, const uint8_t *data, size_t size)
{
    return zone->parking   ? zone_parking_restore(zone->parking, data, size)
           : zone->traffic ? zone_traffic_restore(zone->traffic, data, size)
                           : zone_crowd_restore(zone->crowd, data, size);
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
        keep_word(&keep, NULL, id, sizeof id);
        uint32_t kind = view_u32(&view), own_size = view_u32(&view);
        const uint8_t *own = view_take(&view, own_size);
        const struct zone *zone = own && !view.bad ? find(zones, id) : NULL;
        if (zone && (uint32_t)zone->settings->kind == kind)
            error = restore_own(zone, own, own_size);
    }
    zones->due_us = INT64_MIN;
    zones->may_alert = true;
    return error ? error : view.bad || view.left ? -EBADMSG : 0;
}

void zones_keep_sensor(const struct zones *zones, size_t sensor_index, struct bytes *out)
{
    struct standpoint at = zones->sensors[sensor_index];
    if (at.number == NOWHERE)
        return;
    if (at.zone->parking)
        zone_parking_keep_member(at.zone->parking, at.number, out);
    else if (at.zone->traffic)
        zone_traffic_keep_member(at.zone->traffic, at.number, out);
    else
        zone_crowd_keep_member(at.zone->crowd, at.number, out);
}

int zones_put_back(struct zones *zones, size_t sensor_index, struct view *view, int64_t now_us)
{
    struct standpoint at = zones->sensors[sensor_index];
    if (at.number == NOWHERE)
        return 0;
    zones->due_us = INT64_MIN;
    return at.zone->parking   ? zone_parking_put_back(at.zone->parking, at.number, view, now_us)
           : at.zone->traffic ? zone_traffic_put_back(at.zone->traffic, at.number, view)
                              : zone_crowd_put_back(at.zone->crowd, at.number, view, now_us);
}
