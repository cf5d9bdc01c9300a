// SPDX-License-Identifier: Apache-2.0
#include "still.h"

static const struct outlet_record *read_number(uint64_t number)
{
    assert_int_equal(outlet.feed.read(&outlet, number, UINT64_MAX, true, 1, 1 << 20, &batch), 0);
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
    assert_int_equal(buffer_cursor(buffer, "far"), 1);
    outlet.feed.parked(&outlet, 1, "too large");
    outlet.feed.delivered(&outlet, 1, 4, 2);
    assert_int_equal(buffer_cursor(buffer, "far"), 4);
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
