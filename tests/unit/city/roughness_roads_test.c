// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/ride.h"
#include "city/roughness.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Recorded roads, where the recordings lie beside the sources. Bengaluru's were driven by motorcycle and have one score each, given by the
 * rider: 0 worst, 10 best. They tell no speed: it is always 0, and the positions are a mobile network's, 20 to 1100 m off, which stay
 * for ten seconds and then leap. So all roads count as driven at one speed. By how far the positions leap, rough roads were driven more
 * slowly, so that a known speed would set them further apart.
 */

enum { ROADS = 13, LINE_MAX_SIZE = 512, WINDOWS_MAX = 400 };

static const struct {
    const char *name;
    double score;
} roads[ROADS] = {{"bsnl_rd", 9},
                  {"ccd_rd", 8},
                  {"dmart_rd", 8.5},
                  {"hs_rd", 7},
                  {"isbr_rd", 8.5},
                  {"ayyappa_temple_rd", 5},
                  {"otera_rd", 10},
                  {"parantha_rd", 7},
                  {"velhankani_main_rd", 7},
                  {"velhankani_market_rd", 3},
                  {"seimens_rd", 6.5},
                  {"wipro_avenue", 8},
                  {"wipro_village", 6.5}};

static struct {
    double indices[WINDOWS_MAX], speeds[WINDOWS_MAX];
    size_t count;
} found;

static void collect(void *context, const struct roughness_segment *segment)
{
    (void)context;
    assert_true(found.count < WINDOWS_MAX);
    found.speeds[found.count] = segment->speed_mps;
    found.indices[found.count++] = segment->index_mps2;
}

static FILE *open_recording(const char *name)
{
    char path[LINE_MAX_SIZE];
    snprintf(path, sizeof path, "%s/../shared/data/%s", getenv("SOURCE_DIR"), name);
    FILE *file = fopen(path, "re");
    if (!file) {
        print_message("no recordings beside the sources: skipped\n");
        skip();
    }
    return file;
}

static void drive_road(const char *name, double speed_mps)
{
    char path[LINE_MAX_SIZE], line[LINE_MAX_SIZE];
    struct roughness roughness;
    int64_t time_us = 0;
    found.count = 0;
    snprintf(path, sizeof path, "bump_bengaluru_mit/%s/accelerometer.csv", name);
    FILE *file = open_recording(path);
    roughness_init(&roughness, &roughness_usual, collect, NULL);
    while (fgets(line, sizeof line, file)) {
        struct ride_sample sample = {
            .time_us = time_us, .has_position = true, .position = {12.85, 77.66, speed_mps, NAN, NAN, NAN}};
        struct ride_acceleration *at = &sample.acceleration;
        if (sscanf(line, "%*d,%lf,%lf,%lf", &at->x, &at->y, &at->z) != 3)
            continue;
        roughness_take(&roughness, &sample);
        time_us += 50000;
    }
    roughness_flush(&roughness);
    fclose(file);
    assert_int_equal(roughness.refused, 0);
    assert_true(found.count > 0);
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static double median_of(const double *values, size_t count)
{
    double sorted[WINDOWS_MAX];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare);
    return (sorted[count / 2] + sorted[(count - 1) / 2]) / 2;
}

// Of equals each has the mean of their ranks.
static double rank_of(const double *values, size_t count, size_t which)
{
    double rank = 0.5;
    for (size_t i = 0; i < count; i++)
        rank += values[i] < values[which] ? 1 : values[i] == values[which] ? 0.5 : 0;
    return rank;
}

static double spearman(const double *one, const double *other, size_t count)
{
    double mean = ((double)count + 1) / 2, product = 0, squares = 0, other_squares = 0;
    for (size_t i = 0; i < count; i++) {
        double a = rank_of(one, count, i) - mean, b = rank_of(other, count, i) - mean;
        product += a * b;
        squares += a * a;
        other_squares += b * b;
    }
    return product / sqrt(squares * other_squares);
}

static void rough_roads_have_low_scores(void **state)
{
    (void)state;
    double means[ROADS], medians[ROADS], scores[ROADS];
    for (size_t i = 0; i < ROADS; i++) {
        drive_road(roads[i].name, 8);
        means[i] = -mean_of(found.indices, found.count);
        medians[i] = -median_of(found.indices, found.count);
        scores[i] = roads[i].score;
        print_message("%-21s score %4.1f: mean %.2f, median %.2f m/s2 of %zu segments\n", roads[i].name, scores[i],
                      -means[i], -medians[i], found.count);
    }
    double by_mean = spearman(means, scores, ROADS), by_median = spearman(medians, scores, ROADS);
    print_message("Spearman's rho with the scores: by the mean %.2f, by the median %.2f\n", by_mean, by_median);
    assert_true(by_mean >= 0.5);
    assert_true(by_median >= 0.5);
}

static double number(const char **text)
{
    double whole = 0, fraction = 0;
    while (**text == ',' || **text == '"')
        (*text)++;
    bool is_negative = **text == '-';
    *text += is_negative;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        whole = 10 * whole + (**text - '0');
    *text += **text == ',';
    for (double unit = 0.1; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
        fraction += unit * (**text - '0');
    *text += **text == '"';
    return is_negative ? -(whole + fraction) : whole + fraction;
}

// How the logarithm of the index grows with that of speed.
static double slope(void)
{
    double x = 0, y = 0, xx = 0, xy = 0, n = (double)found.count;
    for (size_t i = 0; i < found.count; i++) {
        double a = log(found.speeds[i]), b = log(found.indices[i]);
        x += a, y += b, xx += a * a, xy += a * b;
    }
    return (xy - x * y / n) / (xx - x * x / n);
}

static void pass_on(void *context, const struct ride_sample *sample)
{
    roughness_take(context, sample);
}

// One line as the telephone wrote it, half of them with the stamp of the line before.
static void take_row(struct ride *ride, const char *text)
{
    double told[7];
    for (size_t i = 0; i < 7; i++)
        told[i] = number(&text);
    int64_t time_us = (int64_t)(told[0] * 1e6) + 1;
    ride_accelerate(ride, &(struct ride_stamp){.received_us = time_us},
                    &(struct ride_acceleration){told[1] * 9.80665, told[2] * 9.80665, told[3] * 9.80665});
    ride_locate(ride, time_us, &(struct ride_position){told[4], told[5], told[6], NAN, NAN, NAN});
}

// Returns by what power of speed the index grows.
static double drive_in_traffic(double speed_power)
{
    char line[LINE_MAX_SIZE];
    struct roughness roughness;
    struct roughness_settings settings = roughness_usual;
    FILE *file = open_recording("bump_saopaulo_mit/2018-11-1713.51.22.csv");
    settings.segment_m = 50;
    settings.speed_power = speed_power;
    found.count = 0;
    roughness_init(&roughness, &settings, collect, NULL);
    struct ride *ride = ride_create(pass_on, &roughness);
    assert_non_null(ride);
    assert_non_null(fgets(line, sizeof line, file)); // the heading
    while (fgets(line, sizeof line, file))
        take_row(ride, line);
    fclose(file);
    ride_flush(ride);
    roughness_flush(&roughness);
    ride_destroy(ride);
    print_message("%zu segments, mean index %.3f, which grows with speed to the power of %.2f\n", found.count,
                  mean_of(found.indices, found.count), slope());
    return slope();
}

// São Paulo, one car, 7 minutes in streets of many kinds. Unless speed is taken out the index grows with its square root.
static void speed_is_taken_out_as_it_is_in_traffic(void **state)
{
    (void)state;
    double raw = drive_in_traffic(0), usual = drive_in_traffic(1);
    assert_true(found.count > 40);
    assert_true(fabs(raw - 0.5) < 0.25);
    assert_true(fabs(usual) < 0.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rough_roads_have_low_scores),
        cmocka_unit_test(speed_is_taken_out_as_it_is_in_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
