// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"
#include "settings/settings.h"

/*
 * A distance head over a parking bay, as a parking sensor: nearer than `occupied_below` a vehicle stands there, farther than
 * `free_above` the bay is free, and in between it stays what it was. A state counts once it has lasted for `hold`, so that a
 * pedestrian is no vehicle. A head that measures no distance (its `range` says below or above) does not know: a covered lens, or no
 * floor in sight, is not a free bay.
 */

enum bay_state { BAY_UNKNOWN, BAY_FREE, BAY_OCCUPIED };

struct bay {
    enum bay_state state, candidate;
    int64_t since_us; // boot time since when the candidate has been seen
    int64_t seen_us;  // and when the bay was last seen
    bool begun;
};

// True for a sensor whose section says when its bay is occupied.
static inline bool bay_is_judged(const struct settings_sensor *sensor)
{
    return sensor->occupied_below_m > 0;
}

// Takes what the reading says of the distance at that boot time (the reading's own), and puts `state` and, when it is known, `occupied`
// into it. A reading that says `occupied` itself, or nothing of the distance, or that comes late, stays as it is.
void bay_judge(struct bay *bay, const struct settings_sensor *sensor, struct reading *reading, int64_t now_us);
