// SPDX-License-Identifier: Apache-2.0
#include "bump_level.h"

#include <math.h>

enum { COUNT_MIN = 50 };

static const double bin_width = 0.05;

// So much of normal noise lies within so many standard deviations.
static const struct {
    double part, deviations;
} quantiles[] = {[LEVEL_HALF] = {0.5, 0.6745}, [LEVEL_TWO_THIRDS] = {2.0 / 3, 0.967}, [LEVEL_TAIL] = {0.95, 1.96}};

uint8_t level_bin(double amplitude)
{
    double bin = fabs(amplitude) / bin_width;
    return bin < LEVEL_BINS - 1 ? (uint8_t)bin : LEVEL_BINS - 1;
}

void level_add(struct level *level, uint8_t bin)
{
    level->bins[bin]++;
    level->count++;
}

void level_remove(struct level *level, uint8_t bin)
{
    level->bins[bin]--;
    level->count--;
}

double level_of(const struct level *level, enum level_quantile quantile)
{
    if (level->count < COUNT_MIN)
        return 0;
    double wanted = quantiles[quantile].part * level->count, below = 0;
    int bin = 0;
    while (bin < LEVEL_BINS - 1 && below + level->bins[bin] < wanted)
        below += level->bins[bin++];
    double part = level->bins[bin] ? (wanted - below) / level->bins[bin] : 0;
    return (bin + part) * bin_width / quantiles[quantile].deviations;
}
