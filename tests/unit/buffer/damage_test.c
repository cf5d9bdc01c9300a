// SPDX-License-Identifier: Apache-2.0
#include "damage.h"

#include "format.h"

/*
 * Files that a card has spoiled. Always the same promise: the buffer opens, never hands out a wrong value, and what is
 * missing is counted.
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

// Whatever is read is right (rig_read checks that), and read + lost makes up [1, next).
static void check_all_accounted(struct rig *rig, uint64_t next)
{
    uint64_t count = rig_read(rig, 1, NULL, 0);
    struct buffer_figures figures = rig_figures(rig);
    assert_int_equal(figures.next, next);
    assert_int_equal(count + figures.lost_damage, next - 1);
}

static size_t frame_start(const uint8_t *data, size_t size, unsigned index)
{
    for (size_t at = SEGMENT_HEADER_SIZE; at + 4 <= size; at += 8)
        if (memcmp(data + at, "FRAM", 4) == 0 && index-- == 0)
            return at;
    fail_msg("no such frame");
    return 0;
}

// Leaves one segment with `count` frames as a killed process would: no clean end, no checkpoint of it.
static void leave_segment(struct rig *rig, uint64_t count)
{
    rig_open(rig);
    rig_commit_each(rig, 1, count + 1);
    size_t size;
    char name[64];
    snprintf(name, sizeof name, "%s", rig_segments(rig).names[0]);
    uint8_t *segment = rig_load(rig, name, &size);
    size_t slot_size[2];
    uint8_t *slots[2] = {rig_load(rig, "checkpoint.0", &slot_size[0]), NULL};
    bool second = rig_has(rig, "checkpoint.1");
    if (second)
        slots[1] = rig_load(rig, "checkpoint.1", &slot_size[1]);
    rig_close(rig);
    rig_empty(rig->path);
    rig_store(rig, name, segment, size);
    rig_store(rig, "checkpoint.0", slots[0], slot_size[0]);
    if (second)
        rig_store(rig, "checkpoint.1", slots[1], slot_size[1]);
    free(segment);
    free(slots[0]);
    free(slots[1]);
}

static void a_torn_tail_is_cut_at_the_last_whole_frame(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    leave_segment(rig, 6);
    size_t size;
    uint8_t *whole = rig_load(rig, "000000000001.seg", &size);
    size_t last = frame_start(whole, size, 6); // after the state and five records
    size_t after = size;
    while (whole[after - 1] == 0)
        after--;
    for (size_t cut = last; cut < after; cut++) {
        // As if only so many bytes of the last frame had reached the card; the file is at its full length or cut.
        uint8_t *torn = malloc(size);
        memcpy(torn, whole, size);
        memset(torn + cut, 0, size - cut);
        rig_store(rig, "000000000001.seg", torn, cut % 2 ? size : cut);
        free(torn);
        rig_open(rig);
        rig_holds(rig, 1, 6);
        assert_int_equal(rig_figures(rig).lost_damage, 0);
        // What comes next takes the number, and is not hidden by the rest of the torn frame.
        rig_commit(rig, 6, 8);
        rig_reopen(rig);
        rig_holds(rig, 1, 8);
        rig_close(rig);
        assert_true(rig_has(rig, "000000000002.seg"));
        char path[256];
        unlink(rig_file(rig, "000000000002.seg", path));
        unlink(rig_file(rig, "checkpoint.0", path));
        unlink(rig_file(rig, "checkpoint.1", path));
    }
    free(whole);
}

static void a_bad_frame_before_synced_ones_is_a_counted_gap(void **state)
{
    struct rig *rig = *state;
    leave_segment(rig, 20);
    size_t size;
    uint8_t *whole = rig_load(rig, "000000000001.seg", &size);
    size_t third = frame_start(whole, size, 3);
    free(whole);
    rig_spoil(rig, "000000000001.seg", third + 60, 3);
    rig_open(rig);
    check_all_accounted(rig, 21);
    assert_int_equal(rig_figures(rig).lost_damage, 1);
    assert_int_equal(atomic_load(&rig->report_count), 1);
    assert_true(rig_reported(rig, "000000000001.seg"));
    // Read again, by another reader: not counted again.
    check_all_accounted(rig, 21);
    assert_int_equal(atomic_load(&rig->report_count), 1);
}

static void no_flipped_bit_makes_a_wrong_value(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    leave_segment(rig, 8);
    size_t size;
    uint8_t *whole = rig_load(rig, "000000000001.seg", &size);
    size_t used = size;
    while (whole[used - 1] == 0)
        used--;
    size_t slot_size;
    uint8_t *slot = rig_load(rig, "checkpoint.0", &slot_size);
    uint64_t worst = 0;
    // Every byte, another bit of it each time; all bits of the places that steer.
    for (size_t bit = 0; bit < used * 8; bit += bit < 2 * 8 * SEGMENT_HEADER_SIZE ? 1 : 7) {
        rig_empty(rig->path);
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
        rig_store(rig, "000000000001.seg", whole, size);
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
        rig_store(rig, "checkpoint.0", slot, slot_size);
        rig_open(rig);
        uint64_t count = rig_read(rig, 1, NULL, 0);
        struct buffer_figures figures = rig_figures(rig);
        // The last frame alone cannot be told from a torn one.
        assert_true(count + figures.lost_damage == figures.next - 1);
        assert_in_range(figures.next, 8, 9);
        assert_in_range(count, 7, 8);
        worst = figures.lost_damage > worst ? figures.lost_damage : worst;
        rig_close(rig);
    }
    assert_int_equal(worst, 1);
    free(whole);
    free(slot);
}

static void a_damaged_header_costs_no_record(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    struct rig_names names = rig_segments(rig);
    size_t which[] = {0, 2, names.count - 1};
    for (size_t i = 0; i < 3; i++)
        rig_spoil(rig, names.names[which[i]], 0, SEGMENT_HEADER_SIZE);
    rig_open(rig);
    rig_holds(rig, 1, 120);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_int_equal(atomic_load(&rig->report_count), 3);
    rig_commit(rig, 120, 130);
    rig_reopen(rig);
    rig_holds(rig, 1, 130);
}

// The power went while a segment was being made, after a sync of the checkpoint had failed.
static void half_a_header_held_nothing_whatever_the_checkpoints_say(void **state)
{
    struct rig *rig = *state;
    enum { HALF = 90 };
    fill_segments(rig, 120);
    size_t size;
    struct rig_names names = rig_segments(rig);
    uint8_t *last = rig_load(rig, names.names[names.count - 1], &size);
    memset(last + HALF, 0, size - HALF);
    char name[32];
    snprintf(name, sizeof name, "%012d.seg", atoi(names.names[names.count - 1]) + 1);
    rig_store(rig, name, last, size);
    free(last);
    rig_spoil(rig, "checkpoint.1", 20, 8);
    rig_open(rig);
    rig_holds(rig, 1, 120);
    struct buffer_figures figures = rig_figures(rig);
    assert_int_equal(figures.lost_damage + figures.skipped, 0);
    assert_false(rig_has(rig, name));
}

static void an_unreadable_segment_is_set_aside_and_its_gap_counted(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    struct rig_names names = rig_segments(rig);
    rig_spoil(rig, names.names[2], 0, 4096);
    rig_open(rig);
    assert_true(rig_reported(rig, ".damaged"));
    char aside[80];
    snprintf(aside, sizeof aside, "%s.damaged", names.names[2]);
    assert_true(rig_has(rig, aside));
    assert_false(rig_has(rig, names.names[2]));
    uint64_t lost = rig_figures(rig).lost_damage;
    assert_in_range(lost, 5, 60);
    check_all_accounted(rig, 120);
    assert_int_equal(rig_figures(rig).lost_damage, lost);
    assert_int_equal(rig_figures(rig).oldest, 1);
    rig_commit(rig, 120, 125);
    rig_reopen(rig);
    check_all_accounted(rig, 125);
}

static void an_unreadable_first_segment_counts_what_was_not_delivered(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    rig_spoil(rig, rig_segments(rig).names[0], 0, 4096);
    rig_open(rig);
    struct buffer_figures figures = rig_figures(rig);
    assert_int_equal(figures.lost_damage, figures.oldest - 10);
    rig_holds(rig, figures.oldest, 120);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), figures.oldest);
}

static void an_unreadable_last_segment_never_makes_numbers_come_again(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    struct rig_names names = rig_segments(rig);
    uint64_t seq = 0;
    rig_open(rig);
    seq = buffer_stream_next_seq(rig->buffer, rig->streams[0]);
    rig_close(rig);
    rig_spoil(rig, names.names[names.count - 1], 0, 4096);
    rig_open(rig);
    struct buffer_figures figures = rig_figures(rig);
    assert_true(figures.next >= 120);
    assert_true(figures.lost_damage > 0);
    assert_true(buffer_stream_next_seq(rig->buffer, rig->streams[0]) >= seq);
    rig_read(rig, 1, NULL, 0);
    uint64_t next = figures.next;
    rig_commit(rig, next, next + 3);
    rig_reopen(rig);
    assert_int_equal(rig_figures(rig).next, next + 3);
}

static void a_missing_segment_is_a_counted_gap(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    struct rig_names names = rig_segments(rig);
    char path[256];
    unlink(rig_file(rig, names.names[1], path));
    unlink(rig_file(rig, names.names[names.count - 1], path));
    rig_open(rig);
    check_all_accounted(rig, 120);
    assert_true(rig_figures(rig).lost_damage > 10);
}

static void a_segment_taken_away_while_open_is_a_counted_gap(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    rig_open(rig);
    rig_commit(rig, 1, 120);
    char path[256];
    unlink(rig_file(rig, rig_segments(rig).names[1], path));
    check_all_accounted(rig, 120);
    check_all_accounted(rig, 120);
    assert_int_equal(atomic_load(&rig->report_count), 1);
}

static void a_cursor_beyond_the_end_proves_a_loss(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit_each(rig, 1, 41);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", false, NULL), 0);
    rig_close(rig);
    // Both the checkpoint of the end and the end itself are gone; sequences then skip as far as the numbers do.
    size_t size;
    uint8_t *whole = rig_load(rig, "000000000001.seg", &size);
    rig_store(rig, "000000000001.seg", whole, frame_start(whole, size, 31));
    free(whole);
    char path[256];
    unlink(rig_file(rig, "checkpoint.0", path));
    unlink(rig_file(rig, "checkpoint.1", path));
    rig_open(rig);
    assert_int_equal(rig_figures(rig).next, 41);
    assert_int_equal(rig_figures(rig).lost_damage, 10);
    assert_int_equal(rig_read(rig, 1, NULL, 0), 30);
    assert_true(buffer_stream_next_seq(rig->buffer, rig->streams[0]) >= 11);
    // What is lost and what is only left out are told apart: any of the four may have had all ten.
    assert_int_equal(rig_figures(rig).skipped, 40);
    assert_true(rig_reported(rig, "10 stored readings are lost"));
    assert_true(rig_reported(rig, "40 sequence numbers of 4 sensors are left out"));
}

static void what_a_sensor_sends_cannot_pass_for_a_frame(void **state)
{
    struct rig *rig = *state, *forger = rig_make();
    size_t size;
    leave_segment(forger, 40);
    uint8_t *frames = rig_load(forger, "000000000001.seg", &size);
    size_t from = frame_start(frames, size, 30), to = frame_start(frames, size, 31); // number 30
    rig_open(rig);
    // Payloads with a frame of a number to come, true but for the secret, at every alignment.
    for (size_t shift = 0; shift < 8; shift++) {
        uint8_t payload[1024] = {0};
        memcpy(payload + shift, frames + from, to - from);
        struct buffer_record record = {rig->streams[0], BUFFER_ROUTINE, 1, false, 0, payload, to - from + shift};
        assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
    }
    rig_durable(rig, 9);
    rig_commit_each(rig, 9, 12);
    rig_close(rig);
    free(frames);
    frames = rig_load(rig, "000000000001.seg", &size);
    for (unsigned i = 1, good = 0; good < 8; i++) {
        size_t at = frame_start(frames, size, i);
        if (frames[at + 8] == good + 1) { // a true frame: its search begins with its own payload
            frames[at + 52] ^= 1;
            good++;
        }
    }
    rig_store(rig, "000000000001.seg", frames, size);
    free(frames);
    rig_open(rig);
    check_all_accounted(rig, 12);
    assert_int_equal(rig_figures(rig).lost_damage, 8);
    rig_end(forger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_torn_tail_is_cut_at_the_last_whole_frame, make, end),
        cmocka_unit_test_setup_teardown(a_bad_frame_before_synced_ones_is_a_counted_gap, make, end),
        cmocka_unit_test_setup_teardown(no_flipped_bit_makes_a_wrong_value, make, end),
        cmocka_unit_test_setup_teardown(a_damaged_header_costs_no_record, make, end),
        cmocka_unit_test_setup_teardown(half_a_header_held_nothing_whatever_the_checkpoints_say, make, end),
        cmocka_unit_test_setup_teardown(an_unreadable_segment_is_set_aside_and_its_gap_counted, make, end),
        cmocka_unit_test_setup_teardown(an_unreadable_first_segment_counts_what_was_not_delivered, make, end),
        cmocka_unit_test_setup_teardown(an_unreadable_last_segment_never_makes_numbers_come_again, make, end),
        cmocka_unit_test_setup_teardown(a_missing_segment_is_a_counted_gap, make, end),
        cmocka_unit_test_setup_teardown(a_segment_taken_away_while_open_is_a_counted_gap, make, end),
        cmocka_unit_test_setup_teardown(a_cursor_beyond_the_end_proves_a_loss, make, end),
        cmocka_unit_test_setup_teardown(what_a_sensor_sends_cannot_pass_for_a_frame, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
