// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"
#include "base/messages.h"
#include "city/alert_reading.h"
#include "city_inside.h"
#include "reading/stream.h"
#include "recall.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 8 << 20 };

/* Saving. */

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
    if (!text)
        log_line(LOG_LEVEL_WARNING, "standing", _("there is no room for what zones know (%d MB): a restart forgets it"),
                 KEPT_MAX >> 20);
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
    return json_pack("{s:o,s:o*,s:o}", "health", health, "zones", save_zones(city), "alerts", save_alerts(city));
}

void city_save_places(const struct city *city, struct bytes *out)
{
    roads_keep(city->roads, out);
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

static bool is_of_sensor(const char *kind, const struct sensor *sensor)
{
    return sensor && strcmp(kind_names[sensor->settings->kind], kind) == 0;
}

static bool is_of_zone(const struct city *city, const char *kind, const char *id)
{
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

static bool read_condition(const json_t *entry, struct alert_condition *ret_condition)
{
    json_int_t level = json_integer_value(json_object_get(entry, "level"));
    *ret_condition = (struct alert_condition){.level = (enum alert_level)level,
                                              .value = json_number_value(json_object_get(entry, "value")),
                                              .since_us = json_integer_value(json_object_get(entry, "since"))};
    return level >= 0 && level < ALERT_LEVEL_COUNT && ret_condition->since_us >= 0 &&
           ret_condition->since_us <= UTC_LAST_US &&
           copy_text(entry, "condition", ret_condition->name, sizeof ret_condition->name) &&
           copy_text(entry, "value_name", ret_condition->value_name, sizeof ret_condition->value_name) &&
           copy_text(entry, "quantity", ret_condition->quantity, sizeof ret_condition->quantity);
}

// Whether the newest stored reading of the alert, where there is one still, says that it has the condition. The file may be an hour
// older than it.
static bool was_told(struct city *city, const char *kind, const char *id, const char *condition,
                     struct buffer_batch *batch)
{
    char stream[STREAM_SIZE];
    uint32_t number;
    struct fault why;
    struct reading reading;
    stream_alert(kind, id, stream);
    if (buffer_stream(city->options.buffer, stream, &number, &why) != 0 ||
        !recall_newest(city->options.buffer, number, batch, &reading))
        return true;
    return alert_says(&reading, condition);
}

// What is saved goes on when whoever judges it knows it, too, and it was told last. All else is over, and begins anew when it is found.
static void restore_alert(struct city *city, const json_t *entry, struct buffer_batch *batch)
{
    char kind[ALERT_KIND_SIZE], id[ALERT_ID_SIZE];
    struct alert_condition condition;
    if (!copy_text(entry, "kind", kind, sizeof kind) || !copy_text(entry, "id", id, sizeof id) ||
        !read_condition(entry, &condition))
        return;
    const struct sensor *sensor = sensors_find(city->options.sensors, id);
    enum health_condition health = health_named(condition.name);
    bool is_gateway = strcmp(kind, gateway_alert_kind) == 0, is_density = strcmp(condition.name, CITY_DENSITY) == 0;
    bool is_known = is_gateway   ? gateway_health_knows(id) && strcmp(condition.name, id) == 0
                    : is_density ? is_of_zone(city, kind, id)
                                 : is_of_sensor(kind, sensor) && health < HEALTH_CONDITION_COUNT &&
                                       health_is(&city->health[sensor->index], health);
    if (!is_known || (!is_density && !was_told(city, kind, id, condition.name, batch)))
        return;
    alerts_begin(city->alerts, kind, id, &condition);
    if (is_gateway)
        gateway_health_restore(&city->gateway, id, condition.level);
}

static const struct alert_condition *find_condition(const struct city *city, const char *kind, const char *id,
                                                    const char *name)
{
    const struct alert *alert = alerts_find(city->alerts, kind, id);
    for (size_t i = 0; alert && i < alert->count; i++)
        if (strcmp(alert->conditions[i].name, name) == 0)
            return &alert->conditions[i];
    return NULL;
}

static enum crowd_level told_of(void *context, const struct settings_zone *zone)
{
    const struct alert_condition *density = find_condition(context, kind_names[zone->kind], zone->id, CITY_DENSITY);
    return !density ? CROWD_NORMAL : (enum crowd_level)(density->level - ALERT_WARNING + CROWD_WARN);
}

// Who judges knows of nothing that is not in the table.
static void forget_others(struct city *city)
{
    for (size_t i = 0; i < sensors_count(city->options.sensors); i++) {
        const struct settings_sensor *sensor = sensors_at(city->options.sensors, i)->settings;
        for (int c = 0; city->health[i].active && c < HEALTH_CONDITION_COUNT; c++) {
            struct alert_condition named;
            health_alert(&(struct health_news){.condition = (enum health_condition)c, .quantity = ""}, &named);
            if (!find_condition(city, kind_names[sensor->kind], sensor->id, named.name))
                health_forget(&city->health[i], (enum health_condition)c, clock_boot_us(city->options.clock));
        }
    }
    zones_alerted(city->zones, told_of, city);
}

void city_restore(struct city *city, const json_t *saved)
{
    const json_t *alerts = json_object_get(saved, "alerts");
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    restore_health(city, json_object_get(saved, "health"));
    restore_zones(city, json_object_get(saved, "zones"));
    for (size_t i = 0; batch && i < json_array_size(alerts); i++)
        restore_alert(city, json_array_get(alerts, i), batch);
    forget_others(city);
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
}

int city_restore_places(struct city *city, const uint8_t *data, size_t size)
{
    return roads_restore(city->roads, data, size);
}

void city_recall(struct city *city, const struct sensor *sensor, const struct reading *reading, int64_t stored_us)
{
    struct reading copy = *reading;
    zones_take(city->zones, sensor->index, &copy, stored_us);
    roads_recall(city->roads, sensor, reading);
}

void city_forget(struct city *city, const struct sensor *sensor)
{
    const struct settings_sensor *settings = sensor->settings;
    health_start(&city->health[sensor->index], settings, clock_boot_us(city->options.clock), 0);
    city_tell_alert(city, alerts_end(city->alerts, kind_names[settings->kind], settings->id, NULL));
}

// What a zone told last is in the buffer, also where what was saved is older.
static void recall_told(struct city *city, uint32_t number, struct buffer_batch *batch)
{
    struct reading reading;
    const char *id, *stream = buffer_stream_name(city->options.buffer, number);
    if (stream && stream_subject(stream, &id) == SUBJECT_ZONE &&
        recall_newest(city->options.buffer, number, batch, &reading))
        zones_told(city->zones, id, reading.time_us);
}

// What was stored last of an alert is to be what it is. The times of what comes next are to differ from those of zones, too.
static void compare(struct city *city, uint32_t number, struct buffer_batch *batch)
{
    struct alert over;
    struct reading reading;
    const char *id, *stream = buffer_stream_name(city->options.buffer, number);
    if (!stream || stream_subject(stream, &id) == SUBJECT_SENSOR ||
        !recall_newest(city->options.buffer, number, batch, &reading))
        return;
    derived_know(&city->derived, number, reading.time_us);
    const struct alert *alert = city_alert_of(city, stream, &over);
    if (alert && !derived_any(&city->derived, number) && !alert_is_told(&reading, alert))
        city_tell_alert(city, alert);
}

void city_begin(struct city *city)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    size_t streams = buffer_stream_count(city->options.buffer);
    for (uint32_t i = 0; batch && i < streams; i++)
        recall_told(city, i, batch);
    if (city->clock_synchronised)
        zones_tick(city->zones, clock_wall_us(city->options.clock));
    city_look(city);
    for (uint32_t i = 0; batch && i < streams; i++)
        compare(city, i, batch);
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
}
