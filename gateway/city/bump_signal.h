// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bump_grid.h"

/*
 * The signal of a ride at 100 Hz: its last ten seconds and more, along gravity. Gravity is the mean of all three axes over some twenty
 * seconds, as a vector, so that no axis of the device means anything; two seconds ahead of the moment that it is taken for, so that
 * the first ones have it too. Braking and curves tilt it by some degrees, which changes little of what stands along it.
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
    struct ride_position position;
};

struct signal {
    struct moment ring[SIGNAL_RING];
    size_t taken, ready; // since the signal began: how many came, and how many of them have all members
    int64_t begin_us;    // the time of the first
    double gravity[3], weight;
    int64_t gravity_us; // when it was last heard of
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

// Gravity is kept.
void signal_break(struct signal *signal);
