// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include <signal.h>
#include <sys/wait.h>

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

static void what_is_committed_is_read_back_in_order(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 500);
    rig_holds(rig, 1, 500);
    assert_int_equal(buffer_read(rig->buffer, 10, 5, 100000, &rig->batch), 0);
    assert_int_equal(rig->batch.count, 5);
    assert_int_equal(rig->batch.items[0].number, 10);
    assert_int_equal(rig->batch.items[0].seq, 3); // the third of its stream: 2, 6, 10
    assert_true(rig->batch.items[0].this_boot);
    assert_int_equal(rig->batch.items[0].commit_us, atomic_load(&rig->wall_us));
    assert_int_equal(rig->batch.next, 15);
}

static void nothing_is_read_before_it_is_synced(void **state)
{
    struct rig *rig = *state;
    rig->options.commit_interval_us = INT64_C(3600) * 1000000;
    rig_open(rig);
    rig_pack(rig, 1, 3);
    assert_int_equal(buffer_read(rig->buffer, 1, 10, 1000, &rig->batch), 0);
    assert_int_equal(rig->batch.count, 0);
    assert_int_equal(rig->batch.next, 1);
    assert_int_equal(rig_figures(rig).waiting, 1);
    assert_int_equal(rig_figures(rig).next, 1);
    rig_durable(rig, 4);
    rig_holds(rig, 1, 4);
    assert_int_equal(rig_figures(rig).waiting, 0);
}

static void numbers_and_sequences_go_on_after_reopening(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 100);
    char epoch[8];
    snprintf(epoch, sizeof epoch, "%s", buffer_epoch(rig->buffer));
    assert_int_equal(strlen(epoch), 4);
    assert_int_equal(strspn(epoch, "abcdefghijklmnopqrstuvwxyz0123456789"), 4);
    rig_reopen(rig);
    assert_string_equal(buffer_epoch(rig->buffer), epoch);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[0]), 25);
    rig_commit(rig, 100, 105);
    rig_reopen(rig);
    rig_holds(rig, 1, 105);
    assert_int_equal(buffer_read(rig->buffer, 104, 1, 1000, &rig->batch), 0);
    assert_int_equal(rig->batch.items[0].seq, 26);
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

static void opening_again_and_again_leaves_no_empty_segments(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    for (int i = 0; i < 5; i++)
        rig_reopen(rig);
    assert_int_equal(rig_segments(rig).count, 0);
    rig_commit(rig, 1, 2);
    for (int i = 0; i < 5; i++)
        rig_reopen(rig);
    assert_int_equal(rig_segments(rig).count, 1);
}

static void a_closed_segment_is_cut_to_what_it_holds(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 3);
    assert_int_equal(rig_figures(rig).bytes, 64 << 10);
    rig_reopen(rig);
    assert_int_equal(rig_figures(rig).bytes, 4096);
    size_t size;
    free(rig_load(rig, rig_segments(rig).names[0], &size));
    assert_in_range(size, 200, 1000);
}

static void a_boot_ago_is_told_from_this_boot(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 3);
    rig_close(rig);
    // The boot id stands at byte 32 of the header; spoiling it also spoils the header, so the boot is then not known.
    rig_spoil(rig, rig_segments(rig).names[0], 32, 1);
    rig_open(rig);
    rig_commit(rig, 3, 4);
    assert_int_equal(buffer_read(rig->buffer, 1, 10, 10000, &rig->batch), 0);
    assert_false(rig->batch.items[0].this_boot);
    assert_int_equal(buffer_read(rig->buffer, 3, 10, 10000, &rig->batch), 0);
    assert_true(rig->batch.items[0].this_boot);
}

static void check_order(void *owner, uint64_t ticket, int status, void *context)
{
    (void)owner;
    uint64_t *next = context;
    assert_int_equal(ticket, *next);
    assert_int_equal(status, 0);
    (*next)++;
}

static void every_append_is_settled_once_in_order(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    for (uint64_t number = 1; number < 1000; number++)
        rig_pack(rig, number, 1);
    assert_true(rig_wait(rig, rig_is_durable, 1000));
    uint64_t next = 1;
    buffer_settled(rig->buffer, check_order, &next);
    assert_int_equal(next, 1000);
    buffer_settled(rig->buffer, check_order, &next);
    assert_int_equal(next, 1000);
}

static void at_most_16384_requests_wait(void **state)
{
    struct rig *rig = *state;
    rig->options.commit_interval_us = INT64_C(3600) * 1000000;
    rig_open(rig);
    pthread_mutex_lock(&rig->disk.gate); // nothing is synced, and nothing fails, which would end the patience after a time
    for (uint64_t number = 1; number <= 16384; number++)
        rig_pack(rig, number, 1);
    assert_int_equal(rig_try_pack(rig, 16385, 1), -EBUSY);
    assert_int_equal(rig_figures(rig).waiting, 16384);
    pthread_mutex_unlock(&rig->disk.gate);
    rig_durable(rig, 16385);
    rig_commit(rig, 16385, 16390);
    rig_holds(rig, 1, 16390);
}

static void what_waits_is_bounded_in_bytes_too(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4 << 20;
    rig->options.commit_interval_us = INT64_C(3600) * 1000000;
    rig_open(rig);
    rig_fail(rig, FAIL_SYNC, -1, EIO);
    char *large = calloc(1, 1 << 20);
    struct buffer_record record = {rig->streams[0], BUFFER_ROUTINE, 1, false, 0, large, 1 << 20};
    int error = 0, taken = 0;
    for (; taken < 100 && !error; taken++)
        error = buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0);
    assert_int_equal(error, -EBUSY);
    assert_in_range(taken, 7, 17);
    rig_fail(rig, FAIL_SYNC, 0, 0);
    free(large);
}

static void a_pack_that_no_segment_can_hold_is_refused(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    char *large = calloc(1, 64 << 10);
    struct buffer_record record = {rig->streams[0], BUFFER_ROUTINE, 1, false, 0, large, 64 << 10};
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), -EMSGSIZE);
    record.size = SIZE_MAX;
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), -EMSGSIZE);
    record.size = 50 << 10;
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
    rig_durable(rig, 3);
    assert_int_equal(buffer_read(rig->buffer, 1, 10, 10, &rig->batch), 0);
    assert_int_equal(rig->batch.count, 1);
    assert_int_equal(rig->batch.items[0].size, 50 << 10);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[0]), 3);
    free(large);
}

static void nonsense_is_refused_without_using_a_number(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    struct buffer_record record = {99, BUFFER_ROUTINE, 1, false, 0, "x", 1};
    char key[BUFFER_KEY_MAX + 1] = "";
    uint32_t stream;
    assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), -EINVAL);
    record.stream = 0;
    assert_int_equal(buffer_append(rig->buffer, &record, 0, NULL, 0, NULL, 0), -EINVAL);
    assert_int_equal(buffer_append(rig->buffer, &record, BUFFER_PACK_MAX + 1, NULL, 0, NULL, 0), -EINVAL);
    assert_int_equal(buffer_append(rig->buffer, &record, 1, key, sizeof key, NULL, 0), -EINVAL);
    assert_int_equal(buffer_stream(rig->buffer, "", &stream, NULL), -EINVAL);
    assert_int_equal(buffer_append(rig->buffer, &record, 1, key, BUFFER_KEY_MAX, NULL, 0), 0);
    rig_durable(rig, 2);
    assert_null(buffer_stream_name(rig->buffer, 4));
    assert_int_equal(buffer_stream_next_seq(rig->buffer, 4), 0);
}

static void a_second_opener_is_told_who_has_the_buffer(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    struct buffer *second;
    struct fault why;
    assert_int_equal(buffer_open(&rig->options, &second, &why), -EBUSY);
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    assert_non_null(strstr(why.text, pid));
    assert_non_null(strstr(why.text, rig->path));
    rig_reopen(rig);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    struct rig *rig = *state;
    struct buffer *buffer = NULL;
    struct fault why;
    rig->options.path = "/proc/nowhere/buffer";
    assert_true(buffer_open(&rig->options, &buffer, &why) < 0);
    assert_null(buffer);
    assert_non_null(strstr(why.text, "/proc/nowhere"));
}

static void a_thousand_new_streams_cost_one_checkpoint(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 2);
    int syncs = atomic_load(&rig->disk.syncs);
    for (int i = 0; i < 1000; i++) {
        char name[32];
        uint32_t stream;
        snprintf(name, sizeof name, "sensor-%d", i);
        assert_int_equal(buffer_stream(rig->buffer, name, &stream, NULL), 0);
    }
    rig_commit(rig, 2, 3);
    assert_in_range(atomic_load(&rig->disk.syncs) - syncs, 2, 3);
    rig_reopen(rig);
    assert_int_equal(buffer_stream_count(rig->buffer), 1004);
    assert_string_equal(buffer_stream_name(rig->buffer, 1003), "sensor-999");
    uint32_t stream;
    assert_int_equal(buffer_stream(rig->buffer, "sensor-500", &stream, NULL), 0);
    assert_int_equal(stream, 504);
}

static void streams_end_at_their_maximum(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    uint32_t stream;
    char name[32];
    for (int i = 4; i < BUFFER_STREAMS_MAX; i++) {
        snprintf(name, sizeof name, "s%d", i);
        assert_int_equal(buffer_stream(rig->buffer, name, &stream, NULL), 0);
    }
    struct fault why;
    assert_int_equal(buffer_stream(rig->buffer, "one more", &stream, &why), -ENOSPC);
    rig_commit(rig, 1, 2);
    rig_reopen(rig);
    assert_int_equal(buffer_stream_count(rig->buffer), BUFFER_STREAMS_MAX);
    assert_int_equal(buffer_stream(rig->buffer, "s65535", &stream, NULL), 0);
    assert_int_equal(stream, 65535);
}

static void copy_file(const char *folder, const char *name, void *context)
{
    (void)folder;
    struct rig **rigs = context;
    size_t size;
    uint8_t *data = rig_load(rigs[0], name, &size);
    rig_store(rigs[1], name, data, size);
    free(data);
}

static void a_new_sensor_is_known_after_a_kill(void **state)
{
    struct rig *rig = *state, *after = rig_make();
    rig_open(rig);
    rig_commit(rig, 1, 2);
    for (int i = 0; i < 3; i++) {
        char name[32];
        struct buffer_record record = {0, BUFFER_ROUTINE, 1, false, 0, "x", 1};
        snprintf(name, sizeof name, "late-%d", i);
        assert_int_equal(buffer_stream(rig->buffer, name, &record.stream, NULL), 0);
        assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
        rig_durable(rig, (uint64_t)i + 3);
    }
    rig_each_file(rig->path, copy_file, (struct rig *[]){rig, after}); // as a kill would leave them
    rig_open(after);
    uint32_t stream;
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "late-%d", i);
        assert_int_equal(buffer_stream(after->buffer, name, &stream, NULL), 0);
        assert_int_equal(stream, 4 + i);
        assert_int_equal(buffer_stream_next_seq(after->buffer, stream), 2);
    }
    rig_end(after);
}

static void count_key(const uint8_t *key, size_t size, int64_t age_us, void *context)
{
    assert_int_equal(size, 3);
    assert_memory_equal(key, "key", 3);
    assert_in_range(age_us, 0, 300 * 1000000);
    (*(int *)context)++;
}

static void recent_keys_come_back_after_a_restart(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 5);
    rig_advance(rig, INT64_C(1000) * 1000000);
    rig_commit(rig, 5, 8);
    rig_advance(rig, INT64_C(100) * 1000000);
    rig_reopen(rig);
    int count = 0;
    buffer_recent_keys(rig->buffer, INT64_C(247) * 1000000, count_key, &count);
    assert_int_equal(count, 3);
}

static void cursors_persist_and_new_ones_begin_where_they_are_told(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 10);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", false, NULL), 0);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 1);
    assert_int_equal(buffer_cursor(rig->buffer, "influxdb"), 10);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 5);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 3);
    rig_reopen(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", false, NULL), 0);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 5);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 1000);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 10);
    buffer_cursor_keep(rig->buffer, (const char *const[]){"mqtt"}, 1);
    assert_int_equal(buffer_cursor(rig->buffer, "influxdb"), 0);
    rig_reopen(rig);
    assert_int_equal(buffer_cursor(rig->buffer, "influxdb"), 0);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 10);
}

static void there_are_at_most_32_cursors(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    char name[32];
    struct fault why;
    for (int i = 0; i < 32; i++) {
        snprintf(name, sizeof name, "outlet-%d", i);
        assert_int_equal(buffer_cursor_open(rig->buffer, name, true, NULL), 0);
    }
    assert_int_equal(buffer_cursor_open(rig->buffer, "outlet-0", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "more", true, &why), -ENOSPC);
    assert_int_equal(buffer_cursor_open(rig->buffer, "no name", true, &why), -EINVAL);
}

static void the_commit_histogram_is_cumulative(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit_each(rig, 1, 20);
    struct buffer_figures figures = rig_figures(rig);
    assert_int_equal(figures.committed, 19);
    assert_in_range(figures.commits, 18, 19); // the last may not be counted yet
    assert_int_equal(figures.commit_histogram[11], figures.commits);
    for (size_t i = 1; i < 12; i++)
        assert_true(figures.commit_histogram[i] >= figures.commit_histogram[i - 1]);
    assert_true(figures.written_bytes > 19 * 80);
    assert_true(figures.free_bytes > 0);
}

// Runs in a child, which is gone without a goodbye once the parent has seen enough.
static void append_until_killed(struct rig *rig, int to_parent)
{
    rig_open(rig);
    uint64_t next = rig_figures(rig).next;
    for (uint64_t round = 0;; round++) {
        uint64_t from = next;
        for (uint64_t i = 0; i < 1 + round % 7; i++) {
            size_t pack = 1 + (size_t)(next % 3);
            rig_pack(rig, next, pack);
            next += pack;
        }
        (void)from;
        rig_durable(rig, next);
        if (write(to_parent, &next, sizeof next) != (ssize_t)sizeof next)
            _exit(1);
    }
}

static void everything_settled_before_a_kill_is_there_afterwards(void **state)
{
    struct rig *rig = *state;
    uint64_t settled = 1;
    for (int round = 0; round < 8; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            append_until_killed(rig, ends[1]);
        }
        close(ends[1]);
        for (int i = 0; i < 5 + 11 * round; i++)
            assert_int_equal(read(ends[0], &settled, sizeof settled), sizeof settled);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        uint64_t later;
        while (read(ends[0], &later, sizeof later) == (ssize_t)sizeof later)
            settled = later;
        close(ends[0]);
        rig_open(rig);
        struct buffer_figures figures = rig_figures(rig);
        assert_true(figures.next >= settled);
        rig_holds(rig, 1, figures.next);
        assert_int_equal(figures.lost_damage, 0);
        rig_close(rig);
    }
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_committed_is_read_back_in_order, make, end),
        cmocka_unit_test_setup_teardown(nothing_is_read_before_it_is_synced, make, end),
        cmocka_unit_test_setup_teardown(numbers_and_sequences_go_on_after_reopening, make, end),
        cmocka_unit_test_setup_teardown(opening_again_and_again_leaves_no_empty_segments, make, end),
        cmocka_unit_test_setup_teardown(a_closed_segment_is_cut_to_what_it_holds, make, end),
        cmocka_unit_test_setup_teardown(a_boot_ago_is_told_from_this_boot, make, end),
        cmocka_unit_test_setup_teardown(every_append_is_settled_once_in_order, make, end),
        cmocka_unit_test_setup_teardown(at_most_16384_requests_wait, make, end),
        cmocka_unit_test_setup_teardown(what_waits_is_bounded_in_bytes_too, make, end),
        cmocka_unit_test_setup_teardown(a_pack_that_no_segment_can_hold_is_refused, make, end),
        cmocka_unit_test_setup_teardown(nonsense_is_refused_without_using_a_number, make, end),
        cmocka_unit_test_setup_teardown(a_second_opener_is_told_who_has_the_buffer, make, end),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_made_is_named, make, end),
        cmocka_unit_test_setup_teardown(a_thousand_new_streams_cost_one_checkpoint, make, end),
        cmocka_unit_test_setup_teardown(streams_end_at_their_maximum, make, end),
        cmocka_unit_test_setup_teardown(a_new_sensor_is_known_after_a_kill, make, end),
        cmocka_unit_test_setup_teardown(recent_keys_come_back_after_a_restart, make, end),
        cmocka_unit_test_setup_teardown(cursors_persist_and_new_ones_begin_where_they_are_told, make, end),
        cmocka_unit_test_setup_teardown(there_are_at_most_32_cursors, make, end),
        cmocka_unit_test_setup_teardown(the_commit_histogram_is_cumulative, make, end),
        cmocka_unit_test_setup_teardown(everything_settled_before_a_kill_is_there_afterwards, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
