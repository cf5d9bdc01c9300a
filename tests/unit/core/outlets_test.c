// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "outlets.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A clock that goes when it is told to, a real buffer, and an outlet that does nothing by itself.
static _Atomic int64_t boot_us; // the buffer's writer asks, too

static int64_t held_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static bool held_synchronised(const struct clock *clock)
{
    (void)clock;
    return true;
}

static const struct clock held = {.wall_us = held_boot, .boot_us = held_boot, .synchronised = held_synchronised};

static int create(const struct outlet_feed *feed, size_t index, void **ret_state, struct fault *why)
{
    (void)index, (void)why;
    *ret_state = (void *)(uintptr_t)feed;
    return 0;
}

static void destroy(void *state)
{
    (void)state;
}

static const struct outlet_type still = {.type = "still", .create = create, .destroy = destroy};

static char folder[64];
static struct settings settings;
static struct settings_influxdb influxdb = {.name = "far", .url = "http://far", .start = START_OLDEST};
static struct buffer *buffer;
static struct outlet outlet;
static struct outlet_batch batch;
static uint32_t stream;

static int begin(void **state)
{
    (void)state;
    boot_us = 100 * 1000000LL;
    strcpy(folder, "/tmp/citygw-outlets-XXXXXX");
    assert_non_null(mkdtemp(folder));
    settings = (struct settings){.influxdb = &influxdb, .influxdb_count = 1, .buffer.path = folder};
    struct buffer_options options = {.path = folder,
                                     .clock = &held,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    assert_int_equal(buffer_stream(buffer, "bay-1", &stream, NULL), 0);
    assert_int_equal(outlet_init(&outlet, &still, 0, &settings, buffer, NULL, &held, NULL), 0);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    outlet.feed.batch_finish(&outlet, &batch);
    outlet_finish(&outlet);
    buffer_close(buffer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void commit_one(void)
{
    struct buffer_figures figures;
    struct buffer_record record = {.stream = stream, .time_us = boot_us, .payload = "x", .size = 1};
    assert_int_equal(buffer_append(buffer, &record, 1, NULL, 0, NULL, 0), 0);
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
}

static const struct outlet_record *read_number(uint64_t number)
{
    assert_int_equal(outlet.feed.read(&outlet, number, 1, 1 << 20, &batch), 0);
    assert_int_equal(batch.count, 1);
    return &batch.records[0];
}

static void what_was_committed_before_the_connection_is_late(void **state)
{
    (void)state;
    commit_one();
    assert_true(read_number(1)->late);
    boot_us += 1000;
    outlet.feed.event(&outlet, OUTLET_CONNECTED, "connected");
    assert_true(read_number(1)->late);
    assert_string_equal(batch.records[0].sensor, "bay-1");
    commit_one();
    assert_false(read_number(2)->late);
}

static void what_waited_more_than_five_seconds_is_late(void **state)
{
    (void)state;
    outlet.feed.event(&outlet, OUTLET_CONNECTED, "connected");
    commit_one();
    boot_us += 5000000;
    assert_false(read_number(1)->late);
    boot_us += 1;
    assert_true(read_number(1)->late);
}

static void what_was_delivered_moves_the_cursor_and_is_counted(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        commit_one();
    assert_int_equal(outlet.feed.position(&outlet), 1);
    outlet.feed.parked(&outlet, 1, "too large");
    outlet.feed.delivered(&outlet, 4, 2);
    assert_int_equal(outlet.feed.position(&outlet), 4);
    assert_int_equal(outlet.sent, 2);
    assert_int_equal(outlet.parked, 1);
}

static void a_connection_an_alarm_and_their_ends_are_remembered(void **state)
{
    (void)state;
    outlet.feed.event(&outlet, OUTLET_DISCONNECTED, "no route");
    assert_string_equal(outlet.fault.text, "no route");
    outlet.feed.event(&outlet, OUTLET_ALARM, "bad password");
    assert_string_equal(outlet.alarm.text, "bad password");
    boot_us += 7000000;
    outlet.feed.event(&outlet, OUTLET_CONNECTED, "connected");
    assert_true(outlet.connected && outlet.since_us == boot_us);
    assert_string_equal(outlet.fault.text, "");
    assert_string_equal(outlet.alarm.text, "bad password");
    outlet.feed.event(&outlet, OUTLET_ALARM_ENDED, "it works");
    assert_string_equal(outlet.alarm.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_committed_before_the_connection_is_late, begin, finish),
        cmocka_unit_test_setup_teardown(what_waited_more_than_five_seconds_is_late, begin, finish),
        cmocka_unit_test_setup_teardown(what_was_delivered_moves_the_cursor_and_is_counted, begin, finish),
        cmocka_unit_test_setup_teardown(a_connection_an_alarm_and_their_ends_are_remembered, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
