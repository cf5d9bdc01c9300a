// SPDX-License-Identifier: Apache-2.0
#include "tally.h"

#include "city/late.h"
#include <string.h>

static void begin(struct tally *tally, const struct reading *reading, double value)
{
    tally->newest_us = tally->from_us = reading->time_us;
    tally->newest = tally->from = value;
}

// A late reading is nearer to where the total stood at that moment: before it and as late as can be, else as early as can be.
static bool is_nearer(const struct tally *tally, int64_t time_us, int64_t since_us)
{
    if (time_us > since_us)
        return time_us < tally->from_us;
    return tally->from_us > since_us || time_us > tally->from_us;
}

static bool take_total(struct tally *tally, const struct reading *reading, double total, int64_t since_us)
{
    int64_t time_us = reading->time_us;
    if (is_same_time(reading, tally->newest_us))
        return false;
    if (reading->time_quality == TIME_SENSOR && is_nearer(tally, time_us, since_us)) {
        tally->from_us = time_us;
        tally->from = total;
    }
    if (!is_late(reading, tally->newest_us)) {
        tally->newest_us = time_us;
        tally->newest = total;
    }
    return true;
}

// Remembers the time; false when it was there, or may have been.
static bool is_new(struct tally *tally, const struct reading *reading)
{
    int64_t time_us = reading->time_us, *seen_us = tally->seen_us;
    if (tally->seen_count > 0 && time_us < tally->newest_us && !is_late(reading, tally->newest_us))
        tally->seen_count = 0; // the clock was set back
    uint32_t place = tally->seen_count;
    while (place > 0 && seen_us[place - 1] > time_us)
        place--;
    bool full = tally->seen_count == TALLY_SEEN_MAX;
    bool was_seen = (place > 0 && is_same_time(reading, seen_us[place - 1])) ||
                    (place < tally->seen_count && is_same_time(reading, seen_us[place]));
    if (was_seen || (full && place == 0))
        return false;
    if (full) {
        memmove(seen_us, seen_us + 1, --place * sizeof *seen_us);
    } else {
        memmove(seen_us + place + 1, seen_us + place, (tally->seen_count - place) * sizeof *seen_us);
        tally->seen_count++;
    }
    seen_us[place] = time_us;
    tally->newest_us = seen_us[tally->seen_count - 1];
    return true;
}

bool tally_take(struct tally *tally, enum tally_kind kind, const struct reading *reading, double value,
                int64_t since_us)
{
    if (tally->kind != kind) {
        *tally = (struct tally){.kind = kind};
        begin(tally, reading, value);
        if (kind == TALLY_TOTAL)
            return true;
    }
    if (kind == TALLY_TOTAL)
        return take_total(tally, reading, value, since_us);
    if (!is_new(tally, reading))
        return false;
    if (reading->time_us > since_us || reading->time_quality == TIME_ESTIMATED) // that time says nothing of when
        tally->sum += value;
    return true;
}

void tally_since(struct tally *tally)
{
    tally->from_us = tally->newest_us;
    tally->from = tally->newest;
    tally->sum = 0;
}

double tally_sum(const struct tally *tally)
{
    double sum = tally->kind == TALLY_TOTAL ? tally->newest - tally->from : tally->sum;
    return sum > 0 ? sum : 0;
}
