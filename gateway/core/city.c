// SPDX-License-Identifier: Apache-2.0
#include "city_inside.h"

#include "base/messages.h"
#include "city/alert_reading.h"
#include "local_days.h"
#include "reading/stream.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALERTS_MAX = 1024, UNDO_MAX = PACK_READINGS_MAX * 4096, ZONE_READING_MAX = 4096 };

int city_create(const struct city_options *options, struct city **ret_city, struct fault *why)
{
    struct city *city = calloc(1, sizeof *city);
    if (!city)
        return fault_set(why, -ENOMEM, _("out of memory"));
    city->options = *options;
    city->clock_synchronised = options->clock->synchronised(options->clock);
    city->began_boot_us = clock_boot_us(options->clock);
    city->ahead_us = clock_wall_us(options->clock) - city->began_boot_us;
    bytes_init(&city->undo.bytes, UNDO_MAX);
    derived_init(&city->derived, options->clock, options->buffer, options->hold);
    city->derived.made = options->made;
    city->derived.context = options->context;
    city->health = calloc(sensors_count(options->sensors) + 1, sizeof *city->health);
    city->unset_boot_us = calloc(sensors_count(options->sensors) + 1, sizeof *city->unset_boot_us);
    city->alerts = alerts_create(ALERTS_MAX);
    city->zone_readings = calloc(options->settings->zone_count + 1, sizeof *city->zone_readings);
    const struct roads_options roads = {.clock = options->clock,
                                        .settings = options->settings,
                                        .sensors = options->sensors,
                                        .derived = &city->derived,
                                        .made = options->told,
                                        .context = options->context};
    if (!city->health || !city->unset_boot_us || !city->alerts || !city->zone_readings ||
        zones_create(options->settings, options->sensors, &local_days, &city->zones) != 0 ||
        roads_create(&roads, &city->roads, why) != 0) {
        city_destroy(city);
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    for (size_t i = 0; i < sensors_count(options->sensors); i++)
        health_start(&city->health[i], sensors_at(options->sensors, i)->settings, clock_boot_us(options->clock), 0);
    for (size_t i = 0; i < options->settings->zone_count; i++)
        bytes_init(&city->zone_readings[i], ZONE_READING_MAX);
    *ret_city = city;
    return 0;
}

void city_destroy(struct city *city)
{
    if (!city)
        return;
    zones_destroy(city->zones);
    roads_destroy(city->roads);
    alerts_destroy(city->alerts);
    derived_finish(&city->derived);
    for (size_t i = 0; city->zone_readings && i < city->options.settings->zone_count; i++)
        bytes_finish(&city->zone_readings[i]);
    free(city->zone_readings);
    bytes_finish(&city->undo.bytes);
    free(city->unset_boot_us);
    free(city->health);
    free(city);
}

/* Alerts. */

static const char *zone_of_alert(const struct city *city, const struct alert *alert)
{
    const struct sensor *sensor = sensors_find(city->options.sensors, alert->id);
    return sensor && strcmp(kind_names[sensor->settings->kind], alert->kind) == 0 ? sensor->settings->zone : "";
}

static enum kind kind_of_alert(const struct alert *alert)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (strcmp(kind_names[kind], alert->kind) == 0)
            return (enum kind)kind;
    return KIND_GENERIC;
}

void city_tell_alert(struct city *city, const struct alert *alert)
{
    struct alert_texts texts;
    char stream[STREAM_SIZE];
    struct reading reading = {.time_us = clock_wall_us(city->options.clock),
                              .time_quality = city->clock_synchronised ? TIME_SYNCED : TIME_ESTIMATED};
    if (!alert)
        return;
    city->alerts_told++;
    reading.kind = kind_of_alert(alert);
    reading.zone = zone_of_alert(city, alert);
    alert_reading(alert, &reading, &texts);
    stream_alert(alert->kind, alert->id, stream);
    derived_add(&city->derived, stream, &reading, BUFFER_EVENT);
}

const struct alert *city_alert_of(const struct city *city, const char *stream, struct alert *ret_over)
{
    const char *id;
    unsigned size;
    if (!stream || stream_subject(stream, &id) != SUBJECT_ALERT)
        return NULL;
    const char *kind = stream_alert_kind(stream, &size);
    *ret_over = (struct alert){.count = 0};
    snprintf(ret_over->kind, sizeof ret_over->kind, "%.*s", (int)size, kind);
    snprintf(ret_over->id, sizeof ret_over->id, "%s", id);
    const struct alert *alert = alerts_find(city->alerts, ret_over->kind, ret_over->id);
    return alert ? alert : ret_over;
}

static void take_condition(struct city *city, const char *kind, const char *id, const struct alert_condition *condition,
                           bool begins)
{
    city_tell_alert(city, begins ? alerts_begin(city->alerts, kind, id, condition)
                                 : alerts_end(city->alerts, kind, id, condition->name));
}

// What finds no room in the table begins once more, when it is found again.
static void take_report(struct city *city, const struct sensor *sensor, const struct health_report *report)
{
    const struct settings_sensor *settings = sensor->settings;
    for (size_t i = 0; i < report->count; i++) {
        struct alert_condition condition;
        uint64_t refused = alerts_refused(city->alerts);
        health_alert(&report->list[i], &condition);
        take_condition(city, kind_names[settings->kind], settings->id, &condition, report->list[i].begins);
        if (alerts_refused(city->alerts) != refused)
            health_forget(&city->health[sensor->index], report->list[i].condition, clock_boot_us(city->options.clock));
    }
}

static void take_crowd_alert(struct city *city, const struct settings_zone *zone, const struct crowd_alert *news)
{
    static const enum alert_level levels[CROWD_LEVEL_COUNT] = {
        [CROWD_WARN] = ALERT_WARNING, [CROWD_HIGH] = ALERT_HIGH, [CROWD_CRITICAL] = ALERT_CRITICAL};
    struct alert_condition condition = {
        .name = CITY_DENSITY, .level = levels[news->level], .since_us = city->clock_synchronised ? news->time_us : 0};
    if (isfinite(news->density_per_m2)) {
        strcpy(condition.value_name, "density_per_m2");
        condition.value = news->density_per_m2;
    }
    take_condition(city, kind_names[zone->kind], zone->id, &condition, news->level != CROWD_NORMAL);
}

// Silence is measured by the wall clock. Who was heard before that was set was heard a while ago, and not years.
static void note_clock(struct city *city, bool synchronised)
{
    int64_t ahead_us = clock_wall_us(city->options.clock) - clock_boot_us(city->options.clock);
    bool is_set_now = synchronised && !city->clock_synchronised;
    city->clock_synchronised = synchronised;
    for (size_t i = 0; is_set_now && i < sensors_count(city->options.sensors); i++)
        if (city->unset_boot_us[i]) {
            zones_heard(city->zones, i, city->unset_boot_us[i] + ahead_us);
            city->unset_boot_us[i] = 0;
        }
}

void city_facts(struct city *city, const struct gateway_facts *facts, bool clock_synchronised)
{
    struct gateway_report report;
    int64_t wall_us = clock_synchronised ? clock_wall_us(city->options.clock) : 0;
    note_clock(city, clock_synchronised);
    gateway_health_take(&city->gateway, facts, clock_boot_us(city->options.clock), wall_us, &report);
    for (size_t i = 0; i < report.count; i++)
        take_condition(city, gateway_alert_kind, report.list[i].id, &report.list[i].condition, report.list[i].begins);
}

/* Readings. */

static struct health_moment moment_now(const struct city *city)
{
    return (struct health_moment){.boot_us = clock_boot_us(city->options.clock),
                                  .wall_us = clock_wall_us(city->options.clock),
                                  .wall_is_set = city->clock_synchronised};
}

// Few sensors are ever out of service: for the others nobody asks which day it is.
static struct health_moment moment_of(struct health_moment moment, const struct settings_sensor *sensor)
{
    if (!moment.wall_is_set || sensor->out_last_day < sensor->out_first_day)
        return moment;
    int64_t day = local_day(moment.wall_us);
    moment.out_of_service = day >= sensor->out_first_day && day <= sensor->out_last_day;
    return moment;
}

void city_hear(struct city *city, struct normalised_pack *pack, bool clock_synchronised)
{
    note_clock(city, clock_synchronised);
    struct health_moment now = moment_now(city);
    for (size_t i = 0; i < pack->count; i++) {
        const struct sensor *sensor = pack->readings[i].sensor;
        struct health_moment moment = moment_of(now, sensor->settings);
        struct health_report report;
        health_take(&city->health[sensor->index], sensor->settings, &pack->readings[i].reading, &moment, &report);
        take_report(city, sensor, &report);
    }
}

static void begin_undo(struct city *city, size_t sensor_index)
{
    city->undo.sensors[city->undo.count] = sensor_index;
    city->undo.begins[city->undo.count++] = city->undo.bytes.used;
    zones_keep_sensor(city->zones, sensor_index, &city->undo.bytes);
}

void city_undo(struct city *city)
{
    struct bytes *bytes = &city->undo.bytes;
    while (city->undo.count > 0 && !bytes->overflow) {
        size_t begin = city->undo.begins[--city->undo.count];
        struct view view = {.data = bytes->data + begin, .left = bytes->used - begin};
        zones_put_back(city->zones, city->undo.sensors[city->undo.count], &view, clock_wall_us(city->options.clock));
    }
}

void city_take(struct city *city, struct normalised_pack *pack)
{
    int64_t wall_us = clock_wall_us(city->options.clock);
    bytes_clear(&city->undo.bytes);
    city->undo.count = 0;
    for (size_t i = 0; i < pack->count; i++) {
        size_t index = pack->readings[i].sensor->index;
        struct reading *reading = &pack->readings[i].reading;
        begin_undo(city, index);
        city->unset_boot_us[index] = city->clock_synchronised ? 0 : clock_boot_us(city->options.clock);
        zones_take(city->zones, index, reading, city->clock_synchronised ? wall_us : reading->time_us);
        zones_guard(city->zones, index, reading);
        roads_guard(pack->readings[i].sensor, reading);
        roads_meet(city->roads, pack->readings[i].sensor, reading, city->places[i]);
    }
    city->looked = false;
}

void city_sample(struct city *city, const struct sensor *sensor, const struct ride_sample *sample)
{
    roads_take(city->roads, sensor, sample, city->clock_synchronised);
}

void city_flush(struct city *city)
{
    roads_flush(city->roads);
    city_turn(city);
}

// What came to be before the clock was set, and is told only now, is put right, as the buffer does it for what it has.
static void correct(const struct city *city, struct reading *reading)
{
    int64_t now_us = clock_boot_us(city->options.clock), then_us = reading->time_us - city->ahead_us;
    if (!city->clock_synchronised || reading->time_quality != TIME_ESTIMATED || then_us < city->began_boot_us ||
        then_us > now_us)
        return;
    reading->time_us = clock_wall_us(city->options.clock) - now_us + then_us;
    reading->time_quality = TIME_CORRECTED;
}

static void tell_zone(struct city *city, const struct settings_zone *zone, struct reading *reading)
{
    correct(city, reading);
    char stream[STREAM_SIZE];
    struct bytes *last = &city->zone_readings[zone - city->options.settings->zone];
    bytes_clear(last);
    reading_encode(reading, last);
    stream_zone(zone->id, stream);
    derived_add(&city->derived, stream, reading, BUFFER_ROUTINE);
}

void city_look(struct city *city)
{
    const struct settings_zone *zone;
    struct crowd_alert alert;
    struct reading reading;
    while (zones_report(city->zones, clock_boot_us(city->options.clock), &zone, &reading))
        tell_zone(city, zone, &reading);
    while (zones_alert(city->zones, &zone, &alert))
        take_crowd_alert(city, zone, &alert);
    city->looked = true;
}

// What the buffer had no room for while it took nothing is told as it is now.
static void tell_owed(struct city *city)
{
    struct alert over;
    uint32_t number;
    while (derived_owed(&city->derived, &number)) {
        const char *id, *stream = buffer_stream_name(city->options.buffer, number);
        city_tell_alert(city, city_alert_of(city, stream, &over));
        if (stream && stream_subject(stream, &id) == SUBJECT_ZONE)
            zones_tell_again(city->zones, id);
    }
}

bool city_turn(struct city *city)
{
    if (!city->looked)
        city_look(city);
    bool stored = derived_store(&city->derived);
    tell_owed(city);
    return derived_store(&city->derived) || stored;
}

void city_tick(struct city *city, bool clock_synchronised)
{
    note_clock(city, clock_synchronised);
    struct health_moment now = moment_now(city);
    for (size_t i = 0; i < sensors_count(city->options.sensors); i++) {
        const struct sensor *sensor = sensors_at(city->options.sensors, i);
        struct health_moment moment = moment_of(now, sensor->settings);
        struct health_report report;
        health_tick(&city->health[i], sensor->settings, &moment, &report);
        take_report(city, sensor, &report);
    }
    roads_tick(city->roads, clock_synchronised);
    if (clock_synchronised)
        zones_tick(city->zones, clock_wall_us(city->options.clock));
    city_look(city);
    city_turn(city);
}

/* For status and metrics. */

void city_figures(const struct city *city, struct city_figures *ret_figures)
{
    *ret_figures = (struct city_figures){.alerts = alerts_count(city->alerts),
                                         .alerts_refused = alerts_refused(city->alerts),
                                         .derived = city->derived.taken,
                                         .derived_dropped = city->derived.dropped};
    roads_figures(city->roads, &ret_figures->roads);
}

uint64_t city_alerts_told(const struct city *city)
{
    return city->alerts_told;
}

const struct alert *city_alert(const struct city *city, size_t index)
{
    return alerts_at(city->alerts, index);
}

const struct bytes *city_zone(const struct city *city, size_t index)
{
    return &city->zone_readings[index];
}
