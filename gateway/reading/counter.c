// SPDX-License-Identifier: Apache-2.0
#include "reading/counter.h"

#include <math.h>

// What passes a gate or a lane: more than ten a second is no count but another number.
static const double most_per_s = 10, most_at_once = 20;

// A device that is read all the time is seen to wrap; of a longer silence nobody knows.
static const double wrap_seen_within_s = 300;

static double most_within(double seconds)
{
    return most_at_once + most_per_s * seconds;
}

static double seconds_since(const struct counter *counter, int64_t time_us)
{
    return time_us > counter->time_us ? (double)(time_us - counter->time_us) / 1e6 : 0;
}

// The number fell. How many were counted meanwhile, as far as it tells.
static enum counter_step explain(const struct counter *counter, const struct counter_kind *kind, double raw,
                                 int64_t time_us, double *ret_counted)
{
    enum { NEAR_END = 4, FAR = 8 }; // of the width; of the number that it fell from
    double seconds = seconds_since(counter, time_us), since_zero = raw - kind->zero;
    double through_end = kind->wraps_at - counter->raw + since_zero;
    if (kind->wraps_at > counter->raw && through_end * NEAR_END <= kind->wraps_at - kind->zero &&
        through_end <= most_within(fmin(seconds, wrap_seen_within_s))) {
        *ret_counted = through_end;
        return COUNTER_WRAPPED;
    }
    bool fell_far = (counter->raw - raw) * FAR >= counter->raw - kind->zero;
    if (fell_far && since_zero >= 0 && since_zero <= most_within(seconds)) {
        *ret_counted = since_zero;
        return COUNTER_BEGAN_AGAIN;
    }
    *ret_counted = 0;
    return COUNTER_JUMPED;
}

enum counter_step counter_take(struct counter *counter, const struct counter_kind *kind, double raw, int64_t time_us,
                               bool own_time, double *ret_total)
{
    enum counter_step step = COUNTER_WENT_ON;
    double counted = raw - counter->raw;
    bool follows = counter->begun && !counter->replaced && !kind->resets;
    if (follows && own_time && time_us < counter->time_us) {
        *ret_total = fmin(counter->total, fmax(0, counter->total + counted));
        return COUNTER_WENT_ON;
    }
    if (follows && counted < 0)
        step = explain(counter, kind, raw, time_us, &counted);
    else if (kind->resets || !counter->begun)
        counted = raw;
    else if (counter->replaced)
        counted = 0;
    *counter = (struct counter){.quantity = counter->quantity,
                                .raw = raw,
                                .total = counter->total + counted,
                                .time_us = time_us,
                                .begun = true};
    *ret_total = counter->total;
    return step;
}
