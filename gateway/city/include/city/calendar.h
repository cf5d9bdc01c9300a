// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/*
 * Where local days stand in UTC. This room has no time zone of its own, so who calls it tells; NULL for one of these is a place
 * where days are those of UTC.
 */

struct calendar {
    // When it is so many minutes past midnight (0 to 1440) of that local day, counted from 1970-01-01. Of two such times the first,
    // and of none, where the clock is put forward, one near by; with the days it only grows.
    int64_t (*utc_us)(const struct calendar *calendar, int64_t day, int64_t minute);
};

int64_t calendar_utc_us(const struct calendar *calendar, int64_t day, int64_t minute);

// The newest such minute of any day at or before that time, and the one behind it.
void calendar_around(const struct calendar *calendar, int64_t minute, int64_t time_us, int64_t *ret_last_us,
                     int64_t *ret_next_us);
