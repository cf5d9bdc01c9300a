// SPDX-License-Identifier: Apache-2.0
#include "bump_signal.h"

#include "bump_level.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEHIND = 6 * SIGNAL_HZ, // gravity is the mean of so many moments before, and of those ahead
    REMEMBERED = 20 * SIGNAL_HZ,
    STRIDE = SIGNAL_HZ / 20, // over which an axis shakes
    SMOOTHED = 2             // moments on either side
};

static const int64_t forget_us = 60 * 1000000LL;
static const double linear_below_mps2 = 4.9; // half of gravity

static double dot(const double one[3], const double other[3])
{
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
}

static void read_axes(struct signal *signal, size_t index, double ret_axes[3])
{
    for (size_t i = 0; i < 3; i++)
        ret_axes[i] = (double)signal_at(signal, index)->axes[i];
}

static void add_around(struct signal *signal, size_t index, double sign)
{
    double axes[3];
    read_axes(signal, index, axes);
    for (size_t i = 0; i < 3; i++)
        signal->sum[i] += sign * axes[i];
}

// The axis that shakes most is followed by one step of a power iteration for each moment.
static void follow_shaking(struct signal *signal, size_t index)
{
    struct shaking *shaking = &signal->shaking;
    double now[3], before[3], next[3];
    if (index < STRIDE)
        return;
    read_axes(signal, index, now);
    read_axes(signal, index - STRIDE, before);
    shaking->weight += shaking->weight < REMEMBERED;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++)
            shaking->square[i][j] +=
                ((now[i] - before[i]) * (now[j] - before[j]) - shaking->square[i][j]) / shaking->weight;
    for (size_t i = 0; i < 3; i++)
        next[i] = dot(shaking->square[i], shaking->axis);
    double length = sqrt(dot(next, next));
    for (size_t i = 0; i < 3 && length > 1e-12; i++)
        shaking->axis[i] = next[i] / length;
}

static void forget(struct signal *signal)
{
    signal->shaking = (struct shaking){.axis = {0.57735, 0.57735, 0.57735}};
    signal->standing_mps2 = signal->standing_weight = 0;
}

void signal_take(struct signal *signal, int64_t time_us, const double axes[3], const struct ride_position *position)
{
    int64_t silence_us = time_us - signal->heard_us;
    if (!signal->taken)
        signal->begin_us = time_us;
    if (silence_us < 0 || silence_us > forget_us || signal->shaking.weight <= 0)
        forget(signal);
    signal->heard_us = time_us;
    struct moment *moment = signal_at(signal, signal->taken);
    *moment = (struct moment){.position = *position};
    for (size_t i = 0; i < 3; i++)
        moment->axes[i] = (float)axes[i];
    add_around(signal, signal->taken, 1);
    follow_shaking(signal, signal->taken++);
}

// Weights 1 2 3 2 1 over five moments; at the ends of a signal over those that are there.
static void smooth(struct signal *signal, size_t index, double ret_axes[3])
{
    double weights = 0;
    memset(ret_axes, 0, 3 * sizeof *ret_axes);
    for (int step = -SMOOTHED; step <= SMOOTHED; step++) {
        if ((step < 0 && index < (size_t)-step) || index + (size_t)step >= signal->taken)
            continue;
        const struct moment *moment = signal_at(signal, index + (size_t)step);
        double weight = SMOOTHED + 1 - abs(step);
        for (size_t i = 0; i < 3; i++)
            ret_axes[i] += weight * (double)moment->axes[i];
        weights += weight;
    }
    for (size_t i = 0; i < 3; i++)
        ret_axes[i] /= weights;
}

// The mean of the moments around the one that is next.
static void mean_around(struct signal *signal, double ret_mean[3])
{
    size_t first = signal->ready > BEHIND ? signal->ready - BEHIND : 0;
    for (; signal->summed < first; signal->summed++)
        add_around(signal, signal->summed, -1);
    for (size_t i = 0; i < 3; i++)
        ret_mean[i] = signal->sum[i] / (double)(signal->taken - first);
}

// Whether the device takes gravity away itself. Braking is as strong for seconds only.
static bool is_linear(struct signal *signal, double strength_mps2)
{
    signal->standing_weight += signal->standing_weight < REMEMBERED;
    signal->standing_mps2 += (strength_mps2 - signal->standing_mps2) / signal->standing_weight;
    return signal->standing_mps2 < linear_below_mps2;
}

static void make_ready(struct moment *moment, const double smoothed[3], const double up[3], double standing_mps2)
{
    const double axes[3] = {(double)moment->axes[0], (double)moment->axes[1], (double)moment->axes[2]};
    moment->vertical = (float)(dot(axes, up) - standing_mps2);
    moment->smooth = (float)(dot(smoothed, up) - standing_mps2);
    moment->depth = moment->is_linear ? 0 : (float)(standing_mps2 - sqrt(dot(smoothed, smoothed)));
    moment->bin = level_bin((double)moment->smooth);
}

bool signal_ready(struct signal *signal, bool is_last)
{
    if (signal->ready == signal->taken || (!is_last && signal->ready + SIGNAL_AHEAD >= signal->taken))
        return false;
    struct moment *moment = signal_at(signal, signal->ready);
    double mean[3], smoothed[3], up[3];
    mean_around(signal, mean);
    double strength = sqrt(dot(mean, mean)), least = fmax(strength, 1e-9); // a device that gives zeros
    moment->is_linear = is_linear(signal, strength);
    for (size_t i = 0; i < 3; i++)
        up[i] = moment->is_linear ? signal->shaking.axis[i] : mean[i] / least;
    smooth(signal, signal->ready, smoothed);
    make_ready(moment, smoothed, up, dot(mean, up));
    signal->ready++;
    return true;
}

void signal_break(struct signal *signal)
{
    signal->taken = signal->ready = signal->summed = 0;
    signal->sum[0] = signal->sum[1] = signal->sum[2] = 0;
}
