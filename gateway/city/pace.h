// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How fast samples come, measured over the last ten to twenty seconds by how many there are, whatever their stamps: a device that
 * delivers twelve at a time gives them stamps within 5 ms, and then none for 175 ms. That is no gap: what came early is owed, and
 * only when more than four samples are missing beyond that it is one. Gaps do not count for the rate; but sixteen in a row are
 * another rate, and it is measured afresh.
 */

struct pace {
    double elapsed_us, samples;
    double lead_us; // how much later the last stamp would be if all had come evenly; forgotten within seconds
    double variance_us2;
    size_t gaps_in_row;
};

double pace_period_us(const struct pace *pace); // 0: not known yet, before a second has passed
double pace_jitter_us(const struct pace *pace);

// Whether a stamp so much later than the one before was delivered together with it, in a batch that began so long before.
bool pace_is_together(const struct pace *pace, int64_t spacing_us, int64_t batch_us);

// So many samples had one stamp, and the next stamp is so much later. Returns whether there is a gap between them.
bool pace_take(struct pace *pace, int64_t spacing_us, size_t samples);
