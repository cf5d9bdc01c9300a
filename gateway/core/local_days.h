// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/calendar.h"

// The days of the gateway's time zone (TZ), for the city room.
extern const struct calendar local_days;

// The local day of that time, counted from 1970-01-01.
int64_t local_day(int64_t wall_us);
