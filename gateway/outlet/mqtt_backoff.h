// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/*
 * How long to wait before trying again: doubling from a least to a most, and up to a quarter longer by chance, so that
 * gateways which lost the same broker do not come back in step.
 */

struct backoff {
    int64_t delay_us; // the last delay without chance; 0: none yet
};

// The next delay, at least `least_us`. `random` is any number.
int64_t backoff_next(struct backoff *backoff, int64_t least_us, int64_t most_us, uint32_t random);
void backoff_reset(struct backoff *backoff);
