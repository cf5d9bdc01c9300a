// SPDX-License-Identifier: Apache-2.0
#include "city/roughness.h"

#include "place_on_earth.h"
#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const double high_hz = 0.7, low_hz = 5, low_rate_hz = 12.5;
static const double gravity_s = 4, settle_s = 2, period_follow_s = 1;
static const double gap_s = 0.5, gap_periods = 4, break_s = 3;
static const double standing_mps = 0.5, fastest_mps = 70, greatest_mps2 = 1000;
static const double least_gravity_mps2 = 7, most_gravity_mps2 = 13;
static const double stretch_m = 20, blurred_m = 20;

enum { FEW = 50 };

const struct roughness_settings roughness_usual = {
    .segment_m = 100, .slowest_mps = 3, .reference_mps = 10, .speed_power = 1};

void roughness_init(struct roughness *roughness, const struct roughness_settings *settings, roughness_sink *sink,
                    void *context)
{
    *roughness = (struct roughness){.settings = *settings, .sink = sink, .context = context};
}

static void add(struct roughness_sum *sum, const struct roughness_sum *more)
{
    sum->metres += more->metres;
    sum->seconds += more->seconds;
    sum->squares += more->squares;
    sum->power += more->power;
    sum->samples += more->samples;
}

static void give_out(struct roughness *roughness)
{
    struct roughness_segment *segment = &roughness->segment;
    const struct roughness_sum *sum = &roughness->sum;
    segment->measured_m = sum->metres;
    segment->speed_mps = sum->metres / sum->seconds;
    segment->samples = sum->samples;
    segment->rate_hz = (double)sum->samples / sum->seconds;
    segment->index_mps2 = sqrt(sum->squares / sum->power);
    segment->doubts |= sum->samples < FEW ? ROUGHNESS_FEW_SAMPLES : 0;
    segment->doubts |= segment->rate_hz < low_rate_hz ? ROUGHNESS_LOW_RATE : 0;
    roughness->segments++;
    roughness->sink(roughness->context, segment);
}

void roughness_flush(struct roughness *roughness)
{
    if (roughness->is_open && roughness->sum.metres >= roughness->settings.segment_m / 2)
        give_out(roughness);
    else if (roughness->is_open && roughness->segment.length_m > 0)
        roughness->forgotten++;
    roughness->is_open = roughness->has_stretch = false;
}

static void open_segment(struct roughness *roughness, const struct ride_sample *sample)
{
    roughness->is_open = true;
    roughness->sum = (struct roughness_sum){0};
    roughness->segment = (struct roughness_segment){.start_us = sample->time_us,
                                                    .start_latitude = sample->position.latitude,
                                                    .start_longitude = sample->position.longitude};
}

static void travel(struct roughness *roughness, const struct ride_sample *sample, double metres,
                   const struct roughness_sum *measured)
{
    struct roughness_segment *segment = &roughness->segment;
    segment->length_m += metres;
    add(&roughness->sum, measured);
    segment->end_us = sample->time_us;
    segment->end_latitude = sample->position.latitude;
    segment->end_longitude = sample->position.longitude;
    if (segment->length_m < roughness->settings.segment_m)
        return;
    bool had_stretch = roughness->has_stretch;
    roughness_flush(roughness);
    open_segment(roughness, sample);
    roughness->has_stretch = had_stretch;
}

// What was measured at that speed counts with what speed alone makes of it.
static void at_speed(const struct roughness *roughness, struct roughness_sum *sum, double speed_mps)
{
    const struct roughness_settings *settings = &roughness->settings;
    sum->metres = speed_mps * sum->seconds;
    sum->power = sum->seconds * pow(speed_mps / settings->reference_mps, settings->speed_power);
}

static void begin_stretch(struct roughness *roughness, const struct ride_position *position)
{
    roughness->has_stretch = true;
    roughness->stretch_latitude = position->latitude;
    roughness->stretch_longitude = position->longitude;
    roughness->stretch_s = 0;
    roughness->stretch = (struct roughness_sum){0};
}

// How far positions have to be apart to tell a speed: noise must not look like driving.
static double reach_m(const struct ride_position *position)
{
    double error_m = place_error_m(position->accuracy_m, position->hdop);
    return fmax(stretch_m, 3 * error_m);
}

// Without a speed: it is known once the vehicle is far enough from where the stretch began. A vehicle that takes too long for that
// stands, or is too slow.
static void travel_by_positions(struct roughness *roughness, const struct ride_sample *sample, double step_s,
                                const struct roughness_sum *measured)
{
    const struct ride_position *position = &sample->position;
    if (!roughness->has_stretch) {
        begin_stretch(roughness, position);
        return;
    }
    roughness->stretch_s += step_s;
    add(&roughness->stretch, measured);
    double metres = place_distance_m(roughness->stretch_latitude, roughness->stretch_longitude, position->latitude,
                                     position->longitude);
    double reach = reach_m(position), speed_mps = metres / roughness->stretch_s;
    bool is_slow = roughness->stretch_s > reach / roughness->settings.slowest_mps;
    if (metres < reach && !is_slow)
        return;
    struct roughness_sum sum = roughness->stretch;
    begin_stretch(roughness, position);
    if (is_slow || speed_mps > fastest_mps)
        return;
    at_speed(roughness, &sum, speed_mps);
    roughness->segment.doubts |= ROUGHNESS_SPEED_GUESSED;
    travel(roughness, sample, metres, &sum);
}

static void travel_by_speed(struct roughness *roughness, const struct ride_sample *sample, double step_s,
                            struct roughness_sum *measured)
{
    double speed_mps = sample->position.speed_mps;
    roughness->has_stretch = false;
    if (speed_mps < standing_mps)
        return;
    if (speed_mps < roughness->settings.slowest_mps)
        *measured = (struct roughness_sum){0};
    at_speed(roughness, measured, speed_mps);
    travel(roughness, sample, speed_mps * step_s, measured);
}

static bool has_speed(const struct ride_position *position)
{
    return position->speed_mps >= 0 && position->speed_mps <= fastest_mps;
}

static bool is_sharp(const struct ride_position *position)
{
    return place_error_m(position->accuracy_m, position->hdop) <= blurred_m;
}

// A state variable filter with trapezoidal integrators, which stays stable while the rate wanders. Returns the low part of the
// input; *ret_high is the high one.
static double filter(struct roughness_filter *filter, double frequency_hz, double period_s, double in, double *ret_high)
{
    double g = tan(pi * frequency_hz * period_s), k = sqrt(2);
    double difference = in - filter->second;
    double band = (filter->first + g * difference) / (1 + g * (g + k));
    double low = filter->second + g * band;
    filter->first = 2 * band - filter->first;
    filter->second = 2 * low - filter->second;
    *ret_high = in - k * band - low;
    return low;
}

// Along gravity, which is a mean at first and is followed then.
static double vertical(struct roughness *roughness, const double acceleration[3], double *ret_gravity_mps2)
{
    double least = 1 - exp(-roughness->period_s / gravity_s), part = 1 / (double)(roughness->filter_samples + 1);
    double along = 0, squares = 0, *gravity = roughness->gravity;
    for (size_t i = 0; i < 3; i++) {
        gravity[i] += (acceleration[i] - gravity[i]) * fmax(least, part);
        along += acceleration[i] * gravity[i];
        squares += gravity[i] * gravity[i];
    }
    *ret_gravity_mps2 = sqrt(squares);
    return squares > 0 ? along / *ret_gravity_mps2 : 0;
}

static void restart_filters(struct roughness *roughness)
{
    roughness->filter_samples = 0;
    roughness->filter_s = 0;
}

// What a sample adds when it counts.
static struct roughness_sum measure(struct roughness *roughness, const struct ride_acceleration *acceleration,
                                    double step_s)
{
    const double axes[3] = {acceleration->x, acceleration->y, acceleration->z};
    double gravity_mps2 = 0, shaking = 0, above = 0, period_s = roughness->period_s;
    double up = vertical(roughness, axes, &gravity_mps2);
    if (roughness->filter_samples == 0) {
        roughness->high = (struct roughness_filter){.second = up};
        roughness->low = (struct roughness_filter){0};
    } else {
        roughness->filter_s += step_s;
    }
    roughness->filter_samples++;
    if (period_s <= 0)
        return (struct roughness_sum){0};
    filter(&roughness->high, high_hz, period_s < 0.4 ? period_s : 0.4, up, &shaking);
    if (low_hz * period_s < 0.45)
        shaking = filter(&roughness->low, low_hz, period_s, shaking, &above);
    if (roughness->filter_s < settle_s)
        return (struct roughness_sum){0};
    if (gravity_mps2 < least_gravity_mps2 || gravity_mps2 > most_gravity_mps2) {
        roughness->weightless++;
        return (struct roughness_sum){0};
    }
    double seconds = fmin(step_s, 2 * period_s); // what is missing before it is not like it
    return (struct roughness_sum){.seconds = seconds, .squares = shaking * shaking * seconds, .samples = 1};
}

// The time since the last sample, or 0 when that tells nothing of the way in between.
static double step(struct roughness *roughness, int64_t time_us)
{
    double step_s = (double)(time_us - roughness->time_us) / 1e6, period_s = roughness->period_s;
    bool is_break = !roughness->has_time || step_s > break_s;
    roughness->time_us = time_us;
    roughness->has_time = true;
    if (is_break)
        roughness_flush(roughness);
    if (is_break || step_s > fmax(gap_s, gap_periods * period_s)) {
        restart_filters(roughness);
        return is_break ? 0 : step_s;
    }
    double near_s = period_s > 0 ? fmin(step_s, gap_periods * period_s) : step_s; // a hole is no other rate
    roughness->period_s += (near_s - period_s) * (period_s > 0 ? fmin(1, near_s / period_follow_s) : 1);
    return step_s;
}

static bool is_sound(const struct roughness *roughness, const struct ride_sample *sample)
{
    const struct ride_acceleration *at = &sample->acceleration;
    return fabs(at->x) <= greatest_mps2 && fabs(at->y) <= greatest_mps2 && fabs(at->z) <= greatest_mps2 &&
           (!roughness->has_time || sample->time_us > roughness->time_us);
}

void roughness_take(struct roughness *roughness, const struct ride_sample *sample)
{
    if (!is_sound(roughness, sample)) {
        roughness->refused++;
        return;
    }
    double step_s = step(roughness, sample->time_us);
    struct roughness_sum measured = measure(roughness, &sample->acceleration, step_s);
    bool is_fast = has_speed(&sample->position);
    if (!sample->has_position || (!is_fast && !is_sharp(&sample->position))) {
        roughness_flush(roughness);
        return;
    }
    if (!roughness->is_open)
        open_segment(roughness, sample);
    if (is_fast)
        travel_by_speed(roughness, sample, step_s, &measured);
    else
        travel_by_positions(roughness, sample, step_s, &measured);
}
