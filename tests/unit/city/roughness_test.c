// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/roughness.h"
#include "quarter_car.h"
#include <string.h>

enum { SEGMENTS_MAX = 100, MOUNTINGS = 12, STEPS_PER_S = 1000 };

static const double gravity_mps2 = 9.80665, degree_m = 111195;

static double smooth[ROAD_POINTS], worn[ROAD_POINTS];

static struct {
    struct roughness roughness;
    struct roughness_segment segments[SEGMENTS_MAX];
    size_t count;
} run;

struct drive {
    const double *road;
    double speed_mps, rate_hz, seconds;
    size_t mounting;
    bool is_unfiltered; // a sensor that lets through what it is too slow for
    bool has_no_speed;  // positions tell none
    double noise_m;     // of the positions
    bool has_holes;     // a third of a second is missing of every three
};

static void collect(void *context, const struct roughness_segment *segment)
{
    (void)context;
    assert_true(run.count < SEGMENTS_MAX);
    run.segments[run.count++] = *segment;
}

static int begin(void **state)
{
    (void)state;
    memset(&run, 0, sizeof run);
    roughness_init(&run.roughness, &roughness_usual, collect, NULL);
    return 0;
}

static int make_roads(void **state)
{
    (void)state;
    road_make(smooth, 16e-6, 1);
    road_make(worn, 256e-6, 2);
    return 0;
}

// Turned twice, by angles that no two mountings share.
static struct ride_acceleration mounted(double up_mps2, size_t mounting)
{
    double one = 0.7 * (double)mounting, other = 1.9 * (double)mounting;
    double x = up_mps2 * sin(one);
    return (struct ride_acceleration){x * cos(other), x * sin(other), up_mps2 * cos(one)};
}

static struct ride_position northward(double way_m, double speed_mps)
{
    return (struct ride_position){34.7 + way_m / degree_m, 135.5, speed_mps, 0, 1, NAN};
}

static void take(int64_t time_us, double up_mps2, size_t mounting, const struct ride_position *position)
{
    roughness_take(&run.roughness, &(struct ride_sample){.time_us = time_us,
                                                         .acceleration = mounted(up_mps2, mounting),
                                                         .has_position = !isnan(position->latitude),
                                                         .position = *position});
}

// What a sensor does before it samples: a low pass at 0.4 of its rate.
static double smoothed(double stages[2], double in, double rate_hz)
{
    double part = 1 - exp(-2 * 3.14159265358979323846 * 0.4 * rate_hz / STEPS_PER_S / 0.64);
    stages[0] += (in - stages[0]) * part;
    stages[1] += (stages[0] - stages[1]) * part;
    return stages[1];
}

static void go(const struct drive *drive)
{
    struct quarter_car car = {0};
    double stages[2] = {0}, due = 0, noise_m = 0;
    uint64_t seed = 3;
    for (size_t i = 0; i < (size_t)(drive->seconds * STEPS_PER_S); i++) {
        double way_m = drive->speed_mps * (double)i / STEPS_PER_S;
        double up = quarter_car_step(&car, road_height(drive->road, way_m), 1.0 / STEPS_PER_S);
        double slow = smoothed(stages, up, drive->rate_hz);
        if (i % STEPS_PER_S == 0)
            noise_m = drive->noise_m * dice_normal(&seed);
        if ((double)i < due)
            continue;
        due += STEPS_PER_S / drive->rate_hz;
        if (drive->has_holes && i % (3 * STEPS_PER_S) < STEPS_PER_S / 3)
            continue;
        struct ride_position position = northward(way_m + noise_m, drive->has_no_speed ? NAN : drive->speed_mps);
        take((int64_t)i * (1000000 / STEPS_PER_S), gravity_mps2 + (drive->is_unfiltered ? up : slow), drive->mounting,
             &position);
    }
    roughness_flush(&run.roughness);
}

static double mean_index(void)
{
    double sum = 0;
    assert_true(run.count > 0);
    for (size_t i = 0; i < run.count; i++)
        sum += run.segments[i].index_mps2;
    return sum / (double)run.count;
}

static double index_of(const struct drive *drive)
{
    begin(NULL);
    go(drive);
    return mean_index();
}

static void every_hundred_metres_are_a_segment(void **state)
{
    (void)state;
    go(&(struct drive){worn, 10, 100, 75.5, .mounting = 1});
    assert_int_equal(run.count, 8);
    for (size_t i = 0; i < 8; i++) {
        const struct roughness_segment *segment = &run.segments[i];
        double length_m = segment->length_m;
        assert_true(fabs(length_m - (i < 7 ? 100 : 54.5)) < 0.6);
        assert_true(fabs(segment->measured_m - (i ? length_m : 80)) < 0.2); // the filters begin for two seconds
        assert_true(fabs((segment->end_latitude - segment->start_latitude) * degree_m - length_m) < 0.2);
        assert_true(fabs((double)(segment->end_us - segment->start_us) / 1e5 - length_m) < 0.2);
        assert_true(fabs(segment->speed_mps - 10) < 0.001);
        assert_true(fabs(segment->rate_hz - 100) < 0.1);
        assert_int_equal(segment->doubts, 0);
        if (i)
            assert_int_equal(segment->start_us, run.segments[i - 1].end_us);
    }
    assert_int_equal(run.roughness.segments, 8);
    assert_int_equal(run.roughness.forgotten, 0);
}

static void a_mounting_changes_nothing(void **state)
{
    (void)state;
    double upright = index_of(&(struct drive){worn, 12, 50, 100, .mounting = 0});
    for (size_t mounting = 1; mounting < MOUNTINGS; mounting++) {
        double turned = index_of(&(struct drive){worn, 12, 50, 100, .mounting = mounting});
        assert_true(fabs(turned / upright - 1) < 1e-9);
    }
}

static void a_worn_road_stays_worse_at_any_speed(void **state)
{
    (void)state;
    static const double speeds_mps[] = {5, 7, 10, 14, 20};
    double best_worn = INFINITY, worst_smooth = 0;
    double usual = index_of(&(struct drive){worn, 10, 100, 200, .mounting = 0});
    for (size_t i = 0; i < 5; i++) {
        double speed = speeds_mps[i];
        double bad = index_of(&(struct drive){worn, speed, 100, 2000 / speed, .mounting = i});
        double good = index_of(&(struct drive){smooth, speed, 100, 2000 / speed, .mounting = i + 5});
        print_message("%2.0f m/s: class C %.3f, class A %.3f m/s2\n", speed, bad, good);
        assert_true(fabs(bad / usual - 1) < 0.15);
        for (size_t s = 0; s < run.count; s++)
            worst_smooth = fmax(worst_smooth, run.segments[s].index_mps2);
        best_worn = fmin(best_worn, bad);
        assert_true(fabs(bad / good / 4 - 1) < 0.2); // as their roughness is, 16 times the power
    }
    assert_true(worst_smooth < best_worn);
}

static void the_rate_changes_little(void **state)
{
    (void)state;
    static const double rates_hz[] = {20, 25, 50, 100, 200};
    double usual = index_of(&(struct drive){worn, 10, 100, 200, .mounting = 0});
    for (size_t i = 0; i < 5; i++) {
        double filtered = index_of(&(struct drive){worn, 10, rates_hz[i], 200, .mounting = 0});
        double unfiltered = index_of(&(struct drive){worn, 10, rates_hz[i], 200, .is_unfiltered = true});
        print_message("%3.0f Hz: %.3f, without a filter in the sensor %.3f m/s2\n", rates_hz[i], filtered, unfiltered);
        assert_true(fabs(filtered / usual - 1) < 0.1);
        assert_true(fabs(unfiltered / usual - 1) < 0.1);
        assert_int_equal(run.segments[1].doubts, 0);
    }
}

static void a_slow_sensor_is_doubted(void **state)
{
    (void)state;
    double usual = index_of(&(struct drive){worn, 10, 100, 200, .mounting = 0});
    double slow = index_of(&(struct drive){worn, 10, 5, 200, .mounting = 0});
    print_message("  5 Hz: %.3f of %.3f m/s2\n", slow, usual);
    assert_int_equal(run.segments[1].doubts, ROUGHNESS_LOW_RATE);
    assert_true(slow > 0.3 * usual && slow < 1.2 * usual);
    index_of(&(struct drive){worn, 20, 5, 100, .mounting = 0});
    assert_int_equal(run.segments[1].doubts, ROUGHNESS_LOW_RATE | ROUGHNESS_FEW_SAMPLES);
    index_of(&(struct drive){worn, 20, 10, 100, .mounting = 0});
    assert_int_equal(run.segments[1].doubts, ROUGHNESS_LOW_RATE);
}

// Stands from that time on and shakes, for a minute: an engine, and people who get in.
static int64_t stand(int64_t time_us, double way_m, double speed_mps)
{
    for (size_t i = 0; i < 6000; i++) {
        struct ride_position position = northward(way_m, speed_mps);
        take(time_us, gravity_mps2 + 5 * sin((double)i * 0.2), 0, &position);
        time_us += 10000;
    }
    return time_us;
}

// Drives evenly over a road that shakes by 1 m/s2, at 2 Hz.
static int64_t roll(int64_t time_us, double *way_m, double speed_mps, double told_mps, size_t samples)
{
    for (size_t i = 0; i < samples; i++) {
        struct ride_position position = northward(*way_m, told_mps);
        take(time_us, gravity_mps2 + sqrt(2) * sin((double)time_us / 1e6 * 4 * 3.14159265358979), 0, &position);
        time_us += 10000;
        *way_m += speed_mps / 100;
    }
    return time_us;
}

static void standing_still_adds_nothing(void **state)
{
    (void)state;
    double way_m = 0;
    int64_t time_us = roll(0, &way_m, 10, 10, 550);
    time_us = stand(time_us, way_m, 0.2);
    time_us = roll(time_us, &way_m, 10, 10, 600);
    assert_int_equal(run.count, 1);
    const struct roughness_segment *segment = &run.segments[0];
    assert_true(fabs(segment->length_m - 100) < 0.2);
    assert_true(fabs((segment->end_latitude - segment->start_latitude) * degree_m - 100) < 0.2);
    assert_true(fabs(segment->index_mps2 - 1) < 0.1);
    assert_true(fabs(segment->speed_mps - 10) < 0.01);
}

static void a_crawl_is_way_but_not_measured(void **state)
{
    (void)state;
    double way_m = 0;
    int64_t time_us = roll(0, &way_m, 10, 10, 900);
    roll(time_us, &way_m, 2, 2, 1000);
    assert_int_equal(run.count, 1);
    assert_true(fabs(run.segments[0].measured_m - 70) < 0.5);
    begin(NULL);
    way_m = 0;
    roll(0, &way_m, 2, 2, 6000);
    assert_int_equal(run.count, 0);
    assert_int_equal(run.roughness.forgotten, 1);
}

static void positions_tell_the_speed_when_nothing_else_does(void **state)
{
    (void)state;
    double told = index_of(&(struct drive){worn, 10, 100, 200, .mounting = 0});
    size_t told_count = run.count;
    double guessed = index_of(&(struct drive){worn, 10, 100, 200, .has_no_speed = true, .noise_m = 1.5});
    print_message("speed told: %.3f in %zu segments, from positions: %.3f in %zu\n", told, told_count, guessed,
                  run.count);
    assert_int_equal(run.segments[1].doubts, ROUGHNESS_SPEED_GUESSED);
    assert_true(fabs(guessed / told - 1) < 0.1);
    assert_true(run.count + 5 > told_count && run.count < told_count + 2);
    begin(NULL);
    stand(0, 0, NAN);
    go(&(struct drive){worn, 0, 100, 600, .has_no_speed = true, .noise_m = 4}); // parked, and the position wanders
    assert_int_equal(run.count, 0);
}

static void a_gap_adds_nothing_and_a_long_one_ends_the_segment(void **state)
{
    (void)state;
    double way_m = 0;
    int64_t time_us = roll(0, &way_m, 10, 10, 500);
    way_m += 10;
    time_us = roll(time_us + 1000000, &way_m, 10, 10, 500);
    assert_int_equal(run.count, 1);
    assert_true(fabs(run.segments[0].length_m - 100) < 0.2);
    assert_true(fabs(run.segments[0].measured_m - 50) < 0.5); // twice two seconds, and the gap of one
    assert_true(fabs(run.segments[0].index_mps2 - 1) < 0.1);
    time_us = roll(time_us, &way_m, 10, 10, 500); // with what is left, 60 m
    roll(time_us + 4000000, &way_m, 10, 10, 100);
    assert_int_equal(run.count, 2);
    assert_true(fabs(run.segments[1].length_m - 60) < 0.2);
    assert_true(fabs(run.segments[1].index_mps2 - 1) < 0.1);
}

static void holes_change_little(void **state)
{
    (void)state;
    double whole = index_of(&(struct drive){worn, 10, 100, 200, .mounting = 0});
    double holed = index_of(&(struct drive){worn, 10, 100, 200, .has_holes = true});
    print_message("whole: %.3f, with holes %.3f m/s2\n", whole, holed);
    assert_true(fabs(holed / whole - 1) < 0.03);
    assert_int_equal(run.count, 20);
}

static void another_rate_is_followed(void **state)
{
    (void)state;
    double way_m = 0;
    int64_t time_us = roll(0, &way_m, 10, 10, 1000);
    for (size_t i = 0; i < 600; i++, time_us += 100000, way_m += 1) {
        struct ride_position position = northward(way_m, 10);
        take(time_us, gravity_mps2 + sqrt(2) * sin((double)time_us / 1e6 * 4 * 3.14159265358979), 0, &position);
    }
    assert_true(run.count >= 6);
    for (size_t i = 2; i < run.count; i++) {
        assert_true(fabs(run.segments[i].index_mps2 - 1) < 0.1);
        assert_true(fabs(run.segments[i].rate_hz - 10) < 0.1);
        assert_int_equal(run.segments[i].doubts, ROUGHNESS_LOW_RATE);
    }
}

static void without_a_fix_nothing_is_measured(void **state)
{
    (void)state;
    double way_m = 0;
    int64_t time_us = roll(0, &way_m, 10, 10, 800);
    struct ride_position nowhere = {NAN, NAN, 10, 0, 1, NAN};
    for (size_t i = 0; i < 3000; i++, time_us += 10000)
        take(time_us, gravity_mps2, 0, &nowhere);
    assert_int_equal(run.count, 1);
    assert_true(fabs(run.segments[0].length_m - 80) < 0.2);
    roll(time_us, &way_m, 10, 10, 1005); // the filters are ready
    assert_int_equal(run.count, 2);
    assert_true(fabs(run.segments[1].measured_m - 100) < 0.2);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    double way_m = 0;
    int64_t time_us = roll(0, &way_m, 10, 10, 700);
    struct ride_position position = northward(way_m, 10);
    take(time_us, NAN, 0, &position);
    take(time_us, INFINITY, 0, &position);
    take(time_us, 1e300, 0, &position);
    take(time_us - 10000, gravity_mps2, 0, &position);
    take(0, gravity_mps2, 0, &position);
    assert_int_equal(run.roughness.refused, 5);
    roll(time_us, &way_m, 10, 10, 400);
    assert_int_equal(run.count, 1);
    assert_true(fabs(run.segments[0].index_mps2 - 1) < 0.1);
    assert_true(fabs(run.segments[0].measured_m - 80) < 0.3);
}

static void a_sensor_that_takes_gravity_away_is_not_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3000; i++) {
        struct ride_position position = northward((double)i / 10, 10);
        take((int64_t)i * 10000, sin((double)i * 0.1), 0, &position);
    }
    assert_int_equal(run.count, 0);
    assert_int_equal(run.roughness.forgotten, 2);
    assert_true(run.roughness.weightless > 2500);
}

static void braking_and_bends_are_no_roughness(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6000; i++) {
        double time_s = (double)i / 100, pull = 3 * sin(2 * 3.14159265358979 * time_s / 8);
        struct ride_position position = northward((double)i / 10, 10);
        roughness_take(&run.roughness, &(struct ride_sample){.time_us = (int64_t)i * 10000,
                                                             .acceleration = {pull, pull / 2, gravity_mps2},
                                                             .has_position = true,
                                                             .position = position});
    }
    assert_true(run.count >= 5);
    for (size_t i = 0; i < run.count; i++)
        assert_true(run.segments[i].index_mps2 < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_hundred_metres_are_a_segment, begin),
        cmocka_unit_test_setup(a_mounting_changes_nothing, begin),
        cmocka_unit_test_setup(a_worn_road_stays_worse_at_any_speed, begin),
        cmocka_unit_test_setup(the_rate_changes_little, begin),
        cmocka_unit_test_setup(a_slow_sensor_is_doubted, begin),
        cmocka_unit_test_setup(standing_still_adds_nothing, begin),
        cmocka_unit_test_setup(a_crawl_is_way_but_not_measured, begin),
        cmocka_unit_test_setup(positions_tell_the_speed_when_nothing_else_does, begin),
        cmocka_unit_test_setup(a_gap_adds_nothing_and_a_long_one_ends_the_segment, begin),
        cmocka_unit_test_setup(holes_change_little, begin),
        cmocka_unit_test_setup(another_rate_is_followed, begin),
        cmocka_unit_test_setup(without_a_fix_nothing_is_measured, begin),
        cmocka_unit_test_setup(nonsense_is_refused, begin),
        cmocka_unit_test_setup(a_sensor_that_takes_gravity_away_is_not_believed, begin),
        cmocka_unit_test_setup(braking_and_bends_are_no_roughness, begin),
    };
    return cmocka_run_group_tests(tests, make_roads, NULL);
}
