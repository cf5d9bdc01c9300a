// SPDX-License-Identifier: Apache-2.0
#include "city.h"

#include "base/messages.h"
#include "city/alert_reading.h"
#include "city/health.h"
#include "city/zones.h"
#include "derived.h"
#include "local_days.h"
#include "reading/stream.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALERTS_MAX = 1024, KEPT_MAX = 8 << 20, ZONE_READING_MAX = 4096 };

struct city {
    struct city_options options;
    struct zones *zones;
    struct health *health; // by sensor index
    struct alerts *alerts;
    struct gateway_health gateway;
    struct derived derived;
    struct bytes *zone_readings; // of each zone of the settings: its last one, as stored
    struct roads *roads;
    bool clock_synchronised;
    bool looked; // for what there is to tell, since the last reading
};

int city_create(const struct city_options *options, struct city **ret_city, struct fault *why)
{
    struct city *city = calloc(1, sizeof *city);
    if (!city)
        return fault_set(why, -ENOMEM, _("out of memory"));
    city->options = *options;
    derived_init(&city->derived, options->clock, options->buffer, options->hold);
    city->derived.made = options->made;
    city->derived.context = options->context;
    city->health = calloc(sensors_count(options->sensors) + 1, sizeof *city->health);
    city->alerts = alerts_create(ALERTS_MAX);
    city->zone_readings = calloc(options->settings->zone_count + 1, sizeof *city->zone_readings);
    const struct roads_options roads = {.clock = options->clock,
                                        .settings = options->settings,
                                        .sensors = options->sensors,
                                        .derived = &city->derived,
                                        .made = options->told,
                                        .context = options->context};
    if (!city->health || !city->alerts || !city->zone_readings ||
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

static void tell_alert(struct city *city, const struct alert *alert)
{
    struct alert_texts texts;
    char stream[STREAM_SIZE];
    struct reading reading = {.time_us = clock_wall_us(city->options.clock),
                              .time_quality = city->clock_synchronised ? TIME_SYNCED : TIME_ESTIMATED};
    if (!alert)
        return;
    reading.kind = kind_of_alert(alert);
    reading.zone = zone_of_alert(city, alert);
    alert_reading(alert, &reading, &texts);
    stream_alert(alert->kind, alert->id, stream);
    derived_add(&city->derived, stream, &reading, BUFFER_EVENT);
}

static void take_condition(struct city *city, const char *kind, const char *id, const struct alert_condition *condition,
                           bool begins)
{
    tell_alert(city, begins ? alerts_begin(city->alerts, kind, id, condition)
                            : alerts_end(city->alerts, kind, id, condition->name));
}

static void take_report(struct city *city, const struct settings_sensor *sensor, const struct health_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        struct alert_condition condition;
        health_alert(&report->list[i], &condition);
        take_condition(city, kind_names[sensor->kind], sensor->id, &condition, report->list[i].begins);
    }
}

static void take_crowd_alert(struct city *city, const struct settings_zone *zone, const struct crowd_alert *news)
{
    static const enum alert_level levels[CROWD_LEVEL_COUNT] = {
        [CROWD_WARN] = ALERT_WARNING, [CROWD_HIGH] = ALERT_HIGH, [CROWD_CRITICAL] = ALERT_CRITICAL};
    struct alert_condition condition = {.name = "density", .level = levels[news->level], .since_us = news->time_us};
    if (isfinite(news->density_per_m2)) {
        strcpy(condition.value_name, "density_per_m2");
        condition.value = news->density_per_m2;
    }
    take_condition(city, kind_names[zone->kind], zone->id, &condition, news->level != CROWD_NORMAL);
}

void city_facts(struct city *city, const struct gateway_facts *facts, bool clock_synchronised)
{
    struct gateway_report report;
    int64_t wall_us = clock_synchronised ? clock_wall_us(city->options.clock) : 0;
    city->clock_synchronised = clock_synchronised;
    gateway_health_take(&city->gateway, facts, clock_boot_us(city->options.clock), wall_us, &report);
    for (size_t i = 0; i < report.count; i++)
        take_condition(city, gateway_alert_kind, report.list[i].id, &report.list[i].condition, report.list[i].begins);
}

/* Readings. */

static struct health_moment moment_of(const struct city *city, const struct settings_sensor *sensor)
{
    struct health_moment moment = {.boot_us = clock_boot_us(city->options.clock),
                                   .wall_us = clock_wall_us(city->options.clock),
                                   .wall_is_set = city->clock_synchronised};
    int64_t day = local_day(moment.wall_us);
    moment.out_of_service = moment.wall_is_set && day >= sensor->out_first_day && day <= sensor->out_last_day;
    return moment;
}

void city_hear(struct city *city, struct normalised_pack *pack, bool clock_synchronised)
{
    city->clock_synchronised = clock_synchronised;
    for (size_t i = 0; i < pack->count; i++) {
        const struct sensor *sensor = pack->readings[i].sensor;
        struct health_moment moment = moment_of(city, sensor->settings);
        struct health_report report;
        health_take(&city->health[sensor->index], sensor->settings, &pack->readings[i].reading, &moment, &report);
        take_report(city, sensor->settings, &report);
    }
}

void city_take(struct city *city, struct normalised_pack *pack)
{
    int64_t wall_us = clock_wall_us(city->options.clock);
    for (size_t i = 0; i < pack->count; i++) {
        size_t index = pack->readings[i].sensor->index;
        struct reading *reading = &pack->readings[i].reading;
        zones_take(city->zones, index, reading, city->clock_synchronised ? wall_us : reading->time_us);
        zones_guard(city->zones, index, reading);
        roads_guard(pack->readings[i].sensor, reading);
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

static void tell_zone(struct city *city, const struct settings_zone *zone, const struct reading *reading)
{
    char stream[STREAM_SIZE];
    struct bytes *last = &city->zone_readings[zone - city->options.settings->zone];
    bytes_clear(last);
    reading_encode(reading, last);
    stream_zone(zone->id, stream);
    derived_add(&city->derived, stream, reading, BUFFER_ROUTINE);
}

static void look(struct city *city)
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

bool city_turn(struct city *city)
{
    if (!city->looked)
        look(city);
    return derived_store(&city->derived);
}

void city_tick(struct city *city, bool clock_synchronised)
{
    city->clock_synchronised = clock_synchronised;
    for (size_t i = 0; i < sensors_count(city->options.sensors); i++) {
        const struct settings_sensor *sensor = sensors_at(city->options.sensors, i)->settings;
        struct health_moment moment = moment_of(city, sensor);
        struct health_report report;
        health_tick(&city->health[i], sensor, &moment, &report);
        take_report(city, sensor, &report);
    }
    roads_tick(city->roads, clock_synchronised);
    if (clock_synchronised)
        zones_tick(city->zones, clock_wall_us(city->options.clock));
    look(city);
    city_turn(city);
}

/* Over a restart. */

static json_t *save_zones(const struct city *city)
{
    static const char digits[] = "0123456789abcdef";
    struct bytes kept, hex;
    bytes_init(&kept, KEPT_MAX);
    bytes_init(&hex, 2 * KEPT_MAX);
    zones_keep(city->zones, &kept);
    for (size_t i = 0; i < kept.used; i++) {
        bytes_char(&hex, digits[kept.data[i] >> 4]);
        bytes_char(&hex, digits[kept.data[i] & 15]);
    }
    json_t *text = kept.overflow || hex.overflow ? NULL : json_stringn((const char *)hex.data, hex.used);
    bytes_finish(&kept);
    bytes_finish(&hex);
    return text;
}

// Without what is 0 at the end, which most sensors have much of.
static json_t *save_health(const struct city *city, size_t index)
{
    double numbers[HEALTH_NUMBERS];
    size_t count = HEALTH_NUMBERS;
    health_save(&city->health[index], clock_boot_us(city->options.clock), numbers);
    while (count > 0 && numbers[count - 1] == 0)
        count--;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_real(numbers[i]));
    return list;
}

static json_t *save_alerts(const struct city *city)
{
    json_t *list = json_array();
    for (size_t i = 0; i < alerts_count(city->alerts); i++) {
        const struct alert *alert = alerts_at(city->alerts, i);
        for (size_t c = 0; c < alert->count; c++) {
            const struct alert_condition *condition = &alert->conditions[c];
            json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:i,s:I,s:f,s:s,s:s}", "kind", alert->kind, "id",
                                                  alert->id, "condition", condition->name, "level", condition->level,
                                                  "since", (json_int_t)condition->since_us, "value",
                                                  isfinite(condition->value) ? condition->value : 0.0, "value_name",
                                                  condition->value_name, "quantity", condition->quantity));
        }
    }
    return list;
}

json_t *city_save(const struct city *city)
{
    json_t *health = json_object();
    for (size_t i = 0; i < sensors_count(city->options.sensors); i++)
        json_object_set_new(health, sensors_at(city->options.sensors, i)->settings->id, save_health(city, i));
    return json_pack("{s:o,s:o*,s:o,s:o}", "health", health, "zones", save_zones(city), "alerts", save_alerts(city),
                     "places", roads_save(city->roads));
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void restore_zones(struct city *city, const json_t *text)
{
    const char *hex = json_string_value(text);
    size_t size = json_string_length(text) / 2;
    struct bytes kept;
    bytes_init(&kept, KEPT_MAX);
    for (size_t i = 0; hex && i < size; i++) {
        int high = digit_of(hex[2 * i]), low = digit_of(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            break;
        bytes_u8(&kept, (uint8_t)(high << 4 | low));
    }
    if (kept.used > 0)
        zones_restore(city->zones, kept.data, kept.used);
    bytes_finish(&kept);
}

static void restore_health(struct city *city, const json_t *saved)
{
    for (size_t i = 0; i < sensors_count(city->options.sensors); i++) {
        double numbers[HEALTH_NUMBERS] = {0};
        const json_t *list = json_object_get(saved, sensors_at(city->options.sensors, i)->settings->id);
        size_t count = json_array_size(list);
        for (size_t n = 0; n < count && n < HEALTH_NUMBERS; n++)
            numbers[n] = json_number_value(json_array_get(list, n));
        if (count > 0 && count <= HEALTH_NUMBERS)
            health_restore(&city->health[i], clock_boot_us(city->options.clock), numbers, HEALTH_NUMBERS);
    }
}

// What is configured no more, or is another kind's, is over: its topic is emptied as all that vanished are.
static bool is_known(const struct city *city, const char *kind, const char *id)
{
    const struct sensor *sensor = sensors_find(city->options.sensors, id);
    if (strcmp(kind, gateway_alert_kind) == 0 || (sensor && strcmp(kind_names[sensor->settings->kind], kind) == 0))
        return true;
    for (size_t i = 0; i < city->options.settings->zone_count; i++) {
        const struct settings_zone *zone = &city->options.settings->zone[i];
        if (!zone->disabled && strcmp(zone->id, id) == 0 && strcmp(kind_names[zone->kind], kind) == 0)
            return true;
    }
    return false;
}

static bool copy_text(const json_t *entry, const char *key, char *ret_text, size_t size)
{
    const char *text = json_string_value(json_object_get(entry, key));
    return text && (size_t)snprintf(ret_text, size, "%s", text) < size;
}

static void restore_alert(struct city *city, const json_t *entry)
{
    char kind[ALERT_KIND_SIZE], id[ALERT_ID_SIZE];
    struct alert_condition condition = {.value = json_number_value(json_object_get(entry, "value")),
                                        .since_us = json_integer_value(json_object_get(entry, "since"))};
    json_int_t level = json_integer_value(json_object_get(entry, "level"));
    if (level < 0 || level >= ALERT_LEVEL_COUNT || !copy_text(entry, "kind", kind, sizeof kind) ||
        !copy_text(entry, "id", id, sizeof id) ||
        !copy_text(entry, "condition", condition.name, sizeof condition.name) ||
        !copy_text(entry, "value_name", condition.value_name, sizeof condition.value_name) ||
        !copy_text(entry, "quantity", condition.quantity, sizeof condition.quantity) || !is_known(city, kind, id))
        return;
    condition.level = (enum alert_level)level;
    alerts_begin(city->alerts, kind, id, &condition);
    if (strcmp(kind, gateway_alert_kind) == 0)
        gateway_health_restore(&city->gateway, id, condition.level);
}

void city_restore(struct city *city, const json_t *saved)
{
    const json_t *alerts = json_object_get(saved, "alerts");
    restore_health(city, json_object_get(saved, "health"));
    restore_zones(city, json_object_get(saved, "zones"));
    roads_restore(city->roads, json_object_get(saved, "places"));
    for (size_t i = 0; i < json_array_size(alerts); i++)
        restore_alert(city, json_array_get(alerts, i));
}

void city_recall(struct city *city, const struct sensor *sensor, const struct reading *reading)
{
    struct reading copy = *reading;
    zones_take(city->zones, sensor->index, &copy, reading->time_us);
}

void city_forget(struct city *city, const struct sensor *sensor)
{
    const struct settings_sensor *settings = sensor->settings;
    health_start(&city->health[sensor->index], settings, clock_boot_us(city->options.clock), 0);
    tell_alert(city, alerts_end(city->alerts, kind_names[settings->kind], settings->id, NULL));
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

const struct alert *city_alert(const struct city *city, size_t index)
{
    return alerts_at(city->alerts, index);
}

const struct bytes *city_zone(const struct city *city, size_t index)
{
    return &city->zone_readings[index];
}
