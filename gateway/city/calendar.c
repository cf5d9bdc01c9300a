// SPDX-License-Identifier: Apache-2.0
#include "city/calendar.h"

#include <stddef.h>

static const int64_t minute_us = 60 * 1000000LL, day_us = 1440 * 60 * 1000000LL;

int64_t calendar_utc_us(const struct calendar *calendar, int64_t day, int64_t minute)
{
    return calendar ? calendar->utc_us(calendar, day, minute) : day * day_us + minute * minute_us;
}

void calendar_around(const struct calendar *calendar, int64_t minute, int64_t time_us, int64_t *ret_last_us,
                     int64_t *ret_next_us)
{
    int64_t day = time_us / day_us + 2; // no place is a day ahead of UTC
    int64_t next_us = calendar_utc_us(calendar, day, minute), last_us = next_us;
    while (last_us > time_us) {
        next_us = last_us;
        last_us = calendar_utc_us(calendar, --day, minute);
    }
    *ret_last_us = last_us;
    *ret_next_us = next_us;
}
