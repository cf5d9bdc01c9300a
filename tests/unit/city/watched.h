// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"
#include "city/health.h"
#include <stdio.h>
#include <string.h>

/*
 * One sensor that is watched on virtual time, and what became of it: as text, "+stale" for a condition that began, "-stale" for one that
 * ended.
 */

enum { SECOND = 1, MINUTE = 60, HOUR = 3600, DAY = 86400 };

static const int64_t start_us = INT64_C(20834) * 86400 * 1000000, micro = 1000000;

struct watched {
    struct settings_sensor settings;
    struct health health;
    struct health_report report;
    int64_t boot_s;
    bool clock_is_unset, out_of_service;
    char told[400]; // since it was asked
    enum quality quality;
};

static inline const char *name_of(enum health_condition condition)
{
    static struct alert_condition alert;
    const struct health_news news = {.condition = condition, .quantity = ""};
    health_alert(&news, &alert);
    return alert.name;
}

static inline struct health_moment moment_of(const struct watched *watched)
{
    return (struct health_moment){.boot_us = watched->boot_s * micro,
                                  .wall_us = start_us + watched->boot_s * micro,
                                  .wall_is_set = !watched->clock_is_unset,
                                  .out_of_service = watched->out_of_service};
}

static inline void note(struct watched *watched)
{
    for (size_t i = 0; i < watched->report.count; i++) {
        const struct health_news *news = &watched->report.list[i];
        size_t used = strlen(watched->told);
        snprintf(watched->told + used, sizeof watched->told - used, "%s%s%s", used ? " " : "", news->begins ? "+" : "-",
                 name_of(news->condition));
    }
}

static inline const char *told(struct watched *watched)
{
    static char copy[sizeof watched->told];
    strcpy(copy, watched->told);
    watched->told[0] = '\0';
    return copy;
}

static inline void pass(struct watched *watched, int64_t seconds)
{
    watched->boot_s += seconds;
    struct health_moment moment = moment_of(watched);
    health_tick(&watched->health, &watched->settings, &moment, &watched->report);
    note(watched);
}

// A reading without a time of its own, of now.
static inline struct reading reading_now(const struct watched *watched)
{
    return (struct reading){.kind = (enum kind)watched->settings.kind,
                            .time_us = start_us + watched->boot_s * micro,
                            .time_quality = TIME_SYNCED};
}

// One that was so long ago, by the sensor's own clock.
static inline struct reading reading_before(const struct watched *watched, int64_t seconds)
{
    struct reading reading = reading_now(watched);
    reading.time_us -= seconds * micro;
    reading.time_quality = TIME_SENSOR;
    return reading;
}

static inline void add_number(struct reading *reading, const char *name, double number)
{
    reading->values[reading->value_count++] = (struct value){.name = name, .type = VALUE_NUMBER, .number = number};
}

static inline void take(struct watched *watched, struct reading reading)
{
    struct health_moment moment = moment_of(watched);
    health_take(&watched->health, &watched->settings, &reading, &moment, &watched->report);
    watched->quality = reading.quality;
    note(watched);
}

static inline void take_number(struct watched *watched, const char *name, double number)
{
    struct reading reading = reading_now(watched);
    add_number(&reading, name, number);
    take(watched, reading);
}

// With the defaults of an environment sensor, except for what is not told of.
static inline struct watched watch(enum kind kind)
{
    struct watched watched = {.settings = {.kind = (int)kind,
                                           .id = "s",
                                           .stale_after_us = 30 * MINUTE * micro,
                                           .frozen_after_us = DAY * micro,
                                           .stuck_after_us = kind == KIND_ENVIRONMENT ? DAY * micro : 0,
                                           .battery_low_pct = 15,
                                           .battery_days_us = 30 * DAY * micro}};
    health_start(&watched.health, &watched.settings, 0, 0);
    return watched;
}

static inline void take_plain(struct watched *watched)
{
    take(watched, reading_now(watched));
}

static inline void take_aged(struct watched *watched, int64_t age_s)
{
    take(watched, reading_before(watched, age_s));
}
