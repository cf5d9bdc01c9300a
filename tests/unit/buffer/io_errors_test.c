// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include "cursors.h"
#include "pending.h"
#include <sys/wait.h>

/*
 * A disk that says that it failed: nothing is taken for damage, or removed, that may read at the next try.
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

static void spoil_place(struct rig *rig, int64_t at, int64_t bytes)
{
    atomic_store(&rig->disk.bad_at, at);
    atomic_store(&rig->disk.bad_bytes, bytes);
}

// In a process of its own, which is gone afterwards without having closed anything.
static void in_a_killed_process(struct rig *rig, uint64_t from, uint64_t to)
{
    pid_t child = fork();
    if (child == 0) {
        rig_open(rig);
        if (from < to)
            rig_commit(rig, from, to);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int read_some(struct rig *rig, uint64_t from)
{
    return buffer_read(rig->buffer, from, 1000, 1 << 20, &rig->batch);
}

// Reads up to the bad place and returns the first number that does not read.
static uint64_t read_to_error(struct rig *rig)
{
    uint64_t from = 1;
    int error;
    while ((error = read_some(rig, from)) == 0 && rig->batch.count > 0)
        from = rig->batch.next;
    assert_int_equal(error, -EIO);
    assert_int_equal(rig->batch.count, 0);
    return from;
}

static void a_place_that_cannot_be_read_for_now_is_read_later(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 300);
    spoil_place(rig, 8192, 4096);
    uint64_t stuck = read_to_error(rig);
    assert_in_range(stuck, 10, 290);
    for (int i = 0; i < 30; i++) // many tries, but in no time
        assert_int_equal(read_some(rig, stuck), -EIO);
    spoil_place(rig, 0, 0);
    rig_holds(rig, 1, 300);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

static void a_bad_place_does_not_hold_up_who_reads_behind_it(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 300);
    spoil_place(rig, 8192, 4096);
    rig->batch.hint_segment = 0; // from the segment's beginning, over the bad place
    assert_int_equal(read_some(rig, 200), 0);
    assert_true(rig->batch.count > 0);
    assert_int_equal(rig->batch.items[0].number, 200);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
}

static void a_place_that_never_reads_is_stepped_over_after_a_minute_and_counted(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 300);
    spoil_place(rig, 8192, 4096);
    uint64_t stuck = read_to_error(rig);
    atomic_fetch_add(&rig->boot_us, 61 * 1000000); // a minute, but few tries
    for (int i = 2; i < 10; i++)
        assert_int_equal(read_some(rig, stuck), -EIO);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_int_equal(read_some(rig, stuck), 0);
    assert_true(rig->batch.count > 0);
    uint64_t lost = rig_figures(rig).lost_damage;
    assert_in_range(lost, 1, 60);
    // Known from now on: another reader does not wait, and nothing is counted or told twice.
    assert_int_equal(rig_read(rig, 1, NULL, 0), 299 - lost);
    assert_int_equal(rig_figures(rig).lost_damage, lost);
    assert_int_equal(atomic_load(&rig->report_count), 1);
}

static void a_file_that_never_opens_is_stepped_over_after_a_minute_and_counted(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, 21);
    rig_fail(rig, FAIL_REOPEN, -1, EIO);
    for (int i = 0; i < 12; i++) {
        assert_int_equal(buffer_read(rig->buffer, 1, 10, 1000, &rig->batch), -EIO);
        atomic_fetch_add(&rig->boot_us, 5000000);
    }
    assert_int_equal(buffer_read(rig->buffer, 1, 10, 1000, &rig->batch), 0);
    assert_int_equal(rig->batch.count, 0);
    assert_int_equal(rig->batch.next, 21);
    assert_int_equal(rig_figures(rig).lost_damage, 20);
    struct buffer_loss losses[8];
    assert_int_equal(buffer_losses(rig->buffer, 0, losses, 8), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(losses[i].last_seq - losses[i].first_seq, 4);
    // Too few descriptors are nobody's damage.
    rig_commit(rig, 21, 22);
    rig_fail(rig, FAIL_REOPEN, -1, EMFILE);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(buffer_read(rig->buffer, 21, 10, 1000, &rig->batch), -EMFILE);
        atomic_fetch_add(&rig->boot_us, 10000000);
    }
    rig_fail(rig, FAIL_REOPEN, 0, 0);
    assert_int_equal(buffer_read(rig->buffer, 21, 10, 1000, &rig->batch), 0);
    assert_int_equal(rig->batch.count, 1);
}

static void sequences_do_not_come_again_after_a_start_that_was_killed(void **state)
{
    struct rig *rig = *state;
    in_a_killed_process(rig, 1, 21);
    rig_spoil(rig, "000000000001.seg", 0, 64 << 10);
    in_a_killed_process(rig, 0, 0); // sets the file aside
    assert_true(rig_has(rig, "000000000001.seg.damaged"));
    rig_open(rig);
    assert_true(rig_figures(rig).next >= 21);
    for (size_t i = 0; i < 4; i++)
        assert_true(buffer_stream_next_seq(rig->buffer, rig->streams[i]) >= 6);
}

static void no_file_is_removed_before_the_positions_are_on_disk(void **state)
{
    struct rig *rig = *state;
    rig->options.segment_bytes = 4096;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, 200);
    rig_advance(rig, 1);
    size_t before = rig_segments(rig).count;
    assert_true(before >= 5);
    rig_fail(rig, FAIL_SYNC, -1, EIO);
    rig_advance(rig, INT64_C(31) * 86400 * 1000000);
    assert_int_equal(rig_segments(rig).count, before);
    rig_fail(rig, FAIL_SYNC, 0, 0);
    rig_advance(rig, INT64_C(61) * 1000000);
    assert_true(rig_segments(rig).count < before);
    assert_int_equal(rig_figures(rig).lost_age, 199);
    rig_reopen(rig);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
}

static void the_name_of_a_new_checkpoint_is_synced_until_that_succeeds(void **state)
{
    struct rig *rig = *state;
    rig_open(rig);
    rig_commit(rig, 1, 5);
    rig_advance(rig, 1); // the cursors' file is made, too
    assert_false(rig_has(rig, "checkpoint.1"));
    uint32_t stream;
    assert_int_equal(buffer_stream(rig->buffer, "kerb-3", &stream, NULL), 0);
    int before = atomic_load(&rig->disk.folder_syncs);
    rig_fail(rig, FAIL_FOLDER, 1, EIO);
    rig_commit(rig, 5, 6);
    assert_true(rig_has(rig, "checkpoint.1"));
    assert_int_equal(atomic_load(&rig->disk.folder_syncs), before + 2);
}

static void the_name_of_the_positions_file_is_synced_until_that_succeeds(void **state)
{
    struct rig *rig = *state;
    int folder = open(rig->path, O_RDONLY | O_DIRECTORY);
    struct cursors_file file;
    struct cursors cursors;
    assert_int_equal(cursors_read(&rig->disk.disk, folder, &cursors, &file), -ENOENT);
    rig_fail(rig, FAIL_FOLDER, 1, EIO);
    assert_int_equal(cursors_open(&rig->disk.disk, folder, &file), -EIO);
    assert_int_equal(cursors_open(&rig->disk.disk, folder, &file), 0);
    assert_int_equal(cursors_open(&rig->disk.disk, folder, &file), 0);
    assert_int_equal(atomic_load(&rig->disk.folder_syncs), 2);
    cursors_close(&file);
    close(folder);
}

static void positions_that_could_not_be_synced_do_not_cost_the_synced_ones(void **state)
{
    struct rig *rig = *state;
    int folder = open(rig->path, O_RDONLY | O_DIRECTORY);
    struct cursors_file file;
    struct cursors cursors;
    assert_int_equal(cursors_read(&rig->disk.disk, folder, &cursors, &file), -ENOENT);
    assert_int_equal(cursors_open(&rig->disk.disk, folder, &file), 0);
    pthread_mutex_lock(&file.lock);
    assert_int_equal(cursors_write(&rig->disk.disk, &file, &cursors), 0);
    int synced = file.slot;
    assert_int_equal(cursors_sync(&rig->disk.disk, &file), 0);
    assert_int_equal(cursors_write(&rig->disk.disk, &file, &cursors), 0);
    int unsynced = file.slot;
    cursors_close(&file);
    pthread_mutex_unlock(&file.lock);
    rig_fail(rig, FAIL_SYNC, 1, EIO);
    assert_int_equal(cursors_read(&rig->disk.disk, folder, &cursors, &file), 0);
    assert_true(file.unsynced);
    assert_int_equal(file.synced, synced);
    assert_int_equal(file.slot, 3 - synced - unsynced); // neither of them
    assert_int_equal(cursors_read(&rig->disk.disk, folder, &cursors, &file), 0);
    assert_false(file.unsynced);
    assert_int_equal(file.synced, unsynced);
    assert_int_not_equal(file.slot, unsynced);
    close(folder);
}

static void write_position(struct rig *rig, struct cursors_file *file, uint64_t number)
{
    struct cursors cursors = {.list = {{.name = "mqtt", .pending = pending_from(number)}}, .count = 1};
    assert_int_equal(cursors_write(&rig->disk.disk, file, &cursors), 0);
}

// Others write while the sync runs: a power cut may tear what they write and lose what is being synced.
static void a_sync_moves_the_next_write_to_a_third_slot(void **state)
{
    struct rig *rig = *state;
    int folder = open(rig->path, O_RDONLY | O_DIRECTORY);
    struct cursors_file file;
    struct cursors cursors;
    cursors_read(&rig->disk.disk, folder, &cursors, &file);
    assert_int_equal(cursors_open(&rig->disk.disk, folder, &file), 0);
    pthread_mutex_lock(&file.lock);
    for (uint64_t round = 1; round <= 7; round++) {
        write_position(rig, &file, round);
        int slot = file.slot, before = file.synced;
        assert_int_equal(cursors_sync(&rig->disk.disk, &file), 0);
        assert_int_equal(file.synced, slot);
        assert_true(round == 1 || slot != before);
        assert_true(file.slot != slot && (round == 1 || file.slot != before));
    }
    cursors_close(&file);
    pthread_mutex_unlock(&file.lock);
    assert_int_equal(cursors_read(&rig->disk.disk, folder, &cursors, &file), 0);
    assert_int_equal(cursors.list[0].pending.ranges[0].from, 7);
    close(folder);
}

static void is_kept_aside_when_unreadable(struct rig *rig, int64_t at, int64_t bytes)
{
    in_a_killed_process(rig, 1, 300);
    size_t size, kept_size;
    uint8_t *before = rig_load(rig, "000000000001.seg", &size);
    assert_int_equal(size, 64 << 10);
    spoil_place(rig, at, bytes);
    rig_open(rig);
    spoil_place(rig, 0, 0);
    assert_true(rig_has(rig, "000000000001.seg.damaged"));
    uint8_t *kept = rig_load(rig, "000000000001.seg.damaged", &kept_size);
    assert_int_equal(kept_size, size);
    assert_memory_equal(kept, before, size);
    free(before);
    free(kept);
    assert_true(rig_figures(rig).next >= 300);
    assert_true(rig_figures(rig).lost_damage >= 299);
    assert_true(rig_reported(rig, "it was set aside"));
    for (size_t i = 0; i < 4; i++)
        assert_true(buffer_stream_next_seq(rig->buffer, rig->streams[i]) >= 76);
}

static void a_last_segment_that_reads_in_part_is_kept_aside_whole(void **state)
{
    is_kept_aside_when_unreadable(*state, 8192, 4096);
}

static void a_segment_that_cannot_be_read_at_all_is_not_taken_for_empty(void **state)
{
    is_kept_aside_when_unreadable(*state, 0, 64 << 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_place_that_cannot_be_read_for_now_is_read_later, make, end),
        cmocka_unit_test_setup_teardown(a_bad_place_does_not_hold_up_who_reads_behind_it, make, end),
        cmocka_unit_test_setup_teardown(a_place_that_never_reads_is_stepped_over_after_a_minute_and_counted, make, end),
        cmocka_unit_test_setup_teardown(a_file_that_never_opens_is_stepped_over_after_a_minute_and_counted, make, end),
        cmocka_unit_test_setup_teardown(sequences_do_not_come_again_after_a_start_that_was_killed, make, end),
        cmocka_unit_test_setup_teardown(no_file_is_removed_before_the_positions_are_on_disk, make, end),
        cmocka_unit_test_setup_teardown(the_name_of_a_new_checkpoint_is_synced_until_that_succeeds, make, end),
        cmocka_unit_test_setup_teardown(the_name_of_the_positions_file_is_synced_until_that_succeeds, make, end),
        cmocka_unit_test_setup_teardown(positions_that_could_not_be_synced_do_not_cost_the_synced_ones, make, end),
        cmocka_unit_test_setup_teardown(a_sync_moves_the_next_write_to_a_third_slot, make, end),
        cmocka_unit_test_setup_teardown(a_last_segment_that_reads_in_part_is_kept_aside_whole, make, end),
        cmocka_unit_test_setup_teardown(a_segment_that_cannot_be_read_at_all_is_not_taken_for_empty, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
