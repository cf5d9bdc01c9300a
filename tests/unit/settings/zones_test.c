// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "loaded.h"

static const char lot[] = "[zone:lot]\nkind = parking\n", plaza[] = "[zone:plaza]\nkind = crowd\n";

// What is not built yet warns, and a zone without sensors does; neither is looked at here.
static void expect(const char *sections, const char *more, enum finding_level level, const char *line)
{
    char text[1000];
    snprintf(text, sizeof text, "%s%s", sections, more);
    struct loaded loaded = load_after_gateway(text);
    size_t others = 0;
    for (size_t i = 0; i < loaded.findings.count; i++)
        others += !strstr(loaded.findings.list[i].text, "not built yet") &&
                  !strstr(loaded.findings.list[i].text, "no sensor belongs to it");
    if (line)
        assert_found(&loaded, level, line);
    else if (others)
        print_findings(&loaded);
    assert_int_equal(others, line ? 1 : 0);
    unload(&loaded);
}

static void a_zone_has_its_defaults(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[zone:lot]\nkind = parking\n[sensor:bay]\nkind = parking\nzone = lot\n");
    const struct settings_zone *zone = loaded.settings->zone;
    const struct settings_sensor *sensor = loaded.settings->sensor;
    assert_nothing_found(&loaded);
    assert_int_equal(zone->reset_minute, -1);
    assert_int_equal(zone->limit_count, 3);
    assert_true(zone->limits[0] == 2 && zone->limits[1] == 4 && zone->limits[2] == 5);
    assert_true(zone->almost_full == 0.9);
    assert_int_equal(zone->hold_us, 10000000);
    assert_int_equal(sensor->counting, COUNTING_BOTH);
    assert_true(sensor->out_last_day < sensor->out_first_day);
    unload(&loaded);
}

static void times_of_day_and_days_are_read(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[zone:lot]\nkind = parking\nreset = 3:30\nreset_to = 4\ncapacity = 50\n"
                                              "[sensor:a]\nkind = parking\nout_of_service = 1970-01-02..1970-02-01\n"
                                              "[sensor:b]\nkind = parking\nout_of_service = 2026-12-01\n");
    const struct settings_sensor *sensors = loaded.settings->sensor;
    assert_int_equal(loaded.settings->zone->reset_minute, 210);
    assert_int_equal(sensors[0].out_first_day, 1);
    assert_int_equal(sensors[0].out_last_day, 31);
    assert_int_equal(sensors[1].out_first_day, 20788);
    assert_int_equal(sensors[1].out_last_day, 20788);
    unload(&loaded);
}

static void nonsense_is_told(void **state)
{
    (void)state;
    static const char *const times[] = {"24:00", "3", "03:60", "03:3", "-3:30", "3:30 am", "003:30", ":30"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char more[100], line[200];
        snprintf(more, sizeof more, "reset = %s\n", times[i]);
        snprintf(line, sizeof line,
                 "c.ini:6: [zone:lot] reset: \"%s\" cannot be read; expected a time of day such as 03:30", times[i]);
        expect(lot, more, FINDING_DISABLES, line);
    }
    expect(
        lot, "bands = 0.85 0.60\n", FINDING_DISABLES,
        "c.ini:6: [zone:lot] bands: \"0.85 0.60\" cannot be read; expected 1 to 4 rising numbers with blanks between "
        "them");
    expect(lot, "bands = 0.60 1.85\n", FINDING_DISABLES,
           "c.ini:6: [zone:lot] bands: \"0.60 1.85\" is out of range; expected 0..1");
    expect(plaza, "area = 9 m2\nlimits = 5 4 2\n", FINDING_DISABLES,
           "c.ini:7: [zone:plaza] limits: \"5 4 2\" cannot be read; expected 1 to 4 rising numbers with blanks between "
           "them");
    expect(plaza, "area = 9 m2\nlimits = 1 2 4 5\n", FINDING_DISABLES,
           "c.ini:7: [zone:plaza] limits: there are four numbers; expected up to three: warning, high and critical");
    expect(plaza, "limits = 2 4\n", FINDING_WARNING,
           "c.ini:6: [zone:plaza] limits: without an area there is no density; expected area, too");
    expect(lot, "capacity = 5\nreset_to = 6\n", FINDING_DISABLES,
           "c.ini:7: [zone:lot] reset_to: it is more than the capacity; expected at most 5");
    expect(lot, "capacity = 5\nreset_to = 5\n", FINDING_WARNING, NULL);
}

static void days_that_do_not_exist_are_told(void **state)
{
    (void)state;
    static const char *const days[] = {"2026-02-29",
                                       "2026-12-05..2026-12-01",
                                       "2026-12-01..",
                                       "..2026-12-01",
                                       "2026-12-1",
                                       "2026-12-01...2026-12-05",
                                       "tomorrow",
                                       "2026/12/01",
                                       "2026-12-01 ..2026-12-05"};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        char more[100], line[200];
        snprintf(more, sizeof more, "out_of_service = %s\n", days[i]);
        snprintf(line, sizeof line,
                 "c.ini:6: [sensor:b] out_of_service: \"%s\" cannot be read; expected days such as "
                 "2026-12-01..2026-12-05, or one of them",
                 days[i]);
        expect("[sensor:b]\nkind = parking\n", more, FINDING_DISABLES, line);
    }
}

static void a_counter_at_a_car_park_says_which_way(void **state)
{
    (void)state;
    static const char gate[] = "[zone:lot]\nkind = parking\ncapacity = 50\nreset = 03:30\n"
                               "[sensor:gate]\nkind = traffic\nzone = lot\n";
    expect(
        gate, "", FINDING_WARNING,
        "c.ini:10: [sensor:gate] counts: it counts vehicles at a car park; expected in, out, or both if its readings "
        "tell");
    expect(gate, "counts = out\n", FINDING_WARNING, NULL);
    expect(gate, "counts = both\n", FINDING_WARNING, NULL);
    expect("[zone:lot]\nkind = parking\nreset = 03:30\n", "[sensor:gate]\nkind = traffic\nzone = lot\ncounts = in\n",
           FINDING_WARNING,
           "c.ini:4: [zone:lot] capacity: vehicles are counted here, but not what is free; expected the number of "
           "spaces");
}

static void counters_that_are_never_put_right_are_told(void **state)
{
    (void)state;
    expect(
        "[zone:lot]\nkind = parking\ncapacity = 9\n", "[sensor:gate]\nkind = traffic\nzone = lot\ncounts = in\n",
        FINDING_WARNING,
        "c.ini:4: [zone:lot] reset: what counters miss adds up from day to day; expected a time of day such as 03:30");
}

static void more_bays_than_the_capacity_are_told(void **state)
{
    (void)state;
    static const char bays[] = "[sensor:a]\nkind = parking\nzone = lot\n[sensor:b]\nkind = parking\nzone = lot\n";
    expect("[zone:lot]\nkind = parking\ncapacity = 1\n", bays, FINDING_WARNING,
           "c.ini:6: [zone:lot] capacity: 2 bays stand in this zone, so that many are counted; expected that capacity "
           "or more");
    expect("[zone:lot]\nkind = parking\ncapacity = 2\n", bays, FINDING_WARNING, NULL);
    expect("[zone:lot]\nkind = parking\n", bays, FINDING_WARNING, NULL);
}

static void a_road_is_a_zone_like_others(void **state)
{
    (void)state;
    static const char road[] = "[zone:route-1]\nkind = traffic\n";
    expect(road, "[sensor:radar]\nkind = traffic\nzone = route-1\n", FINDING_WARNING, NULL);
    expect("[zone:route-1]\nkind = bump\n", "", FINDING_DISABLES,
           "c.ini:5: [zone:route-1] kind: \"bump\" is not known; expected one of: parking | crowd | traffic");
}

static void keys_of_another_sort_of_zone_are_told(void **state)
{
    (void)state;
    expect(lot, "area = 9 m2\n", FINDING_WARNING,
           "c.ini:6: [zone:lot] area: it has no effect in a zone of kind parking");
    expect(plaza, "bands = 0.5\n", FINDING_WARNING,
           "c.ini:6: [zone:plaza] bands: it has no effect in a zone of kind crowd");
    expect("[zone:route-1]\nkind = traffic\n", "reset = 3:30\n", FINDING_WARNING,
           "c.ini:6: [zone:route-1] reset: it has no effect in a zone of kind traffic");
    expect(plaza, "reset = 3:30\nreset_to = 4\nwidth = 4 m\nmin_count = 5\nhold = 5 s\n", FINDING_WARNING, NULL);
}

static void a_sensor_in_a_zone_that_does_not_count_it_is_told(void **state)
{
    (void)state;
    expect(plaza, "[sensor:a]\nkind = parking\nzone = plaza\n", FINDING_WARNING,
           "c.ini:8: [sensor:a] zone: a sensor of kind parking has no part in what a zone of kind crowd says");
    expect(lot, "[sensor:a]\nkind = crowd\nzone = lot\n", FINDING_WARNING,
           "c.ini:8: [sensor:a] zone: a sensor of kind crowd has no part in what a zone of kind parking says");
    expect(lot, "[sensor:a]\nkind = environment\nzone = lot\n", FINDING_WARNING, NULL);
}

static void a_zone_without_sensors_is_told(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(lot);
    assert_found(
        &loaded, FINDING_WARNING,
        "c.ini:4: [zone:lot]: no sensor belongs to it, so it will say nothing; expected zone = lot in a [sensor:…]");
    unload(&loaded);
    loaded = load_after_gateway("[zone:lot]\nkind = parking\n[sensor:bay]\nkind = parking\nzone = lot\nhold = soon\n");
    assert_int_equal(loaded.findings.count, 1); // what is wrong is told once
    unload(&loaded);
}

static void exchanged_degrees_are_told(void **state)
{
    (void)state;
    expect("[sensor:van]\nkind = bump\n", "private_area = 135.5 34.7 200 m\n", FINDING_DISABLES,
           "c.ini:6: [sensor:van] private_area: \"135.5 34.7 200 m\" is no place, with a latitude beyond 90; expected "
           "latitude, longitude and how far around, such as "
           "34.7025 135.4959 200 m");
    expect("[sensor:van]\nkind = bump\n", "private_area = 34.7 181 200 m\n", FINDING_DISABLES,
           "c.ini:6: [sensor:van] private_area: \"34.7 181 200 m\" cannot be read; expected latitude, longitude and "
           "how far around, such as 34.7025 135.4959 200 m");
}

static void known_objects_lie_beside_the_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *given, *expected;
    } paths[] = {{"known.csv", "/etc/citygw/known.csv"}, {"/srv/known.csv", "/srv/known.csv"}};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char text[200];
        snprintf(text, sizeof text, "[gateway]\nid = t\nmunicipality = 271004\nknown_objects = %s\n", paths[i].given);
        struct test_file files[] = {{"/etc/citygw/c.ini", text, 0}, {0}};
        struct loaded loaded = load_files(files);
        assert_string_equal(loaded.settings->gateway.known_objects, paths[i].expected);
        unload(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_has_its_defaults),
        cmocka_unit_test(times_of_day_and_days_are_read),
        cmocka_unit_test(nonsense_is_told),
        cmocka_unit_test(days_that_do_not_exist_are_told),
        cmocka_unit_test(a_counter_at_a_car_park_says_which_way),
        cmocka_unit_test(counters_that_are_never_put_right_are_told),
        cmocka_unit_test(more_bays_than_the_capacity_are_told),
        cmocka_unit_test(a_road_is_a_zone_like_others),
        cmocka_unit_test(keys_of_another_sort_of_zone_are_told),
        cmocka_unit_test(a_sensor_in_a_zone_that_does_not_count_it_is_told),
        cmocka_unit_test(a_zone_without_sensors_is_told),
        cmocka_unit_test(exchanged_degrees_are_told),
        cmocka_unit_test(known_objects_lie_beside_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
