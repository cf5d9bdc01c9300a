// SPDX-License-Identifier: Apache-2.0
#include "place.h"

#include "reading/vocabulary.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

static const int64_t late_us = 5 * 1000000LL, early_us = 1000000LL, companion_us = 1500000LL;

static const struct part {
    const char *name;
    size_t offset;
} parts[] = {
    {"latitude", offsetof(struct ride_position, latitude)},
    {"longitude", offsetof(struct ride_position, longitude)},
    {"speed_mps", offsetof(struct ride_position, speed_mps)},
    {"hdop", offsetof(struct ride_position, hdop)},
    {"heading_deg", offsetof(struct ride_position, heading_deg)},
    {"sigma_m", offsetof(struct ride_position, accuracy_m)},
};

enum { PARTS = sizeof parts / sizeof *parts };

static void begin(struct place *place)
{
    *place = (struct place){.position = {NAN, NAN, NAN, NAN, NAN, NAN}};
}

static void put(struct place *place, const char *name, double number)
{
    if (strcmp(name, "fix") == 0)
        place->no_fix = number == 0;
    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(parts[i].name, name) == 0) {
            *(double *)((char *)&place->position + parts[i].offset) = number;
            place->says = true;
        }
}

static const char *field_of(const char *name)
{
    const char *colon = strrchr(name, ':'), *slash = strrchr(name, '/');
    const char *last = colon > slash ? colon : slash;
    return last ? last + 1 : name;
}

void place_read_raw(const struct raw_pack *raw, struct place *ret_place)
{
    begin(ret_place);
    for (size_t i = 0; i < raw->count; i++) {
        const struct raw_value *value = &raw->values[i];
        const char *field = field_of(value->name);
        const struct quantity *quantity = value->type == RAW_NUMBER ? vocabulary_find(field, KIND_BUMP) : NULL;
        double number;
        if (!quantity || !unit_convert(value->unit, quantity, value->number, &number) ||
            !(number >= quantity->low && number <= quantity->high))
            continue;
        put(ret_place, field, number);
        if (value->time == RAW_TIME_ABSOLUTE) {
            ret_place->has_time = true;
            ret_place->time_us = value->time_us;
        }
    }
}

void place_read(const struct reading *reading, struct place *ret_place)
{
    begin(ret_place);
    for (size_t i = 0; i < reading->value_count; i++)
        if (reading->values[i].type == VALUE_NUMBER || reading->values[i].type == VALUE_INTEGER)
            put(ret_place, reading->values[i].name, reading->values[i].number);
    ret_place->has_time = reading->time_quality == TIME_SENSOR;
    ret_place->time_us = reading->time_us;
}

bool place_is_event(const struct reading *reading)
{
    static const char *const marks[] = {"peak_mps2", "trough_mps2", "severity", "shape", "duration_ms"};
    for (size_t i = 0; i < reading->value_count; i++)
        for (size_t m = 0; m < sizeof marks / sizeof *marks; m++)
            if (strcmp(reading->values[i].name, marks[m]) == 0)
                return true;
    return false;
}

static bool is_coordinate(const struct value *value)
{
    return strcmp(value->name, "latitude") == 0 || strcmp(value->name, "longitude") == 0;
}

void place_leave_out_none(struct reading *reading)
{
    struct place place;
    size_t kept = 0;
    place_read(reading, &place);
    if (place.position.latitude != 0 || place.position.longitude != 0)
        return;
    for (size_t i = 0; i < reading->value_count; i++)
        if (!is_coordinate(&reading->values[i]))
            reading->values[kept++] = reading->values[i];
    reading->value_count = kept;
}

int64_t place_time(struct place *place, struct place_times *times, const struct clock *clock, int64_t now_boot_us)
{
    bool has_place = !isnan(place->position.latitude) && !isnan(place->position.longitude);
    if (!place->has_time) {
        if (times->timed_boot_us && now_boot_us - times->timed_boot_us < companion_us)
            place->position.latitude = place->position.longitude = NAN;
        return now_boot_us;
    }
    if (has_place)
        times->timed_boot_us = now_boot_us;
    int64_t age_us = clock_wall_us(clock) - place->time_us;
    bool is_near = age_us >= -early_us && age_us <= late_us;
    return is_near && clock->synchronised(clock) ? now_boot_us - age_us : now_boot_us;
}
