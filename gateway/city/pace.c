// SPDX-License-Identifier: Apache-2.0
#include "pace.h"

enum { SAMPLES_MIN = 8, GAP_PERIODS = 4, GAPS_IN_ROW = 16, AVERAGED = 64 };

static const double memory_us = 20e6;

double pace_period_us(const struct pace *pace)
{
    return pace->samples >= SAMPLES_MIN ? pace->elapsed_us / pace->samples : 0;
}

bool pace_take(struct pace *pace, int64_t spacing_us, size_t samples)
{
    double period_us = pace_period_us(pace);
    double off_us = (double)spacing_us - (double)samples * period_us;
    if (period_us > 0 && off_us > GAP_PERIODS * period_us) {
        if (++pace->gaps_in_row == GAPS_IN_ROW)
            *pace = (struct pace){0};
        return true;
    }
    pace->gaps_in_row = 0;
    pace->elapsed_us += (double)spacing_us;
    pace->samples += (double)samples;
    if (period_us > 0)
        pace->variance += (off_us * off_us - pace->variance) / AVERAGED;
    if (pace->elapsed_us > memory_us && pace->samples > 2 * SAMPLES_MIN) {
        pace->elapsed_us /= 2;
        pace->samples /= 2;
    }
    return false;
}
