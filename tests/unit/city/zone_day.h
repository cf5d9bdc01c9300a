// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/calendar.h"

#include "reading/reading.h"
#include "settings/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What happens at a zone, in short: who said what, and when. Times of day are those of an ordinary day, in UTC.
 */

#define S INT64_C(1000000)
#define HOUR (3600 * S)
#define DAY (24 * HOUR)
static const int64_t day_begins_us = 1800000000 * S - 1800000000 * S % DAY;

struct event {
    int number; // of the sensor
    int64_t time_us;
    const char *name; // of the value
    double value;
    const char *second; // another value, or NULL
    double second_value;
};

static inline struct reading reading_of(const struct event *event)
{
    struct reading reading = {.zone = "", .time_us = event->time_us, .time_quality = TIME_SENSOR};
    bool is_bool = strcmp(event->name, "occupied") == 0;
    reading.values[reading.value_count++] = (struct value){.name = event->name,
                                                           .type = is_bool ? VALUE_BOOL : VALUE_INTEGER,
                                                           .boolean = event->value != 0,
                                                           .number = is_bool ? 0 : event->value};
    if (event->second)
        reading.values[reading.value_count++] =
            (struct value){.name = event->second, .type = VALUE_INTEGER, .number = event->second_value};
    return reading;
}

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers with every run.
static inline uint64_t draw(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline int64_t draw_below(uint64_t *seed, int64_t end)
{
    return (int64_t)(draw(seed) % (uint64_t)end);
}

// Moves each event by less than `reach` places.
static inline void shuffle(struct event *events, size_t count, size_t reach, uint64_t *seed)
{
    for (size_t i = 0; i + 1 < count; i++) {
        size_t block = reach - i % reach, left = count - i < block ? count - i : block;
        size_t other = i + (size_t)draw_below(seed, (int64_t)left);
        struct event event = events[i];
        events[i] = events[other];
        events[other] = event;
    }
}

// Any number at any time of any quality: a sensor and clocks gone mad.
static inline struct reading draw_reading(const char *const names[], int64_t count, int64_t *now_us, uint64_t *seed)
{
    static const enum time_quality qualities[] = {TIME_SYNCED, TIME_SENSOR, TIME_ESTIMATED, TIME_CORRECTED};
    const int64_t reaches_us[] = {S, HOUR, 3 * DAY, 20000 * DAY};
    int64_t reach_us = reaches_us[draw_below(seed, 100) < 90 ? 0 : draw_below(seed, 4)];
    *now_us += draw_below(seed, 2 * reach_us) - reach_us / 2;
    struct event event = {0,
                          *now_us + draw_below(seed, 2 * HOUR) - HOUR,
                          names[draw_below(seed, count)],
                          (double)(draw(seed) >> (11 + draw_below(seed, 53))),
                          NULL,
                          0};
    struct reading reading = reading_of(&event);
    reading.time_quality = qualities[draw_below(seed, 4)];
    return reading;
}

// The same events, all of them or some twice, in another order.
static inline struct event *doubled(const struct event *events, size_t count, uint64_t *seed, size_t *ret_count)
{
    struct event *twice = malloc(2 * count * sizeof *twice);
    size_t used = 0;
    for (size_t i = 0; twice && i < count; i++) {
        twice[used++] = events[i];
        if (draw(seed) % 4)
            twice[used++] = events[i];
    }
    *ret_count = used;
    return twice;
}

static inline double told(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (strcmp(reading->values[i].name, name) == 0)
            return reading->values[i].type == VALUE_BOOL ? reading->values[i].boolean : reading->values[i].number;
    return -99;
}

static inline const char *told_text(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (strcmp(reading->values[i].name, name) == 0)
            return reading->values[i].text;
    return "";
}

// A recording of the city of Melbourne, where it is present: it is not part of the sources.
static inline FILE *recording(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/../shared/data/%s", getenv("SOURCE_DIR") ? getenv("SOURCE_DIR") : ".", name);
    return fopen(path, "r");
}

// Nine hours ahead of UTC, all year.
__attribute__((unused)) static inline int64_t tokyo_utc_us(const struct calendar *calendar, int64_t day, int64_t minute)
{
    (void)calendar;
    return day * DAY + minute * 60 * S - 9 * HOUR;
}
