// SPDX-License-Identifier: Apache-2.0
#include "car_park.h"

static void bays_are_free_occupied_or_unknown(void **state)
{
    (void)state;
    stand(4);
    park(0, 1);
    leave(1, 2);
    assert_string_equal(figures(), "1/1/2 of 4");
    park(1, 3);
    leave(2, 4);
    leave(3, 5);
    assert_string_equal(figures(), "2/2/0 of 4");
    struct reading reading = reading_of(&(struct event){3, day_begins_us + 6 * S, "occupied", 1, NULL, 0});
    reading.quality = QUALITY_CALIBRATING;
    zone_parking_take(zone, 3, &reading, reading.time_us);
    assert_string_equal(figures(), "1/2/1 of 4");
    reading.time_us += S;
    reading.quality = QUALITY_GOOD;
    reading.values[reading.value_count++] = (struct value){.name = "state", .type = VALUE_TEXT, .text = "free"};
    zone_parking_take(zone, 3, &reading, reading.time_us);
    assert_string_equal(figures(), "2/2/0 of 4"); // the state holds, whatever is seen
    assert_int_equal(say(3, 8, "battery_v", 3), ZONE_SAID_NOTHING);
    assert_string_equal(figures(), "2/2/0 of 4");
}

static void spaces_without_a_sensor_are_unknown(void **state)
{
    (void)state;
    lot.capacity = 5;
    stand(3);
    leave(0, 1);
    park(1, 2);
    assert_string_equal(figures(), "1/1/3 of 5");
    assert_true(tells());
    assert_true(told(&last, "occupancy") == -99); // of most of them nobody knows
    assert_string_equal(told_text(&last, "fill"), "");
    park(2, 3);
    assert_true(tells());
    assert_true(told(&last, "occupancy") == 0.6667);
    end(NULL);
    lot.capacity = 1; // too small: both are there
    stand(2);
    leave(0, 1);
    assert_string_equal(figures(), "1/0/1 of 2");
}

static void a_silent_bay_is_unknown(void **state)
{
    (void)state;
    sensors[0].stale_after_us = HOUR;
    stand(2);
    park(0, 0);
    park(1, 0);
    zone_parking_tick(zone, day_begins_us + HOUR);
    assert_string_equal(figures(), "0/2/0 of 2");
    zone_parking_tick(zone, day_begins_us + HOUR + 1);
    assert_string_equal(figures(), "0/1/1 of 2");
    assert_true(tells());
    assert_true(told(&last, "silent") == 1);
    assert_string_equal(told_text(&last, "cause"), "");
    assert_int_equal(last.time_us, day_begins_us + HOUR + 1);
    say(0, 3700, "battery_v", 3);
    assert_string_equal(figures(), "0/2/0 of 2");
}

static void a_bay_out_of_service_leaves_the_capacity(void **state)
{
    (void)state;
    int64_t today = day_begins_us / DAY;
    sensors[1].out_first_day = today;
    sensors[1].out_last_day = today + 1;
    stand(2);
    leave(0, 0);
    park(1, 0); // 9 h in Tokyo
    assert_string_equal(figures(), "1/0/0 of 1");
    assert_true(tells());
    assert_true(told(&last, "out_of_service") == 1);
    zone_parking_tick(zone, day_begins_us + 2 * DAY - 9 * HOUR - 1);
    assert_string_equal(figures(), "1/0/0 of 1");
    zone_parking_tick(zone, day_begins_us + 2 * DAY - 9 * HOUR);
    assert_string_equal(figures(), "1/1/0 of 2");
    assert_true(tells());
}

static void late_and_repeated_readings_move_nothing(void **state)
{
    (void)state;
    stand(1);
    park(0, 100);
    assert_int_equal(say(0, 50, "occupied", 0), ZONE_LATE);
    assert_int_equal(say(0, 100, "occupied", 1), ZONE_LATE);
    assert_string_equal(figures(), "0/1/0 of 1");
    assert_int_equal(say(0, 100, "occupied", 0), ZONE_TAKEN); // as the bay's own state: its clock may know only seconds
    assert_string_equal(figures(), "1/0/0 of 1");
    park(0, 101);
    struct reading reading = reading_of(&(struct event){0, day_begins_us + 10 * S, "occupied", 0, NULL, 0});
    reading.time_quality = TIME_SYNCED; // by our own clock, which was set back
    assert_int_equal(zone_parking_take(zone, 0, &reading, reading.time_us), ZONE_TAKEN);
    assert_string_equal(figures(), "1/0/0 of 1");
}

static void fill_to(int count, double seconds)
{
    for (int i = 0; i < BAYS; i++)
        say(i, seconds, "occupied", i < count);
}

static const char *band(void)
{
    static char text[40];
    tells();
    snprintf(text, sizeof text, "%d %s", (int)told(&last, "band"), told_text(&last, "fill"));
    return text;
}

static void bands_do_not_flap(void **state)
{
    (void)state;
    stand(BAYS);
    fill_to(0, 0);
    fill_to(5, 1);
    assert_string_equal(band(), "0 free");
    fill_to(6, 2);
    assert_string_equal(band(), "1 free");
    fill_to(5, 3);
    assert_string_equal(band(), "1 free"); // one space below
    fill_to(4, 4);
    assert_string_equal(band(), "0 free");
    fill_to(9, 5);
    assert_string_equal(band(), "2 almost_full");
    fill_to(8, 6);
    assert_string_equal(band(), "2 almost_full");
    fill_to(7, 7);
    assert_string_equal(band(), "1 free");
    fill_to(10, 8);
    assert_string_equal(band(), "2 full");
    fill_to(9, 9);
    assert_string_equal(band(), "2 almost_full"); // a free space is a free space
}

static void half_of_a_tiny_car_park_is_not_almost_full(void **state)
{
    (void)state;
    stand(2);
    park(0, 0);
    park(1, 0);
    assert_string_equal(band(), "2 full");
    leave(1, 10);
    assert_string_equal(band(), "1 free"); // ten percent below 0.6
}

static void the_only_space_leaves_its_bands_when_it_is_left(void **state)
{
    (void)state;
    for (int spaces = 1; spaces <= 2; spaces++) {
        lot.bands[0] = 0.5;
        stand(spaces);
        for (int i = 0; i < spaces; i++)
            park(i, i);
        assert_string_equal(band(), "2 full");
        for (int i = 0; i < spaces; i++)
            leave(i, spaces + i);
        assert_string_equal(band(), "0 free");
        end(NULL);
    }
}

static void entries_and_exits_make_what_is_occupied(void **state)
{
    (void)state;
    counters();
    say(0, 0, "vehicles_total", 123456);
    say(1, 0, "vehicles_total", 777);
    assert_string_equal(figures(), "100/0/0 of 100");
    say(0, 10, "vehicles_total", 123476);
    say(1, 20, "vehicles_total", 782);
    assert_string_equal(figures(), "85/15/0 of 100");
    say(2, 30, "in", 5); // both ways at one gate
    say(2, 40, "out", 2);
    assert_string_equal(figures(), "82/18/0 of 100");
    assert_int_equal(say(2, 50, "vehicles_total", 500), ZONE_SAID_NOTHING); // which way it does not say
    assert_int_equal(say(2, 51, "vehicles", 5), ZONE_SAID_NOTHING);
    assert_int_equal(say(0, 52, "out", 5), ZONE_SAID_NOTHING); // what it does not count
    assert_string_equal(figures(), "82/18/0 of 100");
    assert_true(tells());
    assert_true(told(&last, "occupancy") == 0.18 && told(&last, "drift") == 0);
}

static void what_is_cut_is_drift(void **state)
{
    (void)state;
    counters();
    say(0, 0, "vehicles_total", 0);
    say(1, 0, "vehicles_total", 0);
    say(1, 10, "vehicles_total", 3);
    assert_string_equal(figures(), "100/0/0 of 100");
    assert_true(tells());
    assert_true(told(&last, "drift") == -3);
    say(0, 20, "vehicles_total", 110);
    assert_string_equal(figures(), "0/100/0 of 100");
    assert_true(tells());
    assert_true(told(&last, "drift") == 7);
    assert_string_equal(told_text(&last, "fill"), "full");
}

static void each_night_it_is_put_right(void **state)
{
    (void)state;
    lot.reset_minute = 210; // 03:30 in Tokyo: 18:30 UTC
    lot.reset_to = 4;
    counters();
    double night = 18.5 * 3600;
    say(0, night - 7200, "vehicles_total", 1000);
    say(1, night - 7200, "vehicles_total", 1000);
    assert_string_equal(figures(), "96/4/0 of 100");
    say(0, night - 3600, "vehicles_total", 1060);
    assert_string_equal(figures(), "36/64/0 of 100");
    say(0, night, "vehicles_total", 1061);
    assert_string_equal(figures(), "96/4/0 of 100");
    say(0, night + 60, "vehicles_total", 1065);
    assert_string_equal(figures(), "92/8/0 of 100");
    say(0, night - 60, "vehicles_total", 1060); // late, and nothing new
    assert_string_equal(figures(), "92/8/0 of 100");
    say(1, night + 120, "vehicles_total", 1002); // of which nobody knows when they left
    say(1, night - 120, "vehicles_total", 1001); // and now somebody does, of one
    assert_string_equal(figures(), "93/7/0 of 100");
    zone_parking_tick(zone, day_begins_us + (int64_t)(night * 1e6) + DAY);
    assert_string_equal(figures(), "96/4/0 of 100");
}

static void a_sensor_that_lost_its_clock_resets_nothing(void **state)
{
    (void)state;
    lot.reset_minute = 210;
    counters();
    say(0, 0, "vehicles_total", 10);
    say(0, 10, "vehicles_total", 30);
    struct reading reading = reading_of(&(struct event){2, 0, "in", 0, NULL, 0});
    zone_parking_take(zone, 2, &reading, day_begins_us + 20 * S); // 1970
    reading.time_us = 1;
    zone_parking_take(zone, 2, &reading, reading.time_us);
    reading.time_us = day_begins_us + 9999 * DAY;
    zone_parking_take(zone, 2, &reading, day_begins_us + 30 * S);
    assert_string_equal(figures(), "80/20/0 of 100");
}

static void without_a_capacity_only_what_is_occupied_is_known(void **state)
{
    (void)state;
    counters();
    lot.capacity = 0;
    say(0, 0, "vehicles_total", 0);
    say(0, 1, "vehicles_total", 500);
    assert_string_equal(figures(), "-1/500/-1 of -1");
    assert_true(tells());
    assert_true(told(&last, "capacity") == -99 && told(&last, "free") == -99 && told(&last, "band") == -99);
}

static void all_spaces_may_be_out_of_service(void **state)
{
    (void)state;
    sensors[3].out_first_day = 0;
    sensors[3].out_last_day = day_begins_us / DAY;
    counters();
    lot.capacity = 1;
    zone_parking_add(zone, &sensors[3]);
    zone_parking_tick(zone, day_begins_us);
    say(0, 0, "vehicles", 2);
    assert_string_equal(figures(), "0/0/0 of 0");
    assert_true(tells());
    assert_true(told(&last, "drift") == 2 && told(&last, "occupancy") == -99);
}

static void it_tells_changes_at_most_once_a_second(void **state)
{
    (void)state;
    stand(2);
    assert_true(zone_parking_due_us(zone) == INT64_MAX);
    park(0, 1);
    assert_true(zone_parking_report(zone, 50 * S, &last));
    assert_int_equal(last.kind, KIND_PARKING);
    assert_string_equal(last.zone, "lot");
    assert_string_equal(told_text(&last, "cause"), "b0");
    assert_int_equal(last.time_us, day_begins_us + S);
    park(0, 2); // nothing new
    assert_false(zone_parking_report(zone, 60 * S, &last));
    leave(0, 3);
    assert_true(zone_parking_due_us(zone) == 51 * S);
    park(0, 4);
    assert_true(zone_parking_due_us(zone) == INT64_MAX); // it is again as it was told
    park(1, 3.5);                                        // the newest of that sensor, and yet before what was told
    assert_false(zone_parking_report(zone, 51 * S - 1, &last));
    assert_true(zone_parking_report(zone, 51 * S, &last));
    assert_string_equal(told_text(&last, "cause"), "b1");
    leave(1, 3.7);
    leave(0, 5);
    zone_parking_report(zone, 53 * S, &last);
    leave(1, 4.5);
    park(1, 4.7);
    assert_true(zone_parking_report(zone, 55 * S, &last));
    assert_int_equal(last.time_us, day_begins_us + 5 * S); // it does not go back
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bays_are_free_occupied_or_unknown, begin, end),
        cmocka_unit_test_setup_teardown(spaces_without_a_sensor_are_unknown, begin, end),
        cmocka_unit_test_setup_teardown(a_silent_bay_is_unknown, begin, end),
        cmocka_unit_test_setup_teardown(a_bay_out_of_service_leaves_the_capacity, begin, end),
        cmocka_unit_test_setup_teardown(late_and_repeated_readings_move_nothing, begin, end),
        cmocka_unit_test_setup_teardown(bands_do_not_flap, begin, end),
        cmocka_unit_test_setup_teardown(half_of_a_tiny_car_park_is_not_almost_full, begin, end),
        cmocka_unit_test_setup_teardown(the_only_space_leaves_its_bands_when_it_is_left, begin, end),
        cmocka_unit_test_setup_teardown(entries_and_exits_make_what_is_occupied, begin, end),
        cmocka_unit_test_setup_teardown(what_is_cut_is_drift, begin, end),
        cmocka_unit_test_setup_teardown(each_night_it_is_put_right, begin, end),
        cmocka_unit_test_setup_teardown(a_sensor_that_lost_its_clock_resets_nothing, begin, end),
        cmocka_unit_test_setup_teardown(without_a_capacity_only_what_is_occupied_is_known, begin, end),
        cmocka_unit_test_setup_teardown(all_spaces_may_be_out_of_service, begin, end),
        cmocka_unit_test_setup_teardown(it_tells_changes_at_most_once_a_second, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
