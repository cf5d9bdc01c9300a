// SPDX-License-Identifier: Apache-2.0
// What is saved of a sensor's health as a damaged file would tell it, and then readings at any time.
#include "base/bytes.h"
#include "city/health.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void check(const struct health_report *report)
{
    expect(report->count <= HEALTH_CONDITION_COUNT, "too many");
    for (size_t i = 0; i < report->count; i++) {
        struct alert_condition condition;
        health_alert(&report->list[i], &condition);
        if (report->list[i].begins)
            expect(isfinite(condition.value), condition.name);
        expect(condition.since_us >= 0, "since before 1970");
        for (size_t k = 0; k < i; k++)
            expect(report->list[k].condition != report->list[i].condition, "twice");
    }
}

static double draw_saved(struct view *view)
{
    uint8_t how = view_u8(view);
    if (how < 128)
        return how % 16;
    if (how < 200)
        return ldexp(how & 1 ? 1 : -1, how - 140);
    uint64_t bits = view_u64(view);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"battery_pct", "temperature_c", "humidity_pct", "co2_ppm", "noise_db"};
    static const int64_t steps_us[] = {0, 1000000, 60000000, INT64_C(3600000000), INT64_C(86400000000)};
    struct settings_sensor sensor = {.id = "air",
                                     .kind = KIND_ENVIRONMENT,
                                     .stale_after_us = 60000000,
                                     .stuck_after_us = INT64_C(3600000000),
                                     .frozen_after_us = INT64_C(86400000000),
                                     .battery_low_pct = 20,
                                     .battery_days_us = 30 * INT64_C(86400000000)};
    struct view view = {.data = data, .left = size};
    struct health health;
    struct health_moment moment = {.boot_us = 1000000, .wall_us = INT64_C(1800000000000000), .wall_is_set = true};
    double numbers[HEALTH_NUMBERS], again[HEALTH_NUMBERS];
    for (size_t i = 0; i < HEALTH_NUMBERS; i++)
        numbers[i] = draw_saved(&view);
    health_start(&health, &sensor, moment.boot_us, 0);
    health_restore(&health, moment.boot_us, numbers, HEALTH_NUMBERS);
    while (view.left > 0 && !view.bad) {
        struct health_report report;
        uint8_t how = view_u8(&view), what = view_u8(&view);
        int64_t step_us = steps_us[how % 5] * (1 + how / 32);
        moment.boot_us += step_us;
        moment.wall_us += (how & 0x10) ? step_us : 0;
        struct reading reading = {.kind = KIND_ENVIRONMENT,
                                  .time_us = moment.wall_us - steps_us[what % 5] * (what & 8)};
        reading.time_quality = what & 0x10 ? TIME_SENSOR : TIME_SYNCED;
        reading.values[reading.value_count++] =
            (struct value){.name = names[what % 5], .type = VALUE_NUMBER, .number = view_u8(&view) % 100};
        if (what & 0x20)
            reading.refused[reading.refused_count++] = "co2_ppm";
        moment.out_of_service = (what & 0xc0) == 0xc0;
        if (what & 0x40)
            health_tick(&health, &sensor, &moment, &report);
        else
            health_take(&health, &sensor, &reading, &moment, &report);
        check(&report);
    }
    health_save(&health, moment.boot_us, numbers);
    for (size_t i = 0; i < HEALTH_NUMBERS; i++)
        expect(isfinite(numbers[i]), "not finite");
    expect(health_restore(&health, moment.boot_us, numbers, HEALTH_NUMBERS), "not taken back");
    health_save(&health, moment.boot_us, again);
    for (size_t i = 1; i < HEALTH_NUMBERS; i++) // but the silence, which begins with the start
        expect(numbers[i] == again[i], "not the same");
    return 0;
}
