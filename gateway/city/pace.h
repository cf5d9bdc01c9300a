// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How fast samples come, measured over the last ten to twenty seconds. Gaps do not count; but sixteen spacings in a row that would
 * all be gaps are another rate, and it is measured afresh.
 */

struct pace {
    double elapsed_us, samples;
    double variance;
    size_t gaps_in_row;
};

double pace_period_us(const struct pace *pace); // 0: not known yet

// So many samples had one stamp, and the next stamp is so much later. Whether that is a gap: more than four samples missing.
bool pace_take(struct pace *pace, int64_t spacing_us, size_t samples);
