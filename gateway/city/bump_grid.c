// SPDX-License-Identifier: Apache-2.0
#include "bump_grid.h"

#include <math.h>

enum { AVERAGED = 64, GAP_PERIODS = 4, GAP_LEAST_US = 250000, GAP_MOST_US = 2000000 };

bool grid_is_gap(const struct grid *grid, const struct ride_sample *sample)
{
    double gap_us = fmin(fmax(GAP_PERIODS * grid->period_us, GAP_LEAST_US), GAP_MOST_US);
    if (grid->counted < GAP_PERIODS)
        gap_us = GAP_MOST_US; // the rate is not known yet
    return grid->begun && (double)(sample->time_us - grid->last.time_us) > gap_us;
}

void grid_break(struct grid *grid)
{
    grid->begun = false;
}

static void begin(struct grid *grid, const struct ride_sample *sample)
{
    grid->begun = true;
    grid->last = *sample;
    grid->cell_us = sample->time_us;
    for (size_t i = 0; i < 3; i++)
        grid->area[i] = 0;
}

static void measure(struct grid *grid, int64_t spacing_us)
{
    grid->counted += grid->counted < AVERAGED;
    grid->period_us += ((double)spacing_us - grid->period_us) / grid->counted;
}

static double component(const struct ride_sample *sample, size_t axis)
{
    const struct ride_acceleration *a = &sample->acceleration;
    return axis == 0 ? a->x : axis == 1 ? a->y : a->z;
}

// Adds what lies under the line from the last sample to this one, between two times.
static void add(struct grid *grid, const struct ride_sample *sample, int64_t from_us, int64_t to_us)
{
    double length_us = (double)(sample->time_us - grid->last.time_us);
    double middle = ((double)(from_us - grid->last.time_us) + (double)(to_us - grid->last.time_us)) / 2 / length_us;
    for (size_t i = 0; i < 3; i++) {
        double one = component(&grid->last, i), other = component(sample, i);
        grid->area[i] += (one + (other - one) * middle) * (double)(to_us - from_us);
    }
}

static void give_out(struct grid *grid, const struct ride_sample *sample, grid_sink *sink, void *context)
{
    static const struct ride_position nowhere = {NAN, NAN, NAN, NAN, NAN, NAN};
    int64_t middle_us = grid->cell_us + GRID_US / 2;
    bool is_nearer_last = middle_us - grid->last.time_us < sample->time_us - middle_us;
    const struct ride_sample *nearest = is_nearer_last ? &grid->last : sample;
    double mean[3];
    for (size_t i = 0; i < 3; i++) {
        mean[i] = grid->area[i] / GRID_US;
        grid->area[i] = 0;
    }
    grid->cell_us += GRID_US;
    sink(context, middle_us, mean, nearest->has_position ? &nearest->position : &nowhere);
}

void grid_take(struct grid *grid, const struct ride_sample *sample, grid_sink *sink, void *context)
{
    if (!grid->begun) {
        begin(grid, sample);
        return;
    }
    measure(grid, sample->time_us - grid->last.time_us);
    int64_t from_us = grid->last.time_us;
    while (grid->cell_us + GRID_US <= sample->time_us) {
        int64_t end_us = grid->cell_us + GRID_US;
        add(grid, sample, from_us, end_us);
        give_out(grid, sample, sink, context);
        from_us = end_us;
    }
    add(grid, sample, from_us, sample->time_us);
    grid->last = *sample;
}
