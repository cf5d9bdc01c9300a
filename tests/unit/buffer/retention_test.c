// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#define HOUR_US (INT64_C(3600) * 1000000)

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

static uint64_t bytes_on_disk(const struct rig *rig)
{
    struct rig_names names = rig_segments(rig);
    uint64_t bytes = 0;
    for (size_t i = 0; i < names.count; i++) {
        char path[256];
        struct stat info;
        assert_int_equal(stat(rig_file(rig, names.names[i], path), &info), 0);
        bytes += (uint64_t)info.st_blocks * 512;
    }
    return bytes;
}

static void the_oldest_goes_when_the_size_is_reached_and_is_counted(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    rig->options.segment_bytes = 8192;
    rig->options.max_size_bytes = 64 << 10;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    for (uint64_t number = 1; number < 3000; number += 50) {
        rig_commit(rig, number, number + 50);
        assert_true(rig_figures(rig).bytes <= 64 << 10);
        assert_true(bytes_on_disk(rig) <= 64 << 10);
    }
    struct buffer_figures figures = rig_figures(rig);
    assert_true(figures.oldest > 2000);
    assert_int_equal(figures.lost_full, figures.oldest - 1);
    assert_int_equal(figures.lost_damage, 0);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), figures.oldest);
    rig_holds(rig, figures.oldest, 3001);
    // What was dropped by intention is not found missing at the next start.
    rig_reopen(rig);
    rig_holds(rig, figures.oldest, 3001);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

static void what_every_outlet_had_is_no_loss(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    rig->options.segment_bytes = 8192;
    rig->options.max_size_bytes = 64 << 10;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    for (uint64_t number = 1; number < 3000; number += 50) {
        rig_commit(rig, number, number + 50);
        buffer_cursor_done(rig->buffer, "mqtt", 0, number + 50);
    }
    assert_true(rig_figures(rig).oldest > 2000);
    assert_int_equal(rig_figures(rig).lost_full, 0);
}

static void segments_follow_from_the_size(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 0;
    rig->options.max_size_bytes = 3 << 20;
    rig_open(rig);
    rig_commit(rig, 1, 2);
    assert_int_equal(rig_figures(rig).bytes, (3 << 20) / 16);
    rig_close(rig);
    rig->options.max_size_bytes = INT64_C(2) << 30;
    rig_open(rig);
    rig_commit(rig, 2, 3);
    assert_int_equal(rig_figures(rig).bytes, (4 << 20) + 4096);
}

static void what_is_too_old_goes_and_is_counted(void **state)
{
    struct rig *rig = *state;
    rig->options.max_age_us = 24 * HOUR_US;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, 11);
    rig_advance(rig, 20 * HOUR_US);
    rig_commit(rig, 11, 21);
    rig_advance(rig, 5 * HOUR_US);
    rig_holds(rig, 11, 21);
    assert_int_equal(rig_figures(rig).lost_age, 10);
    rig_advance(rig, 20 * HOUR_US);
    rig_holds(rig, 21, 21);
    assert_int_equal(rig_figures(rig).lost_age, 20);
    assert_int_equal(rig_segments(rig).count, 0);
    rig_commit(rig, 21, 23);
    rig_reopen(rig);
    rig_holds(rig, 21, 23);
}

static void a_trickle_does_not_keep_old_readings_alive(void **state)
{
    struct rig *rig = *state;
    rig->options.max_age_us = 24 * HOUR_US;
    rig_open(rig);
    for (uint64_t hour = 1; hour <= 100; hour++) {
        rig_commit(rig, hour, hour + 1);
        rig_advance(rig, HOUR_US);
    }
    assert_in_range(rig_figures(rig).oldest, 100 - 24 - 4, 100 - 23);
}

static void what_was_delivered_is_kept_for_a_while(void **state)
{
    struct rig *rig = *state;
    rig->options.keep_delivered_us = 8 * HOUR_US;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", true, NULL), 0);
    rig_commit(rig, 1, 11);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 11);
    rig_advance(rig, 9 * HOUR_US);
    rig_holds(rig, 1, 11); // the other one has not had it
    buffer_cursor_done(rig->buffer, "influxdb", 0, 11);
    rig_advance(rig, HOUR_US);
    rig_holds(rig, 11, 11);
    assert_int_equal(rig_figures(rig).lost_age, 0);
    rig_commit(rig, 11, 12);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 12);
    buffer_cursor_done(rig->buffer, "influxdb", 0, 12);
    rig_advance(rig, 7 * HOUR_US);
    rig_holds(rig, 11, 12);
}

static void without_outlets_nothing_counts_as_delivered(void **state)
{
    struct rig *rig = *state;
    rig->options.keep_delivered_us = 0;
    rig_open(rig);
    rig_commit(rig, 1, 11);
    rig_advance(rig, HOUR_US);
    rig_holds(rig, 1, 11);
}

static void ages_go_on_over_a_restart(void **state)
{
    struct rig *rig = *state;
    rig->options.max_age_us = 24 * HOUR_US;
    rig_open(rig);
    rig_commit(rig, 1, 11);
    rig_advance(rig, 15 * HOUR_US);
    rig_reopen(rig);
    rig_commit(rig, 11, 21);
    rig_advance(rig, 10 * HOUR_US);
    rig_holds(rig, 11, 21);
}

static void an_age_that_nobody_can_tell_drops_nothing(void **state)
{
    struct rig *rig = *state;
    rig->options.max_age_us = 24 * HOUR_US;
    atomic_store(&rig->synchronised, false);
    atomic_store(&rig->wall_us, 0); // a machine without a clock, in 1970
    rig_open(rig);
    rig_commit(rig, 1, 11);
    rig_close(rig);
    rig_spoil(rig, rig_segments(rig).names[0], 0, 96); // as good as another boot
    atomic_store(&rig->synchronised, true);
    atomic_store(&rig->wall_us, INT64_C(1795000000000000));
    rig_open(rig);
    rig_advance(rig, HOUR_US);
    rig_holds(rig, 1, 11);
    // Once something later is too old, it was, too.
    rig_commit(rig, 11, 21);
    rig_advance(rig, 25 * HOUR_US);
    rig_holds(rig, 21, 21);
}

static uint64_t fill_until_refused(struct rig *rig, uint64_t number)
{
    for (int error = 0; !error; number += error == 0) {
        error = rig_try_pack(rig, number, 1);
        assert_true(error == 0 || error == -ENOSPC);
        if (error == 0)
            rig_durable(rig, number + 1);
        assert_true(number < 10000);
    }
    return number;
}

static void refusing_when_full_loses_nothing(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    rig->options.segment_bytes = 8192;
    rig->options.max_size_bytes = 64 << 10;
    rig->options.refuse_when_full = true;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", true, NULL), 0);
    uint64_t full = fill_until_refused(rig, 1);
    assert_true(full > 200);
    rig_holds(rig, 1, full);
    assert_true(rig_figures(rig).bytes <= 64 << 10);
    assert_int_equal(rig_figures(rig).lost_full, 0);
    // One outlet alone is enough to go on: the other one loses, and it is counted.
    buffer_cursor_done(rig->buffer, "mqtt", 0, 100);
    uint64_t more = fill_until_refused(rig, full);
    assert_true(more > full);
    assert_true(rig_figures(rig).bytes <= 64 << 10);
    struct buffer_figures figures = rig_figures(rig);
    assert_in_range(figures.oldest, 2, 100);
    assert_int_equal(figures.lost_full, figures.oldest - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_goes_when_the_size_is_reached_and_is_counted, make, end),
        cmocka_unit_test_setup_teardown(what_every_outlet_had_is_no_loss, make, end),
        cmocka_unit_test_setup_teardown(segments_follow_from_the_size, make, end),
        cmocka_unit_test_setup_teardown(what_is_too_old_goes_and_is_counted, make, end),
        cmocka_unit_test_setup_teardown(a_trickle_does_not_keep_old_readings_alive, make, end),
        cmocka_unit_test_setup_teardown(what_was_delivered_is_kept_for_a_while, make, end),
        cmocka_unit_test_setup_teardown(without_outlets_nothing_counts_as_delivered, make, end),
        cmocka_unit_test_setup_teardown(ages_go_on_over_a_restart, make, end),
        cmocka_unit_test_setup_teardown(an_age_that_nobody_can_tell_drops_nothing, make, end),
        cmocka_unit_test_setup_teardown(refusing_when_full_loses_nothing, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
