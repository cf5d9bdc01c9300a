// SPDX-License-Identifier: Apache-2.0
#include "anchor.h"

enum { STEER_PARTS = 50, WINDOW_STAMPS = 8 };

static const int64_t leap_us = 10 * 1000000LL, window_us = 10 * 1000000LL, at_once_us = 1000000LL;

static int64_t least(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static void begin_window(struct anchor *anchor, int64_t received_us)
{
    anchor->window_us = received_us;
    anchor->least_delay_us = INT64_MAX;
    anchor->window_stamps = 0;
}

static int64_t not_before(const struct anchor *anchor, int64_t time_us, int64_t period_us)
{
    int64_t earliest_us = anchor->time_us + period_us;
    return anchor->begun && time_us < earliest_us ? earliest_us : time_us;
}

static void anchor_anew(struct anchor *anchor, const struct ride_stamp *stamp, int64_t period_us)
{
    anchor->time_us = not_before(anchor, stamp->received_us, period_us);
    anchor->offset_us = stamp->has_device ? anchor->time_us - stamp->device_us : 0;
    anchor->raise_us = 0;
    begin_window(anchor, stamp->received_us);
}

static enum anchor_step step_of(const struct anchor *anchor, const struct ride_stamp *stamp, int64_t *ret_spacing_us)
{
    const struct ride_stamp *last = &anchor->last;
    int64_t received_us = stamp->received_us - last->received_us;
    int64_t spacing_us = stamp->has_device ? stamp->device_us - last->device_us : received_us;
    if (!anchor->begun)
        return ANCHOR_FIRST;
    if (stamp->has_device != last->has_device)
        return ANCHOR_LEAP;
    *ret_spacing_us = spacing_us;
    if (spacing_us <= 0)
        return spacing_us ? ANCHOR_BACK : ANCHOR_SAME;
    return spacing_us - received_us > leap_us ? ANCHOR_LEAP : ANCHOR_ON;
}

static void end_window(struct anchor *anchor, int64_t received_us)
{
    if (anchor->window_stamps >= WINDOW_STAMPS && anchor->least_delay_us > at_once_us)
        anchor->offset_us += anchor->least_delay_us;
    else if (anchor->window_stamps >= WINDOW_STAMPS)
        anchor->raise_us = anchor->least_delay_us > 0 ? anchor->least_delay_us : 0;
    begin_window(anchor, received_us);
}

static void steer(struct anchor *anchor, const struct ride_stamp *stamp, int64_t spacing_us)
{
    int64_t most_us = spacing_us / STEER_PARTS;
    int64_t delay_us = stamp->received_us - (stamp->device_us + anchor->offset_us);
    anchor->least_delay_us = least(anchor->least_delay_us, delay_us);
    anchor->window_stamps++;
    if (stamp->received_us - anchor->window_us >= window_us)
        end_window(anchor, stamp->received_us);
    if (delay_us < 0) {
        anchor->offset_us -= least(most_us, -delay_us);
        anchor->raise_us = 0;
    } else {
        int64_t raise_us = least(most_us, anchor->raise_us);
        anchor->offset_us += raise_us;
        anchor->raise_us -= raise_us;
    }
}

enum anchor_step anchor_take(struct anchor *anchor, const struct ride_stamp *stamp, int64_t period_us,
                             int64_t *ret_spacing_us)
{
    enum anchor_step step = step_of(anchor, stamp, ret_spacing_us);
    if (step == ANCHOR_FIRST || step == ANCHOR_BACK || step == ANCHOR_LEAP) {
        anchor_anew(anchor, stamp, period_us);
    } else if (stamp->has_device && step == ANCHOR_ON) {
        steer(anchor, stamp, *ret_spacing_us);
        anchor->time_us = not_before(anchor, stamp->device_us + anchor->offset_us, 0);
    } else if (!stamp->has_device) {
        anchor->time_us = not_before(anchor, stamp->received_us, 0);
    }
    anchor->last = *stamp;
    anchor->begun = true;
    return step;
}
