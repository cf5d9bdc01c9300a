// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "moments.h"

static void the_last_times_are_known_and_no_earlier_ones(void **state)
{
    (void)state;
    struct moments moments = {0};
    assert_false(moments_taken(&moments, 0));
    for (int64_t time_us = 1; time_us <= 3 * MOMENTS_MAX; time_us++) {
        assert_false(moments_taken(&moments, time_us));
        moments_take(&moments, time_us, 0);
        for (int64_t known_us = 1; known_us <= time_us; known_us++)
            assert_int_equal(moments_taken(&moments, known_us), known_us > time_us - MOMENTS_MAX);
    }
    moments_finish(&moments);
    assert_false(moments_taken(&moments, 3 * MOMENTS_MAX));
    moments_finish(&moments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_times_are_known_and_no_earlier_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
