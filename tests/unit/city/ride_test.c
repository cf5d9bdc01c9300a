// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/ride.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MAX = 40000 };

static const int64_t second_us = 1000000;

static struct {
    struct ride *ride;
    struct ride_sample samples[SAMPLES_MAX];
    size_t count;
    uint64_t given;
} drive;

// Every sample passes here: none may be lost, doubled or out of order, which x numbers, and time only grows.
static void collect(void *context, const struct ride_sample *sample)
{
    (void)context;
    assert_true(drive.count < SAMPLES_MAX);
    assert_true(sample->acceleration.x == (double)drive.count);
    if (drive.count)
        assert_true(sample->time_us > drive.samples[drive.count - 1].time_us);
    drive.samples[drive.count++] = *sample;
}

static int begin(void **state)
{
    (void)state;
    memset(&drive, 0, sizeof drive);
    drive.ride = ride_create(collect, NULL);
    return drive.ride ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    struct ride_figures figures;
    ride_flush(drive.ride);
    ride_figures(drive.ride, &figures);
    assert_int_equal(drive.count, drive.given);
    assert_int_equal(figures.samples_in, drive.given);
    assert_int_equal(figures.samples_out, drive.given);
    assert_int_equal(figures.waiting, 0);
    ride_destroy(drive.ride);
    return 0;
}

static struct ride_figures figures_now(void)
{
    struct ride_figures figures;
    ride_figures(drive.ride, &figures);
    return figures;
}

static void give(int64_t received_us, size_t count)
{
    const struct ride_stamp stamp = {.received_us = received_us};
    for (size_t i = 0; i < count; i++)
        ride_accelerate(drive.ride, &stamp, &(struct ride_acceleration){(double)drive.given++, 0, 9.8});
}

static void give_device(int64_t received_us, int64_t device_us, size_t count)
{
    const struct ride_stamp stamp = {.received_us = received_us, .device_us = device_us, .has_device = true};
    for (size_t i = 0; i < count; i++)
        ride_accelerate(drive.ride, &stamp, &(struct ride_acceleration){(double)drive.given++, 0, 9.8});
}

// One sample every 10 ms from that time on.
static void give_evenly(int64_t from_us, size_t count)
{
    for (size_t i = 0; i < count; i++)
        give(from_us + (int64_t)i * 10000, 1);
}

static struct ride_position at(double latitude, double longitude)
{
    return (struct ride_position){latitude, longitude, 10, 90, 1, NAN};
}

static void locate(int64_t time_us, double latitude, double longitude)
{
    const struct ride_position position = at(latitude, longitude);
    ride_locate(drive.ride, time_us, &position);
}

static const struct ride_sample *sample_at(int64_t time_us)
{
    for (size_t i = 0; i < drive.count; i++)
        if (drive.samples[i].time_us == time_us)
            return &drive.samples[i];
    fail_msg("no sample at %lld", (long long)time_us);
    return NULL;
}

static void samples_of_one_stamp_are_spread_up_to_the_next(void **state)
{
    (void)state;
    give(second_us, 4);
    assert_int_equal(drive.count, 0); // the next stamp is not known yet
    give(second_us + 40000, 2);
    assert_int_equal(drive.count, 4);
    give(second_us + 60000, 1);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(drive.samples[i].time_us, second_us + (int64_t)i * 10000);
    assert_int_equal(figures_now().duplicates, 4);
}

static void stamps_of_their_own_stay_as_they_are(void **state)
{
    (void)state;
    static const int64_t stamps[] = {0, 9000, 21000, 30500, 39000, 51000};
    for (size_t i = 0; i < 6; i++)
        give(second_us + stamps[i], 1);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(drive.samples[i].time_us, second_us + stamps[i]);
}

static void the_rate_is_measured_whatever_the_batches(void **state)
{
    (void)state;
    for (size_t i = 0; i < 400; i++)
        give(second_us + (int64_t)i * 15000, 3);
    struct ride_figures figures = figures_now();
    assert_true(fabs(figures.rate_hz - 200) < 0.5);
    assert_true(figures.jitter_us < 1);
    assert_int_equal(figures.duplicates, 800);
    for (size_t i = 1; i < drive.count; i++)
        assert_int_equal(drive.samples[i].time_us - drive.samples[i - 1].time_us, 5000);
}

static void a_delivery_of_stamps_close_together_is_one_batch_and_no_gap(void **state)
{
    (void)state;
    for (size_t batch = 0; batch < 100; batch++)
        for (size_t i = 0; i < 12; i++)
            give(second_us + (int64_t)(batch * 180000 + i * 400), 1);
    struct ride_figures figures = figures_now();
    assert_int_equal(figures.gaps, 0);
    assert_true(fabs(figures.rate_hz - 12 / 0.18) < 1);
    assert_true(figures.jitter_us > 15000);
    for (size_t i = 240; i < drive.count; i++) // once the rate is known
        assert_int_equal(drive.samples[i].time_us - drive.samples[i - 1].time_us, 15000);
}

static void jitter_is_how_far_stamps_are_from_the_rate(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        give(second_us + (int64_t)i * 10000 + (i % 2 ? 1000 : 0), 1);
    assert_true(fabs(figures_now().jitter_us - 1000) < 50); // spacings of 11 and 9 ms
}

static void nothing_is_spread_over_a_gap(void **state)
{
    (void)state;
    give_evenly(second_us, 300);
    give(4 * second_us, 2);
    give(4 * second_us + 376000, 1);
    give(4 * second_us + 386000, 1);
    assert_int_equal(drive.samples[301].time_us, 4 * second_us + 10000);
    assert_int_equal(drive.samples[302].time_us, 4 * second_us + 376000);
    struct ride_figures figures = figures_now();
    assert_int_equal(figures.gaps, 1);
    assert_int_equal(figures.largest_gap_us, 376000);
    assert_true(fabs(figures.rate_hz - 100) < 1); // a gap is not the rate
}

static void another_rate_is_no_row_of_gaps_for_ever(void **state)
{
    (void)state;
    give_evenly(second_us, 300);
    for (size_t i = 0; i < 100; i++)
        give(5 * second_us + (int64_t)i * 100000, 1);
    assert_int_equal(figures_now().gaps, 16);
    assert_true(fabs(figures_now().rate_hz - 10) < 0.1);
}

static void a_backward_step_anchors_anew_and_time_goes_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++)
        give_device(second_us + (int64_t)i * 10000, 500 * second_us + (int64_t)i * 10000, 1);
    int64_t before_us = second_us + 99 * 10000;
    for (size_t i = 0; i < 100; i++)
        give_device(before_us + 10000 + (int64_t)i * 10000, (int64_t)i * 10000, 1);
    struct ride_figures figures = figures_now();
    assert_int_equal(figures.backward, 1);
    assert_int_equal(figures.leaps, 0);
    assert_true(fabs(figures.rate_hz - 100) < 1);
    for (size_t i = 1; i < drive.count; i++)
        assert_int_equal(drive.samples[i].time_us - drive.samples[i - 1].time_us, 10000);
}

// By a line that holds much back, the device's clock gets ahead of the reception.
static void a_backward_step_of_a_clock_that_is_ahead_goes_on_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++)
        give_device(second_us, (int64_t)i * 10000, 1);
    for (size_t i = 0; i < 1000; i++)
        give_device(second_us + 1000, (int64_t)i * 10000, 1);
    ride_flush(drive.ride);
    assert_int_equal(figures_now().backward, 1);
    for (size_t i = 1; i < drive.count; i++)
        assert_true(drive.samples[i].time_us - drive.samples[i - 1].time_us >= 9700);
}

static void a_leap_of_the_devices_clock_is_not_time_that_passed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 200; i++)
        give_device(second_us + (int64_t)i * 10000, (int64_t)i * 10000 + (i >= 100 ? 3600 * second_us : 0), 1);
    ride_flush(drive.ride);
    assert_int_equal(figures_now().leaps, 1);
    assert_int_equal(drive.samples[199].time_us, second_us + 199 * 10000);
}

static void the_devices_clock_gives_the_distances_and_reception_the_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) // ten samples at a time arrive together, with delays that differ
        for (size_t j = 0; j < 10; j++)
            give_device(second_us + (int64_t)i * 100000 + (i % 3 ? 30000 : 0), (int64_t)(10 * i + j) * 10000, 1);
    for (size_t i = 1; i < drive.count; i++)
        assert_true(llabs(drive.samples[i].time_us - drive.samples[i - 1].time_us - 10000) <= 200); // 2 %
    assert_int_equal(drive.samples[0].time_us, second_us);
}

static void a_clock_that_drifts_is_led_back_to_reception(void **state)
{
    (void)state;
    for (size_t i = 0; i < 30000; i++) // 1 % too slow, then 1 % too fast
        give_device(second_us + (int64_t)i * 10000,
                    (int64_t)i * (i < 15000 ? 9900 : 10100) - (i < 15000 ? 0 : 15000 * 200), 1);
    ride_flush(drive.ride);
    assert_true(llabs(drive.samples[14999].time_us - (second_us + 14999 * 10000)) < 300000);
    assert_true(llabs(drive.samples[29999].time_us - (second_us + 29999 * 10000LL)) < 300000);
    assert_int_equal(figures_now().backward, 0);
}

static void time_that_is_ahead_waits_by_shorter_steps(void **state)
{
    (void)state;
    give_evenly(second_us, 2000);
    give(21 * second_us, 400); // of which some have to go before the next stamp
    size_t before = drive.count;
    for (size_t i = 0; i < 200; i++)
        give(22 * second_us + (int64_t)i * 40000, 4);
    ride_flush(drive.ride);
    for (size_t i = before + 1; i < drive.count; i++)
        assert_true(drive.samples[i].time_us - drive.samples[i - 1].time_us >= 2500);
    assert_true(llabs(drive.samples[drive.count - 1].time_us - (22 * second_us + 200 * 40000)) < 50000);
}

static void a_clock_that_stood_while_the_device_slept_is_set_right_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4000; i++)
        give_device(second_us + (int64_t)i * 10000 + (i < 1000 ? 0 : 20 * second_us), (int64_t)i * 10000, 1);
    ride_flush(drive.ride);
    assert_true(llabs(drive.samples[3999].time_us - (21 * second_us + 3999 * 10000)) < 1000);
}

static void a_stamp_that_never_changes_holds_no_more_than_a_batch(void **state)
{
    (void)state;
    give_evenly(second_us, 100);
    give(2 * second_us, 5000);
    assert_true(figures_now().waiting <= 256);
    give_evenly(2 * second_us + 10000, 20000); // time has got 50 s ahead, and waits for them
    ride_flush(drive.ride);
    assert_int_equal(drive.count, 25100);
    assert_true(llabs(drive.samples[drive.count - 1].time_us - (2 * second_us + 200 * second_us)) < 60000);
}

static void what_waits_for_a_position_is_bounded(void **state)
{
    (void)state;
    locate(second_us, 34, 135);
    for (size_t i = 0; i < 10000; i++)
        give(second_us + (int64_t)i * 100, 1); // 10 kHz: more than fits within the patience
    assert_true(figures_now().waiting <= 1024 + 256);
    assert_true(figures_now().waiting > 1000);
}

static void a_position_is_interpolated_between_two_fixes(void **state)
{
    (void)state;
    locate(second_us, 34, 135);
    give_evenly(second_us, 50);
    assert_int_equal(drive.count, 0); // the second fix tells more
    give_evenly(second_us + 500000, 60);
    locate(2 * second_us, 34.001, 135.002);
    const struct ride_sample *sample = sample_at(second_us + 250000);
    assert_true(sample->has_position);
    assert_true(fabs(sample->position.latitude - 34.00025) < 1e-9);
    assert_true(fabs(sample->position.longitude - 135.0005) < 1e-9);
    assert_int_equal(sample->position_age_us, 250000);
    assert_int_equal(sample_at(second_us + 900000)->position_age_us, 100000); // the second one is nearer
}

static void headings_and_longitudes_go_the_shorter_way_round(void **state)
{
    (void)state;
    const struct ride_position one = {10, 179.9, 5, 350, 2, NAN}, other = {10, -179.9, NAN, 20, 1, 4};
    ride_locate(drive.ride, second_us, &one);
    give_evenly(second_us, 120);
    ride_locate(drive.ride, 2 * second_us, &other);
    const struct ride_position *found = &sample_at(second_us + 500000)->position;
    assert_true(fabs(fabs(found->longitude) - 180) < 1e-9);
    assert_true(fabs(found->heading_deg - 5) < 1e-9);
    assert_true(found->speed_mps == 5 && found->hdop == 2 && found->accuracy_m == 4);
}

static void without_a_fix_there_is_no_position_and_nothing_waits(void **state)
{
    (void)state;
    give_evenly(second_us, 10);
    assert_int_equal(drive.count, 9);
    locate(second_us + 100000, 0, 0);
    give_evenly(second_us + 100000, 10);
    assert_int_equal(drive.count, 19);
    for (size_t i = 0; i < drive.count; i++)
        assert_false(drive.samples[i].has_position);
    assert_int_equal(figures_now().fixes, 0);
    assert_int_equal(figures_now().no_fixes, 1);
    assert_false(figures_now().has_fix);
}

static void a_lost_fix_ends_the_position_at_once(void **state)
{
    (void)state;
    locate(second_us, 34, 135);
    give_evenly(second_us, 60);
    ride_no_fix(drive.ride, second_us + 500000);
    assert_true(sample_at(second_us + 490000)->has_position);
    give_evenly(second_us + 600000, 10);
    assert_false(sample_at(second_us + 500000)->has_position);
    locate(second_us + 700000, 34, 135.1); // and nothing is interpolated over the loss
    give_evenly(second_us + 700000, 10);
    ride_flush(drive.ride);
    assert_false(sample_at(second_us + 650000)->has_position);
    assert_true(sample_at(second_us + 700000)->has_position);
    assert_true(sample_at(second_us + 700000)->position.longitude == 135.1);
}

static void an_old_position_is_none(void **state)
{
    (void)state;
    locate(second_us, 34, 135);
    give_evenly(second_us, 500);
    ride_flush(drive.ride);
    assert_true(sample_at(4 * second_us)->has_position);
    assert_int_equal(sample_at(4 * second_us)->position_age_us, 3 * second_us);
    assert_false(sample_at(4 * second_us + 10000)->has_position);
}

static void a_sample_waits_two_seconds_for_a_position_at_most(void **state)
{
    (void)state;
    locate(second_us, 34, 135);
    give_evenly(second_us, 202);
    assert_int_equal(drive.count, 0);
    give_evenly(second_us + 2020000, 2);
    assert_int_equal(drive.count, 2);
    assert_true(drive.samples[0].has_position);
}

static void a_late_position_serves_what_has_not_gone_out(void **state)
{
    (void)state;
    locate(second_us, 34, 135);
    give_evenly(second_us, 101);
    locate(second_us + 1500000, 34, 135.15); // early: of a time that no sample has yet
    assert_true(fabs(sample_at(second_us + 500000)->position.longitude - 135.05) < 1e-9);
    locate(second_us + 1200000, 34, 135.18); // late: it comes behind the later one
    give_evenly(second_us + 1010000, 60);
    assert_true(fabs(sample_at(second_us + 1100000)->position.longitude - 135.165) < 1e-9);
    assert_true(fabs(sample_at(second_us + 1350000)->position.longitude - 135.165) < 1e-9);
}

static void of_two_positions_at_one_time_the_second_counts(void **state)
{
    (void)state;
    locate(second_us, 34, 135);
    locate(second_us, 35, 136);
    give_evenly(second_us, 110);
    locate(2 * second_us, 35, 137);
    assert_true(sample_at(second_us + 10000)->position.latitude == 35);
    assert_true(fabs(sample_at(second_us + 500000)->position.longitude - 136.5) < 1e-9);
}

static void a_vehicle_that_stands_keeps_its_position(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        locate((1 + i) * second_us, 34, 135);
        give_evenly((1 + i) * second_us, 100);
    }
    locate(21 * second_us, 34, 135.01);
    ride_flush(drive.ride);
    assert_int_equal(figures_now().fixes, 2);
    assert_int_equal(figures_now().located, 2000);
    assert_true(sample_at(10 * second_us)->position.longitude == 135); // it left in the last two seconds
    assert_true(fabs(sample_at(20 * second_us)->position.longitude - 135.005) < 1e-9);
}

static void what_comes_without_a_place_completes_the_newest_fix(void **state)
{
    (void)state;
    const struct ride_position bare = {34, 135, NAN, NAN, NAN, NAN}, more = {NAN, NAN, 12, 80, 0.9, 3};
    ride_locate(drive.ride, second_us, &more); // none to complete
    ride_locate(drive.ride, second_us, &bare);
    ride_locate(drive.ride, second_us + 200000, &more);
    give_evenly(second_us, 10);
    ride_flush(drive.ride);
    const struct ride_position *found = &drive.samples[5].position;
    assert_true(found->latitude == 34 && found->speed_mps == 12 && found->heading_deg == 80 && found->hdop == 0.9);
    assert_int_equal(figures_now().fixes, 1);
}

static void count_alone(void *context, const struct ride_sample *sample)
{
    (void)sample;
    ++*(size_t *)context;
}

static void repeated_values_are_counted_and_kept(void **state)
{
    (void)state;
    size_t out = 0;
    struct ride *ride = ride_create(count_alone, &out);
    for (int i = 0; i < 6; i++)
        ride_accelerate(ride, &(struct ride_stamp){.received_us = i * 10000}, &(struct ride_acceleration){0, i / 3, 2});
    struct ride_figures figures;
    ride_flush(ride);
    ride_figures(ride, &figures);
    assert_int_equal(figures.repeated, 4);
    assert_int_equal(out, 6);
    ride_destroy(ride);
}

#define RIDE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIDE_TEST(samples_of_one_stamp_are_spread_up_to_the_next),
        RIDE_TEST(stamps_of_their_own_stay_as_they_are),
        RIDE_TEST(the_rate_is_measured_whatever_the_batches),
        RIDE_TEST(a_delivery_of_stamps_close_together_is_one_batch_and_no_gap),
        RIDE_TEST(jitter_is_how_far_stamps_are_from_the_rate),
        RIDE_TEST(nothing_is_spread_over_a_gap),
        RIDE_TEST(another_rate_is_no_row_of_gaps_for_ever),
        RIDE_TEST(a_backward_step_anchors_anew_and_time_goes_on),
        RIDE_TEST(a_backward_step_of_a_clock_that_is_ahead_goes_on_too),
        RIDE_TEST(a_leap_of_the_devices_clock_is_not_time_that_passed),
        RIDE_TEST(the_devices_clock_gives_the_distances_and_reception_the_place),
        RIDE_TEST(a_clock_that_drifts_is_led_back_to_reception),
        RIDE_TEST(time_that_is_ahead_waits_by_shorter_steps),
        RIDE_TEST(a_clock_that_stood_while_the_device_slept_is_set_right_at_once),
        RIDE_TEST(a_stamp_that_never_changes_holds_no_more_than_a_batch),
        RIDE_TEST(what_waits_for_a_position_is_bounded),
        RIDE_TEST(a_position_is_interpolated_between_two_fixes),
        RIDE_TEST(headings_and_longitudes_go_the_shorter_way_round),
        RIDE_TEST(without_a_fix_there_is_no_position_and_nothing_waits),
        RIDE_TEST(a_lost_fix_ends_the_position_at_once),
        RIDE_TEST(an_old_position_is_none),
        RIDE_TEST(a_sample_waits_two_seconds_for_a_position_at_most),
        RIDE_TEST(a_late_position_serves_what_has_not_gone_out),
        RIDE_TEST(of_two_positions_at_one_time_the_second_counts),
        RIDE_TEST(a_vehicle_that_stands_keeps_its_position),
        RIDE_TEST(what_comes_without_a_place_completes_the_newest_fix),
        RIDE_TEST(repeated_values_are_counted_and_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
