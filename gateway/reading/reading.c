// SPDX-License-Identifier: Apache-2.0
#include "reading/reading.h"

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

bool kind_is_event(enum kind kind)
{
    return kind == KIND_BUMP;
}

bool kind_is_state(enum kind kind)
{
    return kind == KIND_PARKING || kind == KIND_CROWD;
}
