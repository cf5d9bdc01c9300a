// SPDX-License-Identifier: Apache-2.0
#include "city/gateway_health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 2, MINUTE = 60, HOUR = 3600 };

struct step {
    double begin,
        end; // of too little: holds below `begin`, until `end` is reached; of too much (`end` is 0): holds from `begin` on
    enum alert_level level;
};

#define NEVER                                                                                                          \
    {                                                                                                                  \
        INFINITY, 0, ALERT_CRITICAL                                                                                    \
    }

static double measure_certificate(const struct gateway_facts *facts)
{
    return facts->certificate_days;
}

static double measure_clock(const struct gateway_facts *facts)
{
    return facts->clock_unset_s;
}

static double measure_disk(const struct gateway_facts *facts)
{
    return facts->disk_free;
}

static double measure_autonomy(const struct gateway_facts *facts)
{
    return facts->min_autonomy_h > 0 ? facts->autonomy_h / facts->min_autonomy_h : 1e9;
}

static double measure_power(const struct gateway_facts *facts)
{
    return facts->undervoltage;
}

static double measure_duplicate(const struct gateway_facts *facts)
{
    return facts->duplicate;
}

static const struct check {
    const char *name, *value_name;
    double (*measure)(const struct gateway_facts *facts);
    int worse_s, better_s; // how long the worse, and the better, must last
    struct step steps[STEPS];
} checks[GATEWAY_CHECK_COUNT] = {
    [GATEWAY_CERTIFICATE] =
        {"certificate", "days_left", measure_certificate, 0, 0, {{30, 31, ALERT_WARNING}, {7, 8, ALERT_CRITICAL}}},
    [GATEWAY_CLOCK] =
        {"clock", "unset_s", measure_clock, 0, MINUTE, {{HOUR, 0, ALERT_WARNING}, {24 * HOUR, 0, ALERT_CRITICAL}}},
    [GATEWAY_DISK] =
        {"disk", "free", measure_disk, MINUTE, MINUTE, {{0.10, 0.12, ALERT_WARNING}, {0.03, 0.04, ALERT_CRITICAL}}},
    [GATEWAY_AUTONOMY] = {"autonomy",
                          "of_min_autonomy",
                          measure_autonomy,
                          HOUR,
                          HOUR,
                          {{1, 1.25, ALERT_WARNING}, {0.25, 0.3, ALERT_CRITICAL}}},
    [GATEWAY_POWER] = {"power", "", measure_power, 0, 10 * MINUTE, {{1, 0, ALERT_WARNING}, NEVER}},
    [GATEWAY_DUPLICATE] = {"duplicate", "", measure_duplicate, 0, 10 * MINUTE, {{1, 0, ALERT_CRITICAL}, NEVER}},
};

static bool holds(const struct step *step, bool held, double value)
{
    if (step->end > 0)
        return value < (held ? step->end : step->begin);
    return value >= step->begin;
}

// The level that the value asks for now: 0, or the number of the highest step that holds.
static uint8_t wanted(const struct check *check, uint8_t level, double value)
{
    for (uint8_t step = STEPS; step > 0; step--)
        if (holds(&check->steps[step - 1], level >= step, value))
            return step;
    return 0;
}

static struct gateway_news news_of(const struct check *check, uint8_t level, double value, int64_t wall_us)
{
    struct gateway_news news = {.begins = level > 0, .id = check->name};
    news.condition.level = level > 0 ? check->steps[level - 1].level : ALERT_NOTICE;
    news.condition.since_us = wall_us;
    news.condition.value = value;
    snprintf(news.condition.name, sizeof news.condition.name, "%s", check->name);
    snprintf(news.condition.value_name, sizeof news.condition.value_name, "%s", check->value_name);
    return news;
}

void gateway_health_take(struct gateway_health *health, const struct gateway_facts *facts, int64_t now_boot_us,
                         int64_t wall_us, struct gateway_report *ret_report)
{
    ret_report->count = 0;
    for (size_t i = 0; i < GATEWAY_CHECK_COUNT; i++) {
        const struct check *check = &checks[i];
        double value = check->measure(facts);
        uint8_t level = health->checks[i].level;
        uint8_t next = isnan(value) ? level : wanted(check, level, value);
        if (next != health->checks[i].next)
            health->checks[i].next_boot_us = now_boot_us;
        health->checks[i].next = next;
        int64_t wait_us = (next > level ? check->worse_s : check->better_s) * INT64_C(1000000);
        if (next == level || now_boot_us - health->checks[i].next_boot_us < wait_us)
            continue;
        health->checks[i].level = next;
        ret_report->list[ret_report->count++] = news_of(check, next, value, wall_us);
    }
}

void gateway_health_restore(struct gateway_health *health, const char *id, enum alert_level level)
{
    for (size_t i = 0; i < GATEWAY_CHECK_COUNT; i++)
        if (strcmp(checks[i].name, id) == 0)
            health->checks[i].level = health->checks[i].next = checks[i].steps[0].level < level ? 2 : 1;
}
