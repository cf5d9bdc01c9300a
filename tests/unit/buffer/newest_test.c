// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <sys/wait.h>

/*
 * Which record of a stream is its newest, and what times turn out to have been.
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

static void append_at(struct rig *rig, uint32_t stream, int64_t time_us)
{
    struct buffer_record record = {rig->streams[stream], BUFFER_ROUTINE, time_us, false, 0, "x", 1};
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
}

static void append_unsure(struct rig *rig, int64_t boot_us)
{
    struct buffer_record record = {rig->streams[0], BUFFER_ROUTINE, 5, true, boot_us, "x", 1};
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
}

static struct buffer_item item_at(struct rig *rig, uint64_t number)
{
    assert_int_equal(buffer_read(rig->buffer, number, 1, 1000, &rig->batch), 0);
    assert_int_equal(rig->batch.count, 1);
    assert_int_equal(rig->batch.items[0].number, number);
    return rig->batch.items[0];
}

static uint64_t newest(struct rig *rig, uint32_t stream)
{
    return buffer_stream_newest(rig->buffer, rig->streams[stream]);
}

static void a_late_reading_is_not_the_newest(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    assert_int_equal(newest(rig, 0), 0);
    append_at(rig, 0, 100);
    append_at(rig, 0, 300);
    append_at(rig, 0, 200);
    append_at(rig, 1, 50);
    append_at(rig, 0, 300);
    rig_durable(rig, 6);
    assert_true(item_at(rig, 1).newest);
    assert_true(item_at(rig, 2).newest);
    assert_false(item_at(rig, 3).newest);
    assert_true(item_at(rig, 4).newest);
    assert_true(item_at(rig, 5).newest); // no later time is known
    assert_int_equal(newest(rig, 0), 5);
    assert_int_equal(newest(rig, 1), 4);
    assert_int_equal(newest(rig, 2), 0);
    assert_int_equal(buffer_stream_newest(rig->buffer, 99), 0);
}

static void a_reading_from_the_far_future_does_not_end_it_for_later_ones(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    int64_t now_us = atomic_load(&rig->wall_us);
    append_at(rig, 0, INT64_MAX);
    rig_durable(rig, 2);
    atomic_fetch_add(&rig->wall_us, 1000);
    append_at(rig, 0, now_us + 500);
    append_at(rig, 0, now_us - 500);
    rig_durable(rig, 4);
    assert_true(item_at(rig, 1).newest);
    assert_true(item_at(rig, 2).newest);
    assert_false(item_at(rig, 3).newest);
    rig_reopen(rig);
    append_at(rig, 0, now_us + 700);
    append_at(rig, 0, now_us + 600);
    rig_durable(rig, 6);
    assert_true(item_at(rig, 4).newest);
    assert_false(item_at(rig, 5).newest);
    assert_int_equal(buffer_end(rig->buffer), 6);
}

// Its time may be anything; the one after it is compared with the sure ones alone.
static void an_unsure_reading_is_newest_when_it_comes(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    int64_t now_us = atomic_load(&rig->wall_us);
    append_at(rig, 0, now_us - 1000);
    append_unsure(rig, 1);
    append_at(rig, 0, now_us - 900);
    append_at(rig, 0, now_us - 2000);
    append_unsure(rig, 2);
    rig_durable(rig, 6);
    assert_true(item_at(rig, 2).newest);
    assert_true(item_at(rig, 3).newest);
    assert_false(item_at(rig, 4).newest);
    assert_true(item_at(rig, 5).newest);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(newest(rig, 0), 5);
        rig_reopen(rig);
    }
}

// A machine without a battery starts in 1970 and knows a latest time from before: nobody can tell what is late.
static void while_the_clock_is_behind_what_comes_is_newest(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    int64_t now_us = atomic_load(&rig->wall_us);
    append_at(rig, 0, now_us);
    rig_durable(rig, 2);
    atomic_store(&rig->wall_us, 1000000);
    append_at(rig, 0, now_us - 1000);
    atomic_store(&rig->wall_us, now_us + 1000000);
    append_at(rig, 0, now_us - 500);
    append_at(rig, 0, now_us + 1);
    rig_durable(rig, 5);
    assert_true(item_at(rig, 2).newest);
    assert_false(item_at(rig, 3).newest);
    assert_true(item_at(rig, 4).newest);
}

static void what_is_newest_is_known_after_a_restart(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    append_at(rig, 0, 300);
    append_at(rig, 0, 200);
    rig_durable(rig, 3);
    for (uint64_t i = 0; i < 3; i++) {
        rig_reopen(rig);
        assert_int_equal(newest(rig, 0), 1);
        append_at(rig, 0, 250);
        rig_durable(rig, 4 + i);
        assert_false(item_at(rig, 3 + i).newest);
    }
}

// Nothing but the frames says so: the process is killed before any checkpoint follows.
static void and_after_a_kill(void **state)
{
    struct rig *rig = *state;
    pid_t child = fork();
    if (child == 0) {
        rig_open(rig);
        append_at(rig, 0, 300);
        append_at(rig, 0, 200);
        rig_durable(rig, 3);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    rig_open(rig);
    assert_int_equal(newest(rig, 0), 1);
    append_at(rig, 0, 250);
    append_at(rig, 0, 350);
    rig_durable(rig, 5);
    assert_false(item_at(rig, 3).newest);
    assert_int_equal(newest(rig, 0), 4);
}

static void the_newest_is_none_once_it_was_dropped(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    rig->options.segment_bytes = 4096;
    rig->options.max_size_bytes = 32 << 10;
    rig_open(rig);
    append_at(rig, 0, INT64_C(1) << 50);
    rig_durable(rig, 2);
    rig_commit(rig, 2, 800);
    assert_true(rig_figures(rig).oldest > 1);
    assert_int_equal(newest(rig, 0), 0);
    assert_int_equal(newest(rig, 3), 799);
}

// The last reading is lost, and nobody knows what time it had.
static void after_damage_a_doubtful_reading_is_not_the_newest(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    rig_open(rig);
    int64_t now_us = atomic_load(&rig->wall_us);
    for (uint64_t i = 0; i < 200; i++)
        append_at(rig, 0, now_us - 1000000 + (int64_t)i);
    rig_durable(rig, 201);
    rig_close(rig);
    struct rig_names names = rig_segments(rig);
    unlink(rig_file(rig, "checkpoint.0", (char[256]){0}));
    unlink(rig_file(rig, "checkpoint.1", (char[256]){0}));
    rig_spoil(rig, names.names[names.count - 1], 0, 4096);
    rig_open(rig);
    uint64_t next = rig_figures(rig).next;
    append_at(rig, 0, now_us - 500000); // later than all that is kept
    append_at(rig, 0, now_us + 1);
    rig_durable(rig, next + 2);
    assert_false(item_at(rig, next).newest);
    assert_true(item_at(rig, next + 1).newest);
}

static bool is_corrected(struct rig *rig, uint64_t number)
{
    return item_at(rig, number).corrected_us != 0;
}

static void unsure_times_are_corrected_and_stay_so(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    append_unsure(rig, 10);
    append_unsure(rig, 20);
    append_at(rig, 0, 7);
    rig_durable(rig, 4);
    assert_true(item_at(rig, 1).unsure);
    assert_int_equal(item_at(rig, 1).boot_us, 10);
    assert_int_equal(item_at(rig, 1).corrected_us, 0);
    assert_int_equal(buffer_correct(rig->buffer, 0, 1000), -EINVAL);
    assert_int_equal(buffer_correct(rig->buffer, 2, 1000), 0);
    assert_true(rig_wait(rig, is_corrected, 2));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(item_at(rig, 1).corrected_us, 0);
        assert_int_equal(item_at(rig, 2).corrected_us, 1020);
        assert_int_equal(item_at(rig, 2).time_us, 5);
        assert_false(item_at(rig, 3).unsure);
        assert_int_equal(item_at(rig, 3).corrected_us, 0);
        rig_reopen(rig);
    }
    // Moved once: not again by a later word, which is for what came since.
    append_unsure(rig, 30);
    rig_durable(rig, 5);
    assert_int_equal(buffer_correct(rig->buffer, 1, 5000), 0);
    assert_true(rig_wait(rig, is_corrected, 4));
    assert_int_equal(item_at(rig, 2).corrected_us, 1020);
    assert_int_equal(item_at(rig, 4).corrected_us, 5030);
}

static void what_is_not_durable_yet_is_corrected_too(void **state)
{
    struct rig *rig = *state;
    rig->options.commit_interval_us = INT64_C(3600) * 1000000;
    rig_open(rig);
    append_unsure(rig, 10);
    assert_int_equal(buffer_correct(rig->buffer, 1, 1000), 0);
    append_unsure(rig, 20);
    rig_durable(rig, 2);
    assert_true(rig_wait(rig, is_corrected, 1));
    assert_int_equal(item_at(rig, 1).corrected_us, 1010);
}

static void a_correction_is_not_shown_before_it_is_on_disk(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    append_unsure(rig, 10);
    rig_durable(rig, 2);
    rig_fail(rig, FAIL_SYNC, -1, EIO);
    assert_int_equal(buffer_correct(rig->buffer, 1, 1000), 0);
    rig_advance(rig, 1);
    assert_int_equal(item_at(rig, 1).corrected_us, 0);
    rig_fail(rig, FAIL_SYNC, 0, 0);
    assert_true(rig_wait(rig, is_corrected, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_late_reading_is_not_the_newest, make, end),
        cmocka_unit_test_setup_teardown(a_reading_from_the_far_future_does_not_end_it_for_later_ones, make, end),
        cmocka_unit_test_setup_teardown(an_unsure_reading_is_newest_when_it_comes, make, end),
        cmocka_unit_test_setup_teardown(while_the_clock_is_behind_what_comes_is_newest, make, end),
        cmocka_unit_test_setup_teardown(what_is_newest_is_known_after_a_restart, make, end),
        cmocka_unit_test_setup_teardown(and_after_a_kill, make, end),
        cmocka_unit_test_setup_teardown(the_newest_is_none_once_it_was_dropped, make, end),
        cmocka_unit_test_setup_teardown(after_damage_a_doubtful_reading_is_not_the_newest, make, end),
        cmocka_unit_test_setup_teardown(unsure_times_are_corrected_and_stay_so, make, end),
        cmocka_unit_test_setup_teardown(what_is_not_durable_yet_is_corrected_too, make, end),
        cmocka_unit_test_setup_teardown(a_correction_is_not_shown_before_it_is_on_disk, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
