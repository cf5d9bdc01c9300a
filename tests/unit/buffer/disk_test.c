// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <sys/mount.h>

/*
 * A disk that fails: what was acknowledged stays, what was not waits and is stored once, under the same numbers.
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

static bool is_failing(struct rig *rig, uint64_t failing)
{
    return rig_figures(rig).failing == (failing != 0);
}

static void survives(struct rig *rig, int kind, int count, int error)
{
    uint64_t next = rig_figures(rig).next;
    rig_forget_reports(rig);
    rig_fail(rig, kind, count, error);
    rig_commit(rig, next, next + 20);
    assert_true(rig_wait(rig, is_failing, 0));
    rig_holds(rig, 1, next + 20);
    rig_reopen(rig);
    rig_holds(rig, 1, next + 20);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
}

static void a_failed_sync_condemns_the_segment_not_the_readings(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 20);
    rig_advance(rig, 1); // the cursors' file is made, too
    size_t before = rig_segments(rig).count;
    rig_fail(rig, FAIL_SYNC, 1, EIO);
    rig_commit(rig, 20, 30);
    assert_true(rig_wait(rig, is_failing, 0));
    assert_int_equal(rig_segments(rig).count, before + 1);
    assert_int_equal(atomic_load(&rig->report_count), 2); // once when it began, once when it ended
    rig_holds(rig, 1, 30);
    survives(rig, FAIL_SYNC, 2, EIO);
}

static void failed_and_half_done_writes_are_done_again(void **state)
{
    struct rig *rig = *state;
    rig->options.refuse_when_full = true; // so that a full disk drops nothing either
    rig_open(rig);
    rig_commit(rig, 1, 20);
    survives(rig, FAIL_WRITE, 1, EIO);
    survives(rig, FAIL_WRITE, 3, ENOSPC);
    survives(rig, FAIL_OPEN, 1, EMFILE);
    survives(rig, FAIL_ALLOCATE, 1, ENOSPC);
}

// The oldest would make room, although nobody had it yet.
static void a_disk_that_is_full_for_a_moment_costs_no_reading(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, 200);
    static const int kinds[] = {FAIL_WRITE, FAIL_SYNC, FAIL_WRITE, FAIL_SYNC};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint64_t next = rig_figures(rig).next;
        rig_fail(rig, kinds[i], 1, ENOSPC);
        rig_commit(rig, next, next + 20);
        rig_holds(rig, 1, next + 20);
    }
    assert_int_equal(rig_figures(rig).lost_full, 0);
}

static bool has_tried(struct rig *rig, uint64_t times)
{
    return atomic_load(&rig->disk.creates) >= (int)times;
}

// Whatever we gave, somebody else would take.
static void a_disk_that_others_fill_costs_a_few_segments_at_most(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    rig->options.segment_bytes = 16 << 10;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, 1500);
    size_t before = rig_segments(rig).count;
    rig_fail(rig, FAIL_ALLOCATE, -1, ENOSPC);
    rig_fail(rig, FAIL_WRITE, 1, ENOSPC);
    int tried = atomic_load(&rig->disk.creates);
    for (uint64_t number = 1500; number < 1520; number++)
        rig_pack(rig, number, 1);
    buffer_flush(rig->buffer);
    assert_true(rig_wait(rig, has_tried, (uint64_t)tried + 6));
    assert_true(rig_wait(rig, is_failing, 1));
    assert_true(rig_segments(rig).count + 3 >= before);
    rig_fail(rig, FAIL_ALLOCATE, 0, 0);
    rig_durable(rig, 1520);
    rig_holds(rig, rig_figures(rig).oldest, 1520);
}

static void without_preallocation_the_file_grows(void **state)
{
    struct rig *rig = *state;
    rig_fail(rig, FAIL_ALLOCATE, -1, EOPNOTSUPP);
    rig_open(rig);
    rig_commit(rig, 1, 500);
    rig_reopen(rig);
    rig_holds(rig, 1, 500);
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

static void a_condemned_segment_that_cannot_be_cut_gives_nothing_twice(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 11);
    rig_advance(rig, 1);
    rig_fail(rig, FAIL_TRUNCATE, -1, EIO);
    rig_fail(rig, FAIL_SYNC, 1, EIO); // the bytes have arrived, whole frames with right checksums
    rig_pack(rig, 11, 5);
    rig_durable(rig, 16);
    rig_holds(rig, 1, 16);
    rig_close(rig);
    size_t size;
    uint8_t *first = rig_load(rig, rig_segments(rig).names[0], &size);
    assert_int_equal(size, 64 << 10);
    rig_open(rig);
    rig_holds(rig, 1, 16);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    rig_close(rig);
    // Where the last frame before them is bad, the search does not stray into them either.
    char text[] = "reading 10 ";
    uint8_t *at = memmem(first, size, text, sizeof text - 1);
    assert_non_null(at);
    rig_spoil(rig, rig_segments(rig).names[0], (size_t)(at - first), 2);
    free(first);
    rig_open(rig);
    assert_int_equal(rig_read(rig, 1, NULL, 0), 14);
    assert_int_equal(rig_figures(rig).lost_damage, 1);
}

static void a_dead_disk_is_reported_once_and_fills_only_to_the_bound(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 5);
    rig_advance(rig, 1); // the cursors' file is made, too
    rig_fail(rig, FAIL_SYNC, -1, EIO);
    uint64_t number = 5;
    while (rig_try_pack(rig, number, 1) == 0)
        number++;
    assert_true(rig_wait(rig, is_failing, 1));
    assert_true(number - 5 <= 16384);
    int error = rig_try_pack(rig, number, 1);
    assert_true(error == -EBUSY || error == -EIO); // the second one when filling it took more than a second
    rig_holds(rig, 1, 5);
    assert_int_equal(atomic_load(&rig->report_count), 1);
    // An end in order: it is said what was not stored, and nothing hangs.
    assert_int_equal(buffer_close(rig->buffer), number - 5);
    rig->buffer = NULL;
    assert_true(rig_reported(rig, "could not be stored"));
    rig_fail(rig, FAIL_SYNC, 0, 0);
    rig_open(rig);
    assert_true(rig_figures(rig).next >= 5);
    rig_read(rig, 1, NULL, 0);
}

static void the_start_works_on_a_full_disk(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 20);
    rig_close(rig);
    rig_fail(rig, FAIL_OPEN, -1, ENOSPC);
    rig_fail(rig, FAIL_WRITE, -1, ENOSPC);
    rig_open(rig);
    rig_holds(rig, 1, 20);
    rig_pack(rig, 20, 1);
    assert_true(rig_wait(rig, is_failing, 1));
    rig_fail(rig, FAIL_OPEN, 0, 0);
    rig_fail(rig, FAIL_WRITE, 0, 0);
    rig_durable(rig, 21);
}

// What a killed process had written and not synced is not what that file holds, once a sync of it has failed.
static void a_tail_whose_sync_fails_at_the_start_is_written_to_another_file(void **state)
{
    struct rig *rig = *state;
    struct stat before, after;
    char path[256];
    rig_open(rig);
    rig_commit(rig, 1, 20);
    rig_close(rig);
    assert_int_equal(stat(rig_file(rig, rig_segments(rig).names[0], path), &before), 0);
    rig_fail(rig, FAIL_SYNC, 2, EIO); // that of the cursors, and that of the tail
    rig_open(rig);
    assert_int_equal(stat(path, &after), 0);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_false(rig_has(rig, "tail.new"));
    assert_int_equal(atomic_load(&rig->report_count), 0);
    rig_holds(rig, 1, 20);
    rig_reopen(rig);
    rig_holds(rig, 1, 20);
    rig_close(rig);
    rig_fail(rig, FAIL_SYNC, 3, EIO); // and that of the other file
    rig_open(rig);
    assert_true(rig_reported(rig, "could not be written"));
    assert_false(rig_has(rig, "tail.new"));
    rig_holds(rig, 1, 20);
}

static bool is_refused(struct rig *rig, uint64_t number)
{
    (void)number;
    // Records of their own, so that the numbers of those taken and refused do not matter.
    struct buffer_record record = {rig->streams[0], BUFFER_ROUTINE, 1, false, 0, "x", 1};
    int error = buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0);
    return error == -atomic_load(&rig->disk.error[FAIL_SYNC]);
}

static bool is_taken(struct rig *rig, uint64_t number)
{
    return rig_try_pack(rig, number, 1) == 0;
}

static bool nothing_waits(struct rig *rig, uint64_t number)
{
    (void)number;
    return rig_figures(rig).waiting == 0;
}

static void refuses_and_recovers(struct rig *rig, int error)
{
    rig_fail(rig, FAIL_SYNC, -1, error);
    assert_true(rig_wait(rig, is_refused, 0));
    size_t waiting = rig_figures(rig).waiting;
    for (int i = 0; i < 100; i++)
        assert_true(is_refused(rig, 0));
    assert_int_equal(rig_figures(rig).waiting, waiting);
    rig_fail(rig, FAIL_SYNC, 0, 0);
    assert_true(rig_wait(rig, is_taken, 1));
    buffer_flush(rig->buffer);
    assert_true(rig_wait(rig, nothing_waits, 0));
    assert_true(rig_wait(rig, is_failing, 0));
}

static void while_storing_fails_appends_are_refused_and_then_taken_again(void **state)
{
    struct rig *rig = *state;
    rig->options.refuse_when_full = true; // so that a full disk drops nothing
    rig_open(rig);
    rig_commit(rig, 1, 5);
    refuses_and_recovers(rig, EIO);
    refuses_and_recovers(rig, ENOSPC);
}

static void a_disk_with_less_than_a_segment_free_takes_smaller_ones(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    rig->options.segment_bytes = 4 << 20;
    atomic_store(&rig->disk.free_bytes, 300 << 10);
    rig_open(rig);
    rig_commit(rig, 1, 10);
    assert_int_equal(rig_figures(rig).bytes, 256 << 10);
    rig_commit(rig, 10, 4000); // more than one such segment
    assert_true(rig_segments(rig).count >= 2);
    rig_holds(rig, 1, 4000);
    assert_int_equal(atomic_load(&rig->report_count), 0);
    // A pack that is larger than the smallest still finds its place.
    static char large[200 << 10];
    struct buffer_record record = {rig->streams[0], BUFFER_ROUTINE, 1, false, 0, large, sizeof large};
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
    rig_durable(rig, 4001);
    atomic_store(&rig->disk.free_bytes, 0);
    rig_reopen(rig);
    assert_int_equal(rig_figures(rig).next, 4001);
    rig_commit(rig, 4001, 4002);
    assert_true(rig_figures(rig).bytes > 4 << 20);
}

static void a_small_file_system_is_used_to_its_end(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    if (mount("citygw", rig->path, "tmpfs", 0, "size=1m") != 0)
        skip();
    rig->options.segment_bytes = 4 << 20;
    rig->options.max_size_bytes = INT64_C(2) << 30;
    rig_open(rig);
    for (uint64_t number = 1; number < 20000; number += 100)
        rig_commit(rig, number, number + 100);
    struct buffer_figures figures = rig_figures(rig);
    assert_in_range(figures.oldest, 10000, 19900);
    rig_holds(rig, figures.oldest, 20001);
    // The oldest gives way as it should: nobody needs to hear that storing fails.
    assert_int_equal(atomic_load(&rig->report_count), 0);
    rig_close(rig);
    assert_int_equal(umount(rig->path), 0);
}

static bool is_syncing(struct rig *rig, uint64_t since_us)
{
    return rig_figures(rig).writer_syncing_since_boot_us == (int64_t)since_us;
}

static void a_sync_that_takes_long_is_seen_from_outside(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 5);
    rig_advance(rig, 1000000);
    assert_true(rig_wait(rig, is_syncing, 0));
    pthread_mutex_lock(&rig->disk.gate);
    int64_t began_us = atomic_load(&rig->boot_us);
    rig_pack(rig, 5, 1);
    buffer_flush(rig->buffer);
    assert_true(rig_wait(rig, is_syncing, (uint64_t)began_us));
    atomic_fetch_add(&rig->boot_us, 30 * 1000000);
    assert_true(is_syncing(rig, (uint64_t)began_us));
    pthread_mutex_unlock(&rig->disk.gate);
    rig_durable(rig, 6);
    assert_true(rig_wait(rig, is_syncing, 0));
}

static void a_full_file_system_gives_way_from_the_oldest(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    if (mount("citygw", rig->path, "tmpfs", 0, "size=256k") != 0)
        skip();
    rig->options.segment_bytes = 16 << 10;
    rig_open(rig);
    rig_commit(rig, 1, 10);
    for (uint64_t number = 10; number < 4000; number += 30)
        rig_commit(rig, number, number + 30);
    struct buffer_figures figures = rig_figures(rig);
    assert_true(figures.oldest > 1000);
    assert_int_equal(figures.next, 4000);
    rig_holds(rig, figures.oldest, 4000);
    rig_reopen(rig);
    rig_holds(rig, figures.oldest, 4000);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    rig_close(rig);
    assert_int_equal(umount(rig->path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failed_sync_condemns_the_segment_not_the_readings, make, end),
        cmocka_unit_test_setup_teardown(failed_and_half_done_writes_are_done_again, make, end),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full_for_a_moment_costs_no_reading, make, end),
        cmocka_unit_test_setup_teardown(a_disk_that_others_fill_costs_a_few_segments_at_most, make, end),
        cmocka_unit_test_setup_teardown(without_preallocation_the_file_grows, make, end),
        cmocka_unit_test_setup_teardown(a_condemned_segment_that_cannot_be_cut_gives_nothing_twice, make, end),
        cmocka_unit_test_setup_teardown(a_dead_disk_is_reported_once_and_fills_only_to_the_bound, make, end),
        cmocka_unit_test_setup_teardown(the_start_works_on_a_full_disk, make, end),
        cmocka_unit_test_setup_teardown(a_tail_whose_sync_fails_at_the_start_is_written_to_another_file, make, end),
        cmocka_unit_test_setup_teardown(while_storing_fails_appends_are_refused_and_then_taken_again, make, end),
        cmocka_unit_test_setup_teardown(a_disk_with_less_than_a_segment_free_takes_smaller_ones, make, end),
        cmocka_unit_test_setup_teardown(a_small_file_system_is_used_to_its_end, make, end),
        cmocka_unit_test_setup_teardown(a_sync_that_takes_long_is_seen_from_outside, make, end),
        cmocka_unit_test_setup_teardown(a_full_file_system_gives_way_from_the_oldest, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
