// SPDX-License-Identifier: Apache-2.0
#include "local_days.h"

#include <time.h>

enum { DAY_S = 86400 };

static int64_t utc_us(const struct calendar *calendar, int64_t day, int64_t minute)
{
    (void)calendar;
    time_t midnight = (time_t)day * DAY_S;
    struct tm date;
    gmtime_r(&midnight, &date);
    date.tm_hour = (int)(minute / 60);
    date.tm_min = (int)(minute % 60);
    date.tm_isdst = -1; // it is asked for
    return (int64_t)mktime(&date) * 1000000;
}

const struct calendar local_days = {utc_us};

int64_t local_day(int64_t wall_us)
{
    time_t now = (time_t)(wall_us / 1000000);
    struct tm date;
    localtime_r(&now, &date);
    return (now + date.tm_gmtoff) / DAY_S;
}
