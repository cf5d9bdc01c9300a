// SPDX-License-Identifier: Apache-2.0
#include "meaning.h"

#include "city.h"
#include "intake.h"
#include "standing.h"

static int64_t ahead_us(const struct reading *reading, int64_t now_us)
{
    return now_us && reading->time_quality == TIME_SENSOR && reading->time_us > now_us ? reading->time_us - now_us : 0;
}

// How far the sensor's times go back, all of them together.
static int64_t back_us(const struct normalised_pack *pack, const struct sensor *sensor, int64_t now_us)
{
    int64_t most_us = 0;
    for (size_t i = 0; i < pack->count; i++) {
        int64_t own_us = pack->readings[i].sensor == sensor ? ahead_us(&pack->readings[i].reading, now_us) : 0;
        most_us = own_us > most_us ? own_us : most_us;
    }
    return most_us;
}

void meaning_take(struct intake *intake, struct source *source, int64_t now_us)
{
    struct normalised_pack *pack = intake->pack;
    int64_t moved_us[PACK_READINGS_MAX];
    for (size_t i = 0; i < pack->count; i++)
        moved_us[i] = back_us(pack, pack->readings[i].sensor, now_us);
    for (size_t i = 0; i < pack->count; i++)
        pack->readings[i].reading.time_us -= moved_us[i];
    if (intake->standing)
        standing_take(intake->standing, source, pack);
    if (intake->city)
        city_take(intake->city, pack);
    for (size_t i = 0; i < pack->count; i++)
        pack->readings[i].reading.time_us += moved_us[i];
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
