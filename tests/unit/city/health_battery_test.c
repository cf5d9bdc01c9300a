// SPDX-License-Identifier: Apache-2.0
#include "watched.h"

static struct watched watch_puck(void)
{
    struct watched puck = watch(KIND_PARKING);
    puck.settings.stale_after_us = 0;
    return puck;
}

static const char *after(struct watched *puck, const char *name, double level)
{
    take_number(puck, name, level);
    puck->boot_s += HOUR;
    return told(puck);
}

static void three_in_a_row_begin_and_three_that_are_well_above_end(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int i = 0; i < 50; i++) // it dips when it sends
        assert_string_equal(after(&puck, "battery_pct", i % 3 ? 14.9 : 15), "");
    assert_string_equal(after(&puck, "battery_pct", 14.9), "");
    assert_string_equal(after(&puck, "battery_pct", 14.9), "+battery_low");
    assert_true(puck.report.list[0].value == 14.9);
    assert_string_equal(puck.report.list[0].quantity, "battery_pct");
    for (int i = 0; i < 50; i++)
        assert_string_equal(after(&puck, "battery_pct", i % 3 ? 25 : 24.9), "");
    assert_string_equal(after(&puck, "battery_pct", 25), "");
    assert_string_equal(after(&puck, "battery_pct", 25), "-battery_low");
    assert_string_equal(after(&puck, "battery_pct", 14), "");
}

static void a_dip_is_not_low(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int second = 0; second < DAY; second++) {
        take_number(&puck, "battery_pct", second % 1000 < 500 ? 10 : 60);
        puck.boot_s += SECOND;
    }
    assert_string_equal(told(&puck), "");
}

static void volts_are_judged_where_a_limit_of_volts_is_given(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int i = 0; i < 10; i++)
        assert_string_equal(after(&puck, "battery_v", 2), "");
    puck.settings.battery_low_v = 3.3;
    for (int i = 0; i < 10; i++)
        assert_string_equal(after(&puck, "battery_pct", 2), "");
    after(&puck, "battery_v", 3.29);
    after(&puck, "battery_pct", 80); // in between
    after(&puck, "battery_v", 3.29);
    assert_string_equal(after(&puck, "battery_v", 3.29), "+battery_low");
    after(&puck, "battery_v", 3.41);
    after(&puck, "battery_v", 3.41);
    assert_string_equal(after(&puck, "battery_v", 3.41), "-battery_low");
}

static void late_and_repeated_levels_count_for_nothing(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    puck.settings.frozen_after_us = 0;
    struct reading low = reading_before(&puck, HOUR);
    add_number(&low, "battery_pct", 5);
    for (int i = 0; i < 10; i++, puck.boot_s += 10 * MINUTE)
        take(&puck, low);
    struct reading fresh = reading_before(&puck, 0);
    add_number(&fresh, "battery_pct", 90); // a new battery
    take(&puck, fresh);
    for (int i = 0; i < 10; i++, low.time_us += micro, puck.boot_s += 10 * MINUTE)
        take(&puck, low);
    low.time_us -= 30 * DAY * micro;
    for (int i = 0; i < 10; i++, low.time_us += micro, puck.boot_s += 10 * MINUTE)
        take(&puck, low);
    assert_string_equal(told(&puck), "");
}

static void zero_is_never(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    puck.settings.battery_low_pct = 0;
    puck.settings.battery_days_us = 0;
    for (int i = 0; i < 24 * 20; i++)
        assert_string_equal(after(&puck, "battery_pct", 0), "");
}

// One day, with noise of half a point, as many sensors have it.
static const char *day_of(struct watched *puck, const char *name, double level, double noise)
{
    for (int hour = 0; hour < 24; hour++) {
        take_number(puck, name, level + (hour % 2 ? noise : -noise));
        puck->boot_s += HOUR;
    }
    return told(puck);
}

static void a_fall_tells_weeks_before(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    double level = 60.5;
    for (int day = 0; day < 17; day++, level -= 1) // at last 44.5 %: one a day, and there are 29.5 above the limit
        assert_string_equal(day_of(&puck, "battery_pct", level, 0.5), "");
    assert_string_equal(day_of(&puck, "battery_pct", level, 0.5), "+battery_falling");
    level -= 1;
    for (int day = 0; day < 20; day++, level -= 1)
        assert_string_equal(day_of(&puck, "battery_pct", level, 0.5), "");
    assert_string_equal(day_of(&puck, "battery_pct", 100, 0.5), ""); // changed
    assert_string_equal(day_of(&puck, "battery_pct", 100, 0.5), "-battery_falling");
}

static void a_fall_that_slows_down_ends_once_it_is_far_enough(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    double level = 60.5;
    for (int day = 0; day < 18; day++, level -= 1)
        day_of(&puck, "battery_pct", level, 0);
    assert_true(health_is(&puck.health, HEALTH_BATTERY_FALLING));
    for (int day = 0; day < 3; day++) // by now it would last for 37 days
        assert_string_equal(day_of(&puck, "battery_pct", level, 0), "");
    day_of(&puck, "battery_pct", level, 0);
    assert_string_equal(day_of(&puck, "battery_pct", level, 0), "-battery_falling");
    assert_true(puck.report.count == 0 && level > 42);
}

static void a_few_weeks_prove_nothing(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int week = 0; week < 5; week++, puck.boot_s += 7 * DAY)
        assert_string_equal(after(&puck, "battery_pct", 90 - 15 * week), "");
    assert_string_equal(after(&puck, "battery_pct", 20), "+battery_falling");
}

static void another_battery_is_judged_by_its_own_days(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int i = 0; i < 5; i++, puck.boot_s += DAY) // each second day
        assert_string_equal(day_of(&puck, "battery_pct", 40, 0), "");
    for (int i = 0; i < 5; i++, puck.boot_s += DAY)
        assert_string_equal(day_of(&puck, "battery_pct", 100 - 10 * i, 0), "");
    assert_string_equal(day_of(&puck, "battery_pct", 50, 0), "+battery_falling");
}

// Whose section is given battery_low_v between two days, or at noon.
static void volts_are_no_fall_from_percent(void **state)
{
    (void)state;
    for (int hour = 0; hour < 24; hour += 12) {
        struct watched puck = watch_puck();
        for (int day = 0; day < 10; day++)
            assert_string_equal(day_of(&puck, "battery_pct", 80, 0.5), "");
        for (int i = 0; i < hour; i++)
            assert_string_equal(after(&puck, "battery_pct", 80), "");
        puck.settings.battery_low_v = 3.3;
        for (int day = 0; day < 10; day++)
            assert_string_equal(day_of(&puck, "battery_v", 3.6, 0.01), "");
    }
}

static void what_is_low_is_not_told_to_fall_too(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int day = 0; day < 9; day++)
        day_of(&puck, "battery_pct", 60 - 5 * day, 0);
    assert_true(health_is(&puck.health, HEALTH_BATTERY_FALLING));
    assert_string_equal(day_of(&puck, "battery_pct", 14, 0), "+battery_low -battery_falling");
    assert_string_equal(day_of(&puck, "battery_pct", 13, 0), "");
    assert_string_equal(day_of(&puck, "battery_pct", 12, 0), "");
}

static void a_battery_that_holds_or_only_wavers_does_not_fall(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int day = 0; day < 100; day++) // of a whole point each, seven days apart
        assert_string_equal(day_of(&puck, "battery_pct", 17 + day / 7 % 2, 0.5), "");
    puck = watch_puck();
    for (int day = 0; day < 100; day++) // solar: down for three days, up for three
        assert_string_equal(day_of(&puck, "battery_pct", 60 + 5 * (day / 3 % 2 ? day % 3 : 2 - day % 3), 3), "");
    puck = watch_puck();
    puck.settings.battery_low_v = 3.2;
    for (int day = 0; day < 100; day++) // a cold spell
        assert_string_equal(day_of(&puck, "battery_v", day % 30 < 15 ? 3.60 : 3.56, 0.02), "");
}

static void it_takes_a_week_and_a_clock(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int day = 0; day < 7; day++)
        assert_string_equal(day_of(&puck, "battery_pct", 60 - 5 * day, 0), "");
    day_of(&puck, "battery_pct", 25, 0);
    assert_string_equal(day_of(&puck, "battery_pct", 20, 0), "+battery_falling");
    assert_true(puck.health.battery.count == HEALTH_DAYS);
    puck = watch_puck();
    puck.clock_is_unset = true;
    for (int day = 0; day < 9; day++)
        assert_string_equal(day_of(&puck, "battery_pct", 60 - 5 * day, 0), "");
    assert_int_equal(puck.health.battery.count, 0);
}

static void a_sensor_that_reports_once_a_week_is_foreseen_too(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    const char *said = "";
    double level = 50;
    for (int week = 0; week < 20 && !*said; week++, level -= 2) {
        take_number(&puck, "battery_pct", level);
        puck.boot_s += 7 * DAY;
        said = told(&puck);
    }
    assert_string_equal(said, "+battery_falling");
    assert_true(puck.report.list[0].value < 30);
}

static void a_clock_that_is_set_back_begins_anew(void **state)
{
    (void)state;
    struct watched puck = watch_puck();
    for (int day = 0; day < 6; day++)
        day_of(&puck, "battery_pct", 90 - 5 * day, 0);
    puck.boot_s -= 5 * DAY; // of the wall clock; the other does not matter here
    for (int day = 0; day < 3; day++)
        assert_string_equal(day_of(&puck, "battery_pct", 50 - 5 * day, 0), "");
    assert_int_equal(puck.health.battery.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_in_a_row_begin_and_three_that_are_well_above_end),
        cmocka_unit_test(a_dip_is_not_low),
        cmocka_unit_test(volts_are_judged_where_a_limit_of_volts_is_given),
        cmocka_unit_test(late_and_repeated_levels_count_for_nothing),
        cmocka_unit_test(zero_is_never),
        cmocka_unit_test(a_fall_tells_weeks_before),
        cmocka_unit_test(a_fall_that_slows_down_ends_once_it_is_far_enough),
        cmocka_unit_test(a_few_weeks_prove_nothing),
        cmocka_unit_test(another_battery_is_judged_by_its_own_days),
        cmocka_unit_test(volts_are_no_fall_from_percent),
        cmocka_unit_test(what_is_low_is_not_told_to_fall_too),
        cmocka_unit_test(a_battery_that_holds_or_only_wavers_does_not_fall),
        cmocka_unit_test(it_takes_a_week_and_a_clock),
        cmocka_unit_test(a_sensor_that_reports_once_a_week_is_foreseen_too),
        cmocka_unit_test(a_clock_that_is_set_back_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
