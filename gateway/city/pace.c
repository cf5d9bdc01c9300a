// SPDX-License-Identifier: Apache-2.0
#include "pace.h"

#include <math.h>

enum { SAMPLES_MIN = 8, GAP_PERIODS = 4, GAPS_IN_ROW = 16, AVERAGED = 64 };

static const double known_us = 1e6, memory_us = 20e6, lead_memory_us = 2e6;

double pace_period_us(const struct pace *pace)
{
    bool is_known = pace->samples >= SAMPLES_MIN && pace->elapsed_us >= known_us;
    return is_known ? pace->elapsed_us / pace->samples : 0;
}

double pace_jitter_us(const struct pace *pace)
{
    return sqrt(pace->variance_us2);
}

bool pace_is_together(const struct pace *pace, int64_t spacing_us, int64_t batch_us)
{
    double period_us = pace_period_us(pace);
    return (double)spacing_us * 2 < period_us && (double)batch_us < period_us * 2;
}

static void compare(struct pace *pace, double off_us)
{
    pace->variance_us2 += (off_us * off_us - pace->variance_us2) / AVERAGED;
}

static bool is_gap(struct pace *pace, double spacing_us, double period_us)
{
    bool is_judged = pace->elapsed_us >= 2 * known_us; // by then it is known how much comes at a time
    if (pace->lead_us < -GAP_PERIODS * period_us && is_judged)
        return true;
    if (pace->lead_us < 0 && !is_judged)
        pace->lead_us = 0;
    pace->lead_us -= pace->lead_us * fmin(1, spacing_us / lead_memory_us);
    return false;
}

static void count(struct pace *pace, double spacing_us, double samples)
{
    pace->elapsed_us += spacing_us;
    pace->samples += samples;
    if (pace->elapsed_us > memory_us && pace->samples > 2 * SAMPLES_MIN) {
        pace->elapsed_us /= 2;
        pace->samples /= 2;
    }
}

bool pace_take(struct pace *pace, int64_t spacing_us, size_t samples)
{
    double period_us = pace_period_us(pace), spacing = (double)spacing_us, even_us = (double)samples * period_us;
    bool is_known = period_us > 0;
    pace->lead_us += is_known ? even_us - spacing : 0;
    if (!is_known || !is_gap(pace, spacing, period_us)) {
        pace->gaps_in_row = 0;
        if (is_known)
            compare(pace, spacing - even_us);
        count(pace, spacing, (double)samples);
        return false;
    }
    count(pace, spacing + pace->lead_us, (double)samples); // without what is missing
    pace->lead_us = 0;
    if (++pace->gaps_in_row == GAPS_IN_ROW)
        *pace = (struct pace){0};
    return true;
}
