// SPDX-License-Identifier: Apache-2.0
#include "mqtt_backoff.h"

#include "check.h"

#define SECOND INT64_C(1000000)

static void the_delay_doubles_up_to_the_most(void **state)
{
    struct backoff backoff = {0};
    int64_t expected = SECOND;
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(backoff_next(&backoff, SECOND, 60 * SECOND, 0), expected);
        expected = expected * 2 > 60 * SECOND ? 60 * SECOND : expected * 2;
    }
    backoff_reset(&backoff);
    assert_int_equal(backoff_next(&backoff, SECOND, 60 * SECOND, 0), SECOND);
}

static void chance_adds_up_to_a_quarter_and_never_shortens(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 5000; random++) {
        struct backoff backoff = {0};
        int64_t delay = backoff_next(&backoff, 30 * SECOND, 600 * SECOND, random);
        assert_in_range(delay, 30 * SECOND, 30 * SECOND + 30 * SECOND / 4);
    }
}

static void a_longer_least_is_kept_from_the_first_time_on(void **state)
{
    struct backoff backoff = {0};
    (void)state;
    backoff_next(&backoff, SECOND, 60 * SECOND, 0);
    assert_int_equal(backoff_next(&backoff, 30 * SECOND, 600 * SECOND, 0), 30 * SECOND);
    assert_int_equal(backoff_next(&backoff, 30 * SECOND, 600 * SECOND, 0), 60 * SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_delay_doubles_up_to_the_most),
        cmocka_unit_test(chance_adds_up_to_a_quarter_and_never_shortens),
        cmocka_unit_test(a_longer_least_is_kept_from_the_first_time_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
