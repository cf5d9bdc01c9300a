// SPDX-License-Identifier: Apache-2.0
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
    if (strcmp(kind, GATEWAY_KIND) == 0 || (sensor && strcmp(kind_names[sensor->settings->kind], kind) == 0))
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
    if (strcmp(kind, GATEWAY_KIND) == 0)
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
    city_tell_alert(city, alerts_end(city->alerts, kind_names[settings->kind], settings->id, NULL));
}
