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

static void commit_one(bool unsure)
{
    struct buffer_figures figures;
    struct buffer_record record = {
        .stream = stream, .time_us = wall_us, .unsure = unsure, .boot_us = boot_us, .payload = "x", .size = 1};
    assert_int_equal(buffer_append(buffer, &record, 1, NULL, 0, NULL, 0), 0);
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
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

static void what_could_not_wait_stays_an_estimate(void **state)
{
    (void)state;
    commit_one(true);
    assert_false(hold_tick(&hold));
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
    assert_int_equal(item(2)->corrected_us, (1700000000 - 1) * SECOND);
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

static void a_restart_within_the_same_boot_goes_on_waiting(void **state)
{
    (void)state;
    commit_one(true);
    pass(60);
    buffer_close(buffer);
    open_buffer();
    hold_init(&hold, &told, buffer, 120 * SECOND);
    assert_true(waits(1));
    pass(61);
    buffer_close(buffer);
    open_buffer();
    hold_init(&hold, &told, buffer, 120 * SECOND);
    assert_false(waits(1));
}

static void a_correction_outlives_a_restart(void **state)
{
    (void)state;
    commit_one(true);
    set = true;
    wall_us = 1700000000 * SECOND;
    tick_until_let_go();
    buffer_close(buffer);
    open_buffer();
    hold_init(&hold, &told, buffer, 120 * SECOND);
    assert_false(waits(1));
    assert_int_equal(item(1)->corrected_us, 1700000000 * SECOND);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(what_waits_is_corrected_once_the_clock_is_set),
        TEST(what_could_not_wait_stays_an_estimate),
        TEST(a_reading_with_a_time_of_its_own_does_not_wait),
        TEST(without_clock_wait_nothing_waits_and_nothing_is_moved),
        TEST(a_restart_within_the_same_boot_goes_on_waiting),
        TEST(a_correction_outlives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
