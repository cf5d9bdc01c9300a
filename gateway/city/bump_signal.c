// SPDX-License-Identifier: Apache-2.0
#include "bump_signal.h"

#include "bump_level.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRAVITY_WEIGHT = 20 * SIGNAL_HZ, SMOOTHED = 2 }; // moments on either side

static const int64_t forget_us = 60 * 1000000LL;

static void follow_gravity(struct signal *signal, int64_t time_us, const double axes[3])
{
    int64_t silence_us = time_us - signal->gravity_us;
    if (silence_us < 0 || silence_us > forget_us)
        signal->weight = 0;
    signal->gravity_us = time_us;
    signal->weight += signal->weight < GRAVITY_WEIGHT;
    for (size_t i = 0; i < 3; i++)
        signal->gravity[i] += (axes[i] - signal->gravity[i]) / signal->weight;
}

void signal_take(struct signal *signal, int64_t time_us, const double axes[3], const struct ride_position *position)
{
    if (!signal->taken)
        signal->begin_us = time_us;
    struct moment *moment = signal_at(signal, signal->taken++);
    *moment = (struct moment){.position = *position};
    for (size_t i = 0; i < 3; i++)
        moment->axes[i] = (float)axes[i];
    follow_gravity(signal, time_us, axes);
}

static double dot(const double one[3], const double other[3])
{
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
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

bool signal_ready(struct signal *signal, bool is_last)
{
    if (signal->ready == signal->taken || (!is_last && signal->ready + SIGNAL_AHEAD >= signal->taken))
        return false;
    struct moment *moment = signal_at(signal, signal->ready);
    double axes[3] = {(double)moment->axes[0], (double)moment->axes[1], (double)moment->axes[2]}, smoothed[3];
    double strength = sqrt(dot(signal->gravity, signal->gravity));
    double least = strength > 1e-9 ? strength : 1e-9; // a device that gives zeros
    smooth(signal, signal->ready, smoothed);
    moment->vertical = (float)(dot(axes, signal->gravity) / least - strength);
    moment->smooth = (float)(dot(smoothed, signal->gravity) / least - strength);
    moment->depth = (float)(strength - sqrt(dot(smoothed, smoothed)));
    moment->bin = level_bin((double)moment->smooth);
    signal->ready++;
    return true;
}

void signal_break(struct signal *signal)
{
    signal->taken = signal->ready = 0;
}
