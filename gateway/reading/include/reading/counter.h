// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A device's running counter as a total that only grows. The device's own number goes back: it wraps at its width, it begins
 * again when the device was without power, or with each time that it is read; a repaired or replaced device shows another one.
 * What it counted meanwhile is added where the number tells it, and nothing is made up where it does not:
 * - wrapped: it stood near its end and now stands near its beginning, no farther than so little time explains;
 * - began again: it fell far, to a number that so much time explains; all of that was counted since;
 * - jumped: neither. The total stays, and goes on from the new number.
 * What fell and is back at once was a wrong number, and nothing was counted by it.
 */

struct counter_kind {
    double wraps_at; // the device's number stays below it and goes on from `zero`; 0: not known
    double zero;     // where it begins
    bool resets;     // it begins again with each reading: the number is what was counted since
};

struct counter {
    const char *quantity;         // "in_total"; of the vocabulary
    double raw, total;            // the device's own number, and ours
    int64_t time_us;              // of the reading that they are from
    bool begun;                   // false: the next number is the first
    double fell_from, fell_total; // where it last fell from, while it is below that; 0: nowhere
    int64_t fell_us;
    bool replaced; // `raw` is another device's: the next number continues the total, wherever it stands
};

enum counter_step { COUNTER_WENT_ON, COUNTER_WRAPPED, COUNTER_BEGAN_AGAIN, COUNTER_JUMPED, COUNTER_STEP_COUNT };

// Whether a reading of that time comes late. One of more than a day before is not: the device's clock was wrong then, or is now.
bool counter_is_late(const struct counter *counter, int64_t time_us);

// Takes the device's number of that time; *ret_total is the total of then. `own_time`: the time is the device's, so that readings may
// come late; a late one moves nothing. (Times of reception may go back with the clock, and the numbers do not.)
enum counter_step counter_take(struct counter *counter, const struct counter_kind *kind, double raw, int64_t time_us,
                               bool own_time, double *ret_total);
