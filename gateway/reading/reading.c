// SPDX-License-Identifier: Apache-2.0
#include "reading/reading.h"

#include "base/number.h"
#include <string.h>

const char *const time_quality_names[] = {
    [TIME_SYNCED] = "synced",
    [TIME_CORRECTED] = "corrected",
    [TIME_SENSOR] = "sensor",
    [TIME_ESTIMATED] = "estimated",
};

const char *const quality_names[] = {
    [QUALITY_GOOD] = "good",
    [QUALITY_STALE] = "stale",
    [QUALITY_STUCK] = "stuck",
    [QUALITY_RANGE] = "range",
    [QUALITY_CALIBRATING] = "calibrating",
};

const struct value *reading_find(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (strcmp(reading->values[i].name, name) == 0)
            return &reading->values[i];
    return NULL;
}

// What is ours and not the source's: how long the state before had lasted, and the state, where the source said `occupied`, or a
// distance, from which both are.
static bool is_derived(const struct reading *reading, const struct value *value)
{
    bool from_distance = reading_find(reading, "distance_m") || reading_find(reading, "range");
    if (strcmp(value->name, "state") == 0)
        return from_distance || reading_find(reading, "occupied");
    return strcmp(value->name, "duration_s") == 0 || (from_distance && strcmp(value->name, "occupied") == 0);
}

uint32_t reading_content(const struct reading *reading)
{
    uint64_t hash = FNV_START;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        if (is_derived(reading, value))
            continue;
        double number = value->is_recounted ? value->raw : value->number;
        hash = fnv64(hash, value->name, strlen(value->name) + 1);
        if (value->type == VALUE_BOOL)
            hash = fnv64(hash, &value->boolean, sizeof value->boolean);
        else if (value->type == VALUE_TEXT)
            hash = fnv64(hash, value->text, strlen(value->text) + 1);
        else
            hash = fnv64(hash, &number, sizeof number);
    }
    return (uint32_t)(hash ^ hash >> 32);
}

bool kind_is_event(enum kind kind)
{
    return kind == KIND_BUMP;
}

bool kind_is_state(enum kind kind)
{
    return kind == KIND_PARKING || kind == KIND_CROWD;
}
