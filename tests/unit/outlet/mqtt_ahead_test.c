// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "mqtt_ahead.h"

static void what_arrived_is_remembered_until_its_turn_is_over(void **state)
{
    struct ahead ahead = {0};
    (void)state;
    ahead_sent(&ahead, 900);
    ahead_sent(&ahead, 5);
    ahead_sent(&ahead, 70);
    assert_int_equal(ahead_fate(&ahead, 70), AHEAD_UNDER_WAY);
    assert_int_equal(ahead_fate(&ahead, 71), AHEAD_NOT);
    ahead_answered(&ahead, 5, true);
    ahead_answered(&ahead, 70, false);
    ahead_answered(&ahead, 900, true);
    ahead_answered(&ahead, 901, true);
    assert_int_equal(ahead_fate(&ahead, 5), AHEAD_ARRIVED);
    assert_int_equal(ahead_fate(&ahead, 70), AHEAD_NOT);
    assert_int_equal(ahead_fate(&ahead, 901), AHEAD_NOT);
    ahead_sent(&ahead, 1000);
    ahead_forget(&ahead, 6);
    assert_int_equal(ahead_fate(&ahead, 5), AHEAD_NOT);
    assert_int_equal(ahead_fate(&ahead, 900), AHEAD_ARRIVED);
    assert_int_equal(ahead_fate(&ahead, 1000), AHEAD_NOT);
    ahead_finish(&ahead);
}

static void many_rounds_leave_room_for_the_next(void **state)
{
    struct ahead ahead = {0};
    (void)state;
    uint64_t number = 1;
    for (int round = 0; round < 100; round++) { // each sends a thousand states, and one more that never arrives
        uint64_t first = number;
        ahead_tidy(&ahead, first);
        for (; number < first + 1000; number++) {
            ahead_sent(&ahead, number);
            assert_int_equal(ahead_fate(&ahead, number), AHEAD_UNDER_WAY);
            ahead_answered(&ahead, number, true);
        }
        ahead_sent(&ahead, number++); // under way for ever
        assert_int_equal(ahead_fate(&ahead, first), AHEAD_ARRIVED);
        assert_int_equal(ahead_fate(&ahead, 1001), AHEAD_UNDER_WAY);
    }
    ahead_finish(&ahead);
}

static void it_never_grows_without_bound(void **state)
{
    struct ahead ahead = {0};
    (void)state;
    for (uint64_t number = 2 * AHEAD_MAX; number > 0; number--) {
        ahead_sent(&ahead, number);
    }
    assert_int_equal(ahead.count, AHEAD_MAX);
    assert_int_equal(ahead_fate(&ahead, 2 * AHEAD_MAX), AHEAD_UNDER_WAY);
    assert_int_equal(ahead_fate(&ahead, 1), AHEAD_NOT);
    ahead_finish(&ahead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_arrived_is_remembered_until_its_turn_is_over),
        cmocka_unit_test(many_rounds_leave_room_for_the_next),
        cmocka_unit_test(it_never_grows_without_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
