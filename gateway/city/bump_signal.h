// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bump_grid.h"

/*
 * The signal of a ride at 100 Hz: its last ten seconds and more, along gravity. Gravity is the mean of all three axes, as a vector, over
 * the six seconds before a moment and the two behind it: no axis of the device means anything, and a device that is slowly turned does
 * no harm. Braking and curves tilt it by some degrees, which changes little of what stands along it.
 *
 * A device that takes gravity away itself has none for a mean. Then up is the axis along which it shakes most, the last twenty seconds
 * taken together, as a road shakes a vehicle; which end of it is the upper one nobody knows.
 */

enum {
    SIGNAL_HZ = 1000000 / GRID_US,
    SIGNAL_BEFORE = 6 * SIGNAL_HZ + SIGNAL_HZ / 4, // how much is kept behind the moment that is decided upon
    SIGNAL_AFTER = 3 * SIGNAL_HZ + 3 * SIGNAL_HZ / 4,
    SIGNAL_AHEAD = 2 * SIGNAL_HZ, // of gravity
    SIGNAL_RING = 1280
};

struct moment {
    float axes[3];
    float vertical; // acceleration along gravity, without it
    float smooth;   // the same over 50 ms
    float depth;    // how much is missing of gravity, all axes together, over 50 ms
    uint8_t bin;    // of `smooth`, for the levels
    bool is_event;  // and no roughness
    bool is_linear; // the device takes gravity away
    struct ride_position position;
};

// How the axes change within 50 ms, their products averaged, and the direction in which they do so most.
struct shaking {
    double square[3][3], weight, axis[3];
};

struct signal {
    struct moment ring[SIGNAL_RING];
    size_t taken, ready; // since the signal began: how many came, and how many of them have all members
    int64_t begin_us;    // the time of the first
    int64_t heard_us;    // of the newest, also before a break
    double sum[3];       // of the moments around the one that is next
    size_t summed;       // where they begin
    double standing_mps2, standing_weight; // how strong their means are
    struct shaking shaking;
};

static inline struct moment *signal_at(struct signal *signal, size_t index)
{
    return &signal->ring[index % SIGNAL_RING];
}

static inline int64_t signal_time(const struct signal *signal, size_t index)
{
    return signal->begin_us + (int64_t)index * GRID_US;
}

// Adds a moment; after a break it begins a new signal.
void signal_take(struct signal *signal, int64_t time_us, const double axes[3], const struct ride_position *position);

// Makes one more moment ready. False when none is due. `is_last`: nothing more comes.
bool signal_ready(struct signal *signal, bool is_last);

// What is known of the device is kept.
void signal_break(struct signal *signal);
