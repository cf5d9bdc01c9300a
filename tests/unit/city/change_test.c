// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/change.h"
#include <string.h>

static const int64_t minute_us = 60 * 1000000LL;

static struct reading bay(bool occupied, double battery_v, int64_t time_us)
{
    struct reading reading = {.kind = KIND_PARKING, .time_us = time_us, .value_count = 2};
    reading.values[0] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = occupied};
    reading.values[1] = (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = battery_v};
    return reading;
}

static void a_bay_is_news_when_its_state_is_another(void **state)
{
    (void)state;
    struct reading last = bay(true, 3.6, 0), same = bay(true, 3.5, minute_us), other = bay(false, 3.6, minute_us);
    assert_false(change_is_news(&last, &same, 10 * minute_us));
    assert_true(change_is_news(&last, &other, 10 * minute_us));
    same.values[1] = (struct value){.name = "range", .type = VALUE_TEXT, .text = "above"};
    assert_true(change_is_news(&last, &same, 10 * minute_us)); // it was not there
    last.values[1] = (struct value){.name = "range", .type = VALUE_TEXT, .text = "below"};
    assert_true(change_is_news(&last, &same, 10 * minute_us));
    last.values[1].text = "above";
    assert_false(change_is_news(&last, &same, 10 * minute_us));
}

static void the_heartbeat_and_what_comes_late_are_news(void **state)
{
    (void)state;
    struct reading last = bay(true, 3.6, 20 * minute_us);
    struct reading before = bay(true, 3.6, 30 * minute_us - 1), due = bay(true, 3.6, 30 * minute_us),
                   late = bay(true, 3.6, 19 * minute_us);
    assert_false(change_is_news(&last, &before, 10 * minute_us));
    assert_true(change_is_news(&last, &due, 10 * minute_us));
    assert_true(change_is_news(&last, &late, 10 * minute_us));
}

static void quality_and_ranges_are_states(void **state)
{
    (void)state;
    struct reading last = bay(true, 3.6, 0), now = bay(true, 3.6, minute_us);
    now.quality = QUALITY_CALIBRATING;
    assert_true(change_is_news(&last, &now, 10 * minute_us));
    now.quality = QUALITY_GOOD;
    now.refused_count = 1;
    assert_true(change_is_news(&last, &now, 10 * minute_us));
}

static void of_others_every_number_is_a_state(void **state)
{
    (void)state;
    struct reading last = bay(true, 3.6, 0), now = bay(true, 3.5, minute_us);
    last.kind = now.kind = KIND_CROWD;
    assert_true(change_is_news(&last, &now, 10 * minute_us));
    now.values[1].number = 3.6;
    assert_false(change_is_news(&last, &now, 10 * minute_us));
}

static void what_was_counted_is_news_as_often_as_it_comes(void **state)
{
    (void)state;
    static const char *const names[] = {"vehicles", "vehicles_total", "period_s", "speed_mps"};
    for (size_t i = 0; i < 4; i++) {
        struct reading last = {.kind = KIND_TRAFFIC, .value_count = 1}, now;
        last.values[0] = (struct value){.name = names[i], .type = VALUE_NUMBER, .number = 5};
        now = last;
        now.time_us = minute_us;
        assert_int_equal(change_is_news(&last, &now, 10 * minute_us), i == 0);
        last.values[0].number = now.values[0].number = 0;
        assert_false(change_is_news(&last, &now, 10 * minute_us));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bay_is_news_when_its_state_is_another),
        cmocka_unit_test(the_heartbeat_and_what_comes_late_are_news),
        cmocka_unit_test(quality_and_ranges_are_states),
        cmocka_unit_test(what_was_counted_is_news_as_often_as_it_comes),
        cmocka_unit_test(of_others_every_number_is_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
