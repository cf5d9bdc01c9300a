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

// Record n has the time n * 1000.
static void check_found(struct rig *rig, uint64_t low, uint64_t high)
{
    uint64_t from, to;
    assert_true(buffer_find_times(rig->buffer, (int64_t)low * 1000, (int64_t)high * 1000, &from, &to));
    assert_true(from <= low && to >= high);
    assert_true(to - from <= high - low + 100); // not everything: two segments more at most
}

static void records_of_a_time_are_found_by_segment(void **state)
{
    struct rig *rig = *state;
    uint64_t from, to;
    rig->options.segment_bytes = 4096;
    rig_open(rig);
    assert_false(buffer_find_times(rig->buffer, 0, INT64_MAX, &from, &to));
    rig_commit(rig, 1, 400);
    for (int i = 0; i < 3; i++) {
        for (uint64_t number = 1; number < 390; number += 7)
            check_found(rig, number, number + 10);
        assert_false(buffer_find_times(rig->buffer, 400000, INT64_MAX, &from, &to));
        assert_false(buffer_find_times(rig->buffer, 5000, 5000, &from, &to));
        assert_false(buffer_find_times(rig->buffer, INT64_MIN, 1000, &from, &to));
        rig_reopen(rig);
    }
    // The header that knew a segment's times is damaged: what it may hold is read again from its records.
    rig_close(rig);
    rig_spoil(rig, rig_segments(rig).names[3], 0, 112);
    rig_open(rig);
    for (uint64_t number = 1; number < 390; number += 7)
        check_found(rig, number, number + 10);
}

static bool is_corrected(struct rig *rig, uint64_t number)
{
    assert_int_equal(buffer_read(rig->buffer, number, 1, 1000, &rig->batch), 0);
    return rig->batch.items[0].corrected_us != 0;
}

static void corrected_records_are_found_by_any_time(void **state)
{
    struct rig *rig = *state;
    uint64_t from, to;
    rig_open(rig);
    struct buffer_record record = {rig->streams[0], BUFFER_ROUTINE, 5, true, 7, "x", 1};
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
    rig_durable(rig, 2);
    assert_false(buffer_find_times(rig->buffer, 1000, 2000, &from, &to));
    assert_int_equal(buffer_correct(rig->buffer, 1, 1000), 0);
    assert_true(rig_wait(rig, is_corrected, 1));
    assert_true(buffer_find_times(rig->buffer, 1000, 2000, &from, &to));
    assert_int_equal(from, 1);
    assert_int_equal(to, 2);
}

static void count_key(const uint8_t *key, size_t size, int64_t age_us, void *context)
{
    (void)key, (void)age_us;
    assert_int_equal(size, 3);
    (*(int *)context)++;
}

// Nobody can tell how long ago a boot without a clock was, and each start begins a segment.
static void keys_of_several_short_boots_without_a_clock_come_back(void **state)
{
    enum { BOOTS = 6 };
    struct rig *rig = *state;
    atomic_store(&rig->synchronised, false);
    for (uint64_t boot = 0; boot < BOOTS; boot++) {
        rig_open(rig);
        rig_commit(rig, 1 + 2 * boot, 3 + 2 * boot);
        rig_close(rig);
        struct rig_names names = rig_segments(rig);
        rig_spoil(rig, names.names[names.count - 1], 0, 96); // as good as another boot
    }
    rig_open(rig);
    int count = 0;
    buffer_recent_keys(rig->buffer, INT64_C(247) * 1000000, count_key, &count);
    assert_int_equal(count, 2 * BOOTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_time_of_a_commit_follows_from_its_number, make, end),
        cmocka_unit_test_setup_teardown(the_time_of_what_is_no_longer_kept_is_that_of_the_oldest, make, end),
        cmocka_unit_test_setup_teardown(records_of_a_time_are_found_by_segment, make, end),
        cmocka_unit_test_setup_teardown(corrected_records_are_found_by_any_time, make, end),
        cmocka_unit_test_setup_teardown(keys_of_several_short_boots_without_a_clock_come_back, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
