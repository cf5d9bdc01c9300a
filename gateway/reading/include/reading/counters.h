// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/counter.h"
#include "reading/sensors.h"

/*
 * The running counters of one sensor: what its readings say of ..._total becomes totals that only grow (see counter.h).
 */

struct counters {
    struct counter *list; // in the order of first appearance
    size_t count;
};

struct counter_news {
    const char *quantity;
    enum counter_step step; // never COUNTER_WENT_ON
    double from, to;        // the device's own numbers
};

// Puts the totals into the reading. How wide the device's number is comes from the sensor's `range.` of that quantity (it wraps
// after the upper end), else from the source. `tell` is called for every number that went back; may be NULL. Without memory the
// reading keeps the device's number.
void counters_take(struct counters *counters, const struct sensors *sensors, struct normalised *one,
                   void (*tell)(void *context, const struct counter_news *news), void *context);

// Goes on from that stored reading, unless a later one is known. Its names need not live on.
void counters_recall(struct counters *counters, const struct reading *reading);

// The counter of that quantity, made when there is none. NULL: that is no counter of the kind, or no memory.
struct counter *counters_of(struct counters *counters, const char *quantity, enum kind kind);

void counters_finish(struct counters *counters);
