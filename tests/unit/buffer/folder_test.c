// SPDX-License-Identifier: Apache-2.0
#include "damage.h"

#include "format.h"

/*
 * Checkpoints, cursors and whole files that are damaged, foreign or gone.
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

static void one_checkpoint_slot_is_enough(void **state)
{
    struct rig *rig = *state;
    for (int slot = 0; slot < 2; slot++) {
        rig_open(rig);
        uint64_t next = rig_figures(rig).next;
        rig_commit(rig, next, next + 30);
        rig_reopen(rig);
        uint64_t seq = buffer_stream_next_seq(rig->buffer, rig->streams[1]);
        rig_close(rig);
        char name[32];
        snprintf(name, sizeof name, "checkpoint.%d", slot);
        rig_spoil(rig, name, 30, 4);
        rig_open(rig);
        rig_holds(rig, 1, next + 30);
        assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[1]), seq);
        assert_string_equal(buffer_stream_name(rig->buffer, 1), "kerb-2");
        assert_true(rig_reported(rig, name));
        rig_close(rig);
        rig_forget_reports(rig);
    }
}

static void without_checkpoints_names_and_sequences_come_from_the_segments(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    rig_open(rig);
    char epoch[8];
    uint64_t seq = buffer_stream_next_seq(rig->buffer, rig->streams[3]);
    snprintf(epoch, sizeof epoch, "%s", buffer_epoch(rig->buffer));
    rig_close(rig);
    char path[256];
    unlink(rig_file(rig, "checkpoint.0", path));
    rig_spoil(rig, "checkpoint.1", 0, 100);
    rig_open(rig);
    assert_string_equal(buffer_epoch(rig->buffer), epoch);
    assert_string_equal(buffer_stream_name(rig->buffer, 3), "crowd-1");
    assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[3]), seq);
    rig_holds(rig, 1, 120);
    // Every stream that ever had a record is known: a new one begins where new ones do.
    uint32_t stream;
    assert_int_equal(buffer_stream(rig->buffer, "new-here", &stream, NULL), 0);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, stream), 1);
    assert_int_equal(rig_figures(rig).skipped, 0);
}

static size_t state_at(const uint8_t *segment, size_t size)
{
    assert_true(size > SEGMENT_HEADER_SIZE + FRAME_HEADER_SIZE);
    assert_memory_equal(segment + SEGMENT_HEADER_SIZE, "FRAM", 4);
    return SEGMENT_HEADER_SIZE;
}

static void where_names_may_be_lost_new_sequences_begin_high_and_it_is_said(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    char path[256];
    unlink(rig_file(rig, "checkpoint.0", path));
    unlink(rig_file(rig, "checkpoint.1", path));
    struct rig_names names = rig_segments(rig);
    size_t size;
    uint8_t *last = rig_load(rig, names.names[names.count - 1], &size);
    rig_spoil(rig, names.names[names.count - 1], state_at(last, size) + FRAME_HEADER_SIZE, 8);
    free(last);
    rig_open(rig);
    rig_holds(rig, 1, 120);
    assert_true(rig_reported(rig, "begins with the sequence number 120"));
    // A stream that we may have known: its sequence must not begin again.
    uint32_t stream;
    assert_int_equal(buffer_stream(rig->buffer, "perhaps-old", &stream, NULL), 0);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, stream), 120);
    assert_int_equal(rig_figures(rig).skipped, 119);
    rig_reopen(rig);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, stream), 120);
}

static void what_is_missing_does_not_raise_new_sequences_while_all_names_are_known(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    rig_open(rig);
    rig_commit_each(rig, 120, 130);
    size_t sizes[2];
    uint8_t *slots[2] = {rig_load(rig, "checkpoint.0", &sizes[0]), rig_load(rig, "checkpoint.1", &sizes[1])};
    rig_close(rig);
    // As after a power cut: the checkpoints of before the end, and of the end itself a part does not read.
    rig_store(rig, "checkpoint.0", slots[0], sizes[0]);
    rig_store(rig, "checkpoint.1", slots[1], sizes[1]);
    free(slots[0]);
    free(slots[1]);
    struct rig_names names = rig_segments(rig);
    size_t size;
    uint8_t *last = rig_load(rig, names.names[names.count - 1], &size);
    rig_spoil(rig, names.names[names.count - 1], size / 2, 8);
    free(last);
    rig_open(rig);
    assert_true(rig_figures(rig).lost_damage > 0);
    uint32_t stream;
    assert_int_equal(buffer_stream(rig->buffer, "new-here", &stream, NULL), 0);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, stream), 1);
}

static void another_cursor_slot_is_enough_and_none_means_from_the_oldest(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    for (uint64_t next = 15; next <= 20; next += 5) { // each close syncs, so several slots are written
        rig_open(rig);
        buffer_cursor_done(rig->buffer, "mqtt", 0, next);
        rig_close(rig);
    }
    rig_spoil(rig, "cursors", 0, 100);
    rig_open(rig);
    assert_in_range(buffer_cursor(rig->buffer, "mqtt"), 15, 20);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 50);
    rig_close(rig);
    rig_spoil(rig, "cursors", 0, 122880);
    rig_open(rig);
    assert_true(rig_reported(rig, "cursors"));
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", false, NULL), 0);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 1);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 60);
    rig_close(rig);
    char path[256];
    unlink(rig_file(rig, "cursors", path));
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", false, NULL), 0);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 1);
}

static void an_outlet_whose_position_is_lost_is_told_of(void **state)
{
    struct rig *rig = *state;
    char path[256];
    fill_segments(rig, 120);
    rig_open(rig);
    rig_forget_reports(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", false, NULL), 0);
    assert_int_equal(atomic_load(&rig->report_count), 0); // all is well
    rig_close(rig);
    unlink(rig_file(rig, "cursors", path));
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", false, NULL), 0);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 1);
    assert_true(rig_reported(rig, "how far mqtt had come is not known any more"));
}

static void without_checkpoints_the_start_says_so(void **state)
{
    struct rig *rig = *state;
    char path[256];
    rig_open(rig);
    assert_int_equal(atomic_load(&rig->report_count), 0); // a new buffer has none
    rig_close(rig);
    fill_segments(rig, 120);
    unlink(rig_file(rig, "checkpoint.0", path));
    unlink(rig_file(rig, "checkpoint.1", path));
    rig_open(rig);
    assert_true(rig_reported(rig, "the checkpoints are missing"));
}

static void damaged_files_do_not_pile_up(void **state)
{
    struct rig *rig = *state;
    for (int i = 1; i <= 40; i++) {
        char name[64];
        snprintf(name, sizeof name, "%012d.seg.damaged", i);
        rig_store(rig, name, "x", 1);
    }
    rig_open(rig);
    assert_false(rig_has(rig, "000000000032.seg.damaged"));
    assert_true(rig_has(rig, "000000000033.seg.damaged"));
    rig_commit(rig, 1, 2);
    assert_true(rig_has(rig, "000000000041.seg"));
}

static void strange_things_in_the_folder_do_not_stop_the_start(void **state)
{
    struct rig *rig = *state;
    char path[256];
    rig_store(rig, "checkpoint.0", "", 0);
    rig_store(rig, "cursors", "short", 5);
    rig_store(rig, "000000000003.seg", "", 0);
    rig_store(rig, "000000000002.seg", "not a segment", 13);
    rig_store(rig, "notes.txt", "hello", 5);
    assert_int_equal(mkfifo(rig_file(rig, "checkpoint.1", path), 0600), 0);
    assert_int_equal(mkdir(rig_file(rig, "000000000001.seg", path), 0700), 0);
    rig_open(rig);
    uint64_t next = rig_figures(rig).next;
    rig_commit(rig, next, next + 10);
    rig_reopen(rig);
    assert_int_equal(rig_figures(rig).next, next + 10);
    rmdir(rig_file(rig, "000000000001.seg", path));
    rmdir(rig_file(rig, "000000000001.seg.damaged", path));
}

static void what_is_no_file_held_no_reading(void **state)
{
    struct rig *rig = *state;
    char path[256];
    fill_segments(rig, 120);
    assert_int_equal(mkdir(rig_file(rig, "000000000777.seg", path), 0700), 0);
    assert_int_equal(mkfifo(rig_file(rig, "000000000778.seg", path), 0600), 0);
    assert_int_equal(symlink("nowhere", rig_file(rig, "000000000779.seg", path)), 0);
    rig_open(rig);
    assert_int_equal(rig_figures(rig).next, 120);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_true(rig_has(rig, "000000000777.seg.damaged"));
    rig_commit(rig, 120, 130);
    rig_reopen(rig);
    assert_int_equal(rig_figures(rig).next, 130);
    rmdir(rig_file(rig, "000000000777.seg.damaged", path));
}

static void a_name_of_twelve_nines_does_not_hide_what_comes_next(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 11);
    rig_close(rig);
    rig_store(rig, "999999999999.seg.damaged", "", 0);
    for (uint64_t next = 11; next < 41; next += 10) {
        rig_open(rig);
        rig_commit(rig, next, next + 10);
        rig_reopen(rig);
        rig_holds(rig, 1, next + 10);
        rig_close(rig);
    }
    assert_true(rig_has(rig, "1000000000000.seg"));
    rig_open(rig);
}

static void with_nothing_readable_a_new_epoch_begins(void **state)
{
    struct rig *rig = *state;
    fill_segments(rig, 120);
    rig_open(rig);
    char epoch[8];
    snprintf(epoch, sizeof epoch, "%s", buffer_epoch(rig->buffer));
    rig_close(rig);
    struct rig_names names = rig_segments(rig);
    for (size_t i = 0; i < names.count; i++)
        rig_spoil(rig, names.names[i], 0, 4096);
    rig_spoil(rig, "checkpoint.0", 0, 100);
    rig_spoil(rig, "checkpoint.1", 0, 100);
    rig_spoil(rig, "cursors", 0, 122880);
    rig_open(rig);
    assert_string_not_equal(buffer_epoch(rig->buffer), epoch);
    assert_int_equal(rig_read(rig, 1, NULL, 0), 0);
    uint64_t next = rig_figures(rig).next;
    rig_commit(rig, next, next + 5);
    snprintf(epoch, sizeof epoch, "%s", buffer_epoch(rig->buffer));
    rig_reopen(rig);
    assert_string_equal(buffer_epoch(rig->buffer), epoch);
    assert_int_equal(rig_figures(rig).next, next + 5);
}

static void a_segment_of_another_buffer_is_not_read(void **state)
{
    struct rig *rig = *state, *other = rig_make();
    fill_segments(other, 120);
    fill_segments(rig, 120);
    size_t size;
    uint8_t *foreign = rig_load(other, "000000000002.seg", &size);
    rig_store(rig, "000000000777.seg", foreign, size);
    free(foreign);
    rig_open(rig);
    assert_true(rig_has(rig, "000000000777.seg.damaged"));
    rig_read(rig, 1, NULL, 0);
    assert_true(rig_figures(rig).next >= 120);
    rig_end(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_checkpoint_slot_is_enough, make, end),
        cmocka_unit_test_setup_teardown(without_checkpoints_names_and_sequences_come_from_the_segments, make, end),
        cmocka_unit_test_setup_teardown(where_names_may_be_lost_new_sequences_begin_high_and_it_is_said, make, end),
        cmocka_unit_test_setup_teardown(what_is_missing_does_not_raise_new_sequences_while_all_names_are_known, make,
                                        end),
        cmocka_unit_test_setup_teardown(another_cursor_slot_is_enough_and_none_means_from_the_oldest, make, end),
        cmocka_unit_test_setup_teardown(an_outlet_whose_position_is_lost_is_told_of, make, end),
        cmocka_unit_test_setup_teardown(without_checkpoints_the_start_says_so, make, end),
        cmocka_unit_test_setup_teardown(damaged_files_do_not_pile_up, make, end),
        cmocka_unit_test_setup_teardown(strange_things_in_the_folder_do_not_stop_the_start, make, end),
        cmocka_unit_test_setup_teardown(what_is_no_file_held_no_reading, make, end),
        cmocka_unit_test_setup_teardown(a_name_of_twelve_nines_does_not_hide_what_comes_next, make, end),
        cmocka_unit_test_setup_teardown(with_nothing_readable_a_new_epoch_begins, make, end),
        cmocka_unit_test_setup_teardown(a_segment_of_another_buffer_is_not_read, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
