// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When an outlet will have caught up: how fast its lag falls, since its peak of the last seconds. What comes in meanwhile is
 * in that already.
 */

enum { FALL_SAMPLES = 15 }; // one every two seconds

struct fall {
    struct {
        int64_t boot_us;
        uint64_t lag;
    } samples[FALL_SAMPLES];
    size_t count, next;
};

// Whether two seconds have passed since the last sample.
bool fall_is_due(const struct fall *fall, int64_t boot_us);

// Takes a sample, when it is due.
void fall_sample(struct fall *fall, int64_t boot_us, uint64_t lag);

// Seconds until the lag is gone; 0: it is; -1: it does not fall, or for less than a second.
double fall_seconds(const struct fall *fall, int64_t boot_us, uint64_t lag);
