// SPDX-License-Identifier: Apache-2.0
#include "bump_drives.h"

/*
 * Bumps from devices that are not what one would wish: they take gravity away, hang loosely, fall, or let a sample jump.
 */

static struct drive drive;

static int begin(void **state)
{
    (void)state;
    drive = (struct drive){.model = MODEL_CAR, .rate_hz = 100, .speed_mps = 10, .seconds = 1200, .every_m = 60};
    drive.noise_mps2 = 0.2;
    drive.roughness = 16;
    drive.jitter = 0.2;
    drive.axis[0] = 1;
    drive.axis[1] = 0.5;
    drive.turn = 0.8;
    drive.seed = 4;
    return 0;
}

static double f1_of_drive(void)
{
    struct score score = {0};
    drive_by_default(&drive);
    score_drive(&drive, &score);
    return f1(&score);
}

static void without_gravity_bumps_are_found_as_with_it(void **state)
{
    static const double turns[] = {0, 0.8, 1.6, 3.1};
    (void)state;
    drive.hides_gravity = true;
    for (int model = 0; model < MODEL_COUNT; model++)
        for (size_t i = 0; i < 4; i++) {
            drive.model = (enum vehicle_model)model;
            drive.turn = turns[i];
            assert_true(f1_of_drive() >= 0.95);
            for (size_t event = 0; event < drive.event_count; event++) {
                const struct bump_event *one = &drive.events[event];
                assert_int_equal(one->shape, BUMP_UNKNOWN); // nobody knows which end is up
                assert_true(fmax(one->peak_mps2, -one->trough_mps2) > 2);
            }
        }
}

static void without_gravity_a_worn_road_is_no_row_of_bumps(void **state)
{
    (void)state;
    drive.hides_gravity = true;
    drive.every_m = 0;
    drive.roughness = 1024;
    drive_by_default(&drive); // 12 km, with braking and curves
    assert_true(drive.event_count <= 1);
}

static void a_device_that_turns_slowly_finds_them_all_the_same(void **state)
{
    static const double turning[] = {0.02, 0.05, -0.1}; // the last is six degrees in a second
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        drive.turning = turning[i];
        assert_true(f1_of_drive() >= 0.95);
    }
}

static void a_device_that_falls_is_no_bump(void **state)
{
    static const double angles[] = {0.7, 1.5, 2.2};
    (void)state;
    drive.every_m = 0;
    drive.seconds = 60;
    drive.at_s = 30;
    for (size_t i = 0; i < 3; i++) {
        drive.falls_by = angles[i];
        drive_by_default(&drive);
        assert_int_equal(drive.event_count, 0);
    }
}

// At 50 Hz, half a minute of a quiet road; `count` samples jump.
static size_t events_of_jump(size_t count)
{
    struct bump_settings settings;
    uint64_t seed = 9;
    bump_settings_default(&settings);
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    drive.event_count = 0;
    for (size_t i = 0; i < 1500; i++) {
        double jump = i >= 700 && i < 700 + count ? 12 : 0;
        struct ride_sample sample = {.time_us = (int64_t)i * 20000};
        sample.acceleration = (struct ride_acceleration){0, 0, 9.81 + 0.3 * normal(&seed) + jump};
        bump_take(bump, &sample);
    }
    bump_flush(bump);
    bump_destroy(bump);
    return drive.event_count;
}

static void a_single_sample_that_jumps_is_no_bump(void **state)
{
    (void)state;
    assert_int_equal(events_of_jump(1), 0);
    assert_int_equal(events_of_jump(3), 1);
}

static void a_short_tail_of_loud_moments_is_the_roads_own(void **state)
{
    (void)state;
    drive = (struct drive){.model = MODEL_PULSES, .noise = NOISE_LAPLACE, .rate_hz = 50, .speed_mps = 4};
    drive.seconds = 10000;
    drive.noise_mps2 = 2.5;
    drive.seed = 12;
    drive_by_default(&drive);
    assert_true(drive.event_count <= 4); // on 40 km
}

#define DEVICE_TEST(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEVICE_TEST(without_gravity_bumps_are_found_as_with_it),
        DEVICE_TEST(without_gravity_a_worn_road_is_no_row_of_bumps),
        DEVICE_TEST(a_device_that_turns_slowly_finds_them_all_the_same),
        DEVICE_TEST(a_device_that_falls_is_no_bump),
        DEVICE_TEST(a_single_sample_that_jumps_is_no_bump),
        DEVICE_TEST(a_short_tail_of_loud_moments_is_the_roads_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
