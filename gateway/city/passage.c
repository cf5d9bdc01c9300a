// SPDX-License-Identifier: Apache-2.0
#include "passage.h"

#include "city/late.h"
#include <math.h>
#include <string.h>

static const int64_t slot_us = 10 * 1000000LL, window_us = 60 * 1000000LL;

// Makes room at that place, for which the oldest goes when there is none.
static struct passage_point *insert(struct passage *passage, uint32_t place)
{
    struct passage_point *points = passage->points;
    if (passage->count == PASSAGE_POINTS) {
        memmove(points, points + 1, --place * sizeof *points);
    } else {
        memmove(points + place + 1, points + place, (passage->count - place) * sizeof *points);
        passage->count++;
    }
    points[place] = (struct passage_point){0};
    return &points[place];
}

void passage_take(struct passage *passage, enum tally_kind kind, const struct reading *reading, double value)
{
    int64_t time_us = reading->time_us, slot = time_us / slot_us;
    int64_t newest_us = passage->count > 0 ? passage->points[passage->count - 1].time_us : time_us;
    if (time_us < newest_us && !is_late(reading, newest_us))
        passage->count = 0;
    uint32_t place = passage->count;
    while (place > 0 && passage->points[place - 1].slot > slot)
        place--;
    struct passage_point *point = place > 0 ? &passage->points[place - 1] : NULL;
    if (place == 0 && passage->count == PASSAGE_POINTS)
        return;
    bool is_first = !point || point->slot != slot;
    if (is_first)
        point = insert(passage, place);
    bool is_newest = is_first || time_us > point->time_us;
    point->slot = slot;
    if (kind == TALLY_COUNTS)
        point->value += value;
    else if (is_newest)
        point->value = value;
    if (is_newest)
        point->time_us = time_us;
}

double passage_per_minute(const struct passage *passage, enum tally_kind kind)
{
    const struct passage_point *points = passage->points, *newest = points + passage->count - 1, *from = newest;
    double counted = 0;
    if (passage->count < 2)
        return (double)NAN;
    while (from > points && newest->time_us - from->time_us < window_us) {
        counted += from->value;
        from--;
    }
    int64_t time_us = newest->time_us - from->time_us;
    if (kind == TALLY_TOTAL)
        counted = newest->value - from->value;
    return time_us < slot_us ? (double)NAN : fmax(counted, 0) * 60e6 / (double)time_us;
}
