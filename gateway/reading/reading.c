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

// What is ours and not the source's: how long the state before had lasted, and the state, where the source said `occupied`.
static bool is_derived(const struct reading *reading, const struct value *value)
{
    if (strcmp(value->name, "duration_s") == 0)
        return true;
    bool is_derived = false;
    for (size_t i = 0; i < reading->value_count && strcmp(value->name, "state") == 0; i++)
        is_derived |= strcmp(reading->values[i].name, "occupied") == 0;
    return is_derived;
}

uint32_t reading_content(const struct reading *reading)
{
    uint64_t hash = FNV_START;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        if (is_derived(reading, value))
            continue;
        hash = fnv64(hash, value->name, strlen(value->name) + 1);
        if (value->type == VALUE_BOOL)
            hash = fnv64(hash, &value->boolean, sizeof value->boolean);
        else if (value->type == VALUE_TEXT)
            hash = fnv64(hash, value->text, strlen(value->text) + 1);
        else
            hash = fnv64(hash, &value->number, sizeof value->number);
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
