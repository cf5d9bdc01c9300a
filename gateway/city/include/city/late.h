// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"

// A sensor whose clock fell back by more than that lost it; what it says is new all the same.
static const int64_t latest_us = 24 * 3600 * INT64_C(1000000);

// Only a sensor's own time tells that a reading comes late: ours goes back when the clock is set.
static inline bool is_late(const struct reading *reading, int64_t newest_us)
{
    return reading->time_quality == TIME_SENSOR && reading->time_us < newest_us &&
           newest_us - reading->time_us <= latest_us;
}

// What a sensor says again with the same time is stored with some microseconds more, and read back so.
static inline bool is_same_time(const struct reading *reading, int64_t time_us)
{
    int64_t least_us = reading->time_quality == TIME_SENSOR ? 1000 : 1;
    return reading->time_us - time_us < least_us && time_us - reading->time_us < least_us;
}
