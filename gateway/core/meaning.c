// SPDX-License-Identifier: Apache-2.0
#include "meaning.h"

#include "city.h"
#include "intake.h"
#include "standing.h"

static int64_t ahead_us(const struct reading *reading, int64_t now_us)
{
    return now_us && reading->time_quality == TIME_SENSOR && reading->time_us > now_us ? reading->time_us - now_us : 0;
}

static void move(struct normalised_pack *pack, int64_t by_us)
{
    for (size_t i = 0; by_us && i < pack->count; i++)
        pack->readings[i].reading.time_us += by_us;
}

void meaning_take(struct intake *intake, struct source *source, int64_t now_us)
{
    struct normalised_pack *pack = intake->pack;
    int64_t back_us = 0;
    for (size_t i = 0; i < pack->count; i++) {
        int64_t own_us = ahead_us(&pack->readings[i].reading, now_us);
        back_us = own_us > back_us ? own_us : back_us;
    }
    move(pack, -back_us);
    if (intake->standing)
        standing_take(intake->standing, source, pack);
    if (intake->city)
        city_take(intake->city, pack);
    move(pack, back_us);
}

void meaning_undo(struct intake *intake, bool comes_again)
{
    if (intake->standing)
        standing_undo(intake->standing);
    if (comes_again && intake->city)
        city_undo(intake->city);
}

struct reading meaning_recalled(const struct reading *reading, int64_t came_us)
{
    struct reading judged = *reading;
    judged.time_us -= ahead_us(reading, came_us);
    return judged;
}
