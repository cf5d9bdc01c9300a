// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/merge.h"
#include <stdio.h>
#include <string.h>

static struct reading of(int64_t time_us)
{
    return (struct reading){.kind = KIND_CROWD, .zone = "", .time_us = time_us};
}

static void put_number(struct reading *reading, const char *name, double number)
{
    reading->values[reading->value_count++] = (struct value){.name = name, .type = VALUE_NUMBER, .number = number};
}

static void put_switch(struct reading *reading, const char *name, bool boolean)
{
    reading->values[reading->value_count++] = (struct value){.name = name, .type = VALUE_BOOL, .boolean = boolean};
}

static void of_numbers_the_last_counts_and_its_time(void **state)
{
    (void)state;
    struct reading into = of(1), later = of(2);
    put_number(&into, "people", 3);
    put_number(&later, "people", 1);
    put_number(&later, "battery_v", 3.5);
    assert_true(reading_merge(&into, &later));
    assert_int_equal(into.value_count, 2);
    assert_true(into.values[0].number == 1 && into.values[1].number == 3.5);
    assert_int_equal(into.time_us, 2);
}

static void what_was_counted_in_between_is_added_up(void **state)
{
    static const char *const names[] = {"in", "out", "vehicles", "rain_mm", "period_s"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct reading into = of(1), later = of(2);
        put_number(&into, names[i], 3);
        put_number(&later, names[i], 4);
        assert_true(reading_merge(&into, &later));
        assert_true(into.values[0].number == 7);
    }
    struct reading into = of(1), later = of(2);
    put_number(&into, "in_total", 3);
    put_number(&later, "in_total", 4);
    assert_true(reading_merge(&into, &later));
    assert_true(into.values[0].number == 4);
}

static void a_change_of_state_is_not_merged_away(void **state)
{
    (void)state;
    struct reading into = of(1), later = of(2);
    put_number(&into, "people", 3);
    put_switch(&into, "occupied", true);
    put_number(&later, "people", 4);
    put_switch(&later, "occupied", true);
    assert_true(reading_merge(&into, &later));
    later.values[1].boolean = false;
    later.values[0].number = 5;
    assert_false(reading_merge(&into, &later));
    assert_true(into.values[0].number == 4 && into.values[1].boolean);

    into = of(1);
    later = of(2);
    into.values[into.value_count++] = (struct value){.name = "state", .type = VALUE_TEXT, .text = "free"};
    later.values[later.value_count++] = (struct value){.name = "state", .type = VALUE_TEXT, .text = "unknown"};
    assert_false(reading_merge(&into, &later));
}

static void what_is_of_another_kind_or_clock_is_not_merged(void **state)
{
    (void)state;
    struct reading into = of(1), later = of(2);
    later.kind = KIND_PARKING;
    assert_false(reading_merge(&into, &later));
    later = of(2);
    later.time_quality = TIME_ESTIMATED;
    assert_false(reading_merge(&into, &later));
    later = of(2);
    later.unauthenticated = true;
    assert_false(reading_merge(&into, &later));
}

static void no_more_values_than_a_reading_holds(void **state)
{
    static char names[READING_VALUES_MAX + 1][8];
    (void)state;
    struct reading into = of(1), later = of(2);
    for (size_t i = 0; i <= READING_VALUES_MAX; i++) {
        snprintf(names[i], sizeof names[i], "v%zu", i);
        put_number(i < READING_VALUES_MAX ? &into : &later, names[i], 1);
    }
    assert_false(reading_merge(&into, &later));
    assert_int_equal(into.value_count, READING_VALUES_MAX);
}

static void refused_names_and_the_worse_quality_stay(void **state)
{
    (void)state;
    struct reading into = of(1), later = of(2);
    later.refused[later.refused_count++] = "temperature_c";
    later.quality = QUALITY_RANGE;
    assert_true(reading_merge(&into, &later));
    assert_true(reading_merge(&into, &later));
    struct reading fine = of(3);
    assert_true(reading_merge(&into, &fine));
    assert_int_equal(into.refused_count, 1);
    assert_int_equal(into.quality, QUALITY_RANGE);
}

static void what_is_added_up_stays_within_its_range(void **state)
{
    (void)state;
    struct reading into = of(1), later = of(2);
    put_number(&into, "in", 6e8);
    put_number(&later, "in", 6e8);
    assert_false(reading_merge(&into, &later));
    assert_true(into.values[0].number == 6e8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_numbers_the_last_counts_and_its_time),
        cmocka_unit_test(what_is_added_up_stays_within_its_range),
        cmocka_unit_test(what_was_counted_in_between_is_added_up),
        cmocka_unit_test(a_change_of_state_is_not_merged_away),
        cmocka_unit_test(what_is_of_another_kind_or_clock_is_not_merged),
        cmocka_unit_test(no_more_values_than_a_reading_holds),
        cmocka_unit_test(refused_names_and_the_worse_quality_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
