// SPDX-License-Identifier: Apache-2.0
#include "city_rig.h"

#include <math.h>

/*
 * What the city room makes of readings, as it is stored.
 */

static const char city[] = "[zone:lot]\nkind = parking\ncapacity = 3\n"
                           "[zone:plaza]\nkind = crowd\narea = 100 m2\nlimits = 2 4 5\nhold = 0 s\n"
                           "[zone:deck]\nkind = parking\ncapacity = 100\n[sensor:gate]\nkind = traffic\nzone = deck\n"
                           "stale_after = 0 s\n[zone:hall]\nkind = crowd\narea = 100 m2\nmin_count = 3\n"
                           "[sensor:door]\nkind = crowd\nzone = hall\nstale_after = 0 s\n"
                           "[sensor:bay-1]\nkind = parking\nzone = lot\nstale_after = 10 min\n"
                           "[sensor:bay-2]\nkind = parking\nzone = lot\nstale_after = 10 min\n"
                           "[sensor:bay-3]\nkind = parking\nzone = lot\nstale_after = 0 s\n"
                           "[sensor:eye]\nkind = crowd\nzone = plaza\nstale_after = 1 h\n";

static int begin(void **state)
{
    (void)state;
    begin_rig(city);
    city_tick(rig.city, set);
    return 0;
}

static int begin_unset(void **state)
{
    (void)state;
    begin_rig_with(city, false);
    return 0;
}

static void occupy(const char *name, bool occupied)
{
    add_bool(name, occupied, 0);
    take();
}

static void see_people(double people)
{
    add_number("eye:people", "", people, 0);
    take();
}

static void a_zone_is_stored_after_the_reading_that_changed_it(void **state)
{
    (void)state;
    struct reading reading;
    pass(5);
    occupy("bay-1:occupied", true);
    const struct buffer_item *item = newest_of("zone/lot", &reading);
    assert_non_null(item);
    assert_int_equal(reading.kind, KIND_PARKING);
    assert_string_equal(reading.zone, "lot");
    assert_int_equal(reading.time_us, wall_us);
    assert_int_equal(reading.time_quality, TIME_SYNCED);
    assert_number(&reading, "occupied", 1);
    assert_number(&reading, "unknown", 2);
    assert_text(&reading, "cause", "bay-1");
    uint64_t zone = item->number;
    assert_int_equal(newest_of("bay-1", &reading)->number, zone - 1);
}

// Two devices behind one sender: the time of one says nothing of the other's.
static void who_is_ahead_makes_no_other_of_the_pack_late(void **state)
{
    (void)state;
    struct reading reading;
    add_bool("bay-1:occupied", false, wall_us - 5 * SECOND);
    add_bool("bay-2:occupied", false, wall_us - 5 * SECOND);
    take();
    pass(5);
    add_bool("bay-1:occupied", true, wall_us - SECOND);
    add_bool("bay-2:occupied", true, wall_us + 9 * 3600 * SECOND);
    take();
    tick_after(1);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 2);
    newest_of("bay-1", &reading);
    assert_text(&reading, "state", "occupied");
}

static void a_zone_is_told_once_a_second_at_most(void **state)
{
    (void)state;
    struct reading reading;
    pass(5);
    occupy("bay-1:occupied", true);
    size_t before = stored_of("zone/lot");
    for (int i = 0; i < 9; i++) {
        pass(0.1);
        occupy("bay-2:occupied", i % 2 == 0);
    }
    assert_int_equal(stored_of("zone/lot"), before);
    tick_after(0.1);
    assert_int_equal(stored_of("zone/lot"), before + 1);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 2); // how it came out in the end
    assert_text(&reading, "cause", "bay-2");
    tick_after(1);
    assert_int_equal(stored_of("zone/lot"), before + 1); // nothing has changed
}

static void a_silent_sensor_is_an_alert_until_it_is_heard(void **state)
{
    (void)state;
    struct reading reading;
    occupy("bay-1:occupied", true);
    tick_after(500);
    assert_null(told_last("alert/parking/bay-1"));
    tick_after(101);
    assert_alert("alert/parking/bay-1", "stale");
    newest_of("alert/parking/bay-1", &reading);
    assert_int_equal(reading.kind, KIND_PARKING);
    assert_string_equal(reading.zone, "lot");
    assert_int_equal(reading.time_us, wall_us);
    assert_text(&reading, "level", "warning");
    assert_number(&reading, "silent_s", 601);
    assert_int_equal(rig.batch->items[0].class, BUFFER_EVENT);
    assert_int_equal(alerts_now(), 2); // bay-2, too
    tick_after(60);
    assert_int_equal(stored_of("alert/parking/bay-1"), 1); // it is told once
    occupy("bay-1:occupied", true);
    assert_alert("alert/parking/bay-1", "");
    assert_int_equal(alerts_now(), 1);
    assert_null(city_alert(rig.city, 1));
    assert_string_equal(city_alert(rig.city, 0)->id, "bay-2");
}

static void who_says_nothing_but_a_frames_number_is_heard(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        occupy("bay-1:occupied", true);
        pass(400);
        add_number("bay-1:frame", "", i, 0);
        take();
        tick_after(400);
    }
    assert_null(told_last("alert/parking/bay-1"));
}

static void a_crowd_is_an_alert_by_its_level(void **state)
{
    (void)state;
    struct reading reading;
    see_people(150);
    assert_null(told_last("alert/crowd/plaza"));
    pass(10);
    see_people(210);
    assert_alert("alert/crowd/plaza", "density");
    newest_of("alert/crowd/plaza", &reading);
    assert_text(&reading, "level", "warning");
    assert_number(&reading, "density_per_m2", 2.1);
    pass(10);
    see_people(600);
    pass(10);
    see_people(600); // now it is believed
    newest_of("alert/crowd/plaza", &reading);
    assert_text(&reading, "level", "critical");
    pass(10);
    see_people(10);
    assert_alert("alert/crowd/plaza", "");
}

// Of the moment when nobody knew the time only the order is known.
static void before_the_clock_is_set_an_alert_has_no_since(void **state)
{
    (void)state;
    struct reading reading;
    see_people(210);
    newest_of("alert/crowd/plaza", &reading);
    assert_null(value_of(&reading, "since"));
    assert_int_equal(reading.time_quality, TIME_ESTIMATED);
    assert_true(rig.batch->items[0].unsure);
    tick_after(601);
    newest_of("alert/parking/bay-1", &reading);
    assert_text(&reading, "condition", "stale");
    assert_null(value_of(&reading, "since"));
    assert_true(rig.batch->items[0].unsure);
    assert_int_equal(rig.batch->items[0].boot_us, boot_us);
}

// A machine without a clock of its own has started: what came before somebody set the clock came just now.
static void a_clock_that_is_set_makes_nobody_silent(void **state)
{
    (void)state;
    struct reading reading;
    occupy("bay-1:occupied", true);
    see_people(210);
    tick_after(10);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 1);
    set = true;
    wall_us = INT64_C(1800000000) * SECOND;
    tick_after(1);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 1);
    assert_number(&reading, "silent", 0);
    newest_of("zone/plaza", &reading);
    assert_number(&reading, "people", 210);
    assert_int_equal(reading.quality, QUALITY_GOOD);
    tick_after(600); // since then it is
    newest_of("zone/lot", &reading);
    assert_number(&reading, "silent", 1);
    assert_int_equal(reading.time_quality, TIME_SYNCED);
}

static void what_a_zone_tells_when_the_clock_is_set_has_the_right_time(void **state)
{
    (void)state;
    struct reading reading;
    occupy("bay-1:occupied", true);
    pass(0.5);
    occupy("bay-2:occupied", true); // which is told later, since it is the same second
    set = true;
    wall_us = INT64_C(1800000000) * SECOND;
    tick_after(1);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 2);
    assert_int_equal(reading.time_us, INT64_C(1800000000) * SECOND);
    assert_int_equal(reading.time_quality, TIME_CORRECTED);
    tick_after(1);
    occupy("bay-3:occupied", true);
    newest_of("zone/lot", &reading);
    assert_int_equal(reading.time_us, wall_us);
    assert_int_equal(reading.time_quality, TIME_SYNCED);
}

static void who_was_heard_before_the_clock_was_set_is_not_silent_after_a_kill(void **state)
{
    (void)state;
    struct reading reading;
    occupy("bay-1:occupied", true);
    durable();
    set = true;
    wall_us = INT64_C(1800000000) * SECOND;
    tick_after(10);
    hold_tick(&rig.hold);
    durable();
    for (uint64_t to; !buffer_corrected_to(rig.buffer, &to);)
        sched_yield();
    int64_t told_us = newest_of("zone/lot", &reading)->corrected_us;
    assert_true(told_us > INT64_C(1799999000) * SECOND);
    kill_and_restart();
    tick_after(1);
    const struct buffer_item *item = newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 1);
    assert_number(&reading, "silent", 0);
    assert_true(item->corrected_us == 0 && item->time_us > told_us); // no two of a zone's readings have one time
}

static void clock_unset(double seconds)
{
    const struct gateway_facts facts = {.certificate_days = NAN,
                                        .clock_unset_s = seconds,
                                        .disk_free = NAN,
                                        .autonomy = NAN,
                                        .undervoltage = NAN,
                                        .duplicate = NAN};
    city_facts(rig.city, &facts, seconds == 0);
    city_turn(rig.city);
}

static void the_gateways_own_alerts_are_stored_too(void **state)
{
    (void)state;
    struct reading reading;
    clock_unset(3700);
    assert_alert("alert/gateway/clock", "clock");
    newest_of("alert/gateway/clock", &reading);
    assert_int_equal(reading.kind, KIND_GENERIC);
    assert_string_equal(reading.zone, "");
    assert_number(&reading, "unset_s", 3700);
    clock_unset(0);
    pass(61);
    clock_unset(0);
    assert_alert("alert/gateway/clock", "");
}

static void a_new_stream_is_told_once(void **state)
{
    (void)state;
    size_t before = rig.made_count;
    see_people(210);
    assert_int_equal(rig.made_count, before + 1);
    pass(5);
    see_people(10);
    see_people(310);
    assert_int_equal(rig.made_count, before + 1);
}

// What an unbelievable number of people says is marked, and moves nothing until it is said again.
static void what_is_not_believed_is_stored_with_a_mark(void **state)
{
    (void)state;
    struct reading reading;
    see_people(20);
    pass(2);
    see_people(5000);
    newest_of("eye", &reading);
    assert_true(value_of(&reading, "implausible")->boolean);
    newest_of("zone/plaza", &reading);
    assert_number(&reading, "people", 20);
}

static void count(const char *in, double number, uint64_t ticket, enum refusal expected)
{
    add_number(in, "", number, 0);
    assert_int_equal(take_ticket(ticket), expected);
}

static void too_few_people_are_told_to_nobody(void **state)
{
    (void)state;
    struct reading reading;
    add_number("door:people", "", 2, 0);
    take();
    newest_of("door", &reading);
    assert_null(value_of(&reading, "people"));
    assert_true(value_of(&reading, "suppressed")->boolean);
    newest_of("zone/hall", &reading);
    assert_null(value_of(&reading, "people"));
    pass(5);
    add_number("door:people", "", 4, 0);
    take();
    newest_of("door", &reading);
    assert_number(&reading, "people", 4);
    newest_of("zone/hall", &reading);
    assert_number(&reading, "people", 4);
}

// Who is told to come again later does so, with what it counted since its last reading.
static void what_is_refused_is_not_counted_twice(void **state)
{
    (void)state;
    struct reading reading;
    count("gate:in", 3, 1, REFUSAL_NONE);
    count("door:in", 4, 1, REFUSAL_NONE);
    fill_the_buffer("bay-3:occupied");
    for (int i = 0; i < 3; i++) {
        pass(1);
        count("gate:in", 5, 1, REFUSAL_FULL);
        count("door:in", 6, 1, REFUSAL_FULL);
    }
    durable();
    tick_after(2);
    newest_of("zone/deck", &reading);
    assert_number(&reading, "occupied", 3);
    newest_of("zone/hall", &reading);
    assert_number(&reading, "people", 4);
    count("gate:in", 5, 1, REFUSAL_NONE);
    count("door:in", 6, 1, REFUSAL_NONE);
    tick_after(2);
    newest_of("zone/deck", &reading);
    assert_number(&reading, "occupied", 8);
    newest_of("zone/hall", &reading);
    assert_number(&reading, "people", 10);
}

// Of a pack each of whose readings is the same sensor's, too.
static void a_refused_pack_leaves_no_trace(void **state)
{
    (void)state;
    struct reading reading;
    const int64_t now = wall_us;
    occupy("bay-1:occupied", true);
    fill_the_buffer("bay-3:occupied");
    add_bool("bay-1:occupied", false, now + SECOND);
    add_bool("bay-1:occupied", true, now + 2 * SECOND);
    add_bool("bay-1:occupied", false, now + 3 * SECOND);
    assert_int_equal(take_ticket(1), REFUSAL_FULL);
    durable();
    tick_after(2);
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 2); // bay-1 and bay-3
}

static void nor_does_a_zone_tell_of_it(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    see_people(30);
    count("door:in", 5, 1, REFUSAL_NONE);
    tick_after(2);
    durable();
    size_t lot = stored_of("zone/lot"), plaza = stored_of("zone/plaza"), hall = stored_of("zone/hall");
    fill_the_buffer("bay-1:occupied"); // which is nothing new
    for (int i = 0; i < 3; i++) {
        add_bool("bay-1:occupied", false, 0);
        add_number("eye:people", "", 40, 0);
        add_number("door:in", "", 6, 0);
        assert_int_equal(take_ticket(1), REFUSAL_FULL);
        tick_after(2);
    }
    durable();
    tick_after(2);
    assert_int_equal(stored_of("zone/lot"), lot);
    assert_int_equal(stored_of("zone/plaza"), plaza);
    assert_int_equal(stored_of("zone/hall"), hall);
}

// For as long as the buffer takes nothing, what zones and alerts were in between may be lost, not what they are in the end.
static void what_stands_at_the_end_is_told_when_there_is_room_again(void **state)
{
    (void)state;
    struct reading reading;
    struct city_figures figures;
    see_people(210);
    assert_alert("alert/crowd/plaza", "density");
    fill_the_buffer("bay-3:occupied");
    for (int i = 0; i < 300; i++) {
        pass(1.1);
        add_number("gate:in", "", 1, 0);
        assert_int_equal(take_ticket(0), REFUSAL_FULL); // which does not come again, and was counted all the same
        intake_turn(&rig.intake);
    }
    add_bool("bay-1:occupied", true, 0);
    add_number("eye:people", "", 10, 0);
    assert_int_equal(take_ticket(0), REFUSAL_FULL);
    intake_turn(&rig.intake);
    city_figures(rig.city, &figures);
    assert_true(figures.derived_dropped > 2);
    assert_int_equal(figures.alerts, 0);
    durable();
    tick_after(2);
    tick_after(2);
    assert_alert("alert/crowd/plaza", "");
    newest_of("zone/lot", &reading);
    assert_number(&reading, "occupied", 2);
    newest_of("zone/deck", &reading);
    assert_number(&reading, "occupied", 100);
    assert_number(&reading, "drift", 200);
    size_t readings = stored_of("zone/deck");
    tick_after(2);
    assert_int_equal(stored_of("zone/deck"), readings); // once
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_zone_is_stored_after_the_reading_that_changed_it, begin, end_rig),
        cmocka_unit_test_setup_teardown(who_is_ahead_makes_no_other_of_the_pack_late, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_zone_is_told_once_a_second_at_most, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_silent_sensor_is_an_alert_until_it_is_heard, begin, end_rig),
        cmocka_unit_test_setup_teardown(who_says_nothing_but_a_frames_number_is_heard, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_crowd_is_an_alert_by_its_level, begin, end_rig),
        cmocka_unit_test_setup_teardown(before_the_clock_is_set_an_alert_has_no_since, begin_unset, end_rig),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_makes_nobody_silent, begin_unset, end_rig),
        cmocka_unit_test_setup_teardown(what_a_zone_tells_when_the_clock_is_set_has_the_right_time, begin_unset,
                                        end_rig),
        cmocka_unit_test_setup_teardown(who_was_heard_before_the_clock_was_set_is_not_silent_after_a_kill, begin_unset,
                                        end_rig),
        cmocka_unit_test_setup_teardown(the_gateways_own_alerts_are_stored_too, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_new_stream_is_told_once, begin, end_rig),
        cmocka_unit_test_setup_teardown(too_few_people_are_told_to_nobody, begin, end_rig),
        cmocka_unit_test_setup_teardown(what_is_refused_is_not_counted_twice, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_refused_pack_leaves_no_trace, begin, end_rig),
        cmocka_unit_test_setup_teardown(nor_does_a_zone_tell_of_it, begin, end_rig),
        cmocka_unit_test_setup_teardown(what_stands_at_the_end_is_told_when_there_is_room_again, begin, end_rig),
        cmocka_unit_test_setup_teardown(what_is_not_believed_is_stored_with_a_mark, begin, end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
