// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A limit that does not flap: it is reached at `up`, and left below `down`; each counts once it has lasted. Several limits, one above
 * the other, make a level.
 */

struct trigger {
    bool on, waits;
    int64_t since_us; // when the other side was first seen, while it waits
};

struct trigger_limit {
    double up, down;
    int64_t hold_us;
};

// Of times that do not go back; after one that does it begins to wait anew.
void trigger_take(struct trigger *trigger, const struct trigger_limit *limit, double value, int64_t time_us);

// How many limits are reached, up to the highest that is.
size_t trigger_level(const struct trigger *triggers, size_t count);
