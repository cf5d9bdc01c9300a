// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"
#include "settings/settings.h"

/*
 * Is the bay free? What a sensor says, now and then, becomes a state that holds: free, occupied, unknown or calibrating.
 *
 * A reading says `occupied`, or a `state`, or it is a distance head's: nearer than `occupied_below` a vehicle stands there, farther
 * than `free_above` the bay is free, and in between it stays what it was. A head that measures no distance (its `range` says below or
 * above) does not know: a covered lens, or no floor in sight, is not a free bay.
 *
 * A state counts once it has lasted for `hold`, so that a pedestrian is no vehicle; it began when it was first seen. All of it runs
 * in the readings' own time. A reading with a time of the sensor's own that is older than the newest moves nothing. When a state counts, the reading carries
 * `duration_s`, how long the one before had lasted, unless that is not known.
 */

enum parking_state { PARKING_UNKNOWN, PARKING_FREE, PARKING_OCCUPIED, PARKING_CALIBRATING, PARKING_STATE_COUNT };
extern const char *const parking_state_names[PARKING_STATE_COUNT]; // "unknown", ...

struct parking {
    enum parking_state state, candidate;
    int64_t since_us;                                // when the state began; 0: before anything is known of it
    int64_t candidate_us;                            // when the candidate was first seen
    int64_t newest_us;                               // the time of the newest reading that said something
    bool since_is_estimated, candidate_is_estimated; // by a clock that nobody had set
    bool begun;                                      // something was said
};

// True for a distance head, whose section says when its bay is occupied.
static inline bool parking_is_head(const struct settings_sensor *sensor)
{
    return sensor->occupied_below_m > 0;
}

// What a reading was to the bay.
enum parking_news {
    PARKING_SAID_NOTHING, // of the bay: the reading is as it was
    PARKING_LATE,         // older than the newest: the reading is as it was
    PARKING_HOLDS,        // the state goes on; the reading carries it
    PARKING_CHANGED,      // another state counts from now on
};

// Takes what the reading says, and puts `state`, for a head `occupied`, and when it changed `duration_s` into it. All times UTC.
enum parking_news parking_take(struct parking *parking, const struct settings_sensor *sensor, struct reading *reading);

// Goes on from that stored reading of an earlier start, with a `state` of ours in it, unless it came late. What waited for its `hold`
// goes on waiting, unless the sensor itself says `state`: then ours stands in its place.
void parking_recall(struct parking *parking, const struct settings_sensor *sensor, const struct reading *reading);
