// SPDX-License-Identifier: Apache-2.0
#include "city/parking.h"

#include "city/late.h"
#include "values.h"
#include <string.h>

const char *const parking_state_names[PARKING_STATE_COUNT] = {[PARKING_UNKNOWN] = "unknown",
                                                              [PARKING_FREE] = "free",
                                                              [PARKING_OCCUPIED] = "occupied",
                                                              [PARKING_CALIBRATING] = "calibrating"};

enum { SAYS_NOTHING = -1 };

static int state_named(const char *name)
{
    for (int i = 0; i < PARKING_STATE_COUNT; i++)
        if (strcmp(parking_state_names[i], name) == 0)
            return i;
    return SAYS_NOTHING;
}

// A distance head's; in between it is what it was before.
static int state_at_distance(const struct parking *parking, const struct settings_sensor *sensor,
                             const struct reading *reading)
{
    const struct value *distance = reading_find(reading, "distance_m"), *range = reading_find(reading, "range");
    if (!parking_is_head(sensor))
        return SAYS_NOTHING;
    if (!distance)
        return range && strcmp(range->text, "unreliable") != 0 ? PARKING_UNKNOWN : SAYS_NOTHING;
    if (distance->number < sensor->occupied_below_m)
        return PARKING_OCCUPIED;
    return distance->number > sensor->free_above_m ? (int)PARKING_FREE : (int)parking->state;
}

// What the reading says, or SAYS_NOTHING.
static int said(const struct parking *parking, const struct settings_sensor *sensor, struct reading *reading)
{
    const struct value *state = reading_find(reading, "state"), *occupied = reading_find(reading, "occupied");
    if (reading->quality == QUALITY_CALIBRATING)
        return PARKING_CALIBRATING;
    if (state)
        return state_named(state->text);
    if (occupied)
        return occupied->boolean ? PARKING_OCCUPIED : PARKING_FREE;
    return state_at_distance(parking, sensor, reading);
}

// How long the state has lasted when the candidate counts, as of when that was first seen; negative: not known.
static double lasted_s(const struct parking *parking)
{
    if (!parking->since_us || parking->since_is_estimated != parking->candidate_is_estimated)
        return -1;
    return (double)(parking->candidate_us - parking->since_us) / 1e6;
}

static void see_candidate(struct parking *parking, enum parking_state state, const struct reading *reading)
{
    bool clock_went_back = reading->time_us < parking->newest_us;
    if (!parking->begun || state != parking->candidate || clock_went_back) {
        parking->candidate_us = reading->time_us;
        parking->candidate_is_estimated = reading->time_quality == TIME_ESTIMATED;
    }
    if (clock_went_back)
        parking->since_us = 0;
    parking->candidate = state;
    parking->newest_us = reading->time_us;
    parking->begun = true;
}

// Returns whether another state counts, and how long the one before had lasted.
static bool see(struct parking *parking, enum parking_state state, int64_t hold_us, const struct reading *reading,
                double *ret_lasted_s)
{
    bool first = !parking->begun;
    see_candidate(parking, state, reading);
    if (!first && (state == parking->state || reading->time_us - parking->candidate_us < hold_us))
        return false;
    *ret_lasted_s = lasted_s(parking);
    parking->state = parking->candidate;
    parking->since_us = parking->candidate_us;
    parking->since_is_estimated = parking->candidate_is_estimated;
    return true;
}

enum parking_news parking_take(struct parking *parking, const struct settings_sensor *sensor, struct reading *reading)
{
    double lasted = -1;
    int state = said(parking, sensor, reading);
    if (state == SAYS_NOTHING)
        return PARKING_SAID_NOTHING;
    if (parking->begun && is_late(reading, parking->newest_us))
        return PARKING_LATE;
    bool changed = see(parking, (enum parking_state)state, sensor->hold_us, reading, &lasted);
    bool is_known = parking->state == PARKING_FREE || parking->state == PARKING_OCCUPIED;
    value_put(reading,
              &(struct value){.name = "state", .type = VALUE_TEXT, .text = parking_state_names[parking->state]});
    if (parking_is_head(sensor) && is_known && !reading_find(reading, "occupied"))
        value_put(reading, &(struct value){
                               .name = "occupied", .type = VALUE_BOOL, .boolean = parking->state == PARKING_OCCUPIED});
    if (changed && lasted >= 0 && !reading_find(reading, "duration_s"))
        value_put(reading, &(struct value){.name = "duration_s", .type = VALUE_NUMBER, .number = lasted});
    return changed ? PARKING_CHANGED : PARKING_HOLDS;
}

/* Going on after a restart. */

// What the sensor of a stored reading had said; its `state` is ours. SAYS_NOTHING: not known, or when is not.
static int had_said(const struct parking *parking, const struct settings_sensor *sensor, const struct reading *reading)
{
    const struct value *occupied = reading_find(reading, "occupied");
    int state = state_at_distance(parking, sensor, reading);
    if (reading->time_quality == TIME_ESTIMATED)
        return SAYS_NOTHING;
    if (reading->quality == QUALITY_CALIBRATING)
        return PARKING_CALIBRATING;
    if (state != SAYS_NOTHING || !occupied)
        return state;
    return occupied->boolean ? PARKING_OCCUPIED : PARKING_FREE;
}

void parking_recall(struct parking *parking, const struct settings_sensor *sensor, const struct reading *reading)
{
    const struct value *value = reading_find(reading, "state");
    int state = value ? state_named(value->text) : SAYS_NOTHING;
    if (state == SAYS_NOTHING || (parking->begun && is_late(reading, parking->newest_us)))
        return;
    bool goes_on = parking->begun && (int)parking->state == state;
    int candidate = had_said(parking, sensor, reading);
    see_candidate(parking, (enum parking_state)(candidate == SAYS_NOTHING ? state : candidate), reading);
    if (goes_on)
        return;
    // A clock that nobody had set tells nothing after another start.
    parking->since_us = parking->candidate_is_estimated ? 0 : parking->candidate_us;
    parking->since_is_estimated = false;
    parking->state = (enum parking_state)state;
}
