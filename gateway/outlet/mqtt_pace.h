// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How fast. A pace is a token bucket: so many per second, and what was not used for a while may go at once, up to a burst.
 * A throttle is how many messages of a lane may be under way, learnt from how long their answers take: a slow broker gets
 * few, so that a new reading never queues behind many old ones; what is far away but quick gets many.
 *
 * Times are any monotonic clock's, in microseconds.
 */

struct pace {
    double per_s; // 0: no limit
    double most, tokens;
    int64_t last_us;
};

// Full at first. A burst is never less than one token.
void pace_init(struct pace *pace, double per_s, double burst_s, int64_t now_us);
// Whole tokens that there are; SIZE_MAX without a limit.
size_t pace_room(struct pace *pace, int64_t now_us);
// More than there are may be spent: it is made up for before the next.
void pace_spend(struct pace *pace, double tokens);
// When there will be so many tokens (or the burst, if that is less).
int64_t pace_due_us(const struct pace *pace, double tokens);

struct throttle {
    size_t size;      // how many may be under way
    int64_t least_us; // the quickest answer of this connection; 0: none yet
    int64_t cut_us;   // when it last became smaller
};

void throttle_begin(struct throttle *throttle);
void throttle_answered(struct throttle *throttle, int64_t took_us, int64_t now_us, size_t most);
