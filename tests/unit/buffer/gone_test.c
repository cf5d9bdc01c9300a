// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

/*
 * Somebody removes files, or the whole folder, while the buffer is open. Nothing that is acknowledged afterwards may go
 * into a file that has no name any more, and what was lost is said once.
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

static void remove_segments(struct rig *rig)
{
    char path[256];
    struct rig_names names = rig_segments(rig);
    for (size_t i = 0; i < names.count; i++)
        assert_int_equal(unlink(rig_file(rig, names.names[i], path)), 0);
}

static void a_group_goes_to_a_new_file_when_the_open_one_was_removed(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 11);
    remove_segments(rig);
    rig_commit_each(rig, 11, 71);
    rig_holds(rig, 11, 71);
    assert_int_equal(rig_figures(rig).lost_damage, 10);
    assert_int_equal(atomic_load(&rig->report_count), 1);
    assert_true(rig_reported(rig, " 10 readings"));
    assert_false(rig_figures(rig).failing);
    rig_reopen(rig);
    rig_holds(rig, 11, 71);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[0]), 18);
}

static void what_outlets_had_is_not_lost_with_its_file(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", true, NULL), 0);
    rig_commit(rig, 1, 11);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 11);
    buffer_cursor_done(rig->buffer, "influxdb", 0, 8);
    remove_segments(rig);
    rig_commit(rig, 11, 21);
    rig_holds(rig, 11, 21);
    assert_int_equal(rig_figures(rig).lost_damage, 3);
    assert_int_equal(buffer_cursor(rig->buffer, "influxdb"), 11);
    rig_reopen(rig);
    assert_int_equal(rig_figures(rig).lost_damage, 0); // it was told, and not again
    assert_int_equal(atomic_load(&rig->report_count), 1);
}

static void many_removed_files_are_one_line(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    rig_open(rig);
    rig_commit(rig, 1, 120);
    assert_true(rig_segments(rig).count > 4);
    remove_segments(rig);
    rig_commit(rig, 120, 140);
    assert_int_equal(rig_read(rig, 1, NULL, 0), 20);
    assert_int_equal(rig_figures(rig).lost_damage, 119);
    assert_int_equal(atomic_load(&rig->report_count), 1);
}

static void readers_tell_it_once_when_nothing_is_written(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    rig_open(rig);
    rig_commit(rig, 1, 120);
    remove_segments(rig);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig_read(rig, 1, NULL, 0), 0);
    assert_int_equal(rig_figures(rig).lost_damage, 119);
    assert_int_equal(atomic_load(&rig->report_count), 1);
    rig_commit(rig, 120, 130);
    assert_int_equal(rig_read(rig, 1, NULL, 0), 10);
    assert_int_equal(rig_figures(rig).lost_damage, 119);
    assert_int_equal(atomic_load(&rig->report_count), 1);
}

static void an_open_file_that_was_moved_away_is_given_up_when_a_reader_misses_it(void **state)
{
    struct rig *rig = *state;
    char from[256], to[256];
    rig_open(rig);
    rig_commit(rig, 1, 11);
    rig_file(rig, rig_segments(rig).names[0], from);
    assert_int_equal(rename(from, rig_file(rig, "elsewhere", to)), 0);
    assert_int_equal(rig_read(rig, 1, NULL, 0), 0);
    rig_commit(rig, 11, 21);
    rig_holds(rig, 11, 21);
    assert_int_equal(rig_figures(rig).lost_damage, 10);
}

static void a_removed_folder_is_made_again(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, 11);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 6);
    rig_advance(rig, 1);
    char epoch[8];
    snprintf(epoch, sizeof epoch, "%s", buffer_epoch(rig->buffer));
    rig_empty(rig->path);
    assert_int_equal(rmdir(rig->path), 0);
    uint32_t stream;
    assert_int_equal(buffer_stream(rig->buffer, "new-here", &stream, NULL), 0); // needs the checkpoint first of all
    rig_commit_each(rig, 11, 21);
    rig_holds(rig, 11, 21);
    assert_int_equal(rig_figures(rig).lost_damage, 5);
    assert_int_equal(atomic_load(&rig->report_count), 1);
    struct buffer *second;
    assert_int_equal(buffer_open(&rig->options, &second, NULL), -EBUSY);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 15);
    rig_reopen(rig);
    rig_holds(rig, 11, 21);
    assert_string_equal(buffer_epoch(rig->buffer), epoch);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 15);
    assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[1]), 6);
    assert_int_equal(atomic_load(&rig->report_count), 1);
}

static bool has_cursors(struct rig *rig, uint64_t number)
{
    (void)number;
    return rig_has(rig, "cursors");
}

static void removed_cursors_and_checkpoints_are_written_again(void **state)
{
    struct rig *rig = *state;
    char path[256];
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, 11);
    rig_advance(rig, 1);
    rig_empty(rig->path);
    rig_commit(rig, 11, 21);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 15);
    assert_true(rig_wait(rig, has_cursors, 0));
    assert_true(rig_has(rig, "checkpoint.0") || rig_has(rig, "checkpoint.1"));
    assert_true(rig_has(rig, "lock"));
    unlink(rig_file(rig, "cursors", path));
    buffer_cursor_done(rig->buffer, "mqtt", 0, 16);
    assert_true(rig_wait(rig, has_cursors, 0));
    rig_reopen(rig);
    assert_int_equal(buffer_cursor(rig->buffer, "mqtt"), 16);
}

static bool is_failing(struct rig *rig, uint64_t failing)
{
    return rig_figures(rig).failing == (failing != 0);
}

static void a_folder_that_somebody_else_took_is_not_written_to(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 11);
    rig_empty(rig->path);
    assert_int_equal(rmdir(rig->path), 0);
    struct buffer *other;
    assert_int_equal(buffer_open(&rig->options, &other, NULL), 0);
    rig_pack(rig, 11, 3);
    buffer_flush(rig->buffer);
    assert_true(rig_wait(rig, is_failing, 1));
    assert_int_equal(rig_segments(rig).count, 0);
    buffer_close(other);
    rig_durable(rig, 14);
    rig_holds(rig, 11, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_group_goes_to_a_new_file_when_the_open_one_was_removed, make, end),
        cmocka_unit_test_setup_teardown(what_outlets_had_is_not_lost_with_its_file, make, end),
        cmocka_unit_test_setup_teardown(many_removed_files_are_one_line, make, end),
        cmocka_unit_test_setup_teardown(readers_tell_it_once_when_nothing_is_written, make, end),
        cmocka_unit_test_setup_teardown(an_open_file_that_was_moved_away_is_given_up_when_a_reader_misses_it, make,
                                        end),
        cmocka_unit_test_setup_teardown(a_removed_folder_is_made_again, make, end),
        cmocka_unit_test_setup_teardown(removed_cursors_and_checkpoints_are_written_again, make, end),
        cmocka_unit_test_setup_teardown(a_folder_that_somebody_else_took_is_not_written_to, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
