// SPDX-License-Identifier: Apache-2.0
#include "holes.h"

#define HOUR_US (INT64_C(3600) * 1000000)

/*
 * What is dropped or damaged is told for every outlet and stream, and is still told after a restart.
 */

struct fixture {
    struct rig *rig;
    struct holes holes;
};

static int make(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->rig = rig_make();
    fixture->rig->options.segment_bytes = 8192;
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

static uint64_t unexplained(struct fixture *fixture, const char *outlet)
{
    memset(&fixture->holes, 0, sizeof fixture->holes);
    return holes_left(fixture->rig, &fixture->holes, outlet);
}

// All of [1, next) routine readings, so that nothing is carried forward.
static void commit_routine(struct rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number < to; number++) {
        char payload[512];
        struct buffer_record record = rig_record(rig, number, payload);
        record.class = BUFFER_ROUTINE;
        assert_int_equal(buffer_append(rig->buffer, &record, 1, NULL, 0, NULL, 0), 0);
        if (number % 20 == 0)
            rig_durable(rig, number + 1);
    }
    rig_durable(rig, to);
}

static void open_with_outlets(struct rig *rig)
{
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    assert_int_equal(buffer_cursor_open(rig->buffer, "influxdb", true, NULL), 0);
}

static void what_made_room_is_told_by_outlet_and_stream(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_size_bytes = 64 << 10;
    open_with_outlets(rig);
    commit_routine(rig, 1, 101);
    buffer_cursor_done(rig->buffer, "influxdb", 0, 101);
    commit_routine(rig, 101, 2001);
    for (int i = 0; i < 2; i++) {
        struct buffer_figures figures = rig_figures(rig);
        assert_true(figures.oldest > 1000);
        assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_FULL), figures.oldest - 1);
        assert_int_equal(holes_lost(rig, "influxdb", BUFFER_LOSS_FULL), figures.oldest - 101);
        assert_int_equal(figures.ledger_lost[BUFFER_LOSS_FULL], 2 * figures.oldest - 102);
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        memset(&fixture->holes, 0, sizeof fixture->holes);
        for (size_t stream = 0; stream < 4; stream++)
            holes_mark(&fixture->holes, stream, 1, 25);
        assert_int_equal(holes_left(rig, &fixture->holes, "influxdb"), 0);
        assert_int_equal(figures.ledger_entries, 8);
        assert_int_equal(figures.ledger_joined, 0);
        rig_reopen(rig);
    }
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

static void what_was_too_old_is_told_and_what_was_delivered_is_not(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_age_us = 24 * HOUR_US;
    open_with_outlets(rig);
    commit_routine(rig, 1, 9);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 100);
    buffer_cursor_done(rig->buffer, "influxdb", 3, 5);
    rig_advance(rig, 25 * HOUR_US);
    struct buffer_figures figures = rig_figures(rig);
    assert_int_equal(figures.oldest, 9);
    assert_int_equal(figures.ledger_lost[BUFFER_LOSS_AGE], 6);
    assert_int_equal(holes_lost(rig, "influxdb", BUFFER_LOSS_AGE), 6);
    assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_AGE), 0);
    struct buffer_loss loss;
    assert_int_equal(buffer_losses(rig->buffer, 0, &loss, 1), 1);
    int64_t now_us = atomic_load(&rig->wall_us);
    assert_in_range(loss.since_us, now_us - 1, now_us); // in the first or the second look of the advance
    assert_int_equal(loss.until_us, loss.since_us);
}

static void without_outlets_nobody_had_it(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_size_bytes = 64 << 10;
    rig_open(rig);
    commit_routine(rig, 1, 1001);
    assert_int_equal(holes_lost(rig, "", BUFFER_LOSS_FULL), rig_figures(rig).oldest - 1);
    assert_int_equal(unexplained(fixture, ""), 0);
}

// The disk failed while a new generation was written into one file, yet kept what was written; the other file went on.
static void the_file_that_went_on_counts_though_the_other_is_of_a_newer_generation(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    size_t older_size, newer_size;
    rig->options.max_size_bytes = 64 << 10;
    open_with_outlets(rig);
    commit_routine(rig, 1, 1001);
    rig_close(rig);
    uint8_t *older = rig_load(rig, "ledger.0", &older_size);
    rig_spoil(rig, "ledger.1", 0, 100);
    rig_open(rig); // writes both anew
    rig_close(rig);
    uint8_t *newer = rig_load(rig, "ledger.0", &newer_size);
    assert_true(newer[16] > older[16]);
    rig_store(rig, "ledger.0", older, older_size);
    rig_store(rig, "ledger.1", older, older_size);
    rig_open(rig);
    commit_routine(rig, 1001, 2001);
    rig_close(rig);
    rig_store(rig, "ledger.0", newer, newer_size);
    free(older);
    free(newer);
    for (int i = 0; i < 2; i++) {
        rig_open(rig);
        assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_FULL), rig_figures(rig).oldest - 1);
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        commit_routine(rig, 2001 + 500 * (uint64_t)i, 2501 + 500 * (uint64_t)i); // it goes on from there
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        rig_close(rig);
    }
}

// The name of a file that made room comes back after a power cut: it goes, and is not entered a second time.
static void what_comes_back_after_it_was_entered_goes_for_good(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_size_bytes = 64 << 10;
    open_with_outlets(rig);
    commit_routine(rig, 1, 60);
    size_t size;
    char name[64];
    snprintf(name, sizeof name, "%s", rig_segments(rig).names[0]);
    uint8_t *data = rig_load(rig, name, &size);
    commit_routine(rig, 60, 1001);
    assert_false(rig_has(rig, name));
    uint64_t oldest = rig_figures(rig).oldest;
    rig_close(rig);
    rig_store(rig, name, data, size);
    free(data);
    rig_open(rig);
    assert_false(rig_has(rig, name));
    assert_int_equal(rig_figures(rig).oldest, oldest);
    assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_FULL), oldest - 1);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
}

static void a_gap_that_a_reader_finds_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    commit_routine(rig, 1, 301);
    buffer_cursor_done(rig->buffer, "influxdb", 0, 301);
    rig_close(rig);
    struct rig_names names = rig_segments(rig);
    assert_true(names.count >= 4);
    rig_spoil(rig, names.names[1], 3000, 1500);
    rig_open(rig);
    assert_int_equal(rig_figures(rig).ledger_entries, 0);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
    uint64_t lost = rig_figures(rig).lost_damage;
    assert_in_range(lost, 2, 60);
    assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_DAMAGE), lost);
    assert_int_equal(holes_lost(rig, "influxdb", BUFFER_LOSS_DAMAGE), 0);
    rig_reopen(rig);
    assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_DAMAGE), lost);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
    assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_DAMAGE), lost); // not twice
}

static void remove_segment(struct rig *rig, size_t index)
{
    char path[256];
    assert_int_equal(unlink(rig_file(rig, rig_segments(rig).names[index], path)), 0);
}

static void a_missing_segment_is_told(struct fixture *fixture, size_t index, bool running)
{
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    commit_routine(rig, 1, 301);
    buffer_cursor_done(rig->buffer, "influxdb", 0, 301);
    if (running) {
        remove_segment(rig, index);
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
    } else {
        rig_close(rig);
        remove_segment(rig, index);
        rig_open(rig);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        assert_in_range(holes_lost(rig, "mqtt", BUFFER_LOSS_DAMAGE), 30, 120);
        assert_int_equal(holes_lost(rig, "influxdb", BUFFER_LOSS_DAMAGE), 0);
        rig_reopen(rig);
    }
}

static void the_first_segment_missing_is_told(void **state)
{
    a_missing_segment_is_told(*state, 0, false);
}

static void a_middle_segment_missing_is_told(void **state)
{
    a_missing_segment_is_told(*state, 2, false);
}

static void a_segment_taken_away_while_open_is_told(void **state)
{
    a_missing_segment_is_told(*state, 1, true);
}

// The end is gone, and all that knew of it: what is left out as a precaution is explained, and new sensors, too.
static void sequences_left_out_as_a_precaution_are_told(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    open_with_outlets(rig);
    commit_routine(rig, 1, 301);
    rig_close(rig);
    struct rig_names names = rig_segments(rig);
    char path[256];
    unlink(rig_file(rig, "checkpoint.0", path));
    unlink(rig_file(rig, "checkpoint.1", path));
    rig_spoil(rig, names.names[names.count - 1], 0, 8192);
    rig_open(rig);
    assert_true(rig_figures(rig).skipped > 0);
    uint32_t stream;
    assert_int_equal(buffer_stream(rig->buffer, "new-here", &stream, NULL), 0);
    uint64_t first = buffer_stream_next_seq(rig->buffer, stream);
    assert_true(first > 1);
    rig_advance(rig, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        assert_int_equal(unexplained(fixture, "influxdb"), 0);
        bool told = false;
        for (size_t k = 0; k < fixture->holes.loss_count; k++)
            told =
                told || (fixture->holes.losses[k].stream == stream && fixture->holes.losses[k].last_seq == first - 1);
        assert_true(told);
        rig_reopen(rig);
    }
}

static void leave_a_ledger(struct rig *rig)
{
    rig->options.max_size_bytes = 64 << 10;
    open_with_outlets(rig);
    commit_routine(rig, 1, 1001);
    rig_close(rig);
    assert_true(rig_has(rig, "ledger.0"));
    assert_true(rig_has(rig, "ledger.1"));
}

static void one_of_the_two_files_is_enough(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    char path[256];
    leave_a_ledger(rig);
    for (int file = 0; file < 2; file++) {
        const char *name = file ? "ledger.1" : "ledger.0";
        unlink(rig_file(rig, name, path));
        rig_open(rig);
        assert_true(rig_has(rig, name));
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        rig_close(rig);
        rig_spoil(rig, name, 40, 2000);
        rig_open(rig);
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        // The last entry of the file that is written second may be what a power cut tore: that is mended without a word.
        assert_int_equal(rig_figures(rig).set_aside, file == 0);
        rig_close(rig);
        rig_spoil(rig, name, 0, 32);
        rig_open(rig);
        assert_int_equal(unexplained(fixture, "mqtt"), 0);
        rig_close(rig);
    }
}

static void without_any_the_start_goes_on_and_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    leave_a_ledger(rig);
    rig_spoil(rig, "ledger.0", 0, 9000);
    rig_spoil(rig, "ledger.1", 0, 9000);
    rig_forget_reports(rig);
    rig_open(rig);
    assert_true(rig_reported(rig, "ledger.0.damaged"));
    assert_true(rig_reported(rig, "ledger.1.damaged"));
    assert_int_equal(rig_figures(rig).ledger_entries, 0);
    commit_routine(rig, 1001, 2001);
    assert_true(rig_figures(rig).ledger_entries > 0);
    uint64_t lost = holes_lost(rig, "mqtt", BUFFER_LOSS_FULL);
    rig_reopen(rig);
    assert_int_equal(holes_lost(rig, "mqtt", BUFFER_LOSS_FULL), lost);
}

static void a_torn_end_loses_what_was_not_synced_alone(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    leave_a_ledger(rig);
    for (int file = 0; file < 2; file++) {
        size_t size;
        uint8_t *data = rig_load(rig, file ? "ledger.1" : "ledger.0", &size);
        rig_store(rig, file ? "ledger.1" : "ledger.0", data, size - 20);
        free(data);
    }
    rig_open(rig);
    assert_int_equal(rig_figures(rig).set_aside, 0);
    assert_true(rig_figures(rig).ledger_entries > 0);
}

static void a_full_disk_does_not_keep_the_ledger_from_its_entry(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_age_us = 24 * HOUR_US;
    open_with_outlets(rig);
    commit_routine(rig, 1, 9);
    rig_close(rig);
    rig_open(rig);
    commit_routine(rig, 9, 10);
    rig_fail(rig, FAIL_WRITE, 4, ENOSPC); // the ledger's, twice, and more
    rig_advance(rig, 25 * HOUR_US);
    rig_fail(rig, FAIL_WRITE, 0, 0);
    rig_advance(rig, 25 * HOUR_US);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
    rig_reopen(rig);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
}

static atomic_int ledger_fails, positions_fail;

static bool is_named(int fd, const char *name)
{
    char link[32], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    const char *slash = strrchr(path, '/');
    return slash && strcmp(slash + 1, name) == 0;
}

static int open_but_the_ledger(const struct buffer_disk *disk, int folder, const char *name, int flags)
{
    if (ledger_fails && strncmp(name, "ledger", 6) == 0)
        return -ENOSPC;
    return rig_open_file(disk, folder, name, flags);
}

static int sync_but_the_positions(const struct buffer_disk *disk, int fd)
{
    if (positions_fail && is_named(fd, "cursors")) {
        ledger_fails = positions_fail = 0;
        return -EIO;
    }
    return rig_sync_file(disk, fd);
}

// What the cursors stand behind by now is nobody's any more: the next try would find nothing to tell of.
static void nor_does_a_failure_of_the_positions_behind_it(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_age_us = 24 * HOUR_US;
    rig->disk.disk.open = open_but_the_ledger;
    rig->disk.disk.sync = sync_but_the_positions;
    open_with_outlets(rig);
    commit_routine(rig, 1, 9);
    rig_close(rig);
    rig_open(rig);
    commit_routine(rig, 9, 10);
    ledger_fails = positions_fail = 1;
    rig_advance(rig, 25 * HOUR_US);
    assert_int_equal(positions_fail, 0); // so both have failed
    rig_advance(rig, 25 * HOUR_US);
    assert_true(rig_figures(rig).oldest >= 9);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
    rig_reopen(rig);
    assert_int_equal(unexplained(fixture, "mqtt"), 0);
}

static void the_newest_entries_come_first(void **state)
{
    struct fixture *fixture = *state;
    struct rig *rig = fixture->rig;
    rig->options.max_age_us = 24 * HOUR_US;
    open_with_outlets(rig);
    for (uint64_t i = 0; i < 3; i++) {
        commit_routine(rig, 1 + i, 2 + i);
        rig_advance(rig, 25 * HOUR_US);
    }
    struct buffer_loss losses[8];
    assert_int_equal(buffer_losses(rig->buffer, 0, losses, 8), 6);
    for (size_t i = 1; i < 6; i++)
        assert_true(losses[i - 1].until_us >= losses[i].until_us);
    struct buffer_loss last;
    assert_int_equal(buffer_losses(rig->buffer, 5, &last, 8), 1);
    assert_int_equal(last.until_us, losses[5].until_us);
    assert_int_equal(buffer_losses(rig->buffer, 6, losses, 8), 0);
    assert_string_equal(buffer_loss_reasons[losses[0].reason], "age");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_made_room_is_told_by_outlet_and_stream, make, end),
        cmocka_unit_test_setup_teardown(what_was_too_old_is_told_and_what_was_delivered_is_not, make, end),
        cmocka_unit_test_setup_teardown(without_outlets_nobody_had_it, make, end),
        cmocka_unit_test_setup_teardown(the_file_that_went_on_counts_though_the_other_is_of_a_newer_generation, make,
                                        end),
        cmocka_unit_test_setup_teardown(what_comes_back_after_it_was_entered_goes_for_good, make, end),
        cmocka_unit_test_setup_teardown(a_gap_that_a_reader_finds_is_told, make, end),
        cmocka_unit_test_setup_teardown(the_first_segment_missing_is_told, make, end),
        cmocka_unit_test_setup_teardown(a_middle_segment_missing_is_told, make, end),
        cmocka_unit_test_setup_teardown(a_segment_taken_away_while_open_is_told, make, end),
        cmocka_unit_test_setup_teardown(sequences_left_out_as_a_precaution_are_told, make, end),
        cmocka_unit_test_setup_teardown(one_of_the_two_files_is_enough, make, end),
        cmocka_unit_test_setup_teardown(without_any_the_start_goes_on_and_says_so, make, end),
        cmocka_unit_test_setup_teardown(a_torn_end_loses_what_was_not_synced_alone, make, end),
        cmocka_unit_test_setup_teardown(a_full_disk_does_not_keep_the_ledger_from_its_entry, make, end),
        cmocka_unit_test_setup_teardown(nor_does_a_failure_of_the_positions_behind_it, make, end),
        cmocka_unit_test_setup_teardown(the_newest_entries_come_first, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
