// SPDX-License-Identifier: Apache-2.0
#include "city_street.h"

#include <math.h>

/*
 * What the city room knows over restarts and kills: what was stored last of an alert is what the gateway itself thinks of it.
 */

static void an_alert_goes_on_over_a_restart(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    warm(20);
    tick_after(601);
    see_people(250);
    assert_int_equal(alerts_now(), 3);
    for (int i = 0; i < 3; i++) {
        restart();
        tick_after(1);
        assert_int_equal(alerts_now(), 3);
        assert_int_equal(stored_of("alert/parking/bay-1"), 1); // and is not told again
        assert_int_equal(stored_of("alert/crowd/plaza"), 1);
        assert_told();
    }
    struct reading reading;
    occupy("bay-1:occupied", true);
    warm(21);
    see_people(5);
    newest_of("alert/parking/bay-1", &reading);
    assert_true(stream_is_over("alert/parking/bay-1", &reading));
    assert_int_equal(alerts_now(), 0);
    assert_told();
}

static void its_since_is_kept(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    int64_t since_us = wall_us;
    tick_after(601);
    restart();
    tick_after(1);
    assert_int_equal(find_alert("alert/parking/bay-1")->conditions[0].since_us, since_us);
}

// It is not among what was saved, and its sensor is as silent as before: it begins again, and ends.
static void an_alert_that_began_after_the_last_save_does_not_stay_for_ever(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    warm(20);
    restart(); // saves
    tick_after(601);
    assert_alert("alert/parking/bay-1", "stale");
    kill_and_restart();
    assert_told();
    tick_after(1);
    assert_told();
    tick_after(601);
    assert_alert("alert/parking/bay-1", "stale");
    assert_told();
    occupy("bay-1:occupied", true);
    warm(20);
    assert_alert("alert/parking/bay-1", "");
    assert_int_equal(alerts_now(), 0);
}

static void nor_does_one_without_any_file(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    tick_after(601);
    see_people(250);
    kill_and_restart(); // nothing was saved yet
    assert_told();
    occupy("bay-1:occupied", true);
    warm(20);
    tick_after(1);
    assert_alert("alert/parking/bay-1", "");
    assert_alert("alert/crowd/plaza", "density"); // that the stored readings tell
    see_people(5);
    assert_alert("alert/crowd/plaza", "");
    assert_told();
}

// What was saved as active is over: it is not active again, and may begin as it did the first time.
static void an_alert_that_ended_after_the_last_save_is_over(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    warm(20);
    tick_after(601);
    restart(); // saves
    occupy("bay-1:occupied", true);
    warm(20);
    assert_alert("alert/parking/bay-1", "");
    kill_and_restart();
    assert_told();
    assert_int_equal(alerts_now(), 0);
    tick_after(599);
    assert_int_equal(alerts_now(), 0);
    tick_after(2);
    assert_alert("alert/parking/bay-1", "stale");
    assert_told();
}

static void another_condition_since_the_last_save_is_told_anew(void **state)
{
    (void)state;
    struct reading reading;
    close_rig();
    configure(places, sensors, "[sensor:air]\nkind = environment\nstale_after = 10 min\nbattery_low = 20 %\n");
    open_rig();
    warm(20);
    tick_after(601);
    restart(); // saves it as stale
    for (int i = 0; i < 4; i++) {
        add_number("air:battery_pct", "%EL", 5, 0);
        take();
        tick_after(601);
    }
    assert_alert("alert/environment/air", "battery_low stale");
    kill_and_restart();
    newest_of("alert/environment/air", &reading);
    assert_text(&reading, "conditions", "stale"); // the battery is low as soon as it is found again
    assert_told();
}

static void a_crowds_alert_follows_the_stored_readings(void **state)
{
    (void)state;
    see_people(10);
    restart(); // saves
    pass(10);
    see_people(250);
    assert_alert("alert/crowd/plaza", "density");
    size_t readings = stored_of("alert/crowd/plaza");
    kill_and_restart();
    assert_told();
    assert_alert("alert/crowd/plaza", "density");                   // was never over
    assert_int_equal(stored_of("alert/crowd/plaza"), readings + 1); // but is told by what is read back
    tick_after(1);
    assert_told();
    pass(10);
    see_people(5);
    assert_alert("alert/crowd/plaza", "");
    pass(10);
    see_people(250);
    restart(); // saves it as active
    pass(10);
    see_people(5);
    assert_alert("alert/crowd/plaza", "");
    kill_and_restart();
    assert_told();
    assert_int_equal(alerts_now(), 0);
    tick_after(1);
    assert_told();
}

// With other limits the readings that are read back mean something else.
static void an_alert_that_they_begin_is_told_once(void **state)
{
    (void)state;
    static const char lower[] = "[zone:lot]\nkind = parking\n[zone:plaza]\nkind = crowd\narea = 100 m2\n"
                                "limits = 1\nhold = 0 s\n";
    see_people(250);
    pass(10);
    see_people(150);
    assert_alert("alert/crowd/plaza", "");
    restart(); // saves
    pass(10);
    see_people(155);
    size_t readings = stored_of("alert/crowd/plaza");
    configure(lower, sensors, air);
    kill_and_restart();
    assert_alert("alert/crowd/plaza", "density");
    assert_int_equal(stored_of("alert/crowd/plaza"), readings + 1);
    assert_told();
}

// A file without its alerts, say: the zone is as crowded as before, and an alert it is.
static void a_crowd_whose_alert_is_lost_is_one_again(void **state)
{
    (void)state;
    char path[96];
    snprintf(path, sizeof path, "%s/standing", rig.folder);
    see_people(250);
    close_rig();
    json_t *root = json_load_file(path, 0, NULL);
    assert_int_equal(json_object_del(json_object_get(root, "city"), "alerts"), 0);
    assert_int_equal(json_dump_file(root, path, 0), 0);
    json_decref(root);
    open_rig();
    assert_told();
    assert_int_equal(alerts_now(), 1);
    pass(10);
    see_people(5);
    assert_alert("alert/crowd/plaza", "");
}

// Since it was asked last.
static bool is_saved(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s/standing", rig.folder);
    unlink(path);
    durable();
    standing_tick(rig.standing);
    uv_run(&rig.loop, UV_RUN_DEFAULT);
    return access(path, F_OK) == 0;
}

// Also where nothing counts and nothing parks.
static void it_is_saved_once_an_hour(void **state)
{
    (void)state;
    for (int minute = 0; minute < 60; minute++) {
        assert_false(is_saved());
        warm(20 + minute);
        occupy("bay-1:occupied", true);
        tick_after(60);
    }
    assert_int_equal(alerts_now(), 0);
    assert_true(is_saved());
}

static void an_alert_is_saved_soon(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    warm(20);
    tick_after(610);
    assert_int_equal(alerts_now(), 2);
    assert_true(is_saved());
    kill_and_restart();
    assert_int_equal(alerts_now(), 2); // as it was
    assert_told();
    warm(20);
    tick_after(290);
    assert_int_equal(alerts_now(), 1);
    kill_and_restart(); // too soon: what was saved has it still, and what was stored not any more
    assert_int_equal(alerts_now(), 1);
    occupy("bay-1:occupied", true);
    tick_after(310);
    assert_true(is_saved());
    occupy("bay-1:occupied", true);
    warm(20);
    tick_after(310); // none began
    assert_false(is_saved());
}

static void disk_is(double free)
{
    const struct gateway_facts facts = {.certificate_days = NAN,
                                        .clock_unset_s = NAN,
                                        .disk_free = free,
                                        .autonomy = NAN,
                                        .undervoltage = NAN,
                                        .duplicate = NAN};
    for (int i = 0; i < 2; i++, pass(61))
        city_facts(rig.city, &facts, true);
    city_turn(rig.city);
}

static void the_gateways_own_alerts_go_on_and_end(void **state)
{
    (void)state;
    disk_is(0.05);
    assert_alert("alert/gateway/disk", "disk");
    restart();
    assert_int_equal(alerts_now(), 1);
    disk_is(0.05);
    assert_int_equal(stored_of("alert/gateway/disk"), 1);
    disk_is(0.5);
    assert_alert("alert/gateway/disk", "");
    kill_and_restart(); // it was saved as active
    assert_told();
    assert_int_equal(alerts_now(), 0);
    disk_is(0.02);
    assert_alert("alert/gateway/disk", "disk");
    kill_and_restart(); // and now it was not
    assert_told();
    disk_is(0.5);
    assert_alert("alert/gateway/disk", "");
    assert_told();
}

static void another_device_in_the_old_place_has_no_old_alerts(void **state)
{
    (void)state;
    static const char other[] = "[sensor:bay-1]\nkind = parking\naddress = other\nzone = lot\nstale_after = 10 min\n"
                                "[sensor:bay-2]\nkind = parking\nzone = lot\nstale_after = 0 s\n"
                                "[sensor:eye]\nkind = crowd\nzone = plaza\nstale_after = 0 s\n";
    occupy("bay-1:occupied", true);
    warm(20);
    tick_after(601);
    reopen(places, other, "[sensor:air]\nkind = environment\naddress = new\nstale_after = 10 min\n");
    assert_alert("alert/parking/bay-1", "");
    assert_alert("alert/environment/air", ""); // also where nothing of it is counted
    assert_int_equal(alerts_now(), 0);
    tick_after(590);
    assert_int_equal(alerts_now(), 0);
    tick_after(11);
    assert_int_equal(alerts_now(), 2);
    restart(); // it is replaced once
    assert_int_equal(alerts_now(), 2);
    assert_told();
}

static void what_is_gone_from_the_configuration_is_over(void **state)
{
    (void)state;
    static const char square[] = "[zone:lot]\nkind = parking\ncapacity = 3\n";
    warm(20);
    tick_after(601);
    see_people(250);
    assert_int_equal(alerts_now(), 3); // bay-1 was never heard
    reopen(square, "[sensor:bay-1]\nkind = parking\nzone = lot\nstale_after = 10 min\n", "");
    assert_int_equal(alerts_now(), 1);
    assert_alert("alert/crowd/plaza", "");
    assert_alert("alert/environment/air", "");
    assert_alert("alert/parking/bay-1", "stale");
    size_t readings = stored_of("alert/crowd/plaza");
    restart();
    assert_int_equal(stored_of("alert/crowd/plaza"), readings); // that is said once
}

// The sensor's id is another kind's now: what was wrong with it is over, and can be found again.
static void another_kind_has_alerts_of_its_own(void **state)
{
    (void)state;
    tick_after(601);
    assert_alert("alert/environment/air", "stale");
    reopen(places, sensors, "[sensor:air]\nkind = generic\nstale_after = 10 min\n");
    assert_alert("alert/environment/air", "");
    tick_after(601);
    assert_alert("alert/generic/air", "stale");
    assert_told();
}

static size_t quantities_of(const char *name)
{
    return rig.intake.live[sensors_find(rig.sensors, name)->index].quantity_count;
}

// `state` is the gateway's own, and in the stored readings.
static void what_a_sensor_was_seen_to_report_is_the_same(void **state)
{
    (void)state;
    occupy("bay-1:occupied", true);
    assert_int_equal(quantities_of("bay-1"), 2);
    restart();
    assert_int_equal(quantities_of("bay-1"), 2);
    occupy("bay-1:occupied", true);
    assert_int_equal(quantities_of("bay-1"), 2);
}

static void rubbish_costs_nothing_and_begins_nothing(void **state)
{
    (void)state;
    static const char *const cities[] = {
        "7",
        "[]",
        "{\"alerts\":7,\"health\":7,\"zones\":7,\"places\":7}",
        "{\"zones\":\"zz\",\"health\":[1]}",
        "{\"zones\":\"0100000001000000036c6f7401ffffffff\"}",
        "{\"alerts\":[1,{},{\"kind\":\"parking\"},{\"kind\":\"parking\",\"id\":\"bay-1\",\"condition\":\"none\","
        "\"level\":1,\"since\":1,\"value\":0,\"value_name\":\"\",\"quantity\":\"\"}]}",
        "{\"alerts\":[{\"kind\":\"parking\",\"id\":\"bay-1\",\"condition\":\"stale\",\"level\":9,\"since\":1,"
        "\"value\":0,\"value_name\":\"\",\"quantity\":\"\"}]}",
        "{\"alerts\":[{\"kind\":\"gateway\",\"id\":\"coffee\",\"condition\":\"coffee\",\"level\":1,\"since\":1,"
        "\"value\":0,\"value_name\":\"\",\"quantity\":\"\"}]}",
        "{\"alerts\":[{\"kind\":\"crowd\",\"id\":\"plaza\",\"condition\":\"density\",\"level\":1,\"since\":-"
        "9223372036854775808,"
        "\"value\":0,\"value_name\":\"density_per_m2\",\"quantity\":\"\"}]}",
        "{\"alerts\":[{\"kind\":\"parking\",\"id\":\"bay-1\",\"condition\":\"stale\",\"level\":1,\"since\":1,"
        "\"value\":0,\"value_name\":\"\",\"quantity\":\"\"}]}",
        "{\"health\":{\"bay-1\":[1e300,-1e300,\"x\"],\"eye\":[1,2,3],\"air\":[0,0,0,0,0,0,0,255]}}",
        "{\"places\":[1,{},{\"id\":\"0\"}]}"};
    char text[1000];
    occupy("bay-1:occupied", true);
    warm(20);
    for (size_t i = 0; i < sizeof cities / sizeof *cities; i++) {
        snprintf(text, sizeof text, "{\"epoch\":\"%s\",\"reading\":1,\"sensors\":{},\"city\":%s}",
                 buffer_epoch(rig.buffer), cities[i]);
        close_rig();
        write_file_of("standing", text);
        open_rig();
        tick_after(1);
        if (alerts_now() != 0)
            fail_msg("%s: %s", cities[i], city_alert(rig.city, 0)->conditions[0].name);
        assert_told();
        occupy("bay-1:occupied", true);
        warm(20);
    }
    tick_after(601);
    assert_int_equal(alerts_now(), 2);
    assert_told();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_alert_goes_on_over_a_restart, begin, end_rig),
        cmocka_unit_test_setup_teardown(its_since_is_kept, begin, end_rig),
        cmocka_unit_test_setup_teardown(an_alert_that_began_after_the_last_save_does_not_stay_for_ever, begin, end_rig),
        cmocka_unit_test_setup_teardown(nor_does_one_without_any_file, begin, end_rig),
        cmocka_unit_test_setup_teardown(an_alert_that_ended_after_the_last_save_is_over, begin, end_rig),
        cmocka_unit_test_setup_teardown(another_condition_since_the_last_save_is_told_anew, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_crowds_alert_follows_the_stored_readings, begin, end_rig),
        cmocka_unit_test_setup_teardown(an_alert_that_they_begin_is_told_once, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_crowd_whose_alert_is_lost_is_one_again, begin, end_rig),
        cmocka_unit_test_setup_teardown(it_is_saved_once_an_hour, begin, end_rig),
        cmocka_unit_test_setup_teardown(an_alert_is_saved_soon, begin, end_rig),
        cmocka_unit_test_setup_teardown(the_gateways_own_alerts_go_on_and_end, begin, end_rig),
        cmocka_unit_test_setup_teardown(another_device_in_the_old_place_has_no_old_alerts, begin, end_rig),
        cmocka_unit_test_setup_teardown(what_is_gone_from_the_configuration_is_over, begin, end_rig),
        cmocka_unit_test_setup_teardown(another_kind_has_alerts_of_its_own, begin, end_rig),
        cmocka_unit_test_setup_teardown(what_a_sensor_was_seen_to_report_is_the_same, begin, end_rig),
        cmocka_unit_test_setup_teardown(rubbish_costs_nothing_and_begins_nothing, begin, end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
