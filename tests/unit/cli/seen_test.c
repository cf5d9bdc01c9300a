// SPDX-License-Identifier: Apache-2.0
#include "seen.h"

#include "check.h"
#include <stdlib.h>
#include <string.h>

static void what_comes_in_order_takes_one_range(void **state)
{
    struct seen seen = {0};
    (void)state;
    for (uint64_t i = 7; i < 100007; i++)
        assert_int_equal(seen_add(&seen, i, 4), SEEN_NEW);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.ranges[0].first, 7);
    assert_int_equal(seen.ranges[0].last, 100006);
    seen_finish(&seen);
}

// Against a plain array of flags.
static void ranges_say_what_was_seen_in_any_order(void **state)
{
    enum { NUMBERS = 300, ROUNDS = 200 };
    (void)state;
    srandom(20261125);
    for (int round = 0; round < ROUNDS; round++) {
        struct seen seen = {0};
        bool flags[NUMBERS + 2] = {false};
        for (int i = 0; i < NUMBERS; i++) {
            uint64_t number = 1 + (uint64_t)random() % NUMBERS;
            assert_int_equal(seen_add(&seen, number, NUMBERS), flags[number] ? SEEN_AGAIN : SEEN_NEW);
            flags[number] = true;
        }
        size_t at = 0;
        for (uint64_t i = 1; i <= NUMBERS; i++) {
            if (!flags[i])
                continue;
            if (!flags[i - 1])
                assert_int_equal(seen.ranges[at].first, i);
            if (!flags[i + 1])
                assert_int_equal(seen.ranges[at++].last, i);
        }
        assert_int_equal(at, seen.count);
        assert_int_equal(seen.blurred, 0);
        seen_finish(&seen);
    }
}

static void beyond_the_maximum_the_nearest_are_joined_and_the_rest_stays_missing(void **state)
{
    struct seen seen = {0};
    (void)state;
    seen_add(&seen, 10, 3);
    seen_add(&seen, 20, 3);
    seen_add(&seen, 23, 3);
    seen_add(&seen, 40, 3);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.ranges[1].first, 20);
    assert_int_equal(seen.ranges[1].last, 23);
    assert_int_equal(seen.blurred, 2);
    assert_int_equal(seen_add(&seen, 21, 3), SEEN_AGAIN); // it cannot be told any more
    seen_finish(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_in_order_takes_one_range),
        cmocka_unit_test(ranges_say_what_was_seen_in_any_order),
        cmocka_unit_test(beyond_the_maximum_the_nearest_are_joined_and_the_rest_stays_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
