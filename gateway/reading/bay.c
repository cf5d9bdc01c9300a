// SPDX-License-Identifier: Apache-2.0
#include "reading/bay.h"

#include "reading/vocabulary.h"
#include <string.h>

enum sight { SEES_NOTHING, SEES_FREE, SEES_OCCUPIED, SEES_BETWEEN, SEES_NO_DISTANCE };

static const struct value *find(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (strcmp(reading->values[i].name, name) == 0)
            return &reading->values[i];
    return NULL;
}

static enum sight sight_of(const struct settings_sensor *sensor, const struct reading *reading)
{
    const struct value *distance = find(reading, "distance_m"), *range = find(reading, "range");
    if (distance && distance->number < sensor->occupied_below_m)
        return SEES_OCCUPIED;
    if (distance)
        return distance->number > sensor->free_above_m ? SEES_FREE : SEES_BETWEEN;
    if (range && strcmp(range->text, "unreliable") != 0)
        return SEES_NO_DISTANCE;
    return SEES_NOTHING;
}

// A sensor whose clock fell back by more than that lost it, and begins anew.
static bool is_late(struct bay *bay, int64_t now_us)
{
    static const int64_t latest_us = 24 * 3600 * 1000000LL;
    int64_t behind_us = bay->seen_us - now_us;
    if (!bay->begun || behind_us <= 0)
        return false;
    if (behind_us > latest_us)
        bay->since_us = now_us;
    return behind_us <= latest_us;
}

static void see(struct bay *bay, enum bay_state state, int64_t hold_us, int64_t now_us)
{
    if (!bay->begun || state != bay->candidate) {
        bay->candidate = state;
        bay->since_us = now_us;
    }
    if (!bay->begun || now_us - bay->since_us >= hold_us)
        bay->state = bay->candidate;
    bay->begun = true;
}

static void put(struct reading *reading, const struct value *value)
{
    const struct quantity *quantity = vocabulary_find(value->name, reading->kind);
    if (!quantity || reading->value_count == READING_VALUES_MAX)
        return;
    reading->values[reading->value_count] = *value;
    reading->values[reading->value_count++].name = quantity->name; // which lives as long as the program
}

void bay_judge(struct bay *bay, const struct settings_sensor *sensor, struct reading *reading, int64_t now_us)
{
    static const enum bay_state states[] = {
        [SEES_FREE] = BAY_FREE, [SEES_OCCUPIED] = BAY_OCCUPIED, [SEES_NO_DISTANCE] = BAY_UNKNOWN};
    static const char *const words[] = {[BAY_UNKNOWN] = "unknown", [BAY_FREE] = "free", [BAY_OCCUPIED] = "occupied"};
    enum sight sight = sight_of(sensor, reading);
    if (sight == SEES_NOTHING || find(reading, "occupied") || is_late(bay, now_us))
        return;
    bay->seen_us = now_us;
    // In between it stays what it was, and what was about to come has to begin anew.
    see(bay, sight == SEES_BETWEEN ? bay->state : states[sight], sensor->hold_us, now_us);
    put(reading, &(struct value){.name = "state", .type = VALUE_TEXT, .text = words[bay->state]});
    if (bay->state != BAY_UNKNOWN)
        put(reading, &(struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = bay->state == BAY_OCCUPIED});
}
