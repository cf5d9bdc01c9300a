// SPDX-License-Identifier: Apache-2.0
#include "holes.h"

#define HOUR_US (INT64_C(3600) * 1000000)

/*
 * Events outlive routine readings: when the oldest segment makes room, they are copied forward.
 */

enum { READINGS_MAX = 4000 };

struct fixture {
    struct rig *rig;
    struct holes holes;
    unsigned came[READINGS_MAX];      // by reading: how often it was read
    uint64_t number_of[READINGS_MAX]; // and under which number
    struct buffer_item item_of[READINGS_MAX];
};

static int make(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->rig = rig_make();
    fixture->rig->options.segment_bytes = 8192;
    fixture->rig->options.max_size_bytes = 64 << 10;
    *state = fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    rig_end(fixture->rig);
    free(fixture);
    return 0;
}

static bool is_stored(struct rig *rig, uint64_t count)
{
    return rig_figures(rig).committed >= count;
}

// Stores readings [from, to), which are not numbers any more where something was copied.
static void store(struct rig *rig, uint64_t from, uint64_t to)
{
    uint64_t stored = rig_figures(rig).committed;
    for (uint64_t i = from; i < to; i++) {
        rig_pack(rig, i, 1);
        if (i % 10 != 9 && i + 1 < to)
            continue;
        buffer_flush(rig->buffer);
        assert_true(rig_wait(rig, is_stored, stored + i + 1 - from));
        buffer_settled(rig->buffer, rig_settled_ignored, NULL);
    }
}

// Reads all that is kept: the time says which reading it is, and that says everything else.
static void read_all(struct fixture *fixture)
{
    struct rig *rig = fixture->rig;
    memset(fixture->came, 0, sizeof fixture->came);
    uint64_t from = 1;
    for (;;) {
        assert_int_equal(buffer_read(rig->buffer, from, 100, 100000, &rig->batch), 0);
        if (rig->batch.count == 0)
            return;
        for (size_t i = 0; i < rig->batch.count; i++) {
            const struct buffer_item *item = &rig->batch.items[i];
            struct buffer_item original = *item;
            original.number = (uint64_t)item->time_us / 1000;
            assert_true(original.number < READINGS_MAX);
            rig_check_item(rig, &original);
            fixture->came[original.number]++;
            fixture->number_of[original.number] = item->number;
            fixture->item_of[original.number] = *item;
        }
        from = rig->batch.next;
    }
}

static uint64_t unexplained(struct fixture *fixture, const char *outlet)
{
    memset(&fixture->holes, 0, sizeof fixture->holes);
    return holes_left(fixture->rig, &fixture->holes, outlet);
}

static bool waits_for(struct rig *rig, const char *outlet, uint64_t number)
{
    struct buffer_pending pending;
    assert_true(buffer_cursor_pending(rig->buffer, outlet, &pending));
    for (size_t i = 0; i < pending.count; i++)
        if (number >= pending.ranges[i].from && number < pending.ranges[i].to)
            return true;
    return false;
}

static void open_with_outlets(struct rig *rig)
{
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", true, NULL), 0);
}

static void all_events_are_there_once(struct fixture *fixture, uint64_t readings)
{
    read_all(fixture);
    for (uint64_t i = 5; i < readings; i += 5)
        assert_int_equal(fixture->came[i], 1);
}

static void events_outlive_routine_readings(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    store(rig, 1, 1000);
    for (int i = 0; i < 2; i++) {
        all_events_are_there_once(fixture, 1000);
        assert_int_equal(fixture->came[1], 0);
        assert_true(fixture->item_of[5].copied);
        assert_false(fixture->item_of[5].newest);
        assert_false(fixture->item_of[999].copied);
        assert_true(waits_for(rig, "mqtt", fixture->number_of[5]));
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        assert_int_equal(rig_figures(rig).events_dropped, 0);
        assert_true(rig_figures(rig).bytes <= 64 << 10);
        if (i == 0) {
            assert_in_range(rig_figures(rig).events_copied, 120, 400);
            assert_int_equal(rig_figures(rig).lost_full, holes_lost(rig, "mqtt", BUFFER_LOSS_FULL));
        }
        rig_reopen(rig);
    }
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[0]), 250);
}

static void who_had_an_event_does_not_get_its_copy(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    store(rig, 1, 101);
    buffer_cursor_done(rig->buffer, "influxdb", 1, 51);
    store(rig, 101, 800);
    for (int i = 0; i < 2; i++) {
        all_events_are_there_once(fixture, 800);
        for (uint64_t k = 5; k < 800; k += 5) {
            assert_true(waits_for(rig, "mqtt", fixture->number_of[k]));
            assert_int_equal(waits_for(rig, "influxdb", fixture->number_of[k]), k > 50);
        }
        rig_reopen(rig);
    }
}

static void a_delivered_event_is_copied_only_while_it_is_young(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.keep_delivered_us = 10 * HOUR_US;
    open_with_outlets(rig);
    store(rig, 1, 51);
    atomic_fetch_add(&rig->wall_us, 11 * HOUR_US);
    atomic_fetch_add(&rig->boot_us, 11 * HOUR_US);
    store(rig, 51, 101);
    buffer_cursor_done(rig->buffer, "mqtt", 1, 101);
    buffer_cursor_done(rig->buffer, "influxdb", 1, 101);
    store(rig, 101, 800);
    read_all(fixture);
    assert_int_equal(fixture->came[5], 0);
    assert_int_equal(fixture->came[75], 1);
    assert_false(waits_for(rig, "mqtt", fixture->number_of[75]));
    assert_int_equal(rig_figures(rig).events_dropped, 0);
}

static void an_event_that_is_too_old_is_not_copied(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_age_us = 24 * HOUR_US;
    open_with_outlets(rig);
    store(rig, 1, 11);
    atomic_fetch_add(&rig->boot_us, 25 * HOUR_US);
    store(rig, 11, 800);
    read_all(fixture);
    assert_int_equal(fixture->came[5], 0);
    assert_int_equal(fixture->came[15], 1);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
}

// Nothing but events: half a segment of them goes forward, and the older half is lost and told.
static void of_too_many_events_the_oldest_are_told_as_lost(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    for (uint64_t i = 5; i < 4000; i += 5) {
        uint64_t stored = rig_figures(rig).committed;
        rig_pack(rig, i, 1);
        buffer_flush(rig->buffer);
        assert_true(rig_wait(rig, is_stored, stored + 1));
    }
    assert_true(rig_figures(rig).events_dropped > 100);
    assert_true(rig_figures(rig).events_copied > 100);
    assert_true(rig_figures(rig).bytes <= 64 << 10);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        rig_reopen(rig);
    }
}

static void on_a_full_disk_events_are_carried_over_in_memory(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_size_bytes = 1 << 20;
    open_with_outlets(rig);
    store(rig, 1, 200);
    for (int i = 0; i < 8; i++) {
        rig_fail(rig, FAIL_ALLOCATE, 3, ENOSPC); // full once costs nothing
        store(rig, 200 + 50 * (uint64_t)i, 250 + 50 * (uint64_t)i);
        rig_fail(rig, FAIL_ALLOCATE, 0, 0);
    }
    assert_true(rig_figures(rig).oldest > 100);
    assert_true(rig_figures(rig).events_copied > 20);
    assert_int_equal(rig_figures(rig).events_dropped, 0);
    for (int i = 0; i < 2; i++) {
        all_events_are_there_once(fixture, 600);
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        rig_reopen(rig);
    }
}

static bool carries(struct rig *rig, uint64_t before)
{
    return rig_figures(rig).oldest > before;
}

static void what_is_carried_and_finds_no_place_at_the_end_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_size_bytes = 1 << 20;
    open_with_outlets(rig);
    store(rig, 1, 200);
    uint64_t oldest = rig_figures(rig).oldest;
    rig_fail(rig, FAIL_ALLOCATE, -1, ENOSPC);
    rig_fail(rig, FAIL_WRITE, 1, ENOSPC);
    for (uint64_t i = 200; i < 300; i++)
        rig_pack(rig, i, 1);
    buffer_flush(rig->buffer);
    assert_true(rig_wait(rig, carries, oldest)); // somebody else fills the disk, and a segment gave way in vain
    rig_close(rig);
    assert_true(rig_reported(rig, "found no place"));
    rig_fail(rig, FAIL_ALLOCATE, 0, 0);
    open_with_outlets(rig);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
    assert_int_equal(unexplained(fixture, "influxdb"), 0);
}

// The disk fails at every place of the way once: an event may then be there twice, with the same sequence.
static void a_disk_that_fails_meanwhile_loses_no_event(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    store(rig, 1, 400);
    for (uint64_t i = 0; i < 40; i++) {
        rig_fail(rig, i % 2 ? FAIL_SYNC : FAIL_WRITE, 1 + (int)(i / 2 % 3), EIO);
        store(rig, 400 + 10 * i, 410 + 10 * i);
        rig_fail(rig, i % 2 ? FAIL_SYNC : FAIL_WRITE, 0, 0);
    }
    assert_true(rig_figures(rig).condemned > 5);
    read_all(fixture);
    for (uint64_t i = 5; i < 800; i += 5)
        assert_true(fixture->came[i] >= 1);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
}

static bool is_corrected(struct rig *rig, uint64_t number)
{
    assert_int_equal(buffer_read(rig->buffer, number, 1, 1000, &rig->batch), 0);
    return rig->batch.count == 1 && rig->batch.items[0].corrected_us != 0;
}

static void a_copy_is_what_its_event_was(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    char payload[512];
    struct buffer_record records[2];
    for (uint64_t i = 0; i < 2; i++) { // one that is corrected, and one that is the newest of its stream
        records[i] = rig_record(rig, 5, payload);
        records[i].stream = i ? 0 : records[i].stream;
        records[i].unsure = true;
        records[i].boot_us = 77 + (int64_t)i;
    }
    uint32_t own;
    assert_int_equal(buffer_stream(rig->buffer, "alone", &own, NULL), 0);
    records[1].stream = own;
    assert_int_equal(buffer_append(rig->buffer, records, 2, NULL, 0, NULL, 0), 0);
    rig_durable(rig, 3);
    assert_int_equal(buffer_correct(rig->buffer, 1, 1000), 0);
    assert_true(rig_wait(rig, is_corrected, 1));
    int64_t commit_us = rig->batch.items[0].commit_us, commit_boot_us = rig->batch.items[0].commit_boot_us;
    atomic_fetch_add(&rig->wall_us, 5000);
    atomic_fetch_add(&rig->boot_us, 5000);
    store(rig, 6, 800);
    for (int i = 0; i < 2; i++) {
        uint64_t number = buffer_stream_newest(rig->buffer, own);
        assert_true(number > 2);
        assert_int_equal(buffer_read(rig->buffer, number, 1, 1000, &rig->batch), 0);
        const struct buffer_item *item = &rig->batch.items[0];
        assert_int_equal(item->number, number);
        assert_true(item->copied && item->newest && item->unsure && item->this_boot);
        assert_int_equal(item->seq, 1);
        assert_int_equal(item->stream, own);
        assert_int_equal(item->commit_us, commit_us);
        assert_int_equal(item->commit_boot_us, commit_boot_us);
        assert_int_equal(item->boot_us, 78);
        assert_int_equal(item->corrected_us, 1078);
        rig_reopen(rig);
    }
}

static void an_estimate_that_was_given_stays_one_when_it_is_copied(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    static const char *const names[] = {"given", "kept"};
    char payload[512];
    uint32_t streams[2];
    uint64_t numbers[2];
    open_with_outlets(rig);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(buffer_stream(rig->buffer, names[i], &streams[i], NULL), 0);
        struct buffer_record record = rig_record(rig, 5, payload);
        record.stream = streams[i];
        record.unsure = true;
        record.boot_us = 77;
        assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
    }
    rig_durable(rig, 3);
    buffer_estimates_given(rig->buffer, 2);
    store(rig, 6, 800);
    for (int i = 0; i < 2; i++)
        numbers[i] = buffer_stream_newest(rig->buffer, streams[i]);
    assert_true(numbers[0] > 2 && numbers[1] > 2);
    assert_int_equal(buffer_correct(rig->buffer, 1, 1000), 0);
    assert_true(rig_wait(rig, is_corrected, numbers[1]));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(buffer_read(rig->buffer, numbers[0], 1, 1000, &rig->batch), 0);
        assert_int_equal(rig->batch.items[0].number, numbers[0]);
        assert_true(rig->batch.items[0].copied && rig->batch.items[0].unsure);
        assert_int_equal(rig->batch.items[0].corrected_us, 0);
        assert_true(is_corrected(rig, numbers[1]));
        rig_reopen(rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_outlive_routine_readings, make, end),
        cmocka_unit_test_setup_teardown(who_had_an_event_does_not_get_its_copy, make, end),
        cmocka_unit_test_setup_teardown(a_delivered_event_is_copied_only_while_it_is_young, make, end),
        cmocka_unit_test_setup_teardown(an_event_that_is_too_old_is_not_copied, make, end),
        cmocka_unit_test_setup_teardown(of_too_many_events_the_oldest_are_told_as_lost, make, end),
        cmocka_unit_test_setup_teardown(on_a_full_disk_events_are_carried_over_in_memory, make, end),
        cmocka_unit_test_setup_teardown(what_is_carried_and_finds_no_place_at_the_end_is_told, make, end),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_meanwhile_loses_no_event, make, end),
        cmocka_unit_test_setup_teardown(a_copy_is_what_its_event_was, make, end),
        cmocka_unit_test_setup_teardown(an_estimate_that_was_given_stays_one_when_it_is_copied, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
