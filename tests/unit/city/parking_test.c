// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/parking.h"
#include <stdio.h>
#include <string.h>

static const struct settings_sensor head = {
    .kind = KIND_PARKING, .occupied_below_m = 0.6, .free_above_m = 0.8, .hold_us = 2000000};
static const struct settings_sensor slow = {.kind = KIND_PARKING, .hold_us = 2000000}, plain = {.kind = KIND_PARKING};
static struct parking parking;
static enum time_quality quality;

static int begin(void **state)
{
    (void)state;
    parking = (struct parking){0};
    quality = TIME_SENSOR;
    return 0;
}

static struct reading at(double seconds)
{
    return (struct reading){
        .kind = KIND_PARKING, .time_quality = quality, .time_us = 1800000000000000 + (int64_t)(seconds * 1e6)};
}

static void add(struct reading *reading, struct value value)
{
    reading->values[reading->value_count++] = value;
}

// What a reading says afterwards: the state, occupied as + or -, and how long the state before had lasted.
static const char *told(const struct settings_sensor *sensor, struct reading reading)
{
    static char said[60];
    parking_take(&parking, sensor, &reading);
    strcpy(said, "");
    for (size_t i = 0; i < reading.value_count; i++) {
        const struct value *value = &reading.values[i];
        if (strcmp(value->name, "state") == 0)
            strcat(said, value->text);
        else if (strcmp(value->name, "occupied") == 0)
            strcat(said, value->boolean ? "+" : "-");
        else if (strcmp(value->name, "duration_s") == 0)
            snprintf(said + strlen(said), 20, " %g", value->number);
    }
    return said;
}

static const char *seen(double distance_m, const char *range, double seconds)
{
    struct reading reading = at(seconds);
    if (distance_m >= 0)
        add(&reading, (struct value){.name = "distance_m", .type = VALUE_NUMBER, .number = distance_m});
    if (range)
        add(&reading, (struct value){.name = "range", .type = VALUE_TEXT, .text = range});
    return told(&head, reading);
}

static const char *heard(const struct settings_sensor *sensor, bool occupied, double seconds)
{
    struct reading reading = at(seconds);
    add(&reading, (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = occupied});
    return told(sensor, reading);
}

static void what_is_said_first_counts_at_once(void **state)
{
    (void)state;
    assert_string_equal(heard(&slow, true, 0), "+occupied");
    begin(NULL);
    assert_string_equal(seen(1.5, NULL, 0), "free-");
    begin(NULL);
    assert_string_equal(seen(0.7, NULL, 0), "unknown");
}

static void a_state_counts_once_it_has_lasted_and_began_when_it_was_seen(void **state)
{
    (void)state;
    heard(&slow, false, 0);
    assert_string_equal(heard(&slow, true, 10), "+free");
    assert_string_equal(heard(&slow, true, 11.9), "+free");
    assert_string_equal(heard(&slow, true, 12), "+occupied 10");
    assert_string_equal(heard(&slow, false, 20), "-occupied");
    assert_string_equal(heard(&slow, true, 21), "+occupied"); // nobody left
    assert_string_equal(heard(&slow, false, 30), "-occupied");
    assert_string_equal(heard(&slow, false, 32), "-free 20"); // since 10
}

static void without_a_hold_it_counts_at_once(void **state)
{
    (void)state;
    heard(&plain, false, 0);
    assert_string_equal(heard(&plain, true, 7), "+occupied 7");
    assert_string_equal(heard(&plain, true, 8), "+occupied");
    assert_string_equal(heard(&plain, false, 9.5), "-free 2.5");
}

static void between_the_limits_of_a_head_it_stays_what_it_was(void **state)
{
    (void)state;
    seen(0.3, NULL, 0);
    assert_string_equal(seen(0.7, NULL, 10), "occupied+");
    assert_string_equal(seen(0.8, NULL, 20), "occupied+");
    assert_string_equal(seen(0.81, NULL, 30), "occupied+");
    assert_string_equal(seen(0.81, NULL, 32), "free- 30");
    assert_string_equal(seen(0.6, NULL, 40), "free-");
    assert_string_equal(seen(0.59, NULL, 50), "free-");
    assert_string_equal(seen(0.7, NULL, 51), "free-");
    assert_string_equal(seen(0.59, NULL, 52.5), "free-"); // it began anew
    assert_string_equal(seen(0.59, NULL, 54.5), "occupied+ 22.5");
}

static void a_head_without_a_distance_does_not_know(void **state)
{
    (void)state;
    seen(0.3, NULL, 0);
    assert_string_equal(seen(-1, "above", 10), "occupied+");
    assert_string_equal(seen(-1, "above", 12), "unknown 10");
    assert_string_equal(seen(1.5, NULL, 20), "unknown");
    assert_string_equal(seen(1.5, NULL, 22), "free- 10");
    assert_string_equal(seen(-1, "unreliable", 30), "");
    assert_string_equal(seen(-1, NULL, 31), "");
}

static void a_sensor_that_calibrates_is_neither_free_nor_occupied(void **state)
{
    (void)state;
    heard(&plain, false, 0);
    struct reading reading = at(5);
    reading.quality = QUALITY_CALIBRATING;
    add(&reading, (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = false});
    assert_string_equal(told(&plain, reading), "-calibrating 5");
    assert_string_equal(heard(&plain, true, 9), "+occupied 4");
    reading = at(20);
    add(&reading, (struct value){.name = "state", .type = VALUE_TEXT, .text = "unknown"});
    assert_string_equal(told(&plain, reading), "unknown 11");
}

static void what_comes_late_twice_or_in_disorder_moves_nothing(void **state)
{
    (void)state;
    heard(&plain, false, 0);
    heard(&plain, true, 10);
    assert_string_equal(heard(&plain, false, 5), "-");
    assert_string_equal(heard(&plain, false, 9), "-");
    assert_string_equal(heard(&plain, true, 10), "+occupied"); // once more
    assert_string_equal(heard(&plain, false, 12), "-free 2");
    struct reading late = at(11);
    add(&late, (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true});
    assert_int_equal(parking_take(&parking, &plain, &late), PARKING_LATE);
    assert_int_equal(late.value_count, 1);
}

static void a_clock_that_was_lost_is_not_late_for_ever(void **state)
{
    (void)state;
    heard(&plain, false, 0);
    assert_string_equal(heard(&plain, true, -2 * 86400.0), "+occupied"); // how long it was free nobody knows
    assert_string_equal(heard(&plain, false, -2 * 86400.0 + 4), "-free 4");
}

static void times_of_reception_are_never_late(void **state)
{
    (void)state;
    quality = TIME_SYNCED;
    heard(&slow, false, 0);
    assert_string_equal(heard(&slow, true, -3600), "+free"); // the clock was set back
    assert_string_equal(heard(&slow, true, -3597), "+occupied");
    assert_string_equal(heard(&plain, false, -3590), "-free 10");
    heard(&plain, true, 200);
    heard(&plain, true, 100); // again, and nobody knows by how much
    assert_string_equal(heard(&plain, false, 300), "-free");
    heard(&slow, true, 400);
    assert_string_equal(heard(&slow, true, 350), "+free");
    assert_string_equal(heard(&slow, true, 352), "+occupied");
    heard(&plain, false, 360);
    quality = TIME_ESTIMATED;
    assert_string_equal(heard(&plain, true, 86400), "+occupied"); // by a clock that nobody had set
    quality = TIME_SYNCED;
    assert_string_equal(heard(&plain, false, 90000), "-free");
}

static void what_says_nothing_of_the_bay_changes_nothing(void **state)
{
    (void)state;
    struct reading reading = at(0);
    add(&reading, (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = 3.6});
    add(&reading, (struct value){.name = "distance_m", .type = VALUE_NUMBER, .number = 0.2}); // and it is no head
    assert_int_equal(parking_take(&parking, &plain, &reading), PARKING_SAID_NOTHING);
    assert_int_equal(reading.value_count, 2);
    assert_false(parking.begun);
}

static void a_device_that_says_how_long_is_believed(void **state)
{
    (void)state;
    heard(&plain, false, 0);
    struct reading reading = at(600);
    add(&reading, (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true});
    add(&reading, (struct value){.name = "duration_s", .type = VALUE_NUMBER, .number = 540});
    assert_string_equal(told(&plain, reading), "+ 540occupied");
}

static struct reading stored(const char *state, double seconds)
{
    struct reading reading = at(seconds);
    add(&reading, (struct value){.name = "state", .type = VALUE_TEXT, .text = state});
    return reading;
}

static void it_goes_on_from_stored_readings_in_any_order(void **state)
{
    (void)state;
    const struct reading rows[] = {stored("free", 0), stored("occupied", 10), stored("occupied", 15), stored("free", 5),
                                   stored("occupied", 20)};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        parking_recall(&parking, &plain, &rows[i]);
    assert_int_equal(parking.state, PARKING_OCCUPIED);
    assert_string_equal(heard(&plain, true, 15), "+"); // late
    assert_string_equal(heard(&plain, false, 30), "-free 20");
}

// As told() leaves it in the buffer.
static void recalled(const struct settings_sensor *sensor, bool occupied, const char *state, double seconds)
{
    struct reading reading = stored(state, seconds);
    add(&reading, (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = occupied});
    parking_recall(&parking, sensor, &reading);
}

static void what_waits_for_its_hold_waits_on_after_a_restart(void **state)
{
    (void)state;
    recalled(&slow, false, "free", 0);
    recalled(&slow, true, "free", 10);
    assert_string_equal(heard(&slow, true, 11.9), "+free");
    recalled(&slow, false, "free", 12);
    recalled(&slow, true, "free", 20);
    assert_string_equal(heard(&slow, true, 22), "+occupied 20");
    recalled(&slow, false, "occupied", 30);
    recalled(&slow, false, "free", 33);
    assert_string_equal(heard(&slow, true, 40), "+free");
    assert_string_equal(heard(&slow, true, 42), "+occupied 10"); // free since 30
}

static void a_head_goes_on_from_its_distance(void **state)
{
    (void)state;
    seen(0.3, NULL, 0);
    struct reading reading = stored("occupied", 10);
    add(&reading, (struct value){.name = "distance_m", .type = VALUE_NUMBER, .number = 1.5});
    add(&reading, (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true}); // ours
    parking_recall(&parking, &head, &reading);
    assert_string_equal(seen(1.5, NULL, 12), "free- 10");
}

static void what_waited_by_a_clock_that_was_not_set_waits_anew(void **state)
{
    (void)state;
    quality = TIME_ESTIMATED;
    recalled(&slow, false, "free", 0);
    recalled(&slow, true, "free", 1);
    quality = TIME_SYNCED;
    assert_string_equal(heard(&slow, true, 86400), "+free");
    assert_string_equal(heard(&slow, true, 86402), "+occupied");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_said_first_counts_at_once, begin),
        cmocka_unit_test_setup(a_state_counts_once_it_has_lasted_and_began_when_it_was_seen, begin),
        cmocka_unit_test_setup(without_a_hold_it_counts_at_once, begin),
        cmocka_unit_test_setup(between_the_limits_of_a_head_it_stays_what_it_was, begin),
        cmocka_unit_test_setup(a_head_without_a_distance_does_not_know, begin),
        cmocka_unit_test_setup(a_sensor_that_calibrates_is_neither_free_nor_occupied, begin),
        cmocka_unit_test_setup(what_comes_late_twice_or_in_disorder_moves_nothing, begin),
        cmocka_unit_test_setup(a_clock_that_was_lost_is_not_late_for_ever, begin),
        cmocka_unit_test_setup(times_of_reception_are_never_late, begin),
        cmocka_unit_test_setup(what_says_nothing_of_the_bay_changes_nothing, begin),
        cmocka_unit_test_setup(a_device_that_says_how_long_is_believed, begin),
        cmocka_unit_test_setup(it_goes_on_from_stored_readings_in_any_order, begin),
        cmocka_unit_test_setup(what_waits_for_its_hold_waits_on_after_a_restart, begin),
        cmocka_unit_test_setup(a_head_goes_on_from_its_distance, begin),
        cmocka_unit_test_setup(what_waited_by_a_clock_that_was_not_set_waits_anew, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
