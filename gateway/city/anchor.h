// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/ride.h"

/*
 * Where a device's clock stands in ours. A stamp is received after it was made, so that the least delay tells most: a stamp
 * that seems to be received before it was made shows that we thought too late a time, and delays that have all been long for
 * ten seconds that we thought too early a one. Either is made good slowly; more than a second too early at once.
 */

struct anchor {
    struct ride_stamp last;
    bool begun;
    int64_t offset_us; // what the device's clock is behind ours
    int64_t time_us;   // of the last stamp, in ours; never goes back
    int64_t raise_us;  // still to be added to the offset
    int64_t window_us, least_delay_us;
    size_t window_stamps;
};

enum anchor_step { ANCHOR_FIRST, ANCHOR_SAME, ANCHOR_ON, ANCHOR_BACK, ANCHOR_LEAP };

// Takes a stamp; its time in our clock is anchor->time_us then. After a step it is `period_us` later at least. *ret_spacing_us: by the
// stamps themselves, with ANCHOR_ON.
enum anchor_step anchor_take(struct anchor *anchor, const struct ride_stamp *stamp, int64_t period_us,
                             int64_t *ret_spacing_us);
