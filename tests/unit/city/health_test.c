// SPDX-License-Identifier: Apache-2.0
#include "watched.h"

#include <math.h>

_Static_assert(sizeof(struct health) <= 256, "a thousand sensors are watched");

/* Stale. */

static void silence_begins_with_the_tick_and_ends_with_the_next_reading(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    take_plain(&bay);
    pass(&bay, 30 * MINUTE);
    assert_string_equal(told(&bay), "");
    pass(&bay, 1);
    assert_string_equal(told(&bay), "+stale");
    assert_true(bay.report.list[0].since_us == start_us);
    assert_true(bay.report.list[0].value == 1801);
    pass(&bay, DAY);
    assert_string_equal(told(&bay), ""); // once
    take(&bay, reading_before(&bay, 3 * HOUR));
    assert_string_equal(told(&bay), "-stale"); // whatever it says
    assert_true(bay.report.list[0].since_us == start_us + (30 * MINUTE + 1 + DAY) * micro);
    pass(&bay, 30 * MINUTE);
    assert_string_equal(told(&bay), "");
}

static void silence_counts_from_the_start(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.boot_s = 50;
    health_start(&bay.health, &bay.settings, 50 * micro, 29 * MINUTE * micro);
    pass(&bay, 30 * MINUTE);
    assert_string_equal(told(&bay), "");
    pass(&bay, 1);
    assert_string_equal(told(&bay), "+stale");
}

static void what_was_silent_at_the_stop_is_stale_at_once(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    health_start(&bay.health, &bay.settings, 0, 31 * MINUTE * micro);
    pass(&bay, 1);
    assert_string_equal(told(&bay), "+stale");
    assert_true(bay.report.list[0].value == 31 * MINUTE + 1);
}

static void without_stale_after_silence_is_nothing(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 0;
    pass(&bay, 400 * DAY);
    assert_string_equal(told(&bay), "");
    bay.settings.stale_after_us = MINUTE * micro;
    pass(&bay, 1);
    assert_string_equal(told(&bay), "+stale");
    bay.settings.stale_after_us = 0; // another configuration
    pass(&bay, 1);
    assert_string_equal(told(&bay), "-stale");
}

/* Range. */

static void take_range(struct watched *watched, bool is_refused)
{
    struct reading reading = reading_now(watched);
    if (is_refused) {
        reading.refused[reading.refused_count++] = "distance_m";
        reading.quality = QUALITY_RANGE;
    }
    take(watched, reading);
    watched->boot_s += MINUTE;
}

static void half_of_ten_outside_their_range_begin_and_one_ends(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    for (int i = 0; i < 200; i++)
        take_range(&bay, i % 3 == 0); // four of ten at most
    assert_string_equal(told(&bay), "");
    take_range(&bay, true);
    take_range(&bay, true);
    assert_string_equal(told(&bay), "+range");
    assert_string_equal(bay.report.list[0].quantity, "distance_m");
    assert_true(bay.report.list[0].value == 5);
    assert_int_equal(bay.quality, QUALITY_RANGE);
    for (int i = 0; i < 8; i++)
        take_range(&bay, false);
    assert_string_equal(told(&bay), "");
    take_range(&bay, false);
    assert_string_equal(told(&bay), "-range");
    assert_int_equal(bay.quality, QUALITY_GOOD);
}

static void a_stream_is_judged_by_the_minute(void **state)
{
    (void)state;
    struct watched head = watch(KIND_PARKING);
    for (int second = 0; second < HOUR; second++) { // twenty seconds of each minute, and a whole one
        head.boot_s += SECOND - MINUTE;
        take_range(&head, second % 60 >= 40 || second / 60 == 30);
    }
    assert_string_equal(told(&head), "");
    for (int second = 0; second < 6 * MINUTE; second++) { // forty of each
        head.boot_s += SECOND - MINUTE;
        take_range(&head, second % 60 >= 20);
    }
    assert_string_equal(told(&head), "+range");
}

static void one_refused_reading_that_comes_again_and_again_is_one(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    struct reading reading = reading_before(&bay, 60);
    reading.refused[reading.refused_count++] = "distance_m";
    for (int i = 0; i < 50; i++)
        take(&bay, reading);
    for (int i = 0; i < 50; i++, bay.boot_s += MINUTE)
        take(&bay, reading);
    reading.time_us -= 2 * DAY * micro; // and late ones are none
    for (int i = 0; i < 50; i++, reading.time_us += micro, bay.boot_s += MINUTE)
        take(&bay, reading);
    assert_string_equal(told(&bay), "");
    assert_int_equal(bay.health.range.refusals, 1);
}

/* All of them. */

static void out_of_service_ends_all_and_begins_nothing(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.battery_low_pct = 15;
    for (int i = 0; i < 5; i++) {
        struct reading reading = reading_now(&bay);
        add_number(&reading, "battery_pct", 3);
        reading.refused[reading.refused_count++] = "temperature_c";
        take(&bay, reading);
        bay.boot_s += 10 * MINUTE;
    }
    pass(&bay, HOUR);
    assert_string_equal(told(&bay), "+battery_low +range +stale");
    bay.out_of_service = true;
    pass(&bay, 1);
    assert_string_equal(told(&bay), "-stale -range -battery_low");
    for (int i = 0; i < 5; i++, bay.boot_s += 10 * MINUTE)
        take_number(&bay, "battery_pct", 3);
    pass(&bay, 5 * DAY);
    assert_string_equal(told(&bay), "");
    bay.out_of_service = false;
    pass(&bay, 30 * MINUTE);
    assert_string_equal(told(&bay), ""); // it may need some time
    pass(&bay, 1);
    assert_string_equal(told(&bay), "+stale");
}

static void a_sensor_that_calibrates_keeps_its_quality(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    for (int i = 0; i < 3; i++) {
        take_aged(&bay, 5 * DAY);
        bay.boot_s += HOUR;
    }
    struct reading reading = reading_before(&bay, 5 * DAY);
    reading.values[reading.value_count++] = (struct value){.name = "state", .type = VALUE_TEXT, .text = "calibrating"};
    take(&bay, reading);
    assert_int_equal(bay.quality, QUALITY_CALIBRATING);
    reading.values[reading.value_count - 1].text = "free";
    take(&bay, reading);
    assert_int_equal(bay.quality, QUALITY_STALE);
}

static void a_bay_that_is_occupied_for_a_week_is_well(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    bay.settings.stale_after_us = 2 * HOUR * micro;
    for (int hour = 0; hour < 7 * 24; hour++) {
        struct reading reading = hour % 2 ? reading_now(&bay) : reading_before(&bay, 2);
        reading.values[reading.value_count++] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true};
        reading.values[reading.value_count++] = (struct value){.name = "state", .type = VALUE_TEXT, .text = "occupied"};
        add_number(&reading, "distance_m", 0.31);
        add_number(&reading, "temperature_c", 18);
        add_number(&reading, "battery_pct", 88);
        add_number(&reading, "battery_v", 3.61);
        add_number(&reading, "rssi_dbm", -71);
        take(&bay, reading);
        assert_int_equal(bay.quality, QUALITY_GOOD);
        for (int minute = 0; minute < 60; minute++)
            pass(&bay, MINUTE);
    }
    bay.settings.stuck_after_us = DAY * micro; // neither with it: a garage is as warm by night
    assert_string_equal(told(&bay), "");
}

/* Saved and read again. */

static void what_is_saved_goes_on_after_a_restart(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_ENVIRONMENT);
    bay.settings.stale_after_us = 3 * HOUR * micro;
    for (int hour = 0; hour < 20; hour++, bay.boot_s += HOUR)
        take_number(&bay, "temperature_c", 21.3);
    for (int i = 0; i < 3; i++, bay.boot_s += 10 * MINUTE)
        take_number(&bay, "battery_pct", 2);
    assert_string_equal(told(&bay), "+battery_low");
    double numbers[HEALTH_NUMBERS];
    health_save(&bay.health, bay.boot_s * micro, numbers);
    for (size_t i = 0; i < HEALTH_NUMBERS; i++)
        assert_true(isfinite(numbers[i]));
    bay.boot_s = 5;
    health_start(&bay.health, &bay.settings, 5 * micro, 0);
    assert_true(health_restore(&bay.health, 5 * micro, numbers, HEALTH_NUMBERS));
    for (int hour = 0; hour < 4; hour++, bay.boot_s += HOUR)
        take_number(&bay, "temperature_c", 21.3);
    assert_string_equal(told(&bay), "");
    take_number(&bay, "temperature_c", 21.3);
    assert_string_equal(told(&bay), "+stuck");
    double again[HEALTH_NUMBERS];
    health_save(&bay.health, bay.boot_s * micro, numbers);
    struct health health = {0};
    health_start(&health, &bay.settings, bay.boot_s * micro, 0);
    assert_true(health_restore(&health, bay.boot_s * micro, numbers, HEALTH_NUMBERS));
    health_save(&health, bay.boot_s * micro, again);
    assert_memory_equal(numbers, again, sizeof numbers);
}

static void a_stale_sensor_is_stale_after_a_restart_and_another_gets_its_time(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    double quiet[HEALTH_NUMBERS], stale[HEALTH_NUMBERS];
    pass(&bay, 29 * MINUTE);
    health_save(&bay.health, bay.boot_s * micro, quiet);
    pass(&bay, 2 * MINUTE);
    assert_string_equal(told(&bay), "+stale");
    health_save(&bay.health, bay.boot_s * micro, stale);
    bay.boot_s = 0;
    health_start(&bay.health, &bay.settings, 0, 0);
    assert_true(health_restore(&bay.health, 0, stale, HEALTH_NUMBERS));
    pass(&bay, 1);
    assert_string_equal(told(&bay), "");
    take_plain(&bay);
    assert_string_equal(told(&bay), "-stale");
    bay.boot_s = 0;
    health_start(&bay.health, &bay.settings, 0, 0);
    assert_true(health_restore(&bay.health, 0, quiet, HEALTH_NUMBERS));
    pass(&bay, 30 * MINUTE);
    assert_string_equal(told(&bay), "");
    pass(&bay, 1);
    assert_string_equal(told(&bay), "+stale");
}

static void numbers_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    const double wrong[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e300, -1e300, 0.5};
    double numbers[HEALTH_NUMBERS];
    struct health before = bay.health;
    health_save(&bay.health, 0, numbers);
    for (size_t i = 0; i < HEALTH_NUMBERS; i++)
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            double good = numbers[i];
            numbers[i] = wrong[k];
            bool took = health_restore(&bay.health, 0, numbers, HEALTH_NUMBERS);
            assert_true(!took || (wrong[k] == 0.5 && i >= 32)); // a mean may be half
            numbers[i] = good;
        }
    numbers[HEALTH_NUMBERS - 1] = 1; // a day that is not before today
    assert_false(health_restore(&bay.health, 0, numbers, HEALTH_NUMBERS));
    numbers[HEALTH_NUMBERS - 1] = 3; // three days that are the same
    assert_false(health_restore(&bay.health, 0, numbers, HEALTH_NUMBERS));
    assert_false(health_restore(&bay.health, 0, numbers, HEALTH_NUMBERS - 1));
    numbers[HEALTH_NUMBERS - 1] = 0;
    assert_true(health_restore(&bay.health, 0, numbers, HEALTH_NUMBERS));
    assert_memory_equal(&bay.health, &before, sizeof before);
}

static void what_a_damaged_file_leads_to_can_be_read_again(void **state)
{
    (void)state;
    struct watched bay = watch(KIND_PARKING);
    double numbers[HEALTH_NUMBERS];
    health_save(&bay.health, 0, numbers);
    numbers[2] = 0x1p53;                // an old reading of before there were any
    numbers[HEALTH_NUMBERS - 3] = 1;    // one reading of today
    numbers[HEALTH_NUMBERS - 2] = 1e10; // and its sum
    assert_true(health_restore(&bay.health, 0, numbers, HEALTH_NUMBERS));
    bay.boot_s = DAY;
    take_number(&bay, "battery_pct", 50); // the mean is kept
    health_save(&bay.health, bay.boot_s * micro, numbers);
    assert_true(numbers[2] == 0x1p53 && numbers[HEALTH_NUMBERS - 1] == 1);
    assert_true(health_restore(&bay.health, 0, numbers, HEALTH_NUMBERS));
}

static void a_condition_becomes_an_alert(void **state)
{
    (void)state;
    struct alert_condition alert;
    struct health_news news = {.condition = HEALTH_STUCK, .since_us = 7, .value = 90000, .quantity = "humidity_pct"};
    health_alert(&news, &alert);
    assert_string_equal(alert.name, "stuck");
    assert_string_equal(alert.value_name, "unchanged_s");
    assert_string_equal(alert.quantity, "humidity_pct");
    assert_int_equal(alert.level, ALERT_WARNING);
    assert_true(alert.since_us == 7 && alert.value == 90000);
    news = (struct health_news){.condition = HEALTH_BATTERY_LOW, .value = 12, .quantity = "battery_pct"};
    health_alert(&news, &alert);
    assert_string_equal(alert.value_name, "battery_pct");
    assert_string_equal(alert.quantity, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_begins_with_the_tick_and_ends_with_the_next_reading),
        cmocka_unit_test(silence_counts_from_the_start),
        cmocka_unit_test(what_was_silent_at_the_stop_is_stale_at_once),
        cmocka_unit_test(without_stale_after_silence_is_nothing),
        cmocka_unit_test(half_of_ten_outside_their_range_begin_and_one_ends),
        cmocka_unit_test(a_stream_is_judged_by_the_minute),
        cmocka_unit_test(one_refused_reading_that_comes_again_and_again_is_one),
        cmocka_unit_test(out_of_service_ends_all_and_begins_nothing),
        cmocka_unit_test(a_sensor_that_calibrates_keeps_its_quality),
        cmocka_unit_test(a_bay_that_is_occupied_for_a_week_is_well),
        cmocka_unit_test(what_is_saved_goes_on_after_a_restart),
        cmocka_unit_test(a_stale_sensor_is_stale_after_a_restart_and_another_gets_its_time),
        cmocka_unit_test(numbers_that_cannot_be_are_refused),
        cmocka_unit_test(what_a_damaged_file_leads_to_can_be_read_again),
        cmocka_unit_test(a_condition_becomes_an_alert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
