// SPDX-License-Identifier: Apache-2.0
#include "city/gateway_health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 2, MINUTE = 60, HOUR = 3600 };

// Of too little: it holds below `begin`, until `end` is reached. Of too much (`end` is 0): from `begin` on. Without a `begin` it is none.
struct step {
    double begin, end;
    enum alert_level level;
};

#define FACT(name) offsetof(struct gateway_facts, name)

// clang-format off
static const struct check {
    const char *name, *value_name;
    size_t fact;
    int worse_s, better_s; // how long the worse, and the better, must last
    struct step steps[STEPS];
} checks[GATEWAY_CHECK_COUNT] = {
    {"certificate", "days_left", FACT(certificate_days), 0, 0,
     {{30, 31, ALERT_WARNING}, {7, 8, ALERT_CRITICAL}}},
    {"clock", "unset_s", FACT(clock_unset_s), 0, MINUTE,
     {{HOUR, 0, ALERT_WARNING}, {24 * HOUR, 0, ALERT_CRITICAL}}},
    {"disk", "free", FACT(disk_free), MINUTE, MINUTE,
     {{0.10, 0.12, ALERT_WARNING}, {0.03, 0.04, ALERT_CRITICAL}}},
    {"autonomy", "of_min_autonomy", FACT(autonomy), HOUR, HOUR,
     {{1, 1.25, ALERT_WARNING}, {0.25, 0.3, ALERT_CRITICAL}}},
    {"power", "", FACT(undervoltage), 0, 10 * MINUTE,
     {{1, 0, ALERT_WARNING}}},
    {"duplicate", "", FACT(duplicate), 0, 10 * MINUTE,
     {{1, 0, ALERT_CRITICAL}}},
};
// clang-format on

static bool holds(const struct step *step, bool held, double value)
{
    if (step->end > 0)
        return value < (held ? step->end : step->begin);
    return step->begin > 0 && value >= step->begin;
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
        double value = *(const double *)(const void *)((const char *)facts + check->fact);
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

bool gateway_health_knows(const char *id)
{
    for (size_t i = 0; i < GATEWAY_CHECK_COUNT; i++)
        if (strcmp(checks[i].name, id) == 0)
            return true;
    return false;
}
