// SPDX-License-Identifier: Apache-2.0
#include "one_sensor.h"

#include "reading/counters.h"

/* The counters of one sensor, in its readings. */

static struct counters counters;
static enum counter_step told[8];
static size_t told_count;

static void note(void *context, const struct counter_news *news)
{
    assert_ptr_equal(context, &counters);
    assert_string_equal(news->quantity, "in_total");
    assert_true(told_count < sizeof told / sizeof *told);
    told[told_count++] = news->step;
}

static int begin(void **state)
{
    told_count = 0;
    return set_up(state);
}

static int end(void **state)
{
    counters_finish(&counters);
    return tear_down(state);
}

// What the sensor's field says becomes that total; the reading was ten seconds after the one before.
static const struct value *total_of(double number, unsigned bits, bool resets)
{
    struct raw_value *raw = street_number(street, "one:in_total", "count", number);
    raw->counter_bits = (uint8_t)bits;
    raw->counter_resets = resets;
    assert_taken();
    street->context.received_us += 10000000;
    struct normalised *one = &street->pack.readings[0];
    counters_take(&counters, street->sensors, one, note, &counters);
    return &one->reading.values[0];
}

static void a_total_says_what_the_device_said_when_that_differs(void **state)
{
    (void)state;
    open_one(KIND_CROWD);
    const struct value *value = total_of(65530, 16, false);
    assert_true(value->number == 65530 && !value->is_recounted);
    value = total_of(4, 16, false);
    assert_true(value->number == 65540 && value->is_recounted && value->raw == 4);
    assert_int_equal(told_count, 1);
    assert_int_equal(told[0], COUNTER_WRAPPED);
    total_of(1, 16, false);
    assert_int_equal(told_count, 2);
    assert_int_equal(told[1], COUNTER_BEGAN_AGAIN);
}

static void nothing_wraps_whose_width_nobody_knows(void **state)
{
    (void)state;
    open_one(KIND_CROWD);
    total_of(65530, 0, false);
    assert_true(total_of(4, 0, false)->number == 65534);
    assert_int_equal(told[0], COUNTER_BEGAN_AGAIN);
}

static void a_range_says_how_wide_a_counter_is(void **state)
{
    (void)state;
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_CROWD, "coap", "one");
    street_range(street, sensor, "in_total", 0, 999);
    street_open(street);
    total_of(998, 16, false);
    assert_true(total_of(3, 16, false)->number == 1003);
    assert_int_equal(told[0], COUNTER_WRAPPED);
}

static void a_factor_widens_what_the_device_counts(void **state)
{
    (void)state;
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_CROWD, "coap", "one");
    struct settings_map *map = street_map(street, sensor, "in_total", "pulses");
    map->factor = 2;
    street_open(street);
    struct raw_value *raw = street_number(street, "one:pulses", "", 65534);
    raw->counter_bits = 16;
    assert_taken();
    struct normalised *one = &street->pack.readings[0];
    counters_take(&counters, street->sensors, one, note, &counters);
    street->context.received_us += 10000000;
    raw = street_number(street, "one:pulses", "", 2);
    raw->counter_bits = 16;
    assert_taken();
    counters_take(&counters, street->sensors, one, note, &counters);
    assert_true(one->reading.values[0].number == 2 * 65538);
    assert_int_equal(told[0], COUNTER_WRAPPED);
}

static void what_begins_again_with_each_reading_is_added_up(void **state)
{
    (void)state;
    open_one(KIND_CROWD);
    total_of(3, 16, true);
    total_of(0, 16, true);
    const struct value *value = total_of(5, 16, true);
    assert_true(value->number == 8 && value->raw == 5);
    assert_int_equal(told_count, 0);
}

static void other_numbers_stay_as_they_are(void **state)
{
    (void)state;
    open_one(KIND_CROWD);
    static const double people[] = {7, 3, 5};
    for (size_t i = 0; i < 3; i++) {
        street_number(street, "one:people", "count", people[i]);
        assert_taken();
        struct normalised *one = &street->pack.readings[0];
        counters_take(&counters, street->sensors, one, note, &counters);
        assert_true(one->reading.values[0].number == people[i]);
    }
    assert_int_equal(counters.count, 0);
}

static struct reading stored(double total, bool recounted, double raw, int64_t time_us)
{
    return (struct reading){
        .kind = KIND_CROWD,
        .time_quality = TIME_SENSOR,
        .time_us = time_us,
        .values = {{.name = "in_total", .type = VALUE_INTEGER, .number = total, .is_recounted = recounted, .raw = raw}},
        .value_count = 1};
}

static void it_goes_on_from_the_latest_stored_reading(void **state)
{
    (void)state;
    open_one(KIND_CROWD);
    const struct reading rows[] = {stored(10, false, 0, 1), stored(65540, true, 4, 3), stored(20, false, 0, 2),
                                   stored(65540, true, 9, 2)}; // the last two came late, as far as their times tell
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        counters_recall(&counters, &rows[i]);
    assert_int_equal(counters.count, 1);
    assert_true(counters.list[0].total == 65540 && counters.list[0].raw == 4 && counters.list[0].time_us == 3);
    assert_true(total_of(6, 16, false)->number == 65542);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_total_says_what_the_device_said_when_that_differs, begin, end),
        cmocka_unit_test_setup_teardown(nothing_wraps_whose_width_nobody_knows, begin, end),
        cmocka_unit_test_setup_teardown(a_range_says_how_wide_a_counter_is, begin, end),
        cmocka_unit_test_setup_teardown(a_factor_widens_what_the_device_counts, begin, end),
        cmocka_unit_test_setup_teardown(what_begins_again_with_each_reading_is_added_up, begin, end),
        cmocka_unit_test_setup_teardown(other_numbers_stay_as_they_are, begin, end),
        cmocka_unit_test_setup_teardown(it_goes_on_from_the_latest_stored_reading, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
