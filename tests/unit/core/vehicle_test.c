// SPDX-License-Identifier: Apache-2.0
#include "vehicle_rig.h"

static void acceleration_goes_to_the_ride_and_the_rest_stays(void **state)
{
    (void)state;
    add_axes(1);
    add("temperature_c", "Cel", 20);
    add("angular_x_dps", "deg/s", 3);
    assert_int_equal(take("serial:imu", "van-2"), 1);
    assert_int_equal(way.pack.count, 1);
    assert_int_equal(way.pack.readings[0].reading.value_count, 1);
    assert_true(has_value("temperature_c") && way.pack.readings[0].is_rest);
    add("angular_y_dps", "", 3);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    assert_int_equal(way.pack.count, 0);
    add("battery_v", "V", 3.6);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    assert_true(has_value("battery_v") && !way.pack.readings[0].is_rest);
}

static void others_keep_their_readings(void **state)
{
    (void)state;
    add("bay:battery_v", "V", 3);
    add("van-4:peak_mps2", "m/s2", 7);
    add("van-4:severity", "", 2);
    add("van-3:acceleration_x_mps2", "m/s2", 1);
    add("van-3:acceleration_y_mps2", "m/s2", 1);
    add("van-3:acceleration_z_mps2", "m/s2", 1);
    assert_int_equal(take("coap", NULL), 1);
    assert_int_equal(way.pack.count, 2);
    assert_true(has_value("battery_v") && has_value("peak_mps2") && has_value("severity"));
    assert_string_equal(way.pack.readings[1].sensor->settings->id, "van-4");
}

static void an_acceleration_without_an_axis_is_counted(void **state)
{
    (void)state;
    add("acceleration_x_mps2", "m/s2", 1);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    add("acceleration_x_mps2", "m/s2", 1);
    add("acceleration_y_mps2", "m/s2", 1e6); // outside its range
    add("acceleration_z_mps2", "m/s2", 1);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    assert_int_equal(way.pack.count, 0);
    assert_int_equal(figures_of("van-2").incomplete, 2);
    assert_int_equal(figures_of("van-2").ride.samples_in, 0);
}

static void what_was_refused_of_the_rest_stays_named(void **state)
{
    (void)state;
    add_axes(1e6); // x is outside its range, and so is the voltage
    add("battery_v", "V", 1e6);
    add("temperature_c", "Cel", 20);
    take("serial:imu", "van-2");
    assert_int_equal(way.pack.count, 1);
    assert_int_equal(way.pack.readings[0].reading.refused_count, 1);
    assert_string_equal(way.pack.readings[0].reading.refused[0], "battery_v");
    assert_int_equal(way.pack.readings[0].reading.quality, QUALITY_RANGE);
    add_axes(1e6);
    add("temperature_c", "Cel", 20);
    take("serial:imu", "van-2");
    assert_int_equal(way.pack.readings[0].reading.refused_count, 0);
    assert_int_equal(way.pack.readings[0].reading.quality, QUALITY_GOOD);
}

static void frames_of_one_turn_have_one_time_and_are_spread(void **state)
{
    (void)state;
    for (int turn = 0; turn < 100; turn++) {
        vehicles_turn(way.vehicles);
        for (int i = 0; i < 4; i++) {
            add_axes(1);
            take("serial:imu", "van-2");
            boot_us += 30; // what decoding takes
        }
        boot_us += 20000 - 120;
    }
    vehicles_flush(way.vehicles);
    assert_int_equal(way.samples, 400);
    assert_int_equal(figures_of("van-2").ride.duplicates, 300);
    assert_true(fabs(figures_of("van-2").ride.rate_hz - 200) < 1);
}

static void a_position_comes_from_another_port(void **state)
{
    (void)state;
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    add("speed_mps", "km/h", 36);
    assert_true(locate("serial:gnss", NULL)); // which has no sensor of its own
    drive("serial:imu", "van-2", 10);
    vehicles_flush(way.vehicles);
    assert_string_equal(way.sensor, "van-2");
    assert_true(way.last.has_position && way.last.position.latitude == 34.7 && way.last.position.speed_mps == 10);
    assert_int_equal(figures_of("van-2").position_age_us, 100000);
    add("fix", "", 0);
    assert_true(locate("serial:gnss", NULL));
    assert_int_equal(figures_of("van-2").position_age_us, -1);
    add("latitude", "lat", 34.7);
    assert_false(locate("serial:unit", NULL)); // its sensor gets its readings all the same
    add("latitude", "lat", 34.7);
    assert_false(locate("coap", NULL));
}

static void gpsd_says_positions_to_nobody_by_name(void **state)
{
    (void)state;
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    assert_false(locate("gpsd://localhost:2947", "van-4")); // a sensor's own
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    assert_true(locate("gpsd://localhost:2947", NULL));
    assert_int_equal(figures_of("van-3").ride.fixes, 1);
}

static void say_at(double latitude, int64_t age_us)
{
    add("latitude", "lat", latitude);
    add("longitude", "lon", 135);
    for (size_t i = 0; age_us && i < way.raw.count; i++) {
        way.raw.values[i].time = RAW_TIME_ABSOLUTE;
        way.raw.values[i].time_us = moved_wall(NULL) - age_us;
    }
    vehicles_turn(way.vehicles);
    locate("serial:gnss", NULL);
}

static void a_receivers_own_time_counts_where_the_clock_is_set(void **state)
{
    (void)state;
    say_at(34, 300000);
    assert_int_equal(figures_of("van-2").position_age_us, 300000);
    boot_us += 3 * second_us;
    say_at(35, 3600 * second_us); // no such delay can be: one of the clocks is wrong
    assert_int_equal(figures_of("van-2").position_age_us, 0);
    boot_us += 3 * second_us;
    synchronised = false;
    say_at(36, 300000);
    assert_int_equal(figures_of("van-2").position_age_us, 0);
}

static void a_position_said_again_without_its_time_only_completes(void **state)
{
    (void)state;
    say_at(34, 300000); // RMC
    add("hdop", "", 0.9);
    boot_us += 50000;
    say_at(34.001, 0); // GGA of the same second, in other digits
    assert_int_equal(figures_of("van-2").ride.fixes, 1);
    boot_us += 2 * second_us;
    say_at(34.002, 0); // nobody says a time any more
    assert_int_equal(figures_of("van-2").ride.fixes, 2);
}

static void the_place_of_an_event_is_not_where_the_vehicle_is(void **state)
{
    (void)state;
    drive("coap", "van-4", 3);
    add("peak_mps2", "m/s2", 7);
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    assert_int_equal(take("coap", "van-4"), 0);
    assert_true(has_value("latitude") && has_value("peak_mps2"));
    assert_int_equal(figures_of("van-4").ride.fixes, 0);
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    take("coap", "van-4");
    assert_int_equal(figures_of("van-4").ride.fixes, 1);
}

static void a_pack_of_samples_with_times_keeps_their_distances(void **state)
{
    (void)state;
    for (int pack = 0; pack < 20; pack++) {
        for (int i = -9; i <= 0; i++) {
            size_t first = way.raw.count;
            add_axes(1);
            for (size_t v = first; v < way.raw.count; v++) {
                way.raw.values[v].time = RAW_TIME_RELATIVE;
                way.raw.values[v].time_us = i * 10000;
            }
        }
        vehicles_turn(way.vehicles);
        assert_int_equal(take("coap", "van-4"), 10);
        assert_int_equal(way.pack.count, 0);
        boot_us += 100000;
    }
    vehicles_flush(way.vehicles);
    assert_int_equal(way.samples, 200);
    assert_int_equal(figures_of("van-4").ride.duplicates, 0);
    assert_true(fabs(figures_of("van-4").ride.rate_hz - 100) < 0.1);
}

static void a_refused_pack_is_no_ride(void **state)
{
    (void)state;
    raw_pack_clear(&way.raw);
    add_axes(1);
    struct fault why = {""};
    struct normalise_context context = {.sensors = way.sensors,
                                        .source = "serial:imu",
                                        .sensor = sensors_find(way.sensors, "van-2"),
                                        .received_us = moved_wall(NULL)};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(normalise(&context, &way.raw, &way.pack, &why), REFUSAL_NONE);
        assert_int_equal(vehicles_take(way.vehicles, &way.pack, context.received_us), 1);
        vehicles_settle(way.vehicles, i == 1);
        assert_int_equal(figures_of("van-2").ride.samples_in, i);
    }
    vehicles_settle(way.vehicles, true); // there is nothing more
    assert_int_equal(figures_of("van-2").ride.samples_in, 1);
}

static void what_waits_goes_when_nothing_more_comes(void **state)
{
    (void)state;
    drive("serial:imu", "van-2", 5);
    vehicles_tick(way.vehicles);
    assert_int_equal(way.samples, 4);
    boot_us += second_us;
    vehicles_tick(way.vehicles);
    assert_int_equal(way.samples, 5);
    drive("serial:imu", "van-2", 5);
    boot_us += second_us;
    vehicles_tick(way.vehicles);
    assert_int_equal(way.samples, 10);
}

static void vehicles_are_shown_once_they_are_some(void **state)
{
    (void)state;
    struct vehicle_figures figures;
    assert_true(vehicles_figures(way.vehicles, 0, &figures)); // van-2, -3 and -5 name a position
    assert_true(vehicles_figures(way.vehicles, 2, &figures));
    assert_false(vehicles_figures(way.vehicles, 3, &figures));
    drive("coap", "van-4", 1);
    assert_true(vehicles_figures(way.vehicles, 3, &figures));
    assert_int_equal(vehicles_most(way.vehicles), 5);
    assert_false(vehicles_figures(NULL, 0, &figures));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VEHICLE_TEST(acceleration_goes_to_the_ride_and_the_rest_stays),
        VEHICLE_TEST(others_keep_their_readings),
        VEHICLE_TEST(an_acceleration_without_an_axis_is_counted),
        VEHICLE_TEST(what_was_refused_of_the_rest_stays_named),
        VEHICLE_TEST(frames_of_one_turn_have_one_time_and_are_spread),
        VEHICLE_TEST(a_position_comes_from_another_port),
        VEHICLE_TEST(gpsd_says_positions_to_nobody_by_name),
        VEHICLE_TEST(a_receivers_own_time_counts_where_the_clock_is_set),
        VEHICLE_TEST(a_position_said_again_without_its_time_only_completes),
        VEHICLE_TEST(the_place_of_an_event_is_not_where_the_vehicle_is),
        VEHICLE_TEST(a_pack_of_samples_with_times_keeps_their_distances),
        VEHICLE_TEST(a_refused_pack_is_no_ride),
        VEHICLE_TEST(what_waits_goes_when_nothing_more_comes),
        VEHICLE_TEST(vehicles_are_shown_once_they_are_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
