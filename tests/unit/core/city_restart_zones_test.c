// SPDX-License-Identifier: Apache-2.0
#include "city_street.h"

/*
 * What zones tell after restarts and kills.
 */

static void a_zone_that_changed_unseen_is_told_after_the_restart(void **state)
{
    (void)state;
    struct reading reading;
    occupy("bay-1:occupied", true);
    pass(2);
    occupy("bay-2:occupied", true);
    tick_after(1);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 2);
    reopen("[zone:lot]\nkind = parking\ncapacity = 9\n[zone:plaza]\nkind = crowd\narea = 100 m2\n", sensors, air);
    tick_after(1);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "capacity", 9);
    assert_number(&reading, "occupied", 2);
    int64_t told_us = reading.time_us;
    occupy("bay-2:occupied", true); // which will be read back
    pass(601);                      // bay-1 is silent when the gateway is there again
    size_t readings = stored_of("zone/lot");
    kill_and_restart();
    tick_after(1);
    tick_after(1);
    assert_int_equal(stored_of("zone/lot"), readings + 1); // at once as it is
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 1);
    assert_number(&reading, "silent", 1);
    assert_true(reading.time_us > told_us);
}

// No two of a zone's readings have one time, and none is older than what was told before.
static void a_zones_times_rise_over_restarts(void **state)
{
    (void)state;
    int64_t last_us = 0;
    for (int i = 0; i < 6; i++) {
        pass(30);
        occupy("bay-1:occupied", i % 2 == 0);
        set = i != 3; // after the kill nobody knows the time: the readings that are read back are all that there is
        if (i % 2)
            kill_and_restart();
        else
            restart();
        tick_after(1);
        durable();
        set = true;
    }
    durable();
    size_t seen = 0;
    for (uint64_t from = 0;; from = rig.batch->next) {
        assert_int_equal(buffer_read(rig.buffer, from, BUFFER_BATCH_MAX, 1 << 20, rig.batch), 0);
        for (size_t i = 0; i < rig.batch->count; i++) {
            if (strcmp(buffer_stream_name(rig.buffer, rig.batch->items[i].stream), "zone/lot") != 0)
                continue;
            assert_true(rig.batch->items[i].newest);
            assert_true(rig.batch->items[i].time_us > last_us);
            last_us = rig.batch->items[i].time_us;
            seen++;
        }
        if (!rig.batch->count)
            break;
    }
    assert_true(seen >= 6);
}

static void a_roads_minutes_are_told_once_also_over_a_kill(void **state)
{
    (void)state;
    reopen("[zone:road]\nkind = traffic\n", "[sensor:loop]\nkind = traffic\nzone = road\nstale_after = 0 s\n", "");
    for (int i = 0; i < 3; i++) {
        add_number("loop:vehicles", "", 5, 0);
        take();
        durable();
        tick_after(60);
    }
    tick_after(21);
    durable();
    size_t readings = stored_of("zone/road");
    assert_true(readings >= 2);
    add_number("loop:vehicles", "", 7, 0);
    take();
    kill_and_restart();
    tick_after(1);
    tick_after(1);
    durable();
    assert_int_equal(stored_of("zone/road"), readings);
    tick_after(90);
    durable();
    assert_int_equal(stored_of("zone/road"), readings + 1);
    struct reading reading;
    newest_of("zone/road", &reading);
    assert_number(&reading, "vehicles", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_zone_that_changed_unseen_is_told_after_the_restart, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_zones_times_rise_over_restarts, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_roads_minutes_are_told_once_also_over_a_kill, begin, end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
