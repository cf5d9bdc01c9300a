// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/ride.h"

/*
 * Where a vehicle was: its last 64 fixes in the order of their times, and where it was between them. A receiver that stands
 * still, or is asked more often than it knows, says the same position again: that is no new fix, but the old one still holds.
 */

enum { TRACK_MAX = 64 };

struct fix {
    int64_t time_us, seen_us; // when it was said first and last
    bool is_lost;             // the receiver has no position from then on
    struct ride_position at;
};

struct track {
    struct fix fixes[TRACK_MAX];
    size_t count;
    uint64_t fix_count, lost_count;
};

void track_add(struct track *track, int64_t time_us, const struct ride_position *position);
void track_lose(struct track *track, int64_t time_us);

// Fills in position and age of a sample of that time; has_position is false when there is none. Returns whether anything that
// comes later in order could tell more: a fix after that time.
bool track_find(const struct track *track, int64_t time_us, struct ride_sample *ret_sample);

const struct fix *track_newest(const struct track *track); // NULL: none
