// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

/*
 * When a record was committed, reckoned from what is known of its segment.
 */

static int make(void **state)
{
    *state = rig_make();
    return 0;
}

static int end(void **state)
{
    rig_end(*state);
    return 0;
}

static void the_time_of_a_commit_follows_from_its_number(void **state)
{
    struct rig *rig = *state;
    const int64_t minute_us = INT64_C(60) * 1000000, start_us = INT64_C(1795000000000000);
    rig_open(rig);
    assert_int_equal(buffer_commit_time(rig->buffer, 1), 0);
    for (uint64_t number = 1; number <= 10; number++) {
        rig_commit(rig, number, number + 1);
        atomic_fetch_add(&rig->wall_us, minute_us);
    }
    for (uint64_t number = 1; number <= 10; number++)
        assert_int_equal(buffer_commit_time(rig->buffer, number), start_us + (int64_t)(number - 1) * minute_us);
    assert_int_equal(buffer_commit_time(rig->buffer, 0), start_us);
    assert_int_equal(buffer_commit_time(rig->buffer, 11), 0);
    rig_reopen(rig);
    assert_int_equal(buffer_commit_time(rig->buffer, 10), start_us + 9 * minute_us);
    assert_in_range(buffer_commit_time(rig->buffer, 5), start_us, start_us + 9 * minute_us);
}

static void the_time_of_what_is_no_longer_kept_is_that_of_the_oldest(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    rig->options.max_size_bytes = 32 << 10;
    rig_open(rig);
    for (uint64_t number = 1; number < 400; number++) {
        rig_commit(rig, number, number + 1);
        atomic_fetch_add(&rig->wall_us, 1000000);
    }
    struct buffer_figures figures = rig_figures(rig);
    assert_true(figures.oldest > 100);
    assert_int_equal(buffer_commit_time(rig->buffer, 1), figures.oldest_commit_us);
    int64_t last_us = 0;
    for (uint64_t number = 1; number < 400; number++) {
        int64_t time_us = buffer_commit_time(rig->buffer, number);
        assert_true(time_us >= last_us);
        last_us = time_us;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_time_of_a_commit_follows_from_its_number, make, end),
        cmocka_unit_test_setup_teardown(the_time_of_what_is_no_longer_kept_is_that_of_the_oldest, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
