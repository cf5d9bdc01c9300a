// SPDX-License-Identifier: Apache-2.0
#include "health_parts.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

enum { RANGE_OF = 10, RANGE_BEGINS = 5, RANGE_ENDS = 1 };

static const int64_t range_spacing_us = 60 * INT64_C(1000000);
static const int64_t year_2020_us = INT64_C(1577836800) * 1000000;

static const struct {
    const char *name, *value_name; // NULL: the quantity's
    enum alert_level level;
} conditions[HEALTH_CONDITION_COUNT] = {
    [HEALTH_STALE] = {"stale", "silent_s", ALERT_WARNING},
    [HEALTH_FROZEN] = {"frozen", "age_s", ALERT_WARNING},
    [HEALTH_STUCK] = {"stuck", "unchanged_s", ALERT_WARNING},
    [HEALTH_RANGE] = {"range", "refused_of_10", ALERT_WARNING},
    [HEALTH_BATTERY_LOW] = {"battery_low", NULL, ALERT_WARNING},
    [HEALTH_BATTERY_FALLING] = {"battery_falling", "days_left", ALERT_NOTICE},
};

void health_alert(const struct health_news *news, struct alert_condition *ret_condition)
{
    const char *value_name = conditions[news->condition].value_name;
    *ret_condition = (struct alert_condition){
        .level = conditions[news->condition].level, .since_us = news->since_us, .value = news->value};
    snprintf(ret_condition->name, sizeof ret_condition->name, "%s", conditions[news->condition].name);
    snprintf(ret_condition->value_name, sizeof ret_condition->value_name, "%s",
             value_name ? value_name : news->quantity);
    snprintf(ret_condition->quantity, sizeof ret_condition->quantity, "%s", value_name ? news->quantity : "");
}

enum health_condition health_named(const char *name)
{
    int condition = 0;
    while (condition < HEALTH_CONDITION_COUNT && strcmp(conditions[condition].name, name) != 0)
        condition++;
    return (enum health_condition)condition;
}

void health_forget(struct health *health, enum health_condition condition, int64_t now_boot_us)
{
    if (health_is(health, condition) && condition == HEALTH_STALE)
        health->heard_boot_us = now_boot_us;
    health->active = (uint8_t)(health->active & ~(1U << condition));
}

int64_t health_ago(const struct health_moment *moment, int64_t duration_us)
{
    return moment->wall_is_set ? moment->wall_us - duration_us : 0;
}

void health_set(struct health *health, bool holds, const struct health_news *facts, struct health_report *report)
{
    if (holds == health_is(health, facts->condition))
        return;
    health->active = (uint8_t)(health->active ^ 1U << facts->condition);
    struct health_news *news = &report->list[report->count++];
    *news = *facts;
    news->begins = holds;
    if (!news->quantity)
        news->quantity = "";
}

static bool is_off(const struct settings_sensor *sensor, enum health_condition condition)
{
    bool has_battery_limit = sensor->battery_low_pct > 0 || sensor->battery_low_v > 0;
    switch (condition) {
    case HEALTH_STALE:
        return sensor->stale_after_us == 0;
    case HEALTH_FROZEN:
        return sensor->frozen_after_us == 0;
    case HEALTH_STUCK:
        return sensor->stuck_after_us == 0;
    case HEALTH_BATTERY_LOW:
        return !has_battery_limit;
    case HEALTH_BATTERY_FALLING:
        return sensor->battery_days_us == 0;
    default:
        return false;
    }
}

static void end(struct health *health, enum health_condition condition, const struct health_moment *moment,
                struct health_report *report)
{
    struct health_news facts = {.condition = condition, .since_us = health_ago(moment, 0)};
    health_set(health, false, &facts, report);
}

static void end_what_is_off(struct health *health, const struct settings_sensor *sensor,
                            const struct health_moment *moment, struct health_report *report)
{
    for (int i = 0; health->active && i < HEALTH_CONDITION_COUNT; i++)
        if (is_off(sensor, (enum health_condition)i))
            end(health, (enum health_condition)i, moment, report);
}

// Who works at it may uncover, heat or move it: all is judged anew afterwards.
static void rest(struct health *health, const struct health_moment *moment, struct health_report *report)
{
    for (int i = 0; health->active && i < HEALTH_CONDITION_COUNT; i++)
        end(health, (enum health_condition)i, moment, report);
    *health = (struct health){.heard_boot_us = moment->boot_us, .newest_us = health->newest_us};
}

static void judge_silence(struct health *health, bool is_heard, const struct settings_sensor *sensor,
                          const struct health_moment *moment, struct health_report *report)
{
    int64_t silent_us = moment->boot_us - health->heard_boot_us;
    bool holds = !is_heard && sensor->stale_after_us > 0 && silent_us > sensor->stale_after_us;
    struct health_news facts = {.condition = HEALTH_STALE,
                                .since_us = health_ago(moment, is_heard ? 0 : silent_us),
                                .value = (double)silent_us / 1e6};
    health_set(health, holds, &facts, report);
    if (is_heard)
        health->heard_boot_us = moment->boot_us;
}

// Whether the reading came late, or twice. A clock that fell back by more than a day, to where no clock can stand, lost its time: what
// its sensor says is new all the same. The same goes as long as there is nothing to compare it with.
static bool is_late(const struct health *health, const struct reading *reading, const struct health_moment *moment)
{
    if (reading->time_quality != TIME_SENSOR || !health->newest_us || reading->time_us > health->newest_us)
        return false;
    bool is_far = health->newest_us - reading->time_us > health_day_us;
    return !is_far || (moment->wall_is_set && reading->time_us >= year_2020_us);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// A sensor whose clock once ran far ahead must not seem late for years.
static bool order(struct health *health, const struct reading *reading, const struct health_moment *moment)
{
    int64_t latest_us = moment->wall_is_set ? moment->wall_us + health_day_us : INT64_MAX;
    health->newest_us = least(health->newest_us, latest_us);
    if (is_late(health, reading, moment))
        return true;
    if (reading->time_quality == TIME_SENSOR)
        health->newest_us = least(reading->time_us, latest_us);
    return false;
}

// What comes within a minute, as of a stream, counts as one.
static void count_refused(struct health_range *range, bool is_refused, int64_t now_boot_us)
{
    if (now_boot_us - range->begun_boot_us >= range_spacing_us) {
        range->begun_boot_us = now_boot_us;
        range->seen = range->refused = 0;
        range->refusals = (uint16_t)(range->refusals << 1 & ((1 << RANGE_OF) - 1));
    }
    if (range->seen < UINT16_MAX) {
        range->seen++;
        range->refused = (uint16_t)(range->refused + is_refused);
    }
    bool is_most = 2 * range->refused >= range->seen;
    range->refusals = (uint16_t)((range->refusals & ~1) | is_most);
}

static void judge_range(struct health *health, const struct reading *reading, const struct health_moment *moment,
                        struct health_report *report)
{
    bool is_refused = reading->refused_count > 0;
    count_refused(&health->range, is_refused, moment->boot_us);
    int refused = __builtin_popcount(health->range.refusals);
    struct health_news facts = {.condition = HEALTH_RANGE,
                                .since_us = health_ago(moment, 0),
                                .value = refused,
                                .quantity = is_refused ? reading->refused[0] : NULL};
    bool holds = health_is(health, HEALTH_RANGE) ? refused > RANGE_ENDS : refused >= RANGE_BEGINS;
    health_set(health, holds, &facts, report);
}

// A device that says so of itself: its values are none yet that can be judged.
static void note_calibration(struct reading *reading)
{
    const struct value *state = reading_find(reading, "state");
    if (reading->quality == QUALITY_GOOD && state && strcmp(state->text, "calibrating") == 0)
        reading->quality = QUALITY_CALIBRATING;
}

void health_take(struct health *health, const struct settings_sensor *sensor, struct reading *reading,
                 const struct health_moment *moment, struct health_report *ret_report)
{
    ret_report->count = 0;
    note_calibration(reading);
    bool late = order(health, reading, moment);
    if (moment->out_of_service) {
        rest(health, moment, ret_report);
        return;
    }
    judge_silence(health, true, sensor, moment, ret_report);
    bool is_old = health_take_clock(health, sensor, reading, moment, ret_report);
    if (reading->quality != QUALITY_CALIBRATING)
        health_take_values(health, sensor, reading, late, moment, ret_report);
    if (!late) {
        judge_range(health, reading, moment, ret_report);
        health_take_battery(health, sensor, reading, moment, ret_report);
    }
    if (reading->quality != QUALITY_GOOD)
        return;
    if (is_old && health_is(health, HEALTH_FROZEN))
        reading->quality = QUALITY_STALE;
    else if (!late && health_is(health, HEALTH_STUCK))
        reading->quality = QUALITY_STUCK;
}

void health_tick(struct health *health, const struct settings_sensor *sensor, const struct health_moment *moment,
                 struct health_report *ret_report)
{
    ret_report->count = 0;
    if (moment->out_of_service) {
        rest(health, moment, ret_report);
        return;
    }
    end_what_is_off(health, sensor, moment, ret_report);
    judge_silence(health, false, sensor, moment, ret_report);
}

void health_start(struct health *health, const struct settings_sensor *sensor, int64_t now_boot_us, int64_t silent_us)
{
    bool was_stale = sensor->stale_after_us > 0 && silent_us > sensor->stale_after_us;
    *health = (struct health){.heard_boot_us = now_boot_us - (was_stale ? silent_us : 0)};
}
