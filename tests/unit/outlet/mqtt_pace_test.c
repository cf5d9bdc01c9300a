// SPDX-License-Identifier: Apache-2.0
#include "mqtt_pace.h"

#include "check.h"

enum { MS = 1000, SECOND = 1000 * MS };

static size_t spend_all(struct pace *pace, int64_t now_us)
{
    size_t room = pace_room(pace, now_us);
    pace_spend(pace, (double)room);
    return room;
}

static void a_pace_is_kept_over_a_second_and_a_burst_at_most_at_once(void **state)
{
    struct pace pace;
    size_t spent = 0;
    (void)state;
    pace_init(&pace, 500, 0.1, 0);
    assert_int_equal(spend_all(&pace, 0), 50);
    assert_int_equal(spend_all(&pace, 0), 0);
    for (int64_t now_us = 0; now_us <= SECOND; now_us += 7 * MS) {
        spent += spend_all(&pace, now_us);
    }
    assert_in_range(spent, 495, 500);
    assert_int_equal(spend_all(&pace, 3600LL * SECOND), 50); // what was not used is not saved up
}

static void what_was_spent_too_much_is_made_up_for(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 1000, 1, 0);
    pace_spend(&pace, 3000);
    assert_int_equal(pace_room(&pace, 1900 * MS), 0);
    assert_int_equal(pace_due_us(&pace, 1), 2001 * MS + 1);
    assert_true(pace_room(&pace, 2002 * MS) > 0);
}

static void a_slow_pace_still_lets_one_go(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 0.01, 0.1, 0);
    assert_int_equal(spend_all(&pace, 0), 1);
    assert_int_equal(pace_room(&pace, 99 * SECOND), 0);
    assert_int_equal(pace_room(&pace, pace_due_us(&pace, 100)), 1);
}

static void without_a_limit_there_is_always_room(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 0, 1, 5);
    pace_spend(&pace, 1e12);
    assert_true(pace_room(&pace, 5) == SIZE_MAX);
    assert_int_equal(pace_due_us(&pace, 1), 5);
}

static void a_clock_that_stands_or_goes_back_gives_nothing(void **state)
{
    struct pace pace;
    (void)state;
    pace_init(&pace, 1000, 1, 10 * SECOND);
    spend_all(&pace, 10 * SECOND);
    assert_int_equal(pace_room(&pace, 5 * SECOND), 0);
    assert_int_equal(pace_room(&pace, 10 * SECOND), 0);
}

// Answers of a broker that takes so many per second and is so far away; returns how many may be under way then.
static size_t settle_at(double per_s, int64_t distance_us)
{
    struct throttle throttle;
    int64_t now_us = 0;
    throttle_begin(&throttle);
    for (int i = 0; i < 2000; i++) {
        int64_t queued_us = (int64_t)((double)throttle.size / per_s * SECOND);
        int64_t took_us = distance_us > queued_us ? distance_us : queued_us;
        now_us += took_us / (int64_t)throttle.size;
        throttle_answered(&throttle, took_us, now_us, 100);
    }
    return throttle.size;
}

static void a_slow_broker_gets_few_and_a_far_one_many(void **state)
{
    (void)state;
    assert_in_range(settle_at(100, MS), 4, 50);
    assert_in_range(settle_at(3, MS), 1, 4);
    assert_int_equal(settle_at(20000, 2 * MS), 100);
    assert_int_equal(settle_at(20000, 900 * MS), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pace_is_kept_over_a_second_and_a_burst_at_most_at_once),
        cmocka_unit_test(what_was_spent_too_much_is_made_up_for),
        cmocka_unit_test(a_slow_pace_still_lets_one_go),
        cmocka_unit_test(without_a_limit_there_is_always_room),
        cmocka_unit_test(a_clock_that_stands_or_goes_back_gives_nothing),
        cmocka_unit_test(a_slow_broker_gets_few_and_a_far_one_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
