// SPDX-License-Identifier: Apache-2.0
#include "still.h"

#include "feed.h"
#include <fcntl.h>
#include <unistd.h>

/*
 * What an outlet is given to read: only what it has not delivered, and nothing that waits for the clock.
 */

#define SECOND INT64_C(1000000)

// The numbers of one call, as digits: "2 5".
static const char *numbers_of(uint64_t from, uint64_t to, bool skip_held)
{
    static char text[256];
    size_t used = 0;
    assert_int_equal(feed_read(&outlet, from, to, skip_held, 100, 1 << 20, &batch), 0);
    text[0] = '\0';
    for (size_t i = 0; i < batch.count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%d", i ? " " : "", (int)batch.records[i].number);
    return text;
}

static void commit_many(int count)
{
    for (int i = 0; i < count; i++)
        commit_one();
}

static void only_what_is_pending_comes_range_by_range(void **state)
{
    struct outlet_range ranges[OUTLET_RANGES_MAX];
    (void)state;
    commit_many(9);
    feed_pending(&outlet, ranges);
    outlet.feed.delivered(&outlet, 3, 5, 2);
    outlet.feed.delivered(&outlet, 7, 8, 1);
    assert_int_equal(feed_pending(&outlet, ranges), 3);
    assert_int_equal(ranges[1].from, 5);
    assert_int_equal(ranges[1].to, 7);
    assert_true(ranges[2].to == UINT64_MAX);
    assert_string_equal(numbers_of(1, UINT64_MAX, true), "1 2");
    assert_int_equal(batch.next, 3);
    assert_string_equal(numbers_of(3, UINT64_MAX, true), "5 6");
    assert_string_equal(numbers_of(7, UINT64_MAX, true), "8 9");
    assert_string_equal(numbers_of(10, UINT64_MAX, true), "");
    assert_int_equal(batch.next, 10);
    assert_int_equal(feed_end(&outlet), 10);
}

static void what_lies_beyond_the_limit_is_left(void **state)
{
    (void)state;
    commit_many(6);
    outlet.feed.delivered(&outlet, 2, 4, 2);
    assert_string_equal(numbers_of(1, 5, true), "1");
    assert_string_equal(numbers_of(2, 5, true), "4");
    assert_int_equal(batch.next, 5);
    assert_string_equal(numbers_of(2, 4, true), "");
    assert_int_equal(batch.next, 4); // nothing of it is pending: read on there
    assert_string_equal(numbers_of(4, 4, true), "");
}

static void what_waits_for_the_clock_is_left_out_or_ends_the_batch(void **state)
{
    (void)state;
    clock_set = false;
    commit(stream, false);
    commit(stream, true);
    commit(stream, false);
    assert_string_equal(numbers_of(1, UINT64_MAX, true), "1 3");
    assert_int_equal(batch.next, 4);
    assert_string_equal(numbers_of(1, UINT64_MAX, false), "1");
    assert_int_equal(batch.next, 2);
    assert_string_equal(numbers_of(2, UINT64_MAX, false), "");
    assert_int_equal(batch.next, 2); // nothing more now
    assert_int_equal(buffer_cursor(buffer, "far"), 1);
    clock_set = true;
    while (!hold_tick(&hold))
        sched_yield();
    assert_string_equal(numbers_of(1, UINT64_MAX, false), "1 2 3");
    assert_int_equal(batch.records[0].corrected_us, 0);
    assert_int_equal(batch.records[1].corrected_us, boot_us);
}

static void the_newest_of_each_state_comes_once(void **state)
{
    size_t index = 0;
    (void)state;
    uint32_t event;
    assert_int_equal(buffer_stream(buffer, "van", &event, NULL), 0);
    assert_int_equal(feed_read_states(&outlet, 1, &index, 10, &batch), 0);
    assert_int_equal(batch.count, 0);
    commit_one();
    boot_us += SECOND;
    commit_one();
    commit(event, false);
    index = 0;
    assert_int_equal(feed_read_states(&outlet, 1, &index, 10, &batch), 0);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.records[0].number, 2);
    assert_true(batch.records[0].refresh && batch.records[0].newest && batch.records[0].late);
    assert_int_equal(feed_read_states(&outlet, 1, &index, 10, &batch), 0);
    assert_int_equal(batch.count, 0);
    index = 0;
    assert_int_equal(feed_read_states(&outlet, 3, &index, 10, &batch), 0);
    assert_int_equal(batch.count, 0);
}

static void a_replay_is_read_beside_what_is_pending(void **state)
{
    (void)state;
    commit_many(5);
    outlet.feed.delivered(&outlet, 1, 6, 5);
    struct replay_wish wish = {.by_seq = true, .from_seq = 2, .to_seq = 3, .next = 1, .end = 6};
    assert_int_equal(replays_add(&outlet.replays, &wish), 0);
    assert_int_equal(feed_read_replay(&outlet, 100, 1 << 20, &batch), 0);
    assert_int_equal(batch.count, 2);
    assert_true(batch.records[0].replay && batch.records[0].seq == 2);
    assert_int_equal(feed_read_replay(&outlet, 100, 1 << 20, &batch), 0);
    assert_int_equal(batch.count, 0);
}

static void a_replay_leaves_out_what_waits_for_the_clock(void **state)
{
    (void)state;
    clock_set = false;
    commit(stream, false);
    commit(stream, true);
    struct replay_wish wish = {.by_seq = true, .from_seq = 1, .to_seq = 2, .next = 1, .end = 3};
    assert_int_equal(replays_add(&outlet.replays, &wish), 0);
    assert_int_equal(feed_read_replay(&outlet, 100, 1 << 20, &batch), 0);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.records[0].seq, 1);
}

static void spoil(const char *name, off_t at, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(pwrite(fd, "Z", 1, at + (off_t)i), 1);
    close(fd);
}

// The lanes of an outlet read at the same time, and encode what they read later.
static void two_batches_do_not_mix_up_the_sensors_whose_names_are_lost(void **state)
{
    static struct outlet_batch other;
    uint32_t second;
    (void)state;
    assert_int_equal(buffer_stream(buffer, "bay-2", &second, NULL), 0);
    commit(stream, false);
    commit(second, false);
    outlet_finish(&outlet);
    buffer_close(buffer);
    spoil("checkpoint.0", 0, 64);
    spoil("checkpoint.1", 0, 64);
    spoil("000000000001.seg", 190, 4); // the copy of the names at its beginning
    open_buffer();
    assert_int_equal(feed_read(&outlet, 1, UINT64_MAX, true, 1, 1 << 20, &batch), 0);
    assert_int_equal(feed_read(&outlet, 2, UINT64_MAX, true, 1, 1 << 20, &other), 0);
    assert_string_equal(batch.records[0].sensor, "unknown-0");
    assert_string_equal(other.records[0].sensor, "unknown-1");
    outlet.feed.batch_finish(&outlet, &other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_pending_comes_range_by_range),
        TEST(what_lies_beyond_the_limit_is_left),
        TEST(what_waits_for_the_clock_is_left_out_or_ends_the_batch),
        TEST(the_newest_of_each_state_comes_once),
        TEST(a_replay_is_read_beside_what_is_pending),
        TEST(a_replay_leaves_out_what_waits_for_the_clock),
        TEST(two_batches_do_not_mix_up_the_sensors_whose_names_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
