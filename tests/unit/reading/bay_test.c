// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/bay.h"
#include <string.h>

static const struct settings_sensor sensor = {
    .kind = KIND_PARKING, .occupied_below_m = 0.6, .free_above_m = 0.8, .hold_us = 2000000};
static struct bay bay;

static int begin(void **state)
{
    (void)state;
    bay = (struct bay){0};
    return 0;
}

// What a reading says afterwards: the state, and occupied as + or -.
static const char *judged(double distance_m, const char *range, double now_s)
{
    static char said[40];
    struct reading reading = {.kind = KIND_PARKING};
    if (distance_m >= 0)
        reading.values[reading.value_count++] =
            (struct value){.name = "distance_m", .type = VALUE_NUMBER, .number = distance_m};
    if (range)
        reading.values[reading.value_count++] = (struct value){.name = "range", .type = VALUE_TEXT, .text = range};
    bay_judge(&bay, &sensor, &reading, (int64_t)(now_s * 1e6));
    strcpy(said, "");
    for (size_t i = 0; i < reading.value_count; i++) {
        if (strcmp(reading.values[i].name, "state") == 0)
            strcat(said, reading.values[i].text);
        if (strcmp(reading.values[i].name, "occupied") == 0)
            strcat(said, reading.values[i].boolean ? "+" : "-");
    }
    return said;
}

static void the_first_distance_counts_at_once(void **state)
{
    (void)state;
    assert_string_equal(judged(0.3, NULL, 10), "occupied+");
    bay = (struct bay){0};
    assert_string_equal(judged(1.5, NULL, 10), "free-");
    bay = (struct bay){0};
    assert_string_equal(judged(0.7, NULL, 10), "unknown");
}

static void a_state_counts_once_it_has_lasted(void **state)
{
    (void)state;
    judged(1.5, NULL, 0);
    assert_string_equal(judged(0.3, NULL, 10), "free-");
    assert_string_equal(judged(0.3, NULL, 11.9), "free-");
    assert_string_equal(judged(0.3, NULL, 12), "occupied+");
    assert_string_equal(judged(1.5, NULL, 20), "occupied+");
    assert_string_equal(judged(0.3, NULL, 21), "occupied+"); // it was only a look past the vehicle
    assert_string_equal(judged(1.5, NULL, 22.5), "occupied+");
    assert_string_equal(judged(1.5, NULL, 24.5), "free-");
}

static void in_between_it_stays_what_it_was(void **state)
{
    (void)state;
    judged(0.3, NULL, 0);
    assert_string_equal(judged(0.7, NULL, 10), "occupied+");
    assert_string_equal(judged(0.8, NULL, 20), "occupied+");
    assert_string_equal(judged(0.81, NULL, 30), "occupied+");
    assert_string_equal(judged(0.81, NULL, 32), "free-");
    assert_string_equal(judged(0.6, NULL, 40), "free-");
    assert_string_equal(judged(0.59, NULL, 50), "free-");
    assert_string_equal(judged(0.7, NULL, 51), "free-");
    assert_string_equal(judged(0.59, NULL, 52.5), "free-"); // it began anew
    assert_string_equal(judged(0.59, NULL, 54.5), "occupied+");
}

static void without_a_distance_it_is_unknown_and_not_free(void **state)
{
    (void)state;
    judged(0.3, NULL, 0);
    assert_string_equal(judged(-1, "above", 10), "occupied+");
    assert_string_equal(judged(-1, "above", 12), "unknown");
    assert_string_equal(judged(1.5, NULL, 20), "unknown");
    assert_string_equal(judged(1.5, NULL, 22), "free-");
    assert_string_equal(judged(-1, "below", 30), "free-");
    assert_string_equal(judged(-1, "below", 32), "unknown");
}

static void what_says_nothing_of_the_distance_changes_nothing(void **state)
{
    (void)state;
    judged(0.3, NULL, 0);
    assert_string_equal(judged(-1, NULL, 10), "");
    assert_string_equal(judged(-1, "unreliable", 20), "");
    assert_string_equal(judged(0.3, NULL, 30), "occupied+");
}

static void a_reading_that_comes_late_moves_nothing(void **state)
{
    (void)state;
    judged(0.3, NULL, 10);
    assert_string_equal(judged(1.5, NULL, 5), "");
    assert_string_equal(judged(1.5, NULL, 9), "");
    assert_string_equal(judged(1.5, NULL, 11), "occupied+");
    assert_string_equal(judged(1.5, NULL, 13), "free-");
    // A clock that was lost is not late for ever.
    assert_string_equal(judged(0.3, NULL, -1e6), "free-");
    assert_string_equal(judged(0.3, NULL, -1e6 + 3), "occupied+");
}

static void a_sensor_that_says_occupied_itself_is_believed(void **state)
{
    (void)state;
    struct reading reading = {.kind = KIND_PARKING, .value_count = 2};
    reading.values[0] = (struct value){.name = "distance_m", .type = VALUE_NUMBER, .number = 0.3};
    reading.values[1] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = false};
    bay_judge(&bay, &sensor, &reading, 0);
    assert_int_equal(reading.value_count, 2);
    assert_false(bay.begun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_distance_counts_at_once, begin),
        cmocka_unit_test_setup(a_state_counts_once_it_has_lasted, begin),
        cmocka_unit_test_setup(in_between_it_stays_what_it_was, begin),
        cmocka_unit_test_setup(without_a_distance_it_is_unknown_and_not_free, begin),
        cmocka_unit_test_setup(what_says_nothing_of_the_distance_changes_nothing, begin),
        cmocka_unit_test_setup(a_reading_that_comes_late_moves_nothing, begin),
        cmocka_unit_test_setup(a_sensor_that_says_occupied_itself_is_believed, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
