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
