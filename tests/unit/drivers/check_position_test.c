// SPDX-License-Identifier: Apache-2.0
#include "checked_settings.h"

// A vehicle with that in its section; an IMU, a receiver, and a port of lines that say both, or acceleration alone.
static void check_vehicle(const char *lines)
{
    char text[1024];
    snprintf(text, sizeof text,
             "[serial:imu]\ndevice = /dev/a\ncodec = wt901\n[serial:gnss]\ndevice = /dev/b\ncodec = ubx\n"
             "[serial:both]\ndevice = /dev/c\ncodec = csv\ncolumns = time ax lat\n"
             "[serial:bare]\ndevice = /dev/d\ncodec = csv\ncolumns = time acceleration_x_mps2 -\n"
             "[serial:bad]\ndevice = /dev/e\ncodec = wt9\n"
             "[sensor:1]\nsource = serial:gnss\nkind = bump\n[sensor:2]\nsource = serial:imu\nkind = environment\n"
             "[sensor:3]\nsource = serial:both\nkind = environment\nmap.temperature_c = ax\nmap.humidity_pct = lat\n"
             "[sensor:4]\nsource = serial:bare\nkind = generic\n"
             "[sensor:van]\nkind = bump\n%s\n",
             lines);
    struct settings *settings = load(text);
    drivers_check(settings, &findings);
    settings_destroy(settings);
}

static void a_vehicle_without_a_position_is_a_warning(void **state)
{
    static const struct {
        const char *lines, *said; // NULL: nothing of the position
    } vehicles[] = {
        {"source = serial:imu\nposition = serial:gnss", NULL},
        {"source = serial:imu\nposition = gpsd://localhost:2947", NULL},
        {"source = serial:both\nmap.acceleration_x_mps2 = ax\nmap.latitude = lat", NULL},
        {"source = coap", NULL},
        {"source = serial:gnss", NULL},
        {"source = serial:imu", "says acceleration and no position"},
        {"source = serial:both\nmap.acceleration_x_mps2 = ax", "says acceleration and no position"},
        {"source = serial:bare", "says acceleration and no position"},
        {"source = serial:imu\nposition = serial:gps", "there is no port \"serial:gps\"; expected one"},
        {"source = serial:imu\nposition = serial:bad", "the section of the port \"serial:bad\" is wrong"},
        {"source = serial:both\nmap.acceleration_x_mps2 = ax\nposition = serial:imu",
         "the codec of the port \"serial:imu\" gives no position; expected one such as nmea"},
        {"source = serial:imu\nposition = gnss", "\"gnss\" gives no position; expected serial:ID or gpsd://"},
        {"source = serial:imu\nposition = gpsd://", "\"gpsd://\" gives no position"},
        {"source = serial:imu\nposition = serial:gnss\n[sensor:t]\nkind = traffic\nposition = serial:gnss",
         "[sensor:t] position: it has no effect here"},
    };
    for (size_t i = 0; i < sizeof vehicles / sizeof *vehicles; i++) {
        size_t said = 0, right = 0;
        check_vehicle(vehicles[i].lines);
        for (size_t f = 0; f < findings.count; f++) {
            bool is_of_position = strstr(findings.list[f].text, "] position: ") != NULL;
            assert_true(!is_of_position || findings.list[f].level == FINDING_WARNING);
            said += is_of_position;
            right += vehicles[i].said && strstr(findings.list[f].text, vehicles[i].said);
        }
        if (said != (vehicles[i].said != NULL) || right != said)
            fail_msg("%s: %zu, %zu", vehicles[i].lines, said, right);
        clean(state);
    }
}

static void a_port_that_gives_a_position_needs_no_sensor(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("gnss", "/dev/a", "ubx", 3)};
    struct settings_sensor sensors[] = {sensor_of("other")};
    sensors[0].kind = KIND_BUMP;
    sensors[0].position = "serial:gnss";
    check(serial, 1, sensors, 1);
    assert_int_equal(findings.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_vehicle_without_a_position_is_a_warning, clean),
        cmocka_unit_test_teardown(a_port_that_gives_a_position_needs_no_sensor, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
