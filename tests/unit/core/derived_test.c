// SPDX-License-Identifier: Apache-2.0
#include "derived.h"

#include "check.h"
#include "told_clock.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Readings that were made of others, over a real buffer.
 */

static char folder[64];
static struct buffer *buffer;
static struct hold hold;
static struct derived derived;
static unsigned made;

static void count_made(void *context, uint32_t stream)
{
    (void)context, (void)stream;
    made++;
}

static void start(void)
{
    struct buffer_options options = {.path = folder,
                                     .clock = &told,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    hold_init(&hold, &told, buffer, 0);
    derived_init(&derived, &told, buffer, &hold);
    derived.made = count_made;
}

static void stop(void)
{
    derived_finish(&derived);
    assert_int_equal(buffer_close(buffer), 0);
}

static int begin(void **state)
{
    (void)state;
    wall_us = 1795316645000000;
    boot_us = 1000000;
    set = true;
    made = 0;
    strcpy(folder, "/tmp/citygw-derived-XXXXXX");
    assert_non_null(mkdtemp(folder));
    start();
    return 0;
}

static int finish(void **state)
{
    char command[96];
    (void)state;
    stop();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static bool add(const char *stream, int64_t time_us)
{
    const struct reading reading = {.kind = KIND_PARKING, .zone = "", .time_us = time_us, .time_quality = TIME_SYNCED};
    return derived_add(&derived, stream, &reading, BUFFER_ROUTINE);
}

// Whether the newest readings of all streams, one after the other, have these times.
static void expect(const int64_t times_us[], size_t count)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    struct reading reading;
    struct buffer_figures figures;
    derived_store(&derived);
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
    assert_int_equal(buffer_read(buffer, figures.next - count, BUFFER_BATCH_MAX, 1 << 20, batch), 0);
    assert_int_equal(batch->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(batch->items[i].time_us, times_us[i]);
        assert_int_equal(reading_decode(batch->items[i].payload, batch->items[i].size, &reading), 0);
        assert_int_equal(reading.time_us, times_us[i]);
    }
    bytes_finish(&batch->bytes);
    free(batch);
}

static void equal_times_of_one_stream_become_different_ones(void **state)
{
    const int64_t at = wall_us, times_us[] = {at, at + 1, at, at + 2, at - 5000000, at - 5000000 + 1};
    (void)state;
    assert_true(add("zone/lot", at) && add("zone/lot", at) && add("zone/plaza", at) && add("zone/lot", at));
    assert_true(add("zone/lot", at - 5000000) && add("zone/lot", at - 5000000)); // the clock went back
    expect(times_us, 6);
    assert_int_equal(made, 2);
    assert_int_equal(derived.taken, 6);
}

static void what_is_told_again_after_a_restart_is_another_point(void **state)
{
    const int64_t at = wall_us, before_us[] = {at, at + 1}, after_us[] = {at + 2, at + 3, at + 9};
    (void)state;
    assert_true(add("zone/lot", at) && add("zone/lot", at));
    expect(before_us, 2);
    stop();
    start();
    assert_true(add("zone/lot", at) && add("zone/lot", at) && add("zone/lot", at + 9));
    expect(after_us, 3);
}

static void what_happens_at_once_is_stored_whole(void **state)
{
    enum { MANY = 4 * DERIVED_MAX + 3 };
    uint32_t first;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        char stream[32];
        snprintf(stream, sizeof stream, "alert/crowd/c%d", i);
        assert_true(add(stream, wall_us));
    }
    assert_true(derived_store(&derived));
    assert_int_equal(derived.taken, MANY);
    assert_int_equal(derived.dropped, 0);
    assert_int_equal(buffer_stream(buffer, "alert/crowd/c0", &first, NULL), 0);
    assert_int_equal(buffer_stream_next_seq(buffer, first), 2);
    assert_false(derived_store(&derived));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(equal_times_of_one_stream_become_different_ones),
        TEST(what_is_told_again_after_a_restart_is_another_point),
        TEST(what_happens_at_once_is_stored_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
