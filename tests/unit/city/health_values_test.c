// SPDX-License-Identifier: Apache-2.0
#include "watched.h"

static struct watched watch_air(void)
{
    struct watched air = watch(KIND_ENVIRONMENT);
    air.settings.stale_after_us = 0;
    return air;
}

// A reading each ten minutes.
static void repeat(struct watched *watched, const char *name, double number, int64_t seconds)
{
    for (; seconds > 0; seconds -= 10 * MINUTE) {
        take_number(watched, name, number);
        watched->boot_s += 10 * MINUTE;
    }
}

static void what_varies_and_stays_the_same_for_a_day_is_stuck(void **state)
{
    (void)state;
    struct watched air = watch_air();
    repeat(&air, "humidity_pct", 43.1, HOUR);
    repeat(&air, "humidity_pct", 43.2, DAY);
    assert_string_equal(told(&air), "");
    assert_int_equal(air.quality, QUALITY_GOOD);
    take_number(&air, "humidity_pct", 43.2);
    assert_string_equal(told(&air), "+stuck");
    assert_string_equal(air.report.list[0].quantity, "humidity_pct");
    assert_true(air.report.list[0].value == DAY);
    assert_true(air.report.list[0].since_us == start_us + HOUR * micro);
    assert_int_equal(air.quality, QUALITY_STUCK);
    repeat(&air, "humidity_pct", 43.2, DAY);
    assert_string_equal(told(&air), "");
}

static void what_is_stuck_is_well_when_it_has_changed_twice(void **state)
{
    (void)state;
    struct watched air = watch_air();
    repeat(&air, "temperature_c", 7.5, DAY + HOUR);
    assert_string_equal(told(&air), "+stuck");
    take_number(&air, "temperature_c", 0.5); // a jolt
    repeat(&air, "temperature_c", 0.5, HOUR);
    assert_string_equal(told(&air), "");
    assert_int_equal(air.quality, QUALITY_STUCK);
    take_number(&air, "temperature_c", 7.4);
    assert_string_equal(told(&air), "-stuck");
    assert_int_equal(air.quality, QUALITY_GOOD);
    repeat(&air, "temperature_c", 7.4, DAY);
    assert_string_equal(told(&air), "");
}

static void one_of_several_is_enough_and_all_must_be_well_again(void **state)
{
    (void)state;
    struct watched air = watch_air();
    double temperature = 20;
    for (int i = 0; i < 200; i++, air.boot_s += 10 * MINUTE) {
        struct reading reading = reading_now(&air);
        add_number(&reading, "temperature_c", temperature += 0.1);
        add_number(&reading, "humidity_pct", 51.5);
        add_number(&reading, "pressure_hpa", 1013.2);
        take(&air, reading);
    }
    assert_string_equal(told(&air), "+stuck");
    take_number(&air, "humidity_pct", 51);
    take_number(&air, "humidity_pct", 52);
    assert_string_equal(told(&air), "");
    take_number(&air, "pressure_hpa", 1013);
    take_number(&air, "pressure_hpa", 1012);
    assert_string_equal(told(&air), "-stuck");
}

static void rest_is_not_stuck(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double number;
    } rests[] = {{"illuminance_lux", 0}, {"solar_wm2", 0}, {"humidity_pct", 99.9}, {"humidity_pct", 0},
                 {"wind_speed_mps", 0},  {"pm25_ugm3", 0}, {"co2_ppm", 400}};
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        struct watched air = watch_air();
        repeat(&air, rests[i].name, rests[i].number, 10 * DAY);
        assert_string_equal(told(&air), "");
        assert_int_equal(air.quality, QUALITY_GOOD);
    }
}

static void what_may_stay_as_it_is_is_not_stuck(void **state)
{
    (void)state;
    static const char *const names[] = {"battery_v", "battery_pct",       "rssi_dbm", "distance_m",
                                        "latitude",  "confidence",        "rain_mmh", "soil_water_v",
                                        "uv_index",  "wind_direction_deg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct watched air = watch_air();
        air.settings.battery_low_pct = 0;
        repeat(&air, names[i], 1.5, 10 * DAY);
        assert_string_equal(told(&air), "");
    }
    struct watched air = watch_air();
    for (int hour = 0; hour < 240; hour++, air.boot_s += HOUR) {
        struct reading reading = reading_now(&air);
        reading.values[reading.value_count++] = (struct value){.name = "people", .type = VALUE_INTEGER, .number = 3};
        reading.values[reading.value_count++] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true};
        reading.values[reading.value_count++] = (struct value){.name = "los", .type = VALUE_TEXT, .text = "A"};
        take(&air, reading);
    }
    assert_string_equal(told(&air), "");
}

static void a_whole_number_needs_three_times_as_long(void **state)
{
    (void)state;
    struct watched air = watch_air();
    repeat(&air, "temperature_c", 18, 3 * DAY);
    assert_string_equal(told(&air), "");
    take_number(&air, "temperature_c", 18);
    assert_string_equal(told(&air), "+stuck");
}

static void a_few_readings_prove_nothing(void **state)
{
    (void)state;
    struct watched air = watch_air();
    for (int day = 0; day < 6; day++, air.boot_s += DAY) // each day at the same hour
        take_number(&air, "temperature_c", 18.5);
    assert_string_equal(told(&air), "");
    take_number(&air, "temperature_c", 18.5);
    assert_string_equal(told(&air), "+stuck");
}

static void what_calibrates_is_not_stuck(void **state)
{
    (void)state;
    struct watched air = watch_air();
    for (int hour = 0; hour < 100; hour++, air.boot_s += HOUR) {
        struct reading reading = reading_now(&air);
        reading.quality = QUALITY_CALIBRATING;
        add_number(&reading, "temperature_c", 21.5);
        take(&air, reading);
    }
    assert_string_equal(told(&air), "");
}

static void the_first_value_was_none_before(void **state)
{
    (void)state;
    struct watched air = watch_air();
    air.boot_s = 30 * DAY;
    repeat(&air, "temperature_c", 0, 2 * HOUR);
    repeat(&air, "noise_db", 0.5, 2 * HOUR);
    assert_string_equal(told(&air), "");
}

static void a_clock_that_is_set_makes_nothing_stuck(void **state)
{
    (void)state;
    struct watched air = watch_air();
    for (int i = 0; i < 20; i++, air.boot_s += MINUTE) {
        struct reading reading = reading_now(&air);
        reading.time_us += (i >= 10) * 400 * DAY * micro;
        reading.time_quality = i % 2 ? TIME_SENSOR : TIME_ESTIMATED;
        add_number(&reading, "temperature_c", 18.5);
        take(&air, reading);
    }
    assert_string_equal(told(&air), "");
}

static void late_and_repeated_readings_end_nothing(void **state)
{
    (void)state;
    struct watched air = watch_air();
    for (int i = 0; i < 146; i++, air.boot_s += 10 * MINUTE) {
        struct reading reading = reading_before(&air, 0);
        add_number(&reading, "temperature_c", 18.5);
        take(&air, reading);
        take(&air, reading);
    }
    assert_string_equal(told(&air), "+stuck");
    for (int i = 0; i < 5; i++) {
        struct reading late = reading_before(&air, 26 * HOUR + i);
        add_number(&late, "temperature_c", 17 + i);
        take(&air, late);
        assert_int_equal(air.quality, QUALITY_GOOD); // as it was then
    }
    assert_string_equal(told(&air), "");
}

static void a_late_reading_may_show_that_it_does_vary(void **state)
{
    (void)state;
    struct watched air = watch_air();
    for (int i = 0; i < 300; i++, air.boot_s += 10 * MINUTE) {
        struct reading reading = reading_before(&air, 0);
        add_number(&reading, "temperature_c", 18.5);
        take(&air, reading);
        reading.time_us -= 5 * MINUTE * micro;
        reading.values[0].number = 18.6;
        take(&air, reading);
    }
    assert_string_equal(told(&air), "");
}

static void more_than_four_quantities_are_not_watched(void **state)
{
    (void)state;
    struct watched air = watch_air();
    static const char *const names[] = {"temperature_c", "humidity_pct", "pressure_hpa", "noise_db", "pm10_ugm3"};
    double number = 1.5;
    for (int i = 0; i < 300; i++, air.boot_s += 10 * MINUTE) {
        struct reading reading = reading_now(&air);
        number += 0.1;
        for (size_t n = 0; n < 5; n++)
            add_number(&reading, names[n], n == 4 ? 3.5 : number);
        take(&air, reading);
    }
    assert_string_equal(told(&air), "");
}

static void never_is_never(void **state)
{
    (void)state;
    struct watched air = watch_air();
    repeat(&air, "temperature_c", 18.5, 2 * DAY);
    assert_string_equal(told(&air), "+stuck");
    air.settings.stuck_after_us = 0;
    pass(&air, 1);
    assert_string_equal(told(&air), "-stuck");
    repeat(&air, "temperature_c", 18.5, 9 * DAY);
    assert_string_equal(told(&air), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_varies_and_stays_the_same_for_a_day_is_stuck),
        cmocka_unit_test(what_is_stuck_is_well_when_it_has_changed_twice),
        cmocka_unit_test(one_of_several_is_enough_and_all_must_be_well_again),
        cmocka_unit_test(rest_is_not_stuck),
        cmocka_unit_test(what_may_stay_as_it_is_is_not_stuck),
        cmocka_unit_test(a_whole_number_needs_three_times_as_long),
        cmocka_unit_test(a_few_readings_prove_nothing),
        cmocka_unit_test(what_calibrates_is_not_stuck),
        cmocka_unit_test(the_first_value_was_none_before),
        cmocka_unit_test(a_clock_that_is_set_makes_nothing_stuck),
        cmocka_unit_test(late_and_repeated_readings_end_nothing),
        cmocka_unit_test(a_late_reading_may_show_that_it_does_vary),
        cmocka_unit_test(more_than_four_quantities_are_not_watched),
        cmocka_unit_test(never_is_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
