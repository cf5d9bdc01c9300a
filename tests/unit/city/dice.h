// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <math.h>
#include <stdint.h>

// Numbers by chance that are the same in every run.

static inline double dice_even(uint64_t *state) // from 0 to below 1
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) / 0x1p53;
}

static inline double dice_normal(uint64_t *state) // with a standard deviation of 1
{
    double radius = sqrt(-2 * log(1 - dice_even(state)));
    return radius * cos(2 * 3.14159265358979323846 * dice_even(state));
}
