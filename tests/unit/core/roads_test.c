// SPDX-License-Identifier: Apache-2.0
#include "city_rig.h"

#include "city/places.h"

#include <math.h>

/*
 * Rides over roads: what is stored of them. A vehicle goes north at 10 m/s, a sample every 10 ms; the road is smooth but for humps.
 */

static const double metres_per_degree = 111320, speed_mps = 10, home_latitude = 34.7, longitude = 135.5;

static const char vans[] =
    "[sensor:van]\nkind = bump\nstale_after = 0 s\n[sensor:bus]\nkind = bump\nstale_after = 0 s\n"
    "[sensor:shy]\nkind = bump\nstale_after = 0 s\nprivate_area = 34.7,135.5,100 m\n"
    "[sensor:cart]\nkind = environment\nstale_after = 0 s\nprivate_area = 34.7,135.5,100 m\n";

static uint64_t seed;
static bool has_fix;
static double east_m; // of home

static int begin(void **state)
{
    (void)state;
    seed = 1;
    has_fix = true;
    east_m = 0;
    begin_rig(vans);
    return 0;
}

static void know_objects(const char *path)
{
    close_rig();
    snprintf(rig.config, sizeof rig.config, "[gateway]\nid = t\nmunicipality = 271004\nknown_objects = %s\n[coap]\n%s",
             path, vans);
    open_rig();
}

static double noise(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 33) / 2147483648.0 - 0.5) * 0.4;
}

// Half a wave of 100 ms, up and down.
static double hump(double after_s)
{
    return after_s >= 0 && after_s < 0.2 ? 7 * sin(after_s / 0.1 * M_PI) : 0;
}

// From `from_m` to `to_m` north of home, over a hump at `hump_m`; NAN: none.
static void ride(const char *name, double from_m, double to_m, double hump_m)
{
    const struct sensor *sensor = sensors_find(rig.sensors, name);
    double east = longitude + east_m / metres_per_degree / cos(home_latitude * M_PI / 180);
    for (double at_m = from_m; at_m < to_m; at_m += speed_mps / 100) {
        pass(0.01);
        struct ride_sample sample = {
            .time_us = boot_us,
            .acceleration = {noise(), noise(),
                             9.81 + noise() + (isnan(hump_m) ? 0 : hump((at_m - hump_m) / speed_mps))},
            .has_position = has_fix,
            .position = {home_latitude + at_m / metres_per_degree, east, speed_mps, 0, NAN, 2}};
        if (!has_fix)
            sample.position = (struct ride_position){NAN, NAN, NAN, NAN, NAN, NAN};
        city_sample(rig.city, sensor, &sample);
        city_turn(rig.city);
    }
}

static void finish_ride(void)
{
    city_flush(rig.city);
    durable();
    pass(120);
}

struct seen {
    size_t bumps, stretches;
    struct reading bump;    // the last of them
    double least_m, most_m; // how far from home the positions are that were told
};

static double metres_from_home(const struct reading *reading, const char *north, const char *east)
{
    const struct value *latitude = value_of(reading, north), *other = value_of(reading, east);
    return latitude && other ? hypot((latitude->number - home_latitude) * metres_per_degree,
                                     (other->number - longitude) * metres_per_degree * cos(home_latitude * M_PI / 180))
                             : (double)NAN;
}

// All stored readings of that sensor.
static struct seen seen_of(const char *name)
{
    struct seen seen = {.least_m = INFINITY, .most_m = 0};
    durable();
    for (uint64_t from = 1; from < buffer_end(rig.buffer); from++) {
        struct reading reading;
        const struct buffer_item *item = read_at(from, &reading);
        if (strcmp(buffer_stream_name(rig.buffer, item->stream), name) != 0)
            continue;
        bool is_bump = value_of(&reading, "peak_mps2");
        assert_int_equal(item->class, is_bump ? BUFFER_EVENT : BUFFER_ROUTINE);
        seen.bumps += is_bump;
        seen.stretches += value_of(&reading, "roughness_mps2") != NULL;
        seen.bump = is_bump ? reading : seen.bump; // its texts are gone with the next
        for (int i = 0; i < 2; i++) {
            double away_m =
                metres_from_home(&reading, i ? "start_latitude" : "latitude", i ? "start_longitude" : "longitude");
            seen.least_m = fmin(seen.least_m, away_m);
            seen.most_m = fmax(seen.most_m, away_m);
        }
    }
    return seen;
}

static void a_bump_and_stretches_of_road_are_stored(void **state)
{
    (void)state;
    struct reading reading;
    ride("van", 0, 350, 200);
    finish_ride();
    struct seen seen = seen_of("van");
    assert_int_equal(seen.bumps, 1);
    assert_true(seen.stretches >= 3);
    struct city_figures figures;
    city_figures(rig.city, &figures);
    assert_int_equal(figures.roads.bumps, 1);
    assert_int_equal(figures.roads.stretches, seen.stretches);
    assert_int_equal(figures.roads.places, 1);
    assert_int_equal(rig.told_count, 1 + seen.stretches); // and shown
    for (uint64_t n = 1; n < buffer_end(rig.buffer); n++) {
        read_at(n, &reading);
        if (!value_of(&reading, "peak_mps2"))
            continue;
        assert_true(value_of(&reading, "peak_mps2")->number > 3);
        assert_true(fabs(metres_from_home(&reading, "latitude", "longitude") - 200) < 10);
        double steps = value_of(&reading, "latitude")->number * 1e7;
        assert_true(fabs(steps - round(steps)) < 1e-3); // a centimetre, and no more
        assert_text(&reading, "shape", "hump");
        assert_non_null(strstr(value_of(&reading, "detector")->text, " zpeak=")); // its name, and with what settings
        assert_number(&reading, "passes", 1);
        assert_int_equal(strlen(value_of(&reading, "place")->text), PLACE_ID_SIZE - 1);
        assert_null(value_of(&reading, "confirmed"));
        assert_null(value_of(&reading, "known"));
        assert_int_equal(reading.time_quality, TIME_SYNCED);
    }
}

static const struct value *last_says(const char *name, const char *value)
{
    static struct reading reading;
    for (uint64_t n = buffer_end(rig.buffer); --n >= 1;) {
        const struct buffer_item *item = read_at(n, &reading);
        if (strcmp(buffer_stream_name(rig.buffer, item->stream), name) == 0 && value_of(&reading, "peak_mps2"))
            return value_of(&reading, value);
    }
    return NULL;
}

static void what_makes_no_place_and_no_stretch_is_counted(void **state)
{
    (void)state;
    struct city_figures figures;
    ride("van", 0, 30, NAN); // too short for a stretch
    has_fix = false;
    ride("van", 30, 200, 100); // a bump somewhere
    const struct ride_sample again = {.time_us = boot_us, .acceleration = {0, 0, 9.81}};
    for (int i = 0; i < 3; i++)
        city_sample(rig.city, sensors_find(rig.sensors, "van"), &again);
    finish_ride();
    city_figures(rig.city, &figures);
    assert_int_equal(figures.roads.bumps, 1);
    assert_int_equal(figures.roads.places, 0);
    assert_int_equal(figures.roads.refused, 1);
    assert_int_equal(figures.roads.stretches, 0);
    assert_int_equal(figures.roads.forgotten, 1);
    assert_int_equal(figures.roads.unsound, 3);
}

static void a_place_is_confirmed_on_the_third_pass(void **state)
{
    (void)state;
    char id[PLACE_ID_SIZE];
    ride("van", 150, 250, 200);
    finish_ride();
    strcpy(id, last_says("van", "place")->text);
    ride("bus", 150, 250, 200);
    finish_ride();
    assert_null(last_says("bus", "confirmed"));
    assert_true(last_says("bus", "passes")->number == 2);
    restart(); // what is known of it is kept
    ride("van", 150, 250, 200);
    finish_ride();
    assert_non_null(last_says("van", "confirmed"));
    assert_true(last_says("van", "passes")->number == 3);
    assert_string_equal(last_says("van", "place")->text, id);
}

// No day is ever whole for a gateway that is switched off with its vehicle.
static void a_place_is_forgotten_in_time_also_by_a_vehicle_that_is_switched_off(void **state)
{
    (void)state;
    struct city_figures figures;
    ride("van", 150, 250, 200);
    finish_ride();
    for (int day = 0; day < 100; day++) {
        close_rig();
        boot_us = 1000 * SECOND;
        open_rig();
        tick_after(1);
        city_figures(rig.city, &figures);
        assert_int_equal(figures.roads.places, day < 90);
        wall_us += 86400 * SECOND;
    }
}

// Bumps since the last save are read back; those that were saved count once.
static void and_over_a_kill(void **state)
{
    (void)state;
    struct city_figures figures;
    ride("van", 150, 250, 200);
    finish_ride();
    restart(); // saves
    ride("bus", 150, 250, 200);
    finish_ride();
    kill_and_restart();
    city_figures(rig.city, &figures);
    assert_int_equal(figures.roads.places, 1);
    ride("van", 150, 250, 200);
    finish_ride();
    assert_true(last_says("van", "passes")->number == 3);
    assert_non_null(last_says("van", "confirmed"));
    char path[96];
    snprintf(path, sizeof path, "%s/standing", rig.folder);
    close_rig();
    unlink(path); // all is read back, and the places know it all
    open_rig();
    ride("van", 150, 250, 200);
    finish_ride();
    assert_true(last_says("van", "passes")->number == 4);
}

static void a_damaged_file_of_places_is_none(void **state)
{
    (void)state;
    struct city_figures figures;
    ride("van", 150, 250, 200);
    finish_ride();
    close_rig();
    write_file_of("places", "what is this?");
    open_rig();
    city_figures(rig.city, &figures);
    assert_int_equal(figures.roads.places, 0);
    ride("van", 150, 250, 200);
    finish_ride();
    assert_true(last_says("van", "passes")->number == 1);
}

static void a_known_object_is_named_and_never_confirmed(void **state)
{
    (void)state;
    char path[96], text[200];
    snprintf(path, sizeof path, "%s.csv", rig.folder);
    // As Excel saves it in Japan, with a label in Shift_JIS.
    snprintf(text, sizeof text, "latitude,longitude,kind,radius_m,label\n%.7f,%.7f,hump,20,\x89\x77\x91\x4f\nrubbish\n",
             home_latitude + 200 / metres_per_degree, longitude);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    know_objects(path);
    unlink(path); // it was read
    struct city_figures figures;
    city_figures(rig.city, &figures);
    assert_int_equal(figures.roads.known, 1);
    for (int i = 0; i < 4; i++) {
        ride("van", 150, 250, 200);
        finish_ride();
        assert_string_equal(last_says("van", "known")->text, "hump");
        assert_null(last_says("van", "confirmed"));
    }
    ride("van", 450, 550, 500); // elsewhere
    finish_ride();
    assert_null(last_says("van", "known"));
}

static void without_its_file_nothing_is_known(void **state)
{
    (void)state;
    struct city_figures figures;
    char path[96];
    snprintf(path, sizeof path, "%s/standing",
             rig.folder); // it is there when the settings are read, but is no such list
    know_objects(path);
    city_figures(rig.city, &figures);
    assert_int_equal(figures.roads.known, 0);
    know_objects("/tmp"); // no file at all
    ride("van", 150, 250, 200);
    finish_ride();
    assert_int_equal(seen_of("van").bumps, 1);
}

static void from_a_private_area_nothing_is_told(void **state)
{
    (void)state;
    ride("shy", -300, 300, 30);
    finish_ride();
    struct seen seen = seen_of("shy");
    assert_int_equal(seen.bumps, 0);
    assert_true(seen.stretches >= 2);
    assert_true(seen.least_m >= 99.9); // up to its border
    struct city_figures figures;
    city_figures(rig.city, &figures);
    assert_in_range(figures.roads.private_samples, 1990, 2010);
    ride("van", -300, 300, 30); // of another vehicle it is
    finish_ride();
    assert_int_equal(seen_of("van").bumps, 1);
}

// Past its edge: it is within for 1.6 s only.
static void what_is_before_and_behind_it_is_told_as_two(void **state)
{
    (void)state;
    struct reading reading;
    size_t stretches = 0;
    east_m = 99.68;
    ride("shy", -150, 150, NAN);
    finish_ride();
    for (uint64_t n = 1; n < buffer_end(rig.buffer); n++) {
        read_at(n, &reading);
        const struct value *start = value_of(&reading, "start_latitude"), *stop = value_of(&reading, "latitude");
        if (!start || !stop)
            continue;
        stretches++;
        assert_true((start->number > home_latitude) == (stop->number > home_latitude));
    }
    assert_true(stretches >= 2);
    assert_int_equal(seen_of("shy").bumps, 0);
}

static void inside_it_stays_private_without_a_fix(void **state)
{
    (void)state;
    ride("shy", -300, 0, NAN);
    has_fix = false; // in a garage
    ride("shy", 0, 200, 50);
    assert_int_equal(seen_of("shy").bumps, 0);
    has_fix = true;
    ride("shy", 200, 400, 300);
    finish_ride();
    assert_int_equal(seen_of("shy").bumps, 1);
}

// North of home: what else a sensor says there. By a device that finds bumps itself that is a peak.
static void say(const char *sensor, const char *quantity, const char *unit, double value, double north_m, bool at_all)
{
    static char names[4][48];
    const char *const values[] = {quantity, "latitude", "longitude", "altitude_m"}, *const units[] = {unit, "lat",
                                                                                                      "lon", "m"};
    const double numbers[] = {value, home_latitude + north_m / metres_per_degree, longitude, 3};
    for (size_t i = 0; i < (at_all ? 4 : 1); i++) {
        snprintf(names[i], sizeof names[i], "%s:%s", sensor, values[i]);
        add_number(names[i], units[i], numbers[i], 0);
    }
    pass(1);
    take();
}

static void say_position(const char *sensor, double north_m, bool at_all)
{
    say(sensor, "temperature_c", "Cel", 20, north_m, at_all);
}

static void say_bump(const char *sensor, double north_m)
{
    say(sensor, "peak_mps2", "m/s2", 7, north_m, true);
}

static void a_stored_reading_has_no_position_there(void **state)
{
    (void)state;
    struct reading reading;
    say_position("cart", 50, true);
    newest_of("cart", &reading);
    assert_number(&reading, "temperature_c", 20);
    assert_int_equal(reading.value_count, 1);
    say_position("cart", 150, true);
    newest_of("cart", &reading);
    assert_non_null(value_of(&reading, "latitude"));
    assert_int_equal(reading.value_count, 4);
    say_position("cart", 0, false);
    newest_of("cart", &reading);
    assert_int_equal(reading.value_count, 1);
}

static void a_bump_that_a_device_found_there_is_not_told(void **state)
{
    (void)state;
    struct reading reading;
    say_bump("shy", 50);
    assert_int_equal(stored_of("shy"), 0);
    say_bump("shy", 150);
    assert_int_equal(stored_of("shy"), 1);
    newest_of("shy", &reading);
    assert_number(&reading, "peak_mps2", 7);
    say_bump("van", 50); // of another vehicle it is
    assert_int_equal(stored_of("van"), 1);
}

static void a_bump_that_a_device_found_has_its_place(void **state)
{
    (void)state;
    struct reading reading;
    for (int lap = 1; lap <= 3; lap++) {
        say_bump(lap == 2 ? "bus" : "van", 500);
        say_bump(lap == 2 ? "bus" : "van", 500); // in the same minute
        pass(120);
    }
    newest_of("van", &reading);
    assert_number(&reading, "passes", 3);
    assert_true(value_of(&reading, "confirmed")->boolean);
    assert_int_equal(strlen(value_of(&reading, "place")->text), PLACE_ID_SIZE - 1);
    kill_and_restart();
    say_bump("van", 500);
    newest_of("van", &reading);
    assert_number(&reading, "passes", 4);
    say_position("van", 500, true); // that is no bump
    newest_of("van", &reading);
    assert_null(value_of(&reading, "place"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bump_and_stretches_of_road_are_stored, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_bump_that_a_device_found_there_is_not_told, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_bump_that_a_device_found_has_its_place, begin, end_rig),
        cmocka_unit_test_setup_teardown(what_makes_no_place_and_no_stretch_is_counted, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_place_is_confirmed_on_the_third_pass, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_place_is_forgotten_in_time_also_by_a_vehicle_that_is_switched_off, begin,
                                        end_rig),
        cmocka_unit_test_setup_teardown(and_over_a_kill, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_damaged_file_of_places_is_none, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_known_object_is_named_and_never_confirmed, begin, end_rig),
        cmocka_unit_test_setup_teardown(without_its_file_nothing_is_known, begin, end_rig),
        cmocka_unit_test_setup_teardown(from_a_private_area_nothing_is_told, begin, end_rig),
        cmocka_unit_test_setup_teardown(what_is_before_and_behind_it_is_told_as_two, begin, end_rig),
        cmocka_unit_test_setup_teardown(inside_it_stays_private_without_a_fix, begin, end_rig),
        cmocka_unit_test_setup_teardown(a_stored_reading_has_no_position_there, begin, end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
