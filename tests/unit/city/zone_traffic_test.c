// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/zone_traffic.h"
#include "zone_day.h"
#include <errno.h>

enum { SENSORS = 3 };

#define MINUTE (60 * S)
#define WAIT (TRAFFIC_WAIT_S * S)

static const struct settings_zone road = {.id = "route-1", .kind = KIND_TRAFFIC};
static const struct settings_sensor sensors[SENSORS] = {
    {.id = "r0", .kind = KIND_TRAFFIC}, {.id = "r1", .kind = KIND_TRAFFIC}, {.id = "r2", .kind = KIND_TRAFFIC}};
static struct zone_traffic *zone;
static struct reading last; // what was told
static int64_t now_us;      // of the day; what is said does not move it back

static void stand(void)
{
    zone = zone_traffic_create(&road);
    for (int i = 0; i < SENSORS; i++)
        assert_int_equal(zone_traffic_add(zone, &sensors[i]), i);
}

static int begin(void **state)
{
    (void)state;
    now_us = INT64_MIN / 4;
    stand();
    return 0;
}

static int end(void **state)
{
    (void)state;
    zone_traffic_destroy(zone);
    return 0;
}

static enum zone_news say_two(int number, double seconds, const char *name, double value, const char *second,
                              double second_value)
{
    struct event event = {number, day_begins_us + (int64_t)(seconds * 1e6), name, value, second, second_value};
    struct reading reading = reading_of(&event);
    if (event.time_us > now_us)
        now_us = event.time_us;
    return zone_traffic_take(zone, number, &reading, now_us);
}

static enum zone_news say(int number, double seconds, const char *name, double value)
{
    return say_two(number, seconds, name, value, NULL, 0);
}

// Whether something is told when it is so late.
static bool tells_at(double seconds)
{
    now_us = day_begins_us + (int64_t)(seconds * 1e6);
    zone_traffic_tick(zone, now_us);
    return zone_traffic_report(zone, &last);
}

static void restart(void)
{
    struct bytes bytes;
    bytes_init(&bytes, 1 << 20);
    zone_traffic_keep(zone, &bytes);
    assert_false(bytes.overflow);
    for (size_t size = 0; size < bytes.used; size += 1 + bytes.used / 300) {
        assert_int_equal(zone_traffic_restore(zone, bytes.data, size), -EBADMSG);
    }
    zone_traffic_destroy(zone);
    stand();
    assert_int_equal(zone_traffic_restore(zone, bytes.data, bytes.used), 0);
    bytes_finish(&bytes);
}

// As city_undo does it: what was taken since is not counted.
static void undo(int number, const struct bytes *before)
{
    struct view view = {.data = before->data, .left = before->used};
    assert_int_equal(zone_traffic_put_back(zone, number, &view), 0);
}

static void what_was_refused_and_comes_again_counts_once(void **state)
{
    struct bytes before;
    (void)state;
    say(0, 1, "vehicles", 5);
    bytes_init(&before, 1 << 16);
    zone_traffic_keep_member(zone, 0, &before);
    say(0, 30, "vehicles", 7);
    undo(0, &before);
    say(0, 31, "vehicles", 7); // by our clock it came later
    assert_true(tells_at(60 + TRAFFIC_WAIT_S));
    assert_true(told(&last, "vehicles") == 12 && told(&last, "sensors") == 1);
    bytes_finish(&before);
}

static void a_minute_that_began_with_what_was_refused_has_nothing_of_it(void **state)
{
    struct bytes before;
    (void)state;
    for (int minute = 0; minute < 4; minute++)
        say(0, 60 * minute + 1, "vehicles", 3);
    bytes_init(&before, 1 << 16);
    zone_traffic_keep_member(zone, 0, &before);
    say(0, 241, "vehicles", 30); // in the place of the first minute, which nobody asked for
    undo(0, &before);
    say(1, 242, "speed_mps", 10);
    while (tells_at(300 + TRAFFIC_WAIT_S))
        ;
    assert_true(last.time_us == day_begins_us + 5 * MINUTE);
    assert_true(told(&last, "vehicles") == -99 && told(&last, "sensors") == 1);
    struct view none = {.data = before.data, .left = 3};
    assert_int_equal(zone_traffic_put_back(zone, 0, &none), -EBADMSG);
    bytes_finish(&before);
}

static void a_minute_has_the_medians_of_its_readings(void **state)
{
    (void)state;
    say(0, 10, "speed_mps", 10);
    say(1, 20, "speed_mps", 14);
    say(0, 30, "travel_time_s", 300);
    say(1, 40, "travel_time_s", 345);
    say(2, 50, "travel_time_s", 301);
    say(2, 55, "occupancy", 0.25);
    assert_false(tells_at(60 + TRAFFIC_WAIT_S - 0.001));
    assert_true(tells_at(60 + TRAFFIC_WAIT_S));
    assert_int_equal(last.kind, KIND_TRAFFIC);
    assert_string_equal(last.zone, "route-1");
    assert_int_equal(last.time_us, day_begins_us + MINUTE);
    assert_int_equal(last.time_quality, TIME_SENSOR);
    assert_true(told(&last, "speed_mps") == 12 && told(&last, "travel_time_s") == 301);
    assert_true(told(&last, "occupancy") == 0.25 && told(&last, "sensors") == 3);
    assert_true(told(&last, "vehicles") == -99 && told(&last, "period_s") == -99);
    assert_false(zone_traffic_report(zone, &last));
}

static void a_minute_in_which_nobody_spoke_says_nothing(void **state)
{
    (void)state;
    assert_false(tells_at(500));
    assert_int_equal(say(0, 610, "battery_v", 3), ZONE_SAID_NOTHING);
    assert_int_equal(say(0, 611, "speed_mps", -1), ZONE_SAID_NOTHING);
    assert_false(tells_at(900));
    say(0, 910, "speed_mps", 9);
    assert_true(tells_at(2000));
    assert_int_equal(last.time_us, day_begins_us + 16 * MINUTE);
    assert_true(told(&last, "sensors") == 1);
    assert_false(tells_at(5000));
}

static void a_reading_at_the_very_end_is_the_last_of_its_minute(void **state)
{
    (void)state;
    say(0, 60, "speed_mps", 9);
    say(0, 60.000001, "speed_mps", 20);
    assert_true(tells_at(300));
    assert_true(told(&last, "speed_mps") == 9);
    assert_true(zone_traffic_report(zone, &last));
    assert_true(told(&last, "speed_mps") == 20);
}

static void vehicles_are_what_totals_grew_by_since_an_earlier_minute(void **state)
{
    (void)state;
    say(0, 10, "vehicles_total", 1000); // what was before is not known
    assert_true(tells_at(80) && told(&last, "vehicles") == -99 && told(&last, "sensors") == 1);
    say(0, 70, "vehicles_total", 1010);
    say(0, 110, "vehicles_total", 1025);
    say(1, 90, "vehicles_total", 7);
    say(1, 100, "vehicles_total", 9);
    assert_true(tells_at(140));
    assert_true(told(&last, "vehicles") == 25 + 2 && told(&last, "period_s") == 60);
    say(0, 300, "vehicles_total", 1105); // the fifth minute, and nothing since the second
    assert_true(tells_at(320));
    assert_true(told(&last, "vehicles") == 80 && told(&last, "period_s") == 180);
    say(0, 330, "vehicles_total", 5); // another device
    assert_true(tells_at(400) && told(&last, "vehicles") == 0);
    say(0, 400, "vehicles_total", 6);
    assert_true(tells_at(500) && told(&last, "vehicles") == 1);
}

static void counts_are_added_up_once(void **state)
{
    (void)state;
    say_two(0, 10, "vehicles", 3, "period_s", 30);
    say_two(0, 40, "vehicles", 4, "period_s", 30);
    say_two(0, 10, "vehicles", 3, "period_s", 30);
    say(1, 20, "vehicles", 1);
    assert_true(tells_at(80));
    assert_true(told(&last, "vehicles") == 8 && told(&last, "period_s") == 60 && told(&last, "sensors") == 2);
    say_two(0, 100, "vehicles", 50, "period_s", 300);
    assert_true(tells_at(140));
    assert_true(told(&last, "vehicles") == 50 && told(&last, "period_s") == 300);
    say_two(0, 150, "vehicles", 5, "vehicles_total", 500); // the first total: only the count is known
    assert_true(tells_at(200) && told(&last, "vehicles") == 5);
    say_two(0, 210, "vehicles", 6, "vehicles_total", 507); // one count was missed
    assert_true(tells_at(260) && told(&last, "vehicles") == 7);
}

static void what_is_late_counts_until_its_minute_is_told(void **state)
{
    (void)state;
    say(0, 30, "vehicles_total", 100);
    say(0, 79.9, "vehicles_total", 130);
    assert_int_equal(say(0, 50, "vehicles_total", 120), ZONE_TAKEN);
    assert_true(tells_at(80) && told(&last, "vehicles") == 20);
    assert_int_equal(say(0, 59, "vehicles_total", 125), ZONE_LATE);
    assert_int_equal(say(1, 59, "vehicles", 9), ZONE_LATE);
    assert_true(tells_at(140) && told(&last, "vehicles") == 10); // 120 to 130: of totals nothing is lost
    assert_false(tells_at(900));
}

static void what_is_ahead_by_minutes_has_no_part(void **state)
{
    (void)state;
    say(0, 10, "speed_mps", 10);
    struct reading ahead = reading_of(&(struct event){1, day_begins_us + 121 * S, "speed_mps", 99, NULL, 0});
    assert_int_equal(zone_traffic_take(zone, 1, &ahead, now_us), ZONE_SAID_NOTHING);
    ahead.time_us = day_begins_us + 119 * S;
    assert_int_equal(zone_traffic_take(zone, 1, &ahead, now_us), ZONE_TAKEN);
    assert_true(tells_at(80) && told(&last, "speed_mps") == 10);
    assert_true(tells_at(140) && told(&last, "speed_mps") == 99);
}

static void a_clock_that_is_set_back_begins_anew(void **state)
{
    (void)state;
    say(0, 7200, "speed_mps", 10);
    assert_false(tells_at(3600));
    assert_int_equal(say(0, 3601, "speed_mps", 11), ZONE_TAKEN);
    assert_true(tells_at(3700) && told(&last, "speed_mps") == 11);
    // A sensor's own time does not set ours back.
    struct reading lost = reading_of(&(struct event){0, day_begins_us, "speed_mps", 5, NULL, 0});
    assert_int_equal(zone_traffic_take(zone, 0, &lost, lost.time_us), ZONE_LATE);
    assert_int_equal(say(0, 3701, "speed_mps", 11), ZONE_TAKEN);
}

static void minutes_that_nobody_asked_for_give_way_and_lose_no_vehicles(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        say(0, 60 * i + 30, "vehicles_total", 100 * i);
    zone_traffic_tick(zone, day_begins_us + HOUR);
    for (int i = 6; i < 10; i++) {
        assert_true(zone_traffic_report(zone, &last));
        assert_int_equal(last.time_us, day_begins_us + (i + 1) * MINUTE);
        assert_true(told(&last, "vehicles") == 100 && told(&last, "period_s") == 60);
    }
    assert_false(zone_traffic_report(zone, &last));
}

static void what_was_told_before_a_restart_is_not_told_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        say(0, 60 * i + 30, "vehicles_total", 100 * i);
    zone_traffic_told(zone, day_begins_us + 2 * MINUTE);
    zone_traffic_tick(zone, day_begins_us + HOUR);
    assert_true(zone_traffic_report(zone, &last));
    assert_int_equal(last.time_us, day_begins_us + 3 * MINUTE);
    assert_true(told(&last, "vehicles") == 100 && told(&last, "period_s") == 60);
    assert_false(zone_traffic_report(zone, &last));
}

static void a_minute_is_as_sure_as_its_readings(void **state)
{
    (void)state;
    struct reading reading = reading_of(&(struct event){0, day_begins_us + S, "speed_mps", 5, NULL, 0});
    reading.time_quality = TIME_SYNCED;
    zone_traffic_take(zone, 0, &reading, reading.time_us);
    assert_true(tells_at(80));
    assert_true(last.time_quality == TIME_SYNCED && !last.unauthenticated);
    reading.time_us += MINUTE;
    zone_traffic_take(zone, 0, &reading, reading.time_us);
    reading.time_us += 2 * S;
    reading.time_quality = TIME_ESTIMATED;
    reading.unauthenticated = true;
    zone_traffic_take(zone, 1, &reading, reading.time_us);
    reading.time_us += 2 * S;
    reading.time_quality = TIME_SENSOR;
    zone_traffic_take(zone, 2, &reading, reading.time_us);
    assert_true(tells_at(140));
    assert_true(last.time_quality == TIME_ESTIMATED && last.unauthenticated);
}

static void a_restart_changes_nothing(void **state)
{
    (void)state;
    say(0, 10, "vehicles_total", 100);
    assert_true(tells_at(80));
    say_two(0, 90, "vehicles_total", 130, "speed_mps", 12);
    say_two(1, 95, "vehicles", 4, "travel_time_s", 200);
    restart();
    say_two(1, 95, "vehicles", 4, "travel_time_s", 200);
    assert_int_equal(say(2, 59, "vehicles", 4), ZONE_LATE);
    restart();
    say(2, 100, "speed_mps", 14);
    assert_true(tells_at(140));
    assert_true(told(&last, "vehicles") == 34 && told(&last, "speed_mps") == 13 && told(&last, "sensors") == 3);
    restart();
    assert_false(zone_traffic_report(zone, &last));
    // One that is read back comes when it says.
    struct reading late = reading_of(&(struct event){2, day_begins_us + 110 * S, "speed_mps", 5, NULL, 0});
    assert_int_equal(zone_traffic_take(zone, 2, &late, late.time_us), ZONE_LATE);
    say(0, 150, "vehicles_total", 131);
    assert_true(tells_at(200) && told(&last, "vehicles") == 1);
}

static void what_is_no_memory_of_a_road_makes_no_minute(void **state)
{
    (void)state;
    struct bytes bytes;
    say_two(0, 10, "vehicles_total", 100, "speed_mps", 12);
    say(1, 15, "vehicles", 4);
    bytes_init(&bytes, 1 << 20);
    zone_traffic_keep(zone, &bytes);
    for (size_t i = 0; i < bytes.used; i++) { // whatever it holds, it does no harm
        bytes.data[i] ^= 0xff;
        zone_traffic_destroy(zone);
        stand();
        zone_traffic_restore(zone, bytes.data, bytes.used);
        zone_traffic_tick(zone, day_begins_us + 2 * DAY);
        while (zone_traffic_report(zone, &last)) {
            assert_true(last.time_us >= 0 && last.time_us % (60 * S) == 0);
            for (size_t v = 0; v < last.value_count; v++)
                assert_true(last.values[v].number >= 0);
        }
        bytes.data[i] ^= 0xff;
    }
    bytes_finish(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_refused_and_comes_again_counts_once, begin, end),
        cmocka_unit_test_setup_teardown(a_minute_that_began_with_what_was_refused_has_nothing_of_it, begin, end),
        TEST(a_minute_has_the_medians_of_its_readings),
        TEST(a_minute_in_which_nobody_spoke_says_nothing),
        TEST(a_reading_at_the_very_end_is_the_last_of_its_minute),
        TEST(vehicles_are_what_totals_grew_by_since_an_earlier_minute),
        TEST(counts_are_added_up_once),
        TEST(what_is_late_counts_until_its_minute_is_told),
        TEST(what_is_ahead_by_minutes_has_no_part),
        TEST(a_clock_that_is_set_back_begins_anew),
        TEST(minutes_that_nobody_asked_for_give_way_and_lose_no_vehicles),
        TEST(what_was_told_before_a_restart_is_not_told_again),
        TEST(a_minute_is_as_sure_as_its_readings),
        TEST(a_restart_changes_nothing),
        TEST(what_is_no_memory_of_a_road_makes_no_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
