// SPDX-License-Identifier: Apache-2.0
#include "bump_drives.h"

#include "base/fault.h"
#include <errno.h>

static struct drive drive, other;
static struct bump_settings settings;
static struct fault why;

static const double places[3] = {0.1, 0.5, 0.9}; // of what a model varies

static int begin(void **state)
{
    (void)state;
    memset(&other, 0, sizeof other);
    drive = (struct drive){.model = MODEL_PULSES, .rate_hz = 100, .speed_mps = 10, .seconds = 40, .noise_mps2 = 0.3};
    bump_settings_default(&settings);
    return 0;
}

static void lay(double at_s, double strength)
{
    drive.objects[drive.object_count] = (struct road_object){at_s, strength, places[drive.object_count % 3]};
    drive.object_count++;
}

static const struct bump_event *only_event(void)
{
    assert_int_equal(drive.event_count, 1);
    return &drive.events[0];
}

static void a_rotated_mounting_changes_no_result(void **state)
{
    static const double axes[12][4] = {{1, 0, 0, M_PI / 2}, {1, 0, 0, M_PI}, {1, 0, 0, -M_PI / 2},
                                       {0, 1, 0, M_PI / 2}, {0, 1, 0, M_PI}, {0, 1, 0, -2},
                                       {0, 0, 1, 1},        {0, 0, 1, M_PI}, {1, 1, 1, 2.1},
                                       {-1, 2, 0.3, 0.77},  {3, -1, 2, 1.9}, {0.1, 0.9, -2, 2.9}};
    (void)state;
    for (int model = 0; model < MODEL_COUNT; model++) {
        drive = (struct drive){.model = (enum vehicle_model)model, .rate_hz = 100, .speed_mps = 11, .seconds = 120};
        drive.noise_mps2 = 0.5;
        drive.roughness = 64;
        drive.every_m = 50;
        drive.jitter = 0.3;
        drive_by_default(&drive);
        assert_true(drive.event_count > 10);
        for (size_t i = 0; i < 12; i++) {
            other = drive;
            memcpy(other.axis, axes[i], sizeof other.axis);
            other.turn = axes[i][3];
            drive_by_default(&other);
            assert_int_equal(other.event_count, drive.event_count);
            for (size_t j = 0; j < drive.event_count; j++) {
                const struct bump_event *one = &drive.events[j], *two = &other.events[j];
                assert_int_equal(one->time_us, two->time_us);
                assert_true(fabs(one->peak_mps2 - two->peak_mps2) < 1e-4);
                assert_true(fabs(one->trough_mps2 - two->trough_mps2) < 1e-4);
                assert_true(one->duration_ms == two->duration_ms && one->latitude == two->latitude);
                assert_int_equal(one->severity, two->severity);
                assert_int_equal(one->shape, two->shape);
                assert_string_equal(one->detector, two->detector);
            }
        }
    }
}

static void an_event_says_what_was_measured(void **state)
{
    (void)state;
    drive.noise_mps2 = 0.1;
    lay(20, 1); // 12 m/s2 within 0.12 s
    drive_by_default(&drive);
    const struct bump_event *event = only_event();
    assert_true(fabs(event->peak_mps2 - 12) < 0.5);
    assert_true(fabs(event->trough_mps2) < 0.5);
    assert_true(fabs(event->duration_ms - 120) < 40);
    assert_int_equal(event->severity, 3);
    assert_int_equal(event->shape, BUMP_HUMP);
    assert_true(event->speed_mps == 10 && event->hdop == 0.9 && isnan(event->accuracy_m));
    assert_true(fabs(event->heading_deg) < 0.1); // northward, by the positions
    assert_true(fabs((event->latitude - 34.7) * 111195 - 200) < 2);
}

static void its_time_is_the_bumps(void **state)
{
    (void)state;
    drive.seconds = 400;
    for (size_t i = 0; i < 30; i++)
        lay(10 + 12.3 * (double)i, i % 2 ? 0.5 : -0.5);
    drive_by_default(&drive);
    assert_int_equal(drive.event_count, 30);
    for (size_t i = 0; i < 30; i++) {
        double length_s = 0.1 + 0.2 * drive.objects[i].length_part,
               late_s = event_s(&drive.events[i]) - drive.objects[i].at_s;
        assert_true(late_s > -0.03 && late_s < length_s / 2 + 0.01); // near the beginning and near the middle
        assert_true(fabs(late_s) < 0.1 && fabs(late_s - length_s / 2) < 0.1);
    }
}

static void severity_grows_with_the_acceleration(void **state)
{
    (void)state;
    settings.medium_mps2 = 7;
    settings.heavy_mps2 = 11;
    drive.noise_mps2 = 0.05;
    lay(10, 0.01);
    lay(20, 0.5);
    lay(30, -1);
    drive_with(&drive, &settings);
    assert_int_equal(drive.event_count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(drive.events[i].severity, i + 1);
    assert_int_equal(drive.events[2].shape, BUMP_DIP);
}

static void the_shape_is_told_where_the_rate_allows(void **state)
{
    (void)state;
    drive.model = MODEL_HOLES;
    lay(20, -1);
    drive_by_default(&drive);
    assert_int_equal(only_event()->shape, BUMP_DIP);
    assert_true(only_event()->peak_mps2 > -only_event()->trough_mps2); // what came first is not what was strongest
    drive.rate_hz = 25;
    drive_by_default(&drive);
    assert_int_equal(only_event()->shape, BUMP_UNKNOWN);
}

static void both_axles_are_one_event(void **state)
{
    (void)state;
    drive.model = MODEL_CAR;
    drive.roughness = 4;
    drive.seconds = 60;
    static const double speeds[] = {2.5, 4, 7, 12, 20, 30};
    for (size_t i = 0; i < 6; i++) {
        drive.object_count = 0;
        drive.speed_mps = speeds[i];
        lay(20, 1);
        lay(40, -1);
        drive_by_default(&drive);
        assert_int_equal(drive.event_count, 2);
    }
}

static void two_objects_ten_metres_apart_are_two_events(void **state)
{
    (void)state;
    static const double speeds[] = {3, 5, 8, 12, 16, 20, 25};
    for (int model = 0; model < MODEL_COUNT; model++)
        for (size_t i = 0; i < 7; i++) {
            drive.model = (enum vehicle_model)model;
            drive.object_count = 0;
            drive.speed_mps = speeds[i];
            lay(20, -0.9);
            lay(20 + 10 / speeds[i], -0.9);
            drive_by_default(&drive);
            assert_int_equal(drive.event_count, 2);
        }
}

static void braking_and_curves_are_no_events(void **state)
{
    (void)state;
    drive.seconds = 2000;
    drive.noise_mps2 = 0.1;
    drive_by_default(&drive);
    assert_int_equal(drive.event_count, 0);
}

static void slower_than_the_gate_nothing_is_an_event(void **state)
{
    (void)state;
    lay(20, 1);
    drive.speed_mps = 1.9;
    drive_by_default(&drive);
    assert_int_equal(drive.event_count, 0);
    assert_int_equal(bump_settings_set(&settings, "speed_min", "6 km/h", &why), 0);
    drive_with(&drive, &settings);
    assert_int_equal(drive.event_count, 1);
}

static void thresholds_are_lower_below_25_km_per_hour(void **state)
{
    (void)state;
    drive.noise_mps2 = 0.02;
    settings.zpeak_mps2 = 5.7;
    settings.zdiff_mps2 = settings.stdev_mps2 = 50;
    settings.gzero_mps2 = 0;
    lay(20, 0.001); // 5 m/s2, which is more than 0.8 * 5.7
    drive_with(&drive, &settings);
    assert_int_equal(drive.event_count, 0);
    drive.speed_mps = 6;
    drive_with(&drive, &settings);
    assert_string_equal(only_event()->detector, "z-peak");
    drive.hides_speed = true;
    drive_with(&drive, &settings);
    assert_int_equal(drive.event_count, 0); // who knows
}

static void without_a_position_there_are_events_all_the_same(void **state)
{
    (void)state;
    drive.hides_speed = true;
    lay(20, 0.5);
    drive_by_default(&drive);
    const struct bump_event *event = only_event();
    assert_true(isnan(event->speed_mps) && isnan(event->latitude) && isnan(event->longitude));
    assert_true(isnan(event->heading_deg) && isnan(event->hdop));
}

static void an_event_is_put_forward_by_the_delay_of_positions(void **state)
{
    (void)state;
    lay(20, 1);
    drive_by_default(&drive);
    double before = only_event()->latitude;
    settings.gnss_delay_s = 0.5;
    drive_with(&drive, &settings);
    assert_true(fabs((only_event()->latitude - before) * 111195 - 5) < 0.01);
    assert_true(fabs(only_event()->longitude - 135.5) < 1e-9);
}

static void each_detector_sees_for_itself(void **state)
{
    static const struct {
        const char *key, *value, *detector;
        double strength;
    } cases[] = {{"zpeak", "4 m/s2", "z-peak", 1},
                 {"zdiff", "0.3 g", "z-diff", 1},
                 {"stdev", "2", "stdev", 1},
                 {"gzero", "5.9 m/s2", "g-zero", -1}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        settings.zpeak_mps2 = settings.zdiff_mps2 = settings.stdev_mps2 = 60;
        settings.gzero_mps2 = 0;
        drive.object_count = 0;
        lay(20, cases[i].strength);
        drive_with(&drive, &settings);
        if (cases[i].strength > 0)
            assert_int_equal(drive.event_count, 0);
        assert_int_equal(bump_settings_set(&settings, cases[i].key, cases[i].value, &why), 0);
        drive_with(&drive, &settings);
        assert_string_equal(only_event()->detector, cases[i].detector);
    }
}

static void give(struct bump *bump, int64_t time_us, double z)
{
    bump_take(bump, &(struct ride_sample){.time_us = time_us, .acceleration = {0, 0, z}});
}

static void what_lies_beyond_a_gap_is_another_signal(void **state)
{
    (void)state;
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    for (int64_t i = 0; i < 3000; i++)
        give(bump, i * 10000, 9.8);
    for (int64_t i = 0; i < 500; i++) // half a minute later it hangs otherwise, and that is no bump
        give(bump, 60000000 + i * 10000, 9.8 + 0.5);
    for (int64_t i = 0; i < 500; i++)
        give(bump, 65000000 + i * 10000, i < 10 ? 18 : 9.8);
    bump_flush(bump);
    assert_true(llabs(only_event()->time_us - 65050000) < 60000);
    bump_destroy(bump);
}

static void over_a_gap_nothing_is_made_up(void **state)
{
    (void)state;
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    for (int64_t i = 0; i < 1000; i++)
        give(bump, i * 10000, i == 999 ? 15 : 9.8);
    for (int64_t i = 0; i < 1000; i++)
        give(bump, 10500000 + i * 10000, i == 0 ? 5 : 9.8);
    bump_flush(bump);
    assert_int_equal(drive.event_count, 0);
    bump_destroy(bump);
}

// What potholes are like that people point out: a phone at 50 Hz, some 15 km/h, 2.3 m/s2, and the rear wheels are as loud.
static void a_middling_hole_is_one_event(void **state)
{
    static const double shape[] = {-0.4, -1.1, -2.0, -1.8, -0.2, 1.4, 2.3, 1.9, 1.4, 1.0, 0.5, 0.3, -0.1, -0.4, -0.3};
    enum { LENGTH = sizeof shape / sizeof *shape, FRONT = 1000, REAR = FRONT + 33 };
    uint64_t seed = 5;
    (void)state;
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    for (int64_t i = 0; i < 2000; i++) {
        double z = 9.8 + 0.3 * normal(&seed);
        z += i >= FRONT && i < FRONT + LENGTH ? shape[i - FRONT] : i >= REAR && i < REAR + LENGTH ? shape[i - REAR] : 0;
        give(bump, i * 20000, z);
    }
    bump_flush(bump);
    assert_int_equal(only_event()->shape, BUMP_DIP);
    assert_true(llabs(only_event()->time_us - 20030000) < 60000);
    bump_destroy(bump);
}

static void what_swings_on_is_no_other_event(void **state)
{
    (void)state;
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    for (int64_t i = 0; i < 4000; i++) {
        double since_s = (double)i / 100 - 20;
        give(bump, i * 10000, 9.8 + (since_s < 0 ? 0 : 14 * exp(-since_s / 0.9) * sin(9.4 * since_s)));
    }
    bump_flush(bump);
    assert_int_equal(only_event()->shape, BUMP_HUMP);
    bump_destroy(bump);
}

static void a_rough_patch_is_not_full_of_events(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    for (int64_t i = 0; i < 120000; i++) // 150 patches of four seconds
        give(bump, i * 10000, 9.8 + (i / 400 % 2 ? 2.5 : 0.4) * normal(&seed));
    bump_flush(bump);
    assert_true(drive.event_count < 45);
    bump_destroy(bump);
}

static void objects_in_a_row_are_found_one_by_one(void **state)
{
    struct score score = {0};
    (void)state;
    drive.model = MODEL_SWINGS;
    drive.speed_mps = 16;
    drive.seconds = 400;
    drive.every_m = 13;
    drive_by_default(&drive);
    score_drive(&drive, &score);
    assert_int_equal(score.wrong, 0);
    assert_true(score.found > 2 * score.missed); // one a second or more: they are half of what the road does
}

static void equal_and_backward_times_do_no_harm(void **state)
{
    (void)state;
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    for (int64_t i = 0; i < 2000; i++)
        give(bump, i / 4 * 40000 - (i % 100 == 50 ? 30000 : 0), i >= 1000 && i < 1012 ? 18 : 9.8);
    assert_int_equal(drive.event_count, 1);
    drive.event_count = 0; // their order ends here
    for (int64_t i = 0; i < 2000; i++)
        give(bump, i * 10000, i >= 500 && i < 512 ? 18 : 9.8);
    bump_flush(bump);
    assert_true(llabs(only_event()->time_us - 5050000) < 60000);
    give(bump, INT64_MAX / 2, 9.8);
    give(bump, INT64_MIN / 2, NAN);
    give(bump, INT64_MIN / 2, 1e300);
    give(bump, INT64_MIN / 2, 9.8);
    bump_flush(bump);
    bump_flush(bump);
    bump_destroy(bump);
    bump_destroy(NULL);
}

static void a_short_recording_is_decided_upon_too(void **state)
{
    (void)state;
    drive.seconds = 3;
    drive.is_smooth_driving = true;
    lay(1.5, 0.6);
    drive_by_default(&drive);
    assert_int_equal(drive.event_count, 1);
}

static void a_sensor_that_gives_zeros_makes_no_event(void **state)
{
    (void)state;
    struct bump *bump = bump_create(&settings, keep_event, &drive);
    for (int64_t i = 0; i < 3000; i++)
        give(bump, i * 10000, 0);
    bump_flush(bump);
    assert_int_equal(drive.event_count, 0);
    bump_destroy(bump);
}

static void a_setting_has_a_unit_and_a_range(void **state)
{
    (void)state;
    assert_int_equal(bump_settings_set(&settings, "bump.zpeak", "0.5 g", &why), 0);
    assert_true(fabs(settings.zpeak_mps2 - 4.903325) < 1e-9);
    assert_int_equal(bump_settings_set(&settings, "Bump.ZPEAK", "3", &why), 0);
    assert_true(settings.zpeak_mps2 == 3);
    assert_int_equal(bump_settings_set(&settings, "slow", "25 km/h", &why), 0);
    assert_int_equal(bump_settings_set(&settings, "refractory", "500ms", &why), 0);
    assert_true(settings.refractory_s == 0.5);
    assert_int_equal(bump_settings_set(&settings, "zpeak", "5 km", &why), -EINVAL);
    assert_string_equal(why.text, "\"5 km\" cannot be read; expected 0.5 m/s2..100 m/s2");
    assert_int_equal(bump_settings_set(&settings, "zpeak", "1000 g", &why), -EINVAL);
    assert_string_equal(why.text, "\"1000 g\" is out of range; expected 0.5 m/s2..100 m/s2");
    static const char *const wrong[] = {"", "m/s2", "nan", "inf", "1e1", "4 m/s2 x", "0x4"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(bump_settings_set(&settings, "zpeak", wrong[i], &why), -EINVAL);
    assert_true(settings.zpeak_mps2 == 3);
    assert_int_equal(bump_settings_set(&settings, "zpeek", "4", &why), -ENOENT);
    assert_string_equal(why.text, "there is no setting \"zpeek\"; did you mean \"zpeak\"?");
}

static void a_section_sets_what_it_names(void **state)
{
    (void)state;
    struct settings_extra extras[] = {{.key = "bump.zpeak", .value = "5 m/s2"}, {.key = "bump.apart", .value = "far"}};
    struct settings_sensor sensor = {.extras = extras, .extra_count = 1};
    const struct settings_extra *wrong = NULL;
    assert_int_equal(bump_settings_read(&sensor, &settings, &wrong, &why), 0);
    assert_true(settings.zpeak_mps2 == 5 && settings.zdiff_mps2 == 2);
    sensor.extra_count = 2;
    assert_int_equal(bump_settings_read(&sensor, &settings, &wrong, &why), -EINVAL);
    assert_ptr_equal(wrong, &extras[1]);
}

static void the_table_tells_defaults_that_can_be_set(void **state)
{
    (void)state;
    struct bump_key key;
    struct bump_settings set = {0};
    char one[BUMP_SUMMARY_MAX], two[BUMP_SUMMARY_MAX];
    size_t count = 0;
    for (; bump_settings_key(count, &key); count++)
        assert_int_equal(bump_settings_set(&set, key.name, key.fallback, &why), 0);
    bump_settings_summary(&set, one);
    bump_settings_summary(&settings, two);
    assert_string_equal(one, two);
    assert_string_equal(one, "zpeak=2.5 zdiff=2 stdev=1 gzero=5.9 standout=6.5 speed_min=2 slow=6.94 slow_factor=0.8 "
                             "apart=8 refractory=1.2 gnss_delay=0 medium=6 heavy=10");
}

#define BUMP_TEST(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUMP_TEST(a_rotated_mounting_changes_no_result),
        BUMP_TEST(an_event_says_what_was_measured),
        BUMP_TEST(its_time_is_the_bumps),
        BUMP_TEST(severity_grows_with_the_acceleration),
        BUMP_TEST(the_shape_is_told_where_the_rate_allows),
        BUMP_TEST(both_axles_are_one_event),
        BUMP_TEST(two_objects_ten_metres_apart_are_two_events),
        BUMP_TEST(braking_and_curves_are_no_events),
        BUMP_TEST(slower_than_the_gate_nothing_is_an_event),
        BUMP_TEST(thresholds_are_lower_below_25_km_per_hour),
        BUMP_TEST(without_a_position_there_are_events_all_the_same),
        BUMP_TEST(an_event_is_put_forward_by_the_delay_of_positions),
        BUMP_TEST(each_detector_sees_for_itself),
        BUMP_TEST(what_lies_beyond_a_gap_is_another_signal),
        BUMP_TEST(over_a_gap_nothing_is_made_up),
        BUMP_TEST(a_middling_hole_is_one_event),
        BUMP_TEST(what_swings_on_is_no_other_event),
        BUMP_TEST(a_rough_patch_is_not_full_of_events),
        BUMP_TEST(objects_in_a_row_are_found_one_by_one),
        BUMP_TEST(equal_and_backward_times_do_no_harm),
        BUMP_TEST(a_short_recording_is_decided_upon_too),
        BUMP_TEST(a_sensor_that_gives_zeros_makes_no_event),
        BUMP_TEST(a_setting_has_a_unit_and_a_range),
        BUMP_TEST(a_section_sets_what_it_names),
        BUMP_TEST(the_table_tells_defaults_that_can_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
