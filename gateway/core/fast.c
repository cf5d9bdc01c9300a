// SPDX-License-Identifier: Apache-2.0
#include "fast.h"

#include "intake.h"
#include "reading/merge.h"
#include "source.h"

static struct sensor_live *live_of(struct intake *intake, size_t place)
{
    return &intake->live[intake->pack->readings[place].sensor->index];
}

static void wait_with(struct intake *intake, struct source *source, struct sensor_live *live,
                      const struct reading *reading, bool is_rest)
{
    bytes_clear(&intake->stored);
    reading_encode(reading, &intake->stored);
    bytes_keep(&live->waiting, intake->stored.data, intake->stored.used);
    live->waiting_boot_us = clock_boot_us(intake->clock);
    live->waits_for = source;
    live->waits_as_rest = is_rest;
    source_wait(source);
}

// What it was told of the time may have been a guess that is better now.
static bool read_waiting(struct intake *intake, const struct sensor_live *live, struct reading *ret_reading)
{
    if (!live->waiting.used || reading_decode(live->waiting.data, live->waiting.used, ret_reading) != 0)
        return false;
    if (ret_reading->time_quality == TIME_ESTIMATED) {
        ret_reading->time_us = clock_wall_us(intake->clock) - (clock_boot_us(intake->clock) - live->waiting_boot_us);
        if (intake->clock->synchronised(intake->clock))
            ret_reading->time_quality = TIME_SYNCED;
    }
    return true;
}

// Stored names live in the bytes that waited; the pack's have to be the vocabulary's own.
static void own_names(struct reading *reading)
{
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct quantity *quantity = vocabulary_find(reading->values[i].name, reading->kind);
        if (quantity)
            reading->values[i].name = quantity->name;
    }
}

static bool never_waits(const struct normalised *one)
{
    return intake_is_event(one) || (one->reading.time_quality == TIME_SENSOR && !one->is_rest);
}

static void go(struct normalised_pack *out, const struct normalised *one)
{
    out->readings[out->count++] = *one;
}

// What had waited goes before `one`, when there is room for both; else it goes on waiting. It counts as waiting until it is stored.
static void let_go(struct normalised_pack *out, struct sensor_live *live, const struct normalised *one, size_t to_come,
                   struct reading *waiting)
{
    if (live->is_leaving || out->count + 1 + to_come >= PACK_READINGS_MAX)
        return;
    own_names(waiting);
    live->is_leaving = true;
    go(out, one);
    out->readings[out->count - 1].reading = *waiting;
}

// Puts the reading into `out`, and before it what had waited, or lets it wait. `to_come`: how many readings of the pack follow.
static void take(struct intake *intake, struct source *source, const struct normalised *one, size_t to_come)
{
    struct sensor_live *live = &intake->live[one->sensor->index];
    struct reading waiting;
    bool due = clock_boot_us(intake->clock) - live->last_boot_us >= source->merge_us || !live->last_boot_us;
    bool is_waiting = !live->is_leaving && read_waiting(intake, live, &waiting);
    if (is_waiting && !never_waits(one) && reading_merge(&waiting, &one->reading)) {
        wait_with(intake, source, live, &waiting, one->is_rest);
        source->merged++;
    } else if (is_waiting) {
        let_go(intake->spare, live, one, to_come, &waiting);
        go(intake->spare, one);
    } else if (never_waits(one) || due || live->is_leaving) {
        go(intake->spare, one);
    } else {
        wait_with(intake, source, live, &one->reading, one->is_rest);
    }
}

void fast_hold_back(struct intake *intake, struct source *source)
{
    struct normalised_pack *came = intake->pack;
    intake->spare->count = 0;
    intake->spare->unknown_fields = came->unknown_fields;
    for (size_t i = 0; i < came->count; i++)
        take(intake, source, &came->readings[i], came->count - 1 - i);
    intake->pack = intake->spare;
    intake->spare = came;
}

void fast_settle(struct intake *intake, bool stored)
{
    for (size_t i = 0; i < intake->pack->count; i++) {
        struct sensor_live *live = live_of(intake, i);
        if (live->is_leaving && stored)
            bytes_clear(&live->waiting);
        live->is_leaving = false;
    }
}

void fast_drop(struct intake *intake)
{
    for (size_t i = 0; i < intake->pack->count; i++)
        bytes_clear(&live_of(intake, i)->waiting);
}

bool fast_collect(struct intake *intake, const struct source *source)
{
    struct normalised_pack *pack = intake->pack;
    pack->count = pack->unknown_fields = 0;
    for (size_t i = 0; i < sensors_count(intake->sensors) && pack->count < PACK_READINGS_MAX; i++) {
        struct sensor_live *live = &intake->live[i];
        struct normalised *one = &pack->readings[pack->count];
        if (live->waits_for != source || !read_waiting(intake, live, &one->reading))
            continue;
        own_names(&one->reading);
        one->sensor = sensors_at(intake->sensors, i);
        one->is_rest = live->waits_as_rest;
        live->is_leaving = true;
        pack->count++;
    }
    return pack->count > 0;
}
