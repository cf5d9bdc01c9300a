// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/ride.h"

/*
 * Samples of any rate become samples of 100 Hz: each is the mean, over its 10 ms, of the straight lines between what was measured.
 * So a faster rate is not aliased, jitter does no harm, and the noise of a rate is the noise of another.
 */

enum { GRID_US = 10000 };

typedef void grid_sink(void *context, int64_t time_us, const double mean[3], const struct ride_position *position);

struct grid {
    bool begun;
    struct ride_sample last;
    int64_t cell_us;  // where the unfinished cell begins
    double area[3];   // under it so far, in m/s2 times microseconds
    double period_us; // between samples, averaged; 0: not known
    double counted;
};

// True when the sample cannot go on from the one before: more than four periods, and a quarter of a second, are missing.
bool grid_is_gap(const struct grid *grid, const struct ride_sample *sample);

// A sample later than the one before. Ends cells, and calls back for each.
void grid_take(struct grid *grid, const struct ride_sample *sample, grid_sink *sink, void *context);

// The next sample begins anew; what is known of the rate stays.
void grid_break(struct grid *grid);
