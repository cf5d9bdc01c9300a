// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/zones.h"
#include "zone_day.h"
#include <errno.h>
#include <unistd.h>

static const char street[] = "[gateway]\nid = street\nmunicipality = 271004\n"
                             "[zone:lot]\nkind = parking\ncapacity = 20\n"
                             "[zone:plaza]\nkind = crowd\narea = 100 m2\nhold = 0 s\nmin_count = 3\n"
                             "[zone:route]\nkind = traffic\n"
                             "[zone:wrong]\nkind = crowd\nlimits = x\n"
                             "[sensor:in]\nkind = traffic\ncounts = in\nzone = lot\n"
                             "[sensor:out]\nkind = traffic\ncounts = out\nzone = lot\n"
                             "[sensor:cam]\nkind = crowd\nzone = plaza\n"
                             "[sensor:wifi]\nkind = crowd\nzone = plaza\nestimate = yes\n"
                             "[sensor:radar]\nkind = traffic\nzone = route\n"
                             "[sensor:air]\nkind = environment\nzone = plaza\n"
                             "[sensor:lost]\nkind = crowd\nzone = wrong\n"
                             "[sensor:alone]\nkind = crowd\n";

static struct settings *settings;
static struct sensors *sensors;
static struct zones *zones;
static struct reading last;

static int open_text(const char *text)
{
    char path[] = "/tmp/citygw-zones-XXXXXX";
    struct findings findings = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_int_equal(settings_load(path, &findings, &settings), 0);
    unlink(path);
    assert_int_equal(sensors_create(settings, &findings, &sensors), 0);
    findings_finish(&findings);
    return zones_create(settings, sensors, NULL, &zones);
}

static int begin(void **state)
{
    (void)state;
    return open_text(street);
}

static int end(void **state)
{
    (void)state;
    zones_destroy(zones);
    sensors_destroy(sensors);
    settings_destroy(settings);
    return 0;
}

static enum zone_news say(const char *sensor, double seconds, const char *name, double value)
{
    struct event event = {0, day_begins_us + (int64_t)(seconds * 1e6), name, value, NULL, 0};
    struct reading reading = reading_of(&event);
    return zones_take(zones, sensors_find(sensors, sensor)->index, &reading, event.time_us);
}

static const char *tells(int64_t clock_us)
{
    const struct settings_zone *zone;
    return zones_report(zones, clock_us, &zone, &last) ? zone->id : "";
}

static void sensors_stand_in_their_zones(void **state)
{
    (void)state;
    const struct settings_zone *zone;
    struct crowd_alert alert;
    assert_int_equal(say("in", 0, "vehicles", 7), ZONE_TAKEN);
    assert_int_equal(say("out", 0, "vehicles", 2), ZONE_TAKEN);
    assert_int_equal(say("cam", 1, "people", 300), ZONE_TAKEN);
    assert_int_equal(say("air", 1, "people", 9), ZONE_SAID_NOTHING);
    assert_int_equal(say("lost", 1, "people", 9), ZONE_SAID_NOTHING);
    assert_int_equal(say("alone", 1, "people", 9), ZONE_SAID_NOTHING);
    assert_string_equal(tells(S), "lot");
    assert_true(told(&last, "occupied") == 5 && told(&last, "free") == 15);
    assert_string_equal(tells(S), "plaza");
    assert_true(told(&last, "people") == 300);
    assert_string_equal(tells(9 * S), "");
    assert_true(zones_alert(zones, &zone, &alert));
    assert_string_equal(zone->id, "plaza");
    assert_int_equal(alert.news, CROWD_BEGAN);
    assert_int_equal(alert.level, CROWD_WARN);
    assert_string_equal(alert.cause->id, "cam");
    assert_false(zones_alert(zones, &zone, &alert));
    zones_tick(zones, day_begins_us + DAY);
    assert_string_equal(tells(20 * S), "lot");
    assert_true(told(&last, "silent") == 2);
    assert_string_equal(tells(20 * S), "plaza");
}

static void what_waits_is_told_when_it_is_due(void **state)
{
    (void)state;
    const struct settings_zone *zone;
    struct crowd_alert alert;
    assert_string_equal(tells(S), "");
    assert_false(zones_alert(zones, &zone, &alert));
    say("cam", 1, "people", 30);
    say("in", 1, "vehicles", 7);
    assert_string_equal(tells(2 * S), "lot");
    assert_string_equal(tells(2 * S), "plaza");
    assert_string_equal(tells(2 * S), "");
    say("cam", 2, "people", 31);
    assert_string_equal(tells(2 * S), "");
    assert_string_equal(tells(3 * S - 1), "");
    assert_string_equal(tells(3 * S), "plaza"); // by the clock alone
    assert_string_equal(tells(3 * S), "");
    say("in", 3, "vehicles", 1);
    assert_string_equal(tells(3 * S + S / 2), "lot");
    say("cam", 3, "people", 32);
    say("in", 4, "vehicles", 1);
    assert_string_equal(tells(4 * S), "plaza");
    assert_string_equal(tells(4 * S), ""); // the lot waits on
    assert_string_equal(tells(5 * S), "lot");
    assert_false(zones_alert(zones, &zone, &alert));
    say("cam", 4, "people", 300);
    assert_true(zones_alert(zones, &zone, &alert));
    assert_false(zones_alert(zones, &zone, &alert));
    zones_tick(zones, day_begins_us + DAY);
    assert_string_equal(tells(9 * S), "lot");
}

static void a_road_tells_its_minutes(void **state)
{
    (void)state;
    assert_int_equal(say("radar", 10, "speed_mps", 12), ZONE_TAKEN);
    assert_int_equal(say("radar", 70, "speed_mps", 13), ZONE_TAKEN);
    assert_string_equal(tells(S), "");
    zones_tick(zones, day_begins_us + HOUR);
    assert_string_equal(tells(S), "lot"); // of which nothing is known
    assert_string_equal(tells(S), "plaza");
    assert_string_equal(tells(S), "route");
    assert_true(told(&last, "speed_mps") == 12 && last.time_us == day_begins_us + 60 * S);
    assert_string_equal(tells(S), "route"); // at once
    assert_true(told(&last, "speed_mps") == 13);
    assert_string_equal(tells(9 * S), "");
}

static void readings_of_their_own_are_guarded(void **state)
{
    (void)state;
    static const struct {
        const char *sensor;
        double people, told, estimate;
    } rows[] = {{"cam", 2, -99, -99}, {"cam", 3, 3, -99}, {"wifi", 2, -99, 1}, {"wifi", 8, 8, 1}, {"alone", 1, 1, -99}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reading reading = reading_of(&(struct event){0, 0, "people", rows[i].people, NULL, 0});
        zones_guard(zones, sensors_find(sensors, rows[i].sensor)->index, &reading);
        assert_true(told(&reading, "people") == rows[i].told && told(&reading, "estimate") == rows[i].estimate);
    }
}

static void what_cannot_be_is_cut(void **state)
{
    (void)state;
    say("cam", 1, "people", 1e6);
    say("cam", 2, "people", 1e6); // once more, so that it is believed
    say("radar", 1, "vehicles", 1e9);
    say("radar", 2, "vehicles", 1e9);
    say("in", 1, "in_total", 0);
    say("in", 2, "in_total", 9e15);
    assert_string_equal(tells(S), "lot");
    assert_true(told(&last, "occupied") == 20 && told(&last, "drift") == 1e9);
    assert_int_equal(last.quality, QUALITY_RANGE);
    assert_string_equal(tells(S), "plaza");
    assert_true(told(&last, "people") == 1e6 && told(&last, "density_per_m2") == 20);
    assert_int_equal(last.quality, QUALITY_RANGE);
    zones_tick(zones, day_begins_us + 80 * S);
    assert_string_equal(tells(S), "route");
    assert_true(told(&last, "vehicles") == 1e9);
    assert_int_equal(last.quality, QUALITY_RANGE);
}

static void what_they_know_outlives_a_restart_and_another_configuration(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 1 << 20);
    say("in", 0, "vehicles", 7);
    say("out", 0, "vehicles", 2);
    say("cam", 1, "people", 30);
    say("wifi", 1, "people", 12);
    say("radar", 1, "speed_mps", 9);
    zones_keep(zones, &bytes);
    assert_false(bytes.overflow);
    end(NULL);
    begin(NULL);
    for (size_t size = 0; size < bytes.used; size++)
        assert_int_equal(zones_restore(zones, bytes.data, size), -EBADMSG);
    end(NULL);
    begin(NULL);
    assert_int_equal(zones_restore(zones, bytes.data, bytes.used), 0);
    zones_tick(zones, day_begins_us + 2 * S);
    assert_string_equal(tells(S), "lot");
    assert_true(told(&last, "occupied") == 5);
    assert_string_equal(tells(S), "plaza");
    assert_true(told(&last, "people") == 42);
    zones_tick(zones, day_begins_us + 80 * S);
    assert_string_equal(tells(S), "route");
    assert_true(told(&last, "speed_mps") == 9);
    end(NULL);
    open_text("[gateway]\nid = street\nmunicipality = 271004\n[zone:lot]\nkind = crowd\n[zone:plaza]\nkind = crowd\n"
              "[zone:route]\nkind = parking\ncapacity = 5\n"
              "[sensor:cam]\nkind = crowd\nzone = plaza\n[sensor:in]\nkind = crowd\nzone = lot\n");
    assert_int_equal(zones_restore(zones, bytes.data, bytes.used), 0);
    zones_tick(zones, day_begins_us + 2 * S);
    assert_string_equal(tells(S), "lot");
    assert_true(told(&last, "people") == -99);
    assert_string_equal(tells(S), "plaza");
    assert_true(told(&last, "people") == 30);
    bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sensors_stand_in_their_zones, begin, end),
        cmocka_unit_test_setup_teardown(what_waits_is_told_when_it_is_due, begin, end),
        cmocka_unit_test_setup_teardown(a_road_tells_its_minutes, begin, end),
        cmocka_unit_test_setup_teardown(readings_of_their_own_are_guarded, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_cut, begin, end),
        cmocka_unit_test_setup_teardown(what_they_know_outlives_a_restart_and_another_configuration, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
