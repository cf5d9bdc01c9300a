// SPDX-License-Identifier: Apache-2.0
#include "watched.h"

/*
 * Sensors whose clocks stand, run ahead, lose their time or have none.
 */

static void a_clock_that_stands_still_is_frozen(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    for (int hour = 0; hour <= 26; hour++) {
        take_aged(&bay, hour * HOUR);
        assert_string_equal(told(&bay), "");
        pass(&bay, HOUR);
    }
    take_aged(&bay, 27 * HOUR); // the third that is older than a day
    assert_string_equal(told(&bay), "+frozen");
    assert_true(bay.report.list[0].value == 27 * HOUR);
    assert_int_equal(bay.quality, QUALITY_STALE);
    take_aged(&bay, 20 * HOUR); // neither old nor fresh
    assert_string_equal(told(&bay), "");
    assert_int_equal(bay.quality, QUALITY_GOOD);
    take_aged(&bay, 17 * HOUR);
    assert_string_equal(told(&bay), "-frozen");
}

static void stamps_of_1970_are_frozen_though_they_go_on(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    int64_t since_1970_s = start_us / micro;
    for (int i = 0; i < 6; i++) {
        take_aged(&bay, since_1970_s);
        assert_string_equal(told(&bay), "");
        bay.boot_s += 13 * MINUTE; // so that the first, the fourth and the seventh count
    }
    take_aged(&bay, since_1970_s);
    assert_string_equal(told(&bay), "+frozen");
    take_aged(&bay, 1);
    assert_string_equal(told(&bay), "-frozen");
}

static void stamps_far_ahead_are_frozen_and_do_not_stop_the_rest(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    for (int i = 0; i < 3; i++) {
        take_aged(&bay, -400 * DAY);
        bay.boot_s += HOUR;
    }
    assert_string_equal(told(&bay), "+frozen");
    bay.boot_s += DAY;
    for (int i = 0; i < 3; i++) { // put right: these are no late ones
        struct reading reading = reading_before(&bay, 0);
        add_number(&reading, "battery_pct", 3);
        take(&bay, reading);
        bay.boot_s += 10 * MINUTE;
    }
    assert_string_equal(told(&bay), "-frozen +battery_low");
}

static void a_clock_that_runs_ahead_further_and_further_is_frozen(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    for (int i = 0; i < 3; i++) {
        take_aged(&bay, -400 * DAY - i * HOUR);
        bay.boot_s += HOUR;
    }
    assert_string_equal(told(&bay), "+frozen");
}

// Nobody knew then that it was too late a time.
static void a_time_from_before_the_clock_was_set_makes_nothing_late(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.clock_is_unset = true;
    take_aged(&bay, -400 * DAY);
    bay.clock_is_unset = false;
    bay.boot_s += 2 * DAY;
    for (int i = 0; i < 4; i++, bay.boot_s += 10 * MINUTE) {
        struct reading reading = reading_before(&bay, -(i == 0) * 2 * DAY); // the first is still wrong
        add_number(&reading, "battery_pct", i ? 3 : 90);
        take(&bay, reading);
    }
    assert_string_equal(told(&bay), "");
    bay.boot_s += DAY;
    for (int i = 0; i < 3; i++, bay.boot_s += 10 * MINUTE) {
        struct reading reading = reading_before(&bay, 0);
        add_number(&reading, "battery_pct", 3);
        take(&bay, reading);
    }
    assert_string_equal(told(&bay), "+battery_low");
}

static void a_clock_that_lost_its_time_makes_nothing_late(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    take_aged(&bay, 0);
    for (int i = 0; i < 3; i++, bay.boot_s += 10 * MINUTE) {
        struct reading reading = reading_before(&bay, start_us / micro); // some minutes of 1970
        add_number(&reading, "battery_pct", 3);
        take(&bay, reading);
    }
    assert_string_equal(told(&bay), "+battery_low");
}

static void a_backlog_is_not_frozen(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    // Three days of a reading each ten minutes, one a minute.
    for (int64_t age_s = 3 * DAY; age_s > 0; age_s -= 9 * MINUTE) {
        take_aged(&bay, age_s);
        take_aged(&bay, age_s); // twice
        bay.boot_s += MINUTE;
    }
    assert_string_equal(told(&bay), "");
    assert_false(health_is(&bay.health, HEALTH_FROZEN));
}

static void an_old_burst_or_old_ones_between_fresh_ones_are_not_frozen(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    for (int i = 0; i < 100; i++)
        take_aged(&bay, 3 * DAY + i);
    for (int hour = 0; hour < 48; hour++) {
        bay.boot_s += HOUR;
        take_aged(&bay, 3 * DAY + hour);
        take_aged(&bay, 0);
    }
    assert_string_equal(told(&bay), "");
}

static void what_tells_no_time_or_comes_before_the_clock_is_set_is_not_frozen(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    for (int i = 0; i < 10; i++) {
        struct reading reading = reading_before(&bay, 3 * DAY);
        reading.time_quality = TIME_ESTIMATED;
        take(&bay, reading);
        bay.clock_is_unset = true;
        take_aged(&bay, 3 * DAY);
        bay.clock_is_unset = false;
        bay.boot_s += HOUR;
    }
    bay.settings.frozen_after_us = 0;
    for (int i = 0; i < 10; i++) {
        take_aged(&bay, 3 * DAY);
        bay.boot_s += HOUR;
    }
    assert_string_equal(told(&bay), "");
}

static void a_clock_that_is_not_told_any_more_is_not_frozen(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    for (int hour = 0; hour < 3; hour++) {
        take_aged(&bay, 3 * DAY + hour * HOUR);
        pass(&bay, HOUR);
    }
    assert_string_equal(told(&bay), "+frozen");
    for (int i = 0; i < 20; i++) { // now with a time, now without
        take_plain(&bay);
        take_plain(&bay);
        take_aged(&bay, 4 * DAY);
    }
    assert_string_equal(told(&bay), "");
    take_plain(&bay);
    take_plain(&bay);
    assert_string_equal(told(&bay), "");
    take_plain(&bay);
    assert_string_equal(told(&bay), "-frozen");
    assert_int_equal(bay.quality, QUALITY_GOOD);
    take_aged(&bay, 4 * DAY);
    take_plain(&bay);
    assert_string_equal(told(&bay), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_stands_still_is_frozen),
        cmocka_unit_test(stamps_of_1970_are_frozen_though_they_go_on),
        cmocka_unit_test(stamps_far_ahead_are_frozen_and_do_not_stop_the_rest),
        cmocka_unit_test(a_clock_that_runs_ahead_further_and_further_is_frozen),
        cmocka_unit_test(a_time_from_before_the_clock_was_set_makes_nothing_late),
        cmocka_unit_test(a_clock_that_lost_its_time_makes_nothing_late),
        cmocka_unit_test(a_backlog_is_not_frozen),
        cmocka_unit_test(an_old_burst_or_old_ones_between_fresh_ones_are_not_frozen),
        cmocka_unit_test(what_tells_no_time_or_comes_before_the_clock_is_set_is_not_frozen),
        cmocka_unit_test(a_clock_that_is_not_told_any_more_is_not_frozen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
