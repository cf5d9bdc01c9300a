// SPDX-License-Identifier: Apache-2.0
#include "health_parts.h"

#include <math.h>
#include <string.h>

enum { IN_ROW = 3, DAYS_LEAST = 5, SPAN_LEAST = 7 };

static const int64_t level_spacing_us = 10 * 60 * INT64_C(1000000); // longer than a dip

// How the battery is judged: by volts where a limit of volts is given, else by percent.
struct gauge {
    const char *quantity;
    double limit;   // below it the battery is low; 0: not told
    double above;   // from here on it is fine again
    double noise;   // a fall over some days that says nothing yet
    double another; // a step from one day to the next that tells of another battery, or of another gauge
};

static struct gauge gauge_of(const struct settings_sensor *sensor)
{
    double volts = sensor->battery_low_v, percent = sensor->battery_low_pct;
    if (volts > 0)
        return (struct gauge){"battery_v", volts, 1.03 * volts, 0.02 * volts, 0.1 * volts};
    return (struct gauge){"battery_pct", percent, fmin(percent + 10, 100), 3, 20};
}

static void judge_level(struct health *health, const struct gauge *gauge, double level,
                        const struct health_moment *moment, struct health_report *report)
{
    struct health_battery *battery = &health->battery;
    if (battery->judged_boot_us && moment->boot_us - battery->judged_boot_us < level_spacing_us)
        return;
    battery->judged_boot_us = moment->boot_us;
    bool is_low = level < gauge->limit, is_fine = level >= gauge->above;
    battery->low_in_row = (uint8_t)(is_low ? battery->low_in_row + (battery->low_in_row < IN_ROW) : 0);
    battery->fine_in_row = (uint8_t)(is_fine ? battery->fine_in_row + (battery->fine_in_row < IN_ROW) : 0);
    struct health_news facts = {.condition = HEALTH_BATTERY_LOW,
                                .since_us = health_ago(moment, 0),
                                .value = level,
                                .quantity = gauge->quantity};
    bool was_low = health_is(health, HEALTH_BATTERY_LOW);
    bool holds = was_low ? battery->fine_in_row < IN_ROW : battery->low_in_row >= IN_ROW;
    health_set(health, holds, &facts, report);
    facts.condition = HEALTH_BATTERY_FALLING;
    if (health_is(health, HEALTH_BATTERY_LOW)) // which says more
        health_set(health, false, &facts, report);
}

static void keep_day(struct health_battery *battery, const struct gauge *gauge)
{
    float mean = battery->sum / battery->readings;
    if (battery->count > 0 && fabs((double)(mean - battery->means[battery->count - 1])) > gauge->another)
        battery->count = 0;
    if (battery->count == HEALTH_DAYS) {
        memmove(battery->means, battery->means + 1, sizeof battery->means - sizeof *battery->means);
        memmove(battery->days, battery->days + 1, sizeof battery->days - sizeof *battery->days);
        battery->count--;
    }
    battery->means[battery->count] = mean;
    battery->days[battery->count++] = battery->day;
}

// The slope of the least squares' line, per day.
static double slope_of(const struct health_battery *battery)
{
    double x = 0, y = 0, xx = 0, xy = 0, n = battery->count;
    for (size_t i = 0; i < battery->count; i++) {
        double day = battery->days[i] - battery->days[0], mean = (double)battery->means[i];
        x += day;
        y += mean;
        xx += day * day;
        xy += day * mean;
    }
    return (n * xy - x * y) / (n * xx - x * x); // the days differ
}

// Days until the limit is reached; INFINITY when it does not fall, or that is not known.
static double days_left(const struct health_battery *battery, const struct gauge *gauge)
{
    if (battery->count < DAYS_LEAST || battery->days[battery->count - 1] - battery->days[0] < SPAN_LEAST)
        return (double)INFINITY;
    double slope = slope_of(battery), span = battery->days[battery->count - 1] - battery->days[0];
    if (-slope * span < gauge->noise)
        return (double)INFINITY;
    return fmax(0, ((double)battery->means[battery->count - 1] - gauge->limit) / -slope);
}

static void judge_slope(struct health *health, const struct settings_sensor *sensor, const struct gauge *gauge,
                        const struct health_moment *moment, struct health_report *report)
{
    bool was_falling = health_is(health, HEALTH_BATTERY_FALLING);
    double left = days_left(&health->battery, gauge);
    double limit = (double)sensor->battery_days_us / (double)health_day_us;
    struct health_news facts = {.condition = HEALTH_BATTERY_FALLING,
                                .since_us = health_ago(moment, 0),
                                .value = left,
                                .quantity = gauge->quantity};
    bool holds = was_falling ? left < 1.5 * limit : left < limit;
    health_set(health, holds && !health_is(health, HEALTH_BATTERY_LOW), &facts, report);
}

// Judges once a day, when the day before is whole. A wall clock that was set back by days begins anew.
static void take_day(struct health *health, const struct settings_sensor *sensor, const struct gauge *gauge,
                     double level, const struct health_moment *moment, struct health_report *report)
{
    struct health_battery *battery = &health->battery;
    int64_t day = moment->wall_us / health_day_us;
    if (!moment->wall_is_set || day < 0 || day > UINT16_MAX)
        return;
    if (day < battery->day)
        battery->readings = battery->count = 0;
    if (day > battery->day && battery->readings > 0) {
        keep_day(battery, gauge);
        judge_slope(health, sensor, gauge, moment, report);
        battery->readings = 0;
    }
    if (battery->readings == 0)
        battery->sum = 0;
    battery->day = (uint16_t)day;
    if (battery->readings == UINT16_MAX)
        return;
    battery->sum += (float)level;
    battery->readings++;
}

void health_take_battery(struct health *health, const struct settings_sensor *sensor, const struct reading *reading,
                         const struct health_moment *moment, struct health_report *report)
{
    struct gauge gauge = gauge_of(sensor);
    const struct value *level = reading_find(reading, gauge.quantity);
    if (!level || level->type != VALUE_NUMBER || !isfinite(level->number))
        return;
    judge_level(health, &gauge, level->number, moment, report);
    take_day(health, sensor, &gauge, level->number, moment, report);
}
