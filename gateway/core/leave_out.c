// SPDX-License-Identifier: Apache-2.0
#include "leave_out.h"

#include "city/change.h"
#include "city/late.h"
#include "intake.h"
#include "roads.h"

size_t leave_out(struct intake *intake, bool (*is_out)(struct intake *intake, struct normalised *one, size_t before))
{
    struct normalised_pack *pack = intake->pack;
    size_t kept = 0, count = pack->count;
    for (size_t i = 0; i < count; i++) {
        struct normalised *one = &pack->readings[i];
        if (is_out(intake, one, kept)) {
            intake->live[one->sensor->index].last_boot_us = clock_boot_us(intake->clock); // it was heard
            continue;
        }
        if (kept != i)
            pack->readings[kept] = *one;
        kept++;
    }
    pack->count = kept;
    return count - kept;
}

// After a start nothing else is there to show.
static void keep_first(struct intake *intake, struct sensor_live *live, const struct reading *reading)
{
    if (live->last.used > 0)
        return;
    bytes_clear(&intake->stored);
    reading_encode(reading, &intake->stored);
    intake_keep_last(intake, live, reading, intake->stored.data, intake->stored.used);
}

static bool is_known(struct intake *intake, struct normalised *one, size_t before)
{
    struct sensor_live *live = &intake->live[one->sensor->index];
    (void)before;
    if (one->reading.time_quality != TIME_SENSOR || !moments_known(&live->moments, one->reading.time_us, one->content))
        return false;
    keep_first(intake, live, &one->reading);
    return true;
}

size_t leave_out_known(struct intake *intake)
{
    return leave_out(intake, is_known);
}

// The newest reading of that sensor before this one: of the first `count` of the pack, or what waits to be stored, or the last that was.
static const struct reading *reading_before(const struct intake *intake, const struct sensor *sensor, size_t count,
                                            struct reading *ret_stored)
{
    const struct sensor_live *live = &intake->live[sensor->index];
    bool waits = live->waiting.used > 0;
    const struct bytes *last = waits ? &live->waiting : &live->last;
    const struct reading *newest =
        last->used && reading_decode(last->data, last->used, ret_stored) == 0 ? ret_stored : NULL;
    int64_t newest_us = waits && newest ? newest->time_us : live->last_us;
    for (size_t i = 0; i < count; i++) {
        const struct normalised *one = &intake->pack->readings[i];
        if (one->sensor != sensor || (newest && is_late(&one->reading, newest_us)))
            continue;
        newest = &one->reading;
        newest_us = newest->time_us;
    }
    return newest;
}

static bool is_private(struct intake *intake, struct normalised *one, size_t before)
{
    (void)intake, (void)before;
    return roads_hides(one->sensor, &one->reading);
}

size_t leave_out_private(struct intake *intake)
{
    return leave_out(intake, is_private);
}

static bool is_unchanged(struct intake *intake, struct normalised *one, size_t before)
{
    struct reading stored;
    const struct settings_sensor *settings = one->sensor->settings;
    if (!settings->report_changes || intake_is_event(one))
        return false;
    const struct reading *last = reading_before(intake, one->sensor, before, &stored);
    return last && !change_is_news(last, &one->reading, settings->heartbeat_us);
}

size_t leave_out_unchanged(struct intake *intake)
{
    return leave_out(intake, is_unchanged);
}
