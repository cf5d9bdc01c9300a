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
                      const struct reading *reading)
{
    bytes_clear(&intake->stored);
    reading_encode(reading, &intake->stored);
    bytes_keep(&live->waiting, intake->stored.data, intake->stored.used);
    live->waiting_boot_us = clock_boot_us(intake->clock);
    live->waits_for = source;
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
    bool is_event = kind_is_event(one->reading.kind) && !one->is_rest;
    return is_event || (one->reading.time_quality == TIME_SENSOR && !one->is_rest);
}

// What had waited goes before the reading at that place.
static void let_go_before(struct normalised_pack *pack, size_t place, struct reading *waiting)
{
    if (pack->count == PACK_READINGS_MAX)
        return;
    own_names(waiting);
    pack->readings[pack->count++] = pack->readings[place];
    pack->readings[place].reading = *waiting;
}

static bool is_first_of_its_sensor(const struct normalised_pack *pack, size_t place)
{
    for (size_t i = 0; i < place; i++)
        if (pack->readings[i].sensor == pack->readings[place].sensor)
            return false;
    return true;
}

// True: the reading at that place waits, or is part of what does. What had waited may be put before it instead.
static bool hold_back(struct intake *intake, struct source *source, size_t place)
{
    struct normalised_pack *pack = intake->pack;
    struct sensor_live *live = live_of(intake, place);
    const struct reading *reading = &pack->readings[place].reading;
    struct reading waiting;
    bool due = clock_boot_us(intake->clock) - live->last_boot_us >= source->merge_us || !live->last_boot_us;
    bool is_waiting = read_waiting(intake, live, &waiting);
    if (never_waits(&pack->readings[place])) {
        if (is_waiting && is_first_of_its_sensor(pack, place))
            let_go_before(pack, place, &waiting);
        return false;
    }
    if (!is_waiting) {
        if (!due)
            wait_with(intake, source, live, reading);
        return !due;
    }
    if (reading_merge(&waiting, reading)) {
        wait_with(intake, source, live, &waiting);
        source->merged++;
        return true;
    }
    let_go_before(pack, place, &waiting);
    return false;
}

void fast_hold_back(struct intake *intake, struct source *source)
{
    struct normalised_pack *pack = intake->pack;
    size_t came = pack->count;
    for (size_t i = came; i-- > 0;) {
        if (!hold_back(intake, source, i))
            continue;
        pack->count--;
        for (size_t at = i; at < pack->count; at++)
            pack->readings[at] = pack->readings[at + 1];
    }
}

void fast_stored(struct intake *intake)
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
        pack->count++;
    }
    return pack->count > 0;
}
