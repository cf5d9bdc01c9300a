// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include "cursors.h"
#include "pending.h"

/*
 * An outlet's place: what it has not been acknowledged for.
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

static struct buffer_pending pending_of(struct rig *rig, const char *name)
{
    struct buffer_pending pending;
    assert_true(buffer_cursor_pending(rig->buffer, name, &pending));
    return pending;
}

static void open_with_outlet(struct rig *rig, uint64_t next)
{
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, next);
}

static void ranges_survive_a_restart(void **state)
{
    struct rig *rig = *state;
    open_with_outlet(rig, 100);
    buffer_cursor_done(rig->buffer, "mqtt", 10, 20);
    buffer_cursor_done(rig->buffer, "mqtt", 90, 100);
    buffer_cursor_done(rig->buffer, "mqtt", 40, 50);
    for (int i = 0; i < 2; i++) {
        struct buffer_pending pending = pending_of(rig, "mqtt");
        assert_int_equal(pending.count, 4);
        assert_int_equal(pending.ranges[0].from, 1);
        assert_int_equal(pending.ranges[0].to, 10);
        assert_int_equal(pending.ranges[1].from, 20);
        assert_int_equal(pending.ranges[2].to, 90);
        assert_int_equal(pending.ranges[3].from, 100);
        assert_true(pending.ranges[3].to == UINT64_MAX);
        assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 1);
        assert_int_equal(buffer_cursor_count(rig->buffer, "mqtt"), 9 + 20 + 40);
        rig_reopen(rig);
    }
    struct buffer_pending pending;
    assert_false(buffer_cursor_pending(rig->buffer, "nobody", &pending));
    assert_int_equal(buffer_cursor_count(rig->buffer, "nobody"), 0);
}

static void the_largest_file_of_positions_is_read_back(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 1000);
    char names[32][80];
    for (int i = 0; i < 32; i++) {
        snprintf(names[i], sizeof names[i], "%064d", i); // the longest names
        assert_int_equal(buffer_cursor_open(rig->buffer, names[i], true, NULL), 0);
        for (uint64_t k = 0; k < BUFFER_RANGES_MAX; k++)
            buffer_cursor_done(rig->buffer, names[i], 10 + 10 * k, 11 + 10 * k + (uint64_t)(i % 5));
    }
    rig_reopen(rig);
    for (int i = 0; i < 32; i++) {
        struct buffer_pending pending = pending_of(rig, names[i]);
        assert_int_equal(pending.count, BUFFER_RANGES_MAX + 1);
        assert_int_equal(pending.ranges[64].from, 641 + i % 5);
        assert_int_equal(buffer_cursor_count(rig->buffer, names[i]), 999 - 64 * (1 + i % 5));
    }
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

static void nothing_beyond_the_durable_end_is_acknowledged(void **state)
{
    struct rig *rig = *state;
    open_with_outlet(rig, 10);
    buffer_cursor_done(rig->buffer, "mqtt", 5, 1000);
    rig_commit(rig, 10, 20);
    struct buffer_pending pending = pending_of(rig, "mqtt");
    assert_int_equal(pending.count, 2);
    assert_int_equal(pending.ranges[1].from, 10);
    assert_int_equal(buffer_cursor_count(rig->buffer, "mqtt"), 14);
}

static void the_write_of_positions_takes_what_it_needs(void **state)
{
    struct rig *rig = *state;
    open_with_outlet(rig, 10);
    rig_reopen(rig);
    size_t size;
    uint8_t *data = rig_load(rig, "cursors", &size);
    assert_true(size % 40960 < 200 && size < 3 * 40960);
    free(data);
}

static bool knows_mqtt(struct rig *rig, uint64_t number)
{
    struct cursors cursors;
    struct cursors_file file;
    int folder = open(rig->path, O_RDONLY | O_DIRECTORY);
    int error = cursors_read(&disk_system, folder, &cursors, &file);
    close(folder);
    return error == 0 && cursors.count == 1 && pending_lowest(&cursors.list[0].pending) == number;
}

// A kill may follow at any moment, also while the writer waits for a slow disk.
static void what_is_acknowledged_is_in_the_file_when_the_call_returns(void **state)
{
    struct rig *rig = *state;
    open_with_outlet(rig, 100);
    assert_true(rig_wait(rig, knows_mqtt, 1));
    for (uint64_t number = 2; number < 50; number++) {
        if (number == 20)
            pthread_mutex_lock(&rig->disk.gate);
        buffer_cursor_done(rig->buffer, "mqtt", 0, number);
        assert_true(knows_mqtt(rig, number));
    }
    pthread_mutex_unlock(&rig->disk.gate);
    buffer_cursor_done_soon(rig->buffer, "mqtt", 0, 60);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 60);
    assert_true(rig_wait(rig, knows_mqtt, 60)); // by the writer's hand, who was not asked for anything else
}

static void ranges_begin_at_the_oldest_kept(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    rig->options.segment_bytes = 4096;
    rig->options.max_size_bytes = 32 << 10;
    open_with_outlet(rig, 50);
    buffer_cursor_done(rig->buffer, "mqtt", 20, 30);
    rig_commit(rig, 50, 800);
    uint64_t oldest = rig_figures(rig).oldest;
    assert_true(oldest > 50);
    struct buffer_pending pending = pending_of(rig, "mqtt");
    assert_int_equal(pending.count, 1);
    assert_int_equal(pending.ranges[0].from, oldest);
    assert_int_equal(buffer_cursor_count(rig->buffer, "mqtt"), rig_figures(rig).next - oldest);
}

static void a_segment_with_a_pending_range_in_it_is_not_delivered(void **state)
{
    struct rig *rig = *state;
    rig->options.keep_delivered_us = 0;
    open_with_outlet(rig, 11);
    buffer_cursor_done(rig->buffer, "mqtt", 1, 4);
    buffer_cursor_done(rig->buffer, "mqtt", 5, 11);
    rig_advance(rig, INT64_C(3600) * 1000000);
    rig_holds(rig, 1, 11);
    assert_int_equal(buffer_cursor_count(rig->buffer, "mqtt"), 1);
    buffer_cursor_done(rig->buffer, "mqtt", 4, 5);
    rig_advance(rig, INT64_C(3600) * 1000000);
    rig_holds(rig, 11, 11);
    assert_int_equal(rig_figures(rig).lost_age, 0);
}

static void only_what_is_pending_counts_as_lost(void **state)
{
    struct rig *rig = *state;
    open_with_outlet(rig, 101);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", true, NULL), 0);
    buffer_cursor_done(rig->buffer, "mqtt", 11, 91);
    buffer_cursor_done(rig->buffer, "influxdb", 21, 101);
    rig_advance(rig, INT64_C(31) * 86400 * 1000000);
    rig_holds(rig, 101, 101);
    assert_int_equal(rig_figures(rig).lost_age, 20 + 10);
}

static void refusing_waits_for_the_whole_segment_and_any_outlet(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    rig->options.max_size_bytes = 16 << 10;
    rig->options.refuse_when_full = true;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", true, NULL), 0);
    uint64_t next = 1;
    for (; rig_try_pack(rig, next, 1) == 0; next++)
        rig_durable(rig, next + 1);
    // All but one of the oldest segment, in both: it is undelivered by every outlet.
    buffer_cursor_done(rig->buffer, "mqtt", 2, next);
    buffer_cursor_done(rig->buffer, "influxdb", 1, 3);
    buffer_cursor_done(rig->buffer, "influxdb", 4, next);
    assert_int_equal(rig_try_pack(rig, next, 1), -ENOSPC);
    buffer_cursor_done(rig->buffer, "mqtt", 1, 2);
    rig_commit(rig, next, next + 1);
    rig_close(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ranges_survive_a_restart, make, end),
        cmocka_unit_test_setup_teardown(the_largest_file_of_positions_is_read_back, make, end),
        cmocka_unit_test_setup_teardown(nothing_beyond_the_durable_end_is_acknowledged, make, end),
        cmocka_unit_test_setup_teardown(the_write_of_positions_takes_what_it_needs, make, end),
        cmocka_unit_test_setup_teardown(what_is_acknowledged_is_in_the_file_when_the_call_returns, make, end),
        cmocka_unit_test_setup_teardown(ranges_begin_at_the_oldest_kept, make, end),
        cmocka_unit_test_setup_teardown(a_segment_with_a_pending_range_in_it_is_not_delivered, make, end),
        cmocka_unit_test_setup_teardown(only_what_is_pending_counts_as_lost, make, end),
        cmocka_unit_test_setup_teardown(refusing_waits_for_the_whole_segment_and_any_outlet, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
