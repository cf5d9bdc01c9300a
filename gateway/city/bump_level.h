// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/*
 * What a road does all the time: a quantile of amplitudes over a stretch of time, as the standard deviation of the noise that would
 * have it. Single bumps, however hard, hardly move it.
 */

enum { LEVEL_BINS = 256 };

struct level {
    uint16_t bins[LEVEL_BINS];
    unsigned count;
};

uint8_t level_bin(double amplitude);
void level_add(struct level *level, uint8_t bin);
void level_remove(struct level *level, uint8_t bin);

// By that quantile, a half or two thirds of them. 0: too little is known.
enum level_quantile { LEVEL_HALF, LEVEL_TWO_THIRDS, LEVEL_TAIL };
double level_of(const struct level *level, enum level_quantile quantile);
