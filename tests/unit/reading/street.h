// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "reading/sensors.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A configuration made by hand, a pack of raw values and what becomes of them.
 */

enum { STREET_SENSORS_MAX = 1000, STREET_LIST_MAX = 60 };

struct street {
    struct settings settings, *loaded; // by hand, and what it stands on
    struct settings_sensor sensor[STREET_SENSORS_MAX];
    struct settings_device device[2];
    struct settings_map map[STREET_LIST_MAX];
    struct settings_range range[STREET_LIST_MAX];
    size_t map_count, range_count;
    struct findings findings;
    struct sensors *sensors;
    struct raw_pack raw;
    struct normalised_pack pack;
    struct normalise_context context;
    struct fault why;
};

static const int64_t street_now_us = INT64_C(1793329445678000);

static inline struct settings *street_load(void)
{
    static const char text[] = "[gateway]\nid = street\nmunicipality = 271004\n";
    char path[] = "/tmp/citygw-street-XXXXXX";
    struct findings findings = {0};
    struct settings *loaded = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    assert_int_equal(settings_load(path, &findings, &loaded), 0);
    unlink(path);
    findings_finish(&findings);
    return loaded;
}

static inline struct street *street_create(void)
{
    struct street *street = calloc(1, sizeof *street);
    assert_non_null(street);
    street->loaded = street_load();
    street->settings = *street->loaded;
    street->settings.sensor = street->sensor;
    street->settings.device = street->device;
    street->context = (struct normalise_context){
        .source = "coap", .received_us = street_now_us, .clock_synchronised = true, .unauthenticated = false};
    return street;
}

static inline struct settings_sensor *street_sensor(struct street *street, const char *id, enum kind kind,
                                                    const char *source, const char *address)
{
    struct settings_sensor *sensor = &street->sensor[street->settings.sensor_count++];
    *sensor = (struct settings_sensor){.origin = {"city.ini", (int)street->settings.sensor_count},
                                       .id = id,
                                       .kind = (int)kind,
                                       .source = source,
                                       .source_type = strncmp(source, "serial", 6) ? SOURCE_COAP : SOURCE_SERIAL,
                                       .source_name = "",
                                       .address = address,
                                       .device = "",
                                       .codec = "",
                                       .psk_identity = "",
                                       .zone = "",
                                       .out_last_day = -1,
                                       .position = "",
                                       .name = ""};
    return sensor;
}

// Maps and ranges of one sensor must be made one after the other.
static inline struct settings_map *street_map(struct street *street, struct settings_sensor *sensor,
                                              const char *quantity, const char *field)
{
    struct settings_map *map = &street->map[street->map_count++];
    *map = (struct settings_map){
        .origin = {"city.ini", 40}, .quantity = quantity, .field = field, .unit = "", .factor = 1};
    if (!sensor->maps)
        sensor->maps = map;
    sensor->map_count++;
    return map;
}

static inline void street_range(struct street *street, struct settings_sensor *sensor, const char *quantity, double low,
                                double high)
{
    struct settings_range *range = &street->range[street->range_count++];
    *range = (struct settings_range){.origin = {"city.ini", 50}, .quantity = quantity, .low = low, .high = high};
    if (!sensor->ranges)
        sensor->ranges = range;
    sensor->range_count++;
}

static inline void street_open(struct street *street)
{
    assert_int_equal(sensors_create(&street->settings, &street->findings, &street->sensors), 0);
    street->context.sensors = street->sensors;
}

static inline void street_destroy(struct street *street)
{
    sensors_destroy(street->sensors);
    findings_finish(&street->findings);
    settings_destroy(street->loaded);
    free(street);
}

static inline bool street_told(const struct street *street, const char *words)
{
    for (size_t i = 0; i < street->findings.count; i++)
        if (strstr(street->findings.list[i].text, words))
            return true;
    return false;
}

static inline struct raw_value *street_number(struct street *street, const char *name, const char *unit, double number)
{
    struct raw_value *value = raw_pack_add(&street->raw);
    assert_non_null(value);
    value->name = name;
    value->unit = unit;
    value->type = RAW_NUMBER;
    value->number = number;
    return value;
}

static inline struct raw_value *street_bool(struct street *street, const char *name, bool boolean)
{
    struct raw_value *value = street_number(street, name, "", 0);
    value->type = RAW_BOOL;
    value->boolean = boolean;
    return value;
}

static inline struct raw_value *street_text(struct street *street, const char *name, const char *text)
{
    struct raw_value *value = street_number(street, name, "", 0);
    value->type = RAW_TEXT;
    value->text = text;
    value->text_size = strlen(text);
    return value;
}

static inline struct raw_value *street_sum(struct street *street, const char *name, double sum)
{
    struct raw_value *value = street_number(street, name, "", 0);
    value->type = RAW_NONE;
    value->has_sum = true;
    value->sum = sum;
    return value;
}

static inline struct raw_value *street_at(struct raw_value *value, enum raw_time time, int64_t time_us)
{
    value->time = time;
    value->time_us = time_us;
    return value;
}

// Normalises what was added since the last call.
static inline enum refusal street_take(struct street *street)
{
    enum refusal refusal = normalise(&street->context, &street->raw, &street->pack, &street->why);
    raw_pack_clear(&street->raw);
    return refusal;
}

static inline const struct value *street_value(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (!strcmp(reading->values[i].name, name))
            return &reading->values[i];
    return NULL;
}

static inline const struct reading *street_reading(const struct street *street, size_t index)
{
    assert_true(index < street->pack.count);
    return &street->pack.readings[index].reading;
}

static inline double street_number_of(const struct street *street, size_t index, const char *name)
{
    const struct value *value = street_value(street_reading(street, index), name);
    return value ? value->number : NAN;
}
