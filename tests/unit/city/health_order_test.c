// SPDX-License-Identifier: Apache-2.0
#include "watched.h"

#include <math.h>
#include <stdlib.h>

/*
 * Whatever the network does to the order of readings, and however often it delivers them: what is wrong with a sensor in the end is the
 * same. Two weeks of a reading each ten minutes, of sensors that are well, stuck, running empty, out of range, and silent.
 */

enum { READINGS = 14 * 24 * 6, PERIOD = 10 * MINUTE, DELAY_MAX = 6, ROUNDS = 40 };

struct sample {
    int64_t time_s, arrives_s;
    double temperature, battery;
    bool is_refused;
};

static uint32_t seed;

static uint32_t rolled(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static int by_arrival(const void *a, const void *b)
{
    const struct sample *one = a, *other = b;
    return (one->arrives_s > other->arrives_s) - (one->arrives_s < other->arrives_s);
}

// What is wrong with each kind of sensor; `k` counts readings.
static struct sample sample_of(unsigned ills, int k)
{
    bool later = k > READINGS / 2;
    struct sample sample = {.time_s = (int64_t)k * PERIOD, .temperature = 15 + 0.1 * (k * 7919 % 97), .battery = 80};
    if (ills >> HEALTH_STUCK & 1 && later)
        sample.temperature = 12.3;
    if (ills >> HEALTH_RANGE & 1 && later)
        sample.is_refused = k % 8 != 0;
    if (ills >> HEALTH_BATTERY_LOW & 1 && later)
        sample.battery = 9;
    if (ills >> HEALTH_BATTERY_FALLING & 1)
        sample.battery = 50 - 2 * (double)k * PERIOD / DAY;
    return sample;
}

// As it would be in order, once; or with delays of up to an hour, and some twice or three times.
static size_t deliver(unsigned ills, bool is_in_order, struct sample *ret_samples)
{
    size_t count = 0;
    for (int k = 0; k < READINGS; k++) {
        struct sample sample = sample_of(ills, k);
        uint32_t times = is_in_order ? 1 : 1 + rolled(3);
        for (uint32_t i = 0; i < times; i++) {
            ret_samples[count] = sample;
            ret_samples[count++].arrives_s = sample.time_s + (is_in_order ? 0 : (int64_t)rolled(DELAY_MAX * PERIOD));
        }
    }
    qsort(ret_samples, count, sizeof *ret_samples, by_arrival);
    return count;
}

static uint8_t end_of(unsigned ills, bool is_in_order)
{
    static struct sample samples[3 * READINGS];
    struct watched watched = watch(KIND_ENVIRONMENT);
    watched.settings.stale_after_us = 2 * HOUR * micro;
    size_t count = deliver(ills, is_in_order, samples);
    for (size_t i = 0; i < count; i++) {
        pass(&watched, samples[i].arrives_s - watched.boot_s);
        struct reading reading = reading_before(&watched, samples[i].arrives_s - samples[i].time_s);
        add_number(&reading, "temperature_c", samples[i].temperature);
        add_number(&reading, "battery_pct", samples[i].battery);
        if (samples[i].is_refused)
            reading.refused[reading.refused_count++] = "humidity_pct";
        take(&watched, reading);
        watched.told[0] = '\0';
    }
    pass(&watched, ills >> HEALTH_STALE & 1 ? 2 * HOUR + 1 : HOUR);
    return watched.health.active;
}

static void the_end_is_the_same_in_any_order(void **state)
{
    (void)state;
    static const unsigned all[] = {0,
                                   1U << HEALTH_STALE,
                                   1U << HEALTH_STUCK,
                                   1U << HEALTH_RANGE,
                                   1U << HEALTH_BATTERY_LOW,
                                   1U << HEALTH_BATTERY_FALLING,
                                   1U << HEALTH_STALE | 1U << HEALTH_STUCK | 1U << HEALTH_RANGE |
                                       1U << HEALTH_BATTERY_LOW};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(end_of(all[i], true), all[i]);
        for (seed = 1; seed <= ROUNDS; seed++) {
            uint32_t round = seed;
            assert_int_equal(end_of(all[i], false), all[i]);
            seed = round;
        }
    }
}

// And on the way nothing begins that is not there: each condition begins once.
static void nothing_begins_on_the_way(void **state)
{
    (void)state;
    static struct sample samples[3 * READINGS];
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        struct watched watched = watch(KIND_ENVIRONMENT);
        watched.settings.stale_after_us = 2 * HOUR * micro;
        seed = round;
        size_t count = deliver(1U << HEALTH_RANGE, false, samples);
        for (size_t i = 0; i < count; i++) {
            pass(&watched, samples[i].arrives_s - watched.boot_s);
            struct reading reading = reading_before(&watched, samples[i].arrives_s - samples[i].time_s);
            add_number(&reading, "temperature_c", samples[i].temperature);
            if (samples[i].is_refused)
                reading.refused[reading.refused_count++] = "humidity_pct";
            take(&watched, reading);
        }
        assert_string_equal(told(&watched), "+range");
    }
}

// Anything at all, in no order: nothing breaks, and each condition ends before it begins again.
static void whatever_comes_each_condition_begins_and_ends_in_turn(void **state)
{
    (void)state;
    struct watched watched = watch(KIND_ENVIRONMENT);
    static const char *const names[] = {"temperature_c", "battery_pct", "humidity_pct", "battery_v", "noise_db"};
    unsigned active = 0;
    seed = 7;
    for (int i = 0; i < 200000; i++) {
        watched.clock_is_unset = rolled(50) == 0;
        watched.out_of_service = rolled(500) == 0;
        struct reading reading = reading_now(&watched);
        reading.time_quality = (enum time_quality)rolled(4);
        if (rolled(4) == 0)
            reading.time_us = rolled(3) ? start_us + (int64_t)rolled(1 << 24) * micro : INT64_C(253402300799999999);
        add_number(&reading, names[rolled(5)], rolled(3) ? rolled(30) : (double)NAN);
        reading.refused_count = rolled(2);
        reading.refused[0] = "ph";
        take(&watched, reading);
        if (rolled(8) == 0)
            pass(&watched, rolled(3 * DAY));
        assert_true(watched.report.count <= HEALTH_CONDITION_COUNT);
        watched.told[0] = '\0';
        active |= watched.health.active;
    }
    assert_int_equal(active & 1U << HEALTH_STALE, 1U << HEALTH_STALE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_is_the_same_in_any_order),
        cmocka_unit_test(nothing_begins_on_the_way),
        cmocka_unit_test(whatever_comes_each_condition_begins_and_ends_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
