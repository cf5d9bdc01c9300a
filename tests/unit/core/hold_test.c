// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "hold.h"
#include "told_clock.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Readings that wait for the clock, with a real buffer and a clock that goes when it is told to.
 */

#define SECOND INT64_C(1000000)

static char folder[64];
static struct buffer *buffer;
static uint32_t stream;
static struct buffer_batch batch;
static struct hold hold;

static void open_buffer(void)
{
    struct buffer_options options = {.path = folder,
                                     .clock = &told,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    assert_int_equal(buffer_stream(buffer, "bay-1", &stream, NULL), 0);
}

static int begin(void **state)
{
    (void)state;
    wall_us = 0; // 1970: a machine without a clock
    boot_us = 30 * SECOND;
    set = false;
    strcpy(folder, "/tmp/citygw-hold-XXXXXX");
    assert_non_null(mkdtemp(folder));
    open_buffer();
    hold_init(&hold, &told, buffer, 120 * SECOND);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    bytes_finish(&batch.bytes);
    memset(&batch, 0, sizeof batch);
    buffer_close(buffer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void pass(int64_t seconds)
{
    wall_us += seconds * SECOND;
    boot_us += seconds * SECOND;
}

static void commit(bool unsure, size_t count)
{
    struct buffer_figures figures;
    struct buffer_record records[100];
    for (size_t i = 0; i < count; i++)
        records[i] = (struct buffer_record){
            .stream = stream, .time_us = wall_us, .unsure = unsure, .boot_us = boot_us, .payload = "x", .size = 1};
    assert_int_equal(buffer_append(buffer, records, count, NULL, 0, NULL, 0), 0);
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
}

static void commit_one(bool unsure)
{
    commit(unsure, 1);
}

static const struct buffer_item *item(uint64_t number)
{
    assert_int_equal(buffer_read(buffer, number, 1, 1, &batch), 0);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.items[0].number, number);
    return &batch.items[0];
}

static bool waits(uint64_t number)
{
    return hold_keeps(&hold, item(number));
}

// Until the writer has made the correction durable.
static void tick_until_let_go(void)
{
    while (!hold_tick(&hold))
        sched_yield();
}

static void what_waits_is_corrected_once_the_clock_is_set(void **state)
{
    (void)state;
    commit_one(true);
    assert_false(hold_tick(&hold));
    assert_true(waits(1));
    pass(10);
    commit_one(true);
    pass(5);
    set = true;
    wall_us = 1700000000 * SECOND; // at 45 s after boot
    tick_until_let_go();
    assert_true(hold_is_over(&hold));
    assert_false(waits(1));
    assert_false(waits(2));
    assert_int_equal(item(1)->corrected_us, (1700000000 - 15) * SECOND);
    assert_int_equal(item(2)->corrected_us, (1700000000 - 5) * SECOND);
    wall_us += 86400 * SECOND; // a later step changes nothing that is stored
    hold_tick(&hold);
    assert_int_equal(item(1)->corrected_us, (1700000000 - 15) * SECOND);
}

static void what_was_given_as_an_estimate_stays_one(void **state)
{
    (void)state;
    commit_one(true);
    assert_true(waits(1));
    for (int second = 0; second < 119; second++) {
        pass(1);
        assert_false(hold_tick(&hold));
    }
    commit_one(true);
    assert_true(waits(1));
    pass(1);
    assert_true(hold_tick(&hold));
    assert_false(waits(1));
    assert_true(waits(2));
    set = true;
    wall_us = 1700000000 * SECOND;
    tick_until_let_go();
    assert_int_equal(item(1)->corrected_us, 0);
    assert_false(waits(1));
    assert_int_equal(item(2)->corrected_us, (1700000000 - 1) * SECOND);
    // Also when it is an event that is copied forward later, under a new number.
    struct buffer_item copy = {
        .number = 3, .unsure = true, .this_boot = true, .commit_boot_us = boot_us, .copied = true};
    assert_false(hold_keeps(&hold, &copy));
}

// An outage lasted longer than clock_wait.
static void what_nobody_was_given_is_corrected_however_old(void **state)
{
    (void)state;
    commit_one(true);
    assert_true(waits(1));
    pass(500);
    struct buffer_item before = *item(1); // as an outlet reads it just before
    set = true;
    wall_us = 1700000000 * SECOND;
    hold_tick(&hold);
    assert_true(hold_keeps(&hold, &before)); // its correction is on its way
    while (item(1)->corrected_us == 0)
        sched_yield();
    assert_int_equal(item(1)->corrected_us, (1700000000 - 500) * SECOND);
}

static void a_reading_with_a_time_of_its_own_does_not_wait(void **state)
{
    (void)state;
    commit_one(false);
    assert_false(waits(1));
}

static void without_clock_wait_nothing_waits_and_nothing_is_moved(void **state)
{
    (void)state;
    hold_init(&hold, &told, buffer, 0);
    commit_one(true);
    assert_false(waits(1));
    set = true;
    wall_us = 1700000000 * SECOND;
    assert_false(hold_tick(&hold));
    assert_int_equal(item(1)->corrected_us, 0);
}

static void restart(void)
{
    buffer_close(buffer);
    open_buffer();
    hold_init(&hold, &told, buffer, 120 * SECOND);
}

static void a_restart_does_not_begin_the_wait_anew(void **state)
{
    (void)state;
    commit_one(true);
    pass(60);
    restart();
    assert_true(waits(1));
    pass(59);
    assert_false(hold_tick(&hold));
    assert_true(waits(1));
    pass(1);
    assert_true(hold_tick(&hold));
    assert_false(waits(1));
    commit_one(true);
    restart();
    set = true;
    wall_us = 1700000000 * SECOND;
    tick_until_let_go();
    assert_int_equal(item(1)->corrected_us, 0); // somebody may have it
    assert_int_equal(item(2)->corrected_us, 1700000000 * SECOND);
}

static void a_restart_keeps_all_that_waits_however_many(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++)
        commit(true, 100);
    pass(60);
    restart();
    assert_true(waits(1));
    set = true;
    wall_us = 1700000000 * SECOND;
    tick_until_let_go();
    assert_int_equal(item(1)->corrected_us, (1700000000 - 60) * SECOND);
    assert_int_equal(item(30000)->corrected_us, (1700000000 - 60) * SECOND);
}

static void a_clock_that_was_set_once_in_a_boot_is_set(void **state)
{
    (void)state;
    commit_one(true);
    set = true;
    wall_us = 1700000000 * SECOND;
    tick_until_let_go();
    restart();
    set = false; // lost again
    assert_true(hold_is_over(&hold));
    restart();
    assert_true(hold_is_over(&hold));
    assert_false(hold_tick(&hold));
    set = true;
    wall_us += 500 * SECOND; // corrected once, never again; and no restart takes a place in the table of corrections
    for (int i = 0; i < 70; i++) {
        commit_one(false);
        assert_false(hold_tick(&hold));
        restart();
    }
    assert_int_equal(item(1)->corrected_us, 1700000000 * SECOND);
}

// The process was killed between the first commit by the right clock and the correction.
static void a_correction_that_was_not_made_is_made_after_the_restart(void **state)
{
    (void)state;
    commit_one(true);
    set = true;
    wall_us = 1700000000 * SECOND;
    commit_one(false);
    restart();
    assert_true(hold_is_over(&hold));
    assert_true(waits(1));
    tick_until_let_go();
    assert_int_equal(item(1)->corrected_us, 1700000000 * SECOND);
    assert_int_equal(item(2)->corrected_us, 0);
}

static void a_correction_outlives_a_restart(void **state)
{
    (void)state;
    commit_one(true);
    set = true;
    wall_us = 1700000000 * SECOND;
    tick_until_let_go();
    restart();
    assert_false(waits(1));
    assert_int_equal(item(1)->corrected_us, 1700000000 * SECOND);
}

// The state of a sensor is shown after a connect only when its time is settled; showing it would give away all before it.
static void to_ask_whether_a_time_is_settled_gives_nothing(void **state)
{
    (void)state;
    commit_one(true);
    commit_one(true);
    pass(500);
    assert_false(hold_is_settled(&hold, item(2)));
    set = true;
    wall_us = 1700000000 * SECOND;
    hold_tick(&hold);
    while (item(1)->corrected_us == 0)
        sched_yield();
    assert_true(hold_is_settled(&hold, item(1)));
    assert_true(hold_is_settled(&hold, item(2)));
}

enum { READERS = 2, RACE = 2000 };
static atomic_bool given_as_estimate[READERS][RACE + 1];
static atomic_int reading;

// Like an outlet: what does not wait is sent with the time that it has.
static void *read_all(void *context)
{
    atomic_bool *given = context;
    struct buffer_batch own = {0};
    for (uint64_t from = 1; from <= RACE;) {
        assert_int_equal(buffer_read(buffer, from, 20, 1 << 20, &own), 0);
        for (size_t i = 0; i < own.count && from == own.items[i].number; i++) {
            if (hold_keeps(&hold, &own.items[i]))
                break;
            atomic_store(&given[from], own.items[i].corrected_us == 0);
            from++;
        }
        atomic_fetch_add(&reading, 1);
    }
    bytes_finish(&own.bytes);
    return NULL;
}

static void no_reading_has_two_times_while_outlets_read_and_the_clock_is_set(void **state)
{
    pthread_t readers[READERS];
    (void)state;
    memset(given_as_estimate, 0, sizeof given_as_estimate);
    for (int i = 0; i < RACE / 10; i++) {
        commit(true, 10);
        pass(1);
    }
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all, given_as_estimate[i]), 0);
    while (atomic_load(&reading) < 10) // some of the oldest have waited long enough
        sched_yield();
    set = true;
    wall_us = 1700000000 * SECOND;
    tick_until_let_go();
    for (size_t i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    unsigned estimates = 0;
    for (uint64_t number = 1; number <= RACE; number++) {
        estimates += given_as_estimate[0][number];
        assert_int_equal(given_as_estimate[0][number], item(number)->corrected_us == 0);
        assert_int_equal(given_as_estimate[1][number], item(number)->corrected_us == 0);
    }
    assert_in_range(estimates, 1, RACE - 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(what_waits_is_corrected_once_the_clock_is_set),
        TEST(what_was_given_as_an_estimate_stays_one),
        TEST(what_nobody_was_given_is_corrected_however_old),
        TEST(a_reading_with_a_time_of_its_own_does_not_wait),
        TEST(without_clock_wait_nothing_waits_and_nothing_is_moved),
        TEST(a_restart_does_not_begin_the_wait_anew),
        TEST(a_restart_keeps_all_that_waits_however_many),
        TEST(a_clock_that_was_set_once_in_a_boot_is_set),
        TEST(a_correction_that_was_not_made_is_made_after_the_restart),
        TEST(a_correction_outlives_a_restart),
        TEST(to_ask_whether_a_time_is_settled_gives_nothing),
        TEST(no_reading_has_two_times_while_outlets_read_and_the_clock_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
