// SPDX-License-Identifier: Apache-2.0
#include "checked_settings.h"

// A sensor on a port of that codec, with those lines in their sections.
static size_t warnings_of(const char *port, const char *sensor)
{
    char text[1024];
    size_t said = 0;
    snprintf(text, sizeof text,
             "[modbus:bus]\ndevice = /dev/b\n[serial:kerb]\ndevice = /dev/a\n%s\n"
             "[device:head]\nkind = parking\nmap.distance_m = holding:52 u16 * 0.001\n"
             "[device:loop]\nkind = parking\nmap.occupied = discrete:0\nmap.distance_m = holding:52 u16 * 0.001\n"
             "[sensor:bay]\n%s\n",
             port, sensor);
    struct settings *settings = load(text);
    drivers_check(settings, &findings);
    settings_destroy(settings);
    for (size_t f = 0; f < findings.count; f++)
        said += strstr(findings.list[f].text, "[sensor:bay] occupied_below: missing; its device measures a distance") &&
                findings.list[f].level == FINDING_WARNING;
    return said;
}

static void a_distance_that_no_threshold_judges_is_a_warning(void **state)
{
    static const struct {
        const char *port, *sensor;
        size_t warnings;
    } rows[] = {
        {"codec = a02yyuw", "kind = parking\nsource = serial:kerb", 1},
        {"codec = tfmini", "kind = parking\nsource = serial:kerb", 1},
        {"codec = tfmini", "kind = parking\nsource = serial:kerb\noccupied_below = 1.5 m", 0},
        {"codec = tfmini", "kind = crowd\nsource = serial:kerb", 0},
        {"codec = senml", "kind = parking\nsource = serial:kerb", 0}, // its frames say what they carry
        {"codec = senml", "kind = parking\nsource = serial:kerb\nmap.distance_m = range", 1},
        {"codec = csv\ncolumns = bay:distance_m battery_v", "kind = parking\nsource = serial:kerb", 1},
        {"codec = csv\ncolumns = distance_m occupied", "kind = parking\nsource = serial:kerb", 0},
        {"codec = csv\ncolumns = mm battery_v", "kind = parking\nsource = serial:kerb\nmap.distance_m = mm * 0.001", 1},
        {"codec = senml", "kind = parking\nsource = modbus:bus\naddress = 1\ndevice = head", 1},
        {"codec = senml", "kind = parking\nsource = modbus:bus\naddress = 1\ndevice = loop", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t said = warnings_of(rows[i].port, rows[i].sensor);
        if (said != rows[i].warnings)
            fail_msg("%s, %s: %zu", rows[i].port, rows[i].sensor, said);
        clean(state);
    }
}

// A place with those lines, a Terabee counter, and another sensor with those.
static size_t resets_missed(const char *zone, const char *other)
{
    char text[1024];
    size_t said = 0;
    snprintf(text, sizeof text,
             "[serial:gate]\ndevice = /dev/a\ncodec = terabee-people\n[zone:plaza]\nkind = crowd\n%s\n"
             "[sensor:gate]\nkind = crowd\nsource = serial:gate\nzone = plaza\n"
             "[sensor:other]\nkind = crowd\nzone = plaza\n%s\n",
             zone, other);
    struct settings *settings = load(text);
    drivers_check(settings, &findings);
    settings_destroy(settings);
    for (size_t f = 0; f < findings.count; f++)
        said += strstr(findings.list[f].text, "[zone:plaza] reset: what counters miss adds up") != NULL;
    return said;
}

static void a_place_that_lives_by_counters_alone_is_to_be_reset(void **state)
{
    static const struct {
        const char *zone, *other;
        size_t warnings;
    } rows[] = {
        {"", "map.in_total = a\nmap.out_total = b", 1},
        {"reset = 3:30", "map.in_total = a\nmap.out_total = b", 0},
        {"", "map.people = n\nmap.in = a", 0},
        {"", "", 0}, // whatever it says
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t said = resets_missed(rows[i].zone, rows[i].other);
        if (said != rows[i].warnings)
            fail_msg("%s, %s: %zu", rows[i].zone, rows[i].other, said);
        clean(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_distance_that_no_threshold_judges_is_a_warning, clean),
        cmocka_unit_test_teardown(a_place_that_lives_by_counters_alone_is_to_be_reset, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
