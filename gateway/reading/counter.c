// SPDX-License-Identifier: Apache-2.0
#include "reading/counter.h"

#include <math.h>

// What passes a gate or a lane: more than ten a second is no count but another number.
static const double most_per_s = 10, most_at_once = 20;

// A device that is read all the time is seen to wrap; of a longer silence nobody knows.
static const double wrap_seen_within_s = 300;

static const double counter_most = 0x1p53;

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

bool counter_is_late(const struct counter *counter, int64_t time_us)
{
    static const int64_t latest_us = 24 * 3600 * 1000000LL;
    return time_us < counter->time_us && counter->time_us - time_us <= latest_us;
}

// A number that fell and is back was wrong in between: a device that said 0 before it had loaded its own, or half a line. All that
// counts is how far it is beyond where it fell from.
static double take_back(const struct counter *counter, double raw, int64_t time_us, double counted)
{
    double seconds = (double)(time_us - counter->fell_us) / 1e6;
    bool is_back = counter->fell_from > 0 && raw >= counter->fell_from &&
                   raw - counter->fell_from <= most_within(fmax(0, seconds));
    if (!is_back || counted <= most_within(seconds_since(counter, time_us)))
        return counted;
    return fmax(0, counter->fell_total + (raw - counter->fell_from) - counter->total);
}

static void note_fall(struct counter *counter, const struct counter *before, enum counter_step step, int64_t time_us)
{
    bool fell = step == COUNTER_BEGAN_AGAIN || step == COUNTER_JUMPED, fell_before = before->fell_from > counter->raw;
    if (fell_before) {
        counter->fell_from = before->fell_from;
        counter->fell_total = before->fell_total;
        counter->fell_us = before->fell_us;
    } else if (fell) {
        counter->fell_from = before->raw;
        counter->fell_total = before->total;
        counter->fell_us = time_us;
    }
}

enum counter_step counter_take(struct counter *counter, const struct counter_kind *kind, double raw, int64_t time_us,
                               bool own_time, double *ret_total)
{
    const struct counter before = *counter;
    enum counter_step step = COUNTER_WENT_ON;
    double counted = raw - counter->raw;
    bool follows = counter->begun && !counter->replaced && !kind->resets;
    if (follows && own_time && counter_is_late(counter, time_us)) {
        *ret_total = fmin(counter->total, fmax(0, counter->total + counted));
        return COUNTER_WENT_ON;
    }
    if (follows && counted < 0)
        step = explain(counter, kind, raw, time_us, &counted);
    else if (follows)
        counted = take_back(counter, raw, time_us, counted);
    else if (counter->replaced && !kind->resets)
        counted = 0;
    else
        counted = raw;
    if (counter->begun && counter->total > counter_most - counted) { // where a double counts no more
        step = COUNTER_JUMPED;
        counted = 0;
    }
    *counter = (struct counter){
        .quantity = before.quantity, .raw = raw, .total = before.total + counted, .time_us = time_us, .begun = true};
    note_fall(counter, &before, step, time_us);
    *ret_total = counter->total;
    return step;
}
