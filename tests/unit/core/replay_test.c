// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "replay.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Replays read from a real buffer: two sensors, a reading each second, alternating.
 */

enum { READINGS = 3000 };
#define SECOND INT64_C(1000000)

static char folder[64];
static struct buffer *buffer;
static uint32_t streams[2];
static struct buffer_batch batch;
static struct replays replays;

static void fill(void)
{
    struct buffer_figures figures;
    for (int i = 0; i < READINGS; i++) {
        struct buffer_record record = {.stream = streams[i % 2], .time_us = i * SECOND, .payload = "x", .size = 1};
        int error;
        while ((error = buffer_append(buffer, &record, 1, NULL, 0, NULL, 0)) == -EBUSY)
            sched_yield();
        assert_int_equal(error, 0);
    }
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citygw-replay-XXXXXX");
    assert_non_null(mkdtemp(folder));
    struct buffer_options options = {.path = folder,
                                     .clock = &clock_system,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    assert_int_equal(buffer_stream(buffer, "bay-1", &streams[0], NULL), 0);
    assert_int_equal(buffer_stream(buffer, "bay-2", &streams[1], NULL), 0);
    replays_init(&replays);
    fill();
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    bytes_finish(&batch.bytes);
    memset(&batch, 0, sizeof batch);
    replays_finish(&replays);
    buffer_close(buffer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

// Reads until nothing more comes; returns how many, and the first and last time of them.
static size_t read_all(int64_t *ret_first_us, int64_t *ret_last_us)
{
    size_t count = 0;
    bool more = true;
    while (more) {
        assert_int_equal(replays_read(&replays, buffer, 100, 64 * 1024, &batch, &more), 0);
        for (size_t i = 0; i < batch.count; i++) {
            *ret_first_us = count++ ? *ret_first_us : batch.items[i].time_us;
            *ret_last_us = batch.items[i].time_us;
        }
        more |= batch.count > 0;
    }
    return count;
}

static void a_range_of_times_is_read_without_its_end(void **state)
{
    (void)state;
    int64_t first_us, last_us;
    struct replay_wish wish = {.from_us = 1000 * SECOND, .to_us = 2000 * SECOND, .next = 1, .end = READINGS + 1};
    assert_int_equal(replays_add(&replays, &wish), 0);
    assert_int_equal(read_all(&first_us, &last_us), 1000);
    assert_int_equal(first_us, 1000 * SECOND);
    assert_int_equal(last_us, 1999 * SECOND);
    assert_int_equal(replays.finished, 1);
    assert_int_equal(replays.count, 0);
}

static void one_sensors_numbers_are_read_with_both_ends(void **state)
{
    (void)state;
    int64_t first_us, last_us;
    struct replay_wish wish = {.one_sensor = true,
                               .stream = streams[1],
                               .by_seq = true,
                               .from_seq = 10,
                               .to_seq = 19,
                               .next = 1,
                               .end = READINGS + 1};
    assert_int_equal(replays_add(&replays, &wish), 0);
    assert_int_equal(read_all(&first_us, &last_us), 10);
    assert_int_equal(first_us, 19 * SECOND); // the tenth of the second sensor
    assert_int_equal(last_us, 37 * SECOND);
}

static void wishes_are_done_one_after_the_other_and_bounded(void **state)
{
    (void)state;
    int64_t first_us, last_us;
    struct replay_wish wish = {.from_us = 0, .to_us = 10 * SECOND, .next = 1, .end = READINGS + 1};
    for (int i = 0; i < REPLAYS_MAX; i++)
        assert_int_equal(replays_add(&replays, &wish), 0);
    assert_int_equal(replays_add(&replays, &wish), -EBUSY);
    assert_int_equal(read_all(&first_us, &last_us), REPLAYS_MAX * 10);
    assert_int_equal(replays.asked, REPLAYS_MAX);
    assert_int_equal(replays.finished, REPLAYS_MAX);
    assert_int_equal(replays_add(&replays, &wish), 0);
}

static void a_range_that_is_kept_no_more_ends_by_itself(void **state)
{
    (void)state;
    int64_t first_us, last_us;
    struct replay_wish wish = {.from_us = 0, .to_us = INT64_MAX, .next = READINGS - 1, .end = READINGS + 500};
    assert_int_equal(replays_add(&replays, &wish), 0);
    assert_int_equal(read_all(&first_us, &last_us), 2);
    assert_int_equal(replays.finished, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(a_range_of_times_is_read_without_its_end),
        TEST(one_sensors_numbers_are_read_with_both_ends),
        TEST(wishes_are_done_one_after_the_other_and_bounded),
        TEST(a_range_that_is_kept_no_more_ends_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
