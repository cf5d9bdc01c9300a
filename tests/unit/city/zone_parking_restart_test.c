// SPDX-License-Identifier: Apache-2.0
#include "car_park.h"
#include <errno.h>

// Into another one of the same settings, without a tick.
static void restart(int count)
{
    struct bytes kept;
    bytes_init(&kept, 1 << 20);
    zone_parking_keep(zone, &kept);
    end(NULL);
    stand(count);
    assert_int_equal(zone_parking_restore(zone, kept.data, kept.used), 0);
    bytes_finish(&kept);
}

// A gateway without power starts with the time when it was last written down, before the reset.
static void a_clock_that_is_not_set_yet_resets_nothing_after_a_restart(void **state)
{
    (void)state;
    lot.reset_minute = 210;
    double night = 18.5 * 3600;
    counters();
    say(0, night + 10, "vehicles_total", 1000);
    say(0, night + 20, "vehicles_total", 1030);
    assert_string_equal(figures(), "70/30/0 of 100");
    restart(3);
    const struct event events[] = {
        {0, day_begins_us + (int64_t)(night - 600) * S, "vehicles_total", 1031, NULL, 0},
        {2, day_begins_us + (int64_t)(night - 500) * S, "in", 3, NULL, 0},
    };
    for (size_t i = 0; i < 2; i++) {
        struct reading reading = reading_of(&events[i]);
        reading.time_quality = TIME_ESTIMATED;
        zone_parking_take(zone, events[i].number, &reading, reading.time_us);
    }
    assert_string_equal(figures(), "66/34/0 of 100");
    zone_parking_tick(zone, day_begins_us + (int64_t)(night + 600) * S); // it is set
    assert_string_equal(figures(), "66/34/0 of 100");
    zone_parking_tick(zone, day_begins_us + (int64_t)night * S + DAY);
    assert_string_equal(figures(), "100/0/0 of 100");
}

static void bays_are_what_they_were_before_somebody_knows_the_time(void **state)
{
    (void)state;
    stand(3);
    park(0, 1);
    leave(1, 2);
    restart(3);
    park(2, 3);
    assert_string_equal(figures(), "1/2/0 of 3");
    zone_parking_tick(zone, day_begins_us + 48 * HOUR + 2 * S); // it is set
    assert_string_equal(figures(), "1/1/1 of 3");
}

static void bays_are_found_again_in_any_order(void **state)
{
    (void)state;
    static const int order[] = {3, 6, 1, 0, 4, 2}; // b5 is gone, and b6 is new
    struct bytes kept;
    stand(6);
    for (int i = 0; i < 6; i++)
        say(i, i, "occupied", i % 2);
    bytes_init(&kept, 1 << 20);
    zone_parking_keep(zone, &kept);
    end(NULL);
    zone = zone_parking_create(&lot, &tokyo);
    for (int i = 0; i < 6; i++)
        assert_int_equal(zone_parking_add(zone, &sensors[order[i]]), i);
    assert_int_equal(zone_parking_restore(zone, kept.data, kept.used), 0);
    bytes_finish(&kept);
    zone_parking_tick(zone, day_begins_us + 10 * S);
    assert_string_equal(figures(), "3/2/1 of 6");
    leave(0, 20); // b3
    assert_string_equal(figures(), "4/1/1 of 6");
}

static void what_is_no_memory_of_a_zone_is_refused(void **state)
{
    (void)state;
    struct bytes bytes, later, after;
    counters();
    say(0, 0, "vehicles_total", 10);
    say(1, 5, "vehicles", 3);
    bytes_init(&bytes, 1 << 20);
    zone_parking_keep(zone, &bytes);
    assert_false(bytes.overflow);
    for (size_t size = 0; size < bytes.used; size++)
        assert_int_equal(zone_parking_restore(zone, bytes.data, size), -EBADMSG);
    bytes_init(&later, 1 << 20); // it knows more by now, and keeps that
    bytes_init(&after, 1 << 20);
    say(0, 10, "vehicles_total", 30);
    zone_parking_keep(zone, &later);
    assert_int_equal(zone_parking_restore(zone, bytes.data, bytes.used - 1), -EBADMSG);
    zone_parking_keep(zone, &after);
    assert_int_equal(after.used, later.used);
    assert_memory_equal(after.data, later.data, later.used);
    bytes_finish(&later);
    bytes_finish(&after);
    assert_int_equal(zone_parking_restore(zone, bytes.data, bytes.used), 0);
    for (size_t i = 0; i < bytes.used; i++) { // whatever it holds, it does no harm
        bytes.data[i] ^= 0xff;
        zone_parking_restore(zone, bytes.data, bytes.used);
        zone_parking_tick(zone, day_begins_us);
        bytes.data[i] ^= 0xff;
    }
    bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clock_that_is_not_set_yet_resets_nothing_after_a_restart, begin, end),
        cmocka_unit_test_setup_teardown(bays_are_what_they_were_before_somebody_knows_the_time, begin, end),
        cmocka_unit_test_setup_teardown(bays_are_found_again_in_any_order, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_memory_of_a_zone_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
