// SPDX-License-Identifier: Apache-2.0
#include "standing.h"

#include "base/files.h"
#include "base/log.h"
#include "base/messages.h"
#include "city.h"
#include "meaning.h"
#include "reading/counters.h"
#include "recall.h"
#include "source.h"
#include "standing_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t save_soonest_us = 60 * 1000000LL, save_alerts_us = 300 * 1000000LL,
                     save_latest_us = 3600 * 1000000LL, tell_again_us = 60 * 1000000LL;

enum { PATH_SIZE = 4096, SAVE_READINGS = RECALL_READINGS / 2 };

struct standing {
    struct standing_options options;
    struct stand *stands; // by sensor index
    struct {
        struct parking *parking, before;
    } undo[PACK_READINGS_MAX]; // bays that the last pack moved
    size_t undo_count;
    char path[PATH_SIZE], places_path[PATH_SIZE];
    json_t *others;        // what the file says of sensors that are not configured now
    bool changed, is_busy; // since the last save; the worker has `file` and `places`
    uint64_t saved_number; // of the reading up to which that was
    int64_t saved_boot_us;
    uint64_t saved_alerts; // of which that knew
    json_t *file;
    struct bytes places;
    uv_work_t work;
};

static uint64_t alerts_told(const struct standing *standing)
{
    return standing->options.city ? city_alerts_told(standing->options.city) : 0;
}

static uint64_t next_number(const struct standing *standing)
{
    struct buffer_figures figures;
    buffer_figures(standing->options.buffer, &figures);
    return figures.next;
}

/* Saving. */

static bool has_any(const struct standing *standing)
{
    if (standing->options.city)
        return true;
    for (size_t i = 0; i < sensors_count(standing->options.sensors); i++) {
        const struct stand *stand = &standing->stands[i];
        if (stand->counters.count > 0 || (stand->parking && stand->parking->begun))
            return true;
    }
    return false;
}

static void write_one(const char *path, const void *data, size_t size)
{
    struct fault why;
    if (file_replace(path, data, size, &why) != 0)
        log_line(LOG_LEVEL_WARNING, "standing", "%s", why.text);
}

// The places first: what is read back of these once more counts once.
static void write_files(struct standing *standing)
{
    bool without_city;
    char *text = standing_file_text(standing->file, &without_city);
    if (without_city)
        log_line(LOG_LEVEL_WARNING, "standing",
                 _("zones, alerts and what is known of sensors have no room in %s: a restart forgets them"),
                 standing->path);
    if (standing->places.used > 0 && !standing->places.overflow)
        write_one(standing->places_path, standing->places.data, standing->places.used);
    if (text)
        write_one(standing->path, text, strlen(text));
    free(text);
}

static void forget_files(struct standing *standing)
{
    json_decref(standing->file);
    standing->file = NULL;
    bytes_finish(&standing->places);
}

static void on_worker(uv_work_t *work)
{
    write_files(work->data);
}

static void on_written(uv_work_t *work, int status)
{
    (void)status;
    struct standing *standing = work->data;
    forget_files(standing);
    standing->is_busy = false;
}

// Makes what there is to write. From then on it counts as written: what fails to be is still in the readings.
static bool make_files(struct standing *standing)
{
    standing->saved_alerts = alerts_told(standing);
    standing->saved_number = next_number(standing);
    standing->saved_boot_us = clock_boot_us(standing->options.clock);
    standing->changed = false;
    bytes_init(&standing->places, CITY_PLACES_MAX);
    if (standing->options.city)
        city_save_places(standing->options.city, &standing->places);
    standing->file = standing_file_make(standing->options.sensors, standing->stands, standing->others,
                                        standing->options.city ? city_save(standing->options.city) : NULL,
                                        buffer_epoch(standing->options.buffer), standing->saved_number);
    return standing->file != NULL;
}

static void save_now(struct standing *standing)
{
    if (make_files(standing))
        write_files(standing);
    forget_files(standing);
}

// That a file is as old as many readings costs a start that reads them all; so the number has to follow, also where nothing changes.
static bool is_due(struct standing *standing)
{
    int64_t since_us = clock_boot_us(standing->options.clock) - standing->saved_boot_us;
    if (standing->is_busy || since_us < save_soonest_us)
        return false;
    bool has_news = standing->changed || (standing->options.city && next_number(standing) != standing->saved_number);
    return (has_news && since_us >= save_latest_us) ||
           (alerts_told(standing) != standing->saved_alerts && since_us >= save_alerts_us) ||
           (next_number(standing) - standing->saved_number >= SAVE_READINGS && has_any(standing));
}

void standing_tick(struct standing *standing)
{
    if (!is_due(standing))
        return;
    if (!make_files(standing)) {
        forget_files(standing);
        return;
    }
    standing->work.data = standing;
    standing->is_busy = uv_queue_work(standing->options.loop, &standing->work, on_worker, on_written) == 0;
    if (!standing->is_busy)
        on_written(&standing->work, 0);
}

/* Reading back. */

struct recalling {
    const struct standing *standing;
    struct stand **by_stream;
    size_t streams;
};

static void recall(void *context, const struct buffer_item *item, const struct reading *reading)
{
    const struct recalling *recalling = context;
    struct stand *stand = item->stream < recalling->streams ? recalling->by_stream[item->stream] : NULL;
    if (!stand || !reading)
        return;
    struct reading judged = meaning_recalled(reading, item->commit_synced ? item->commit_us : 0);
    counters_recall(&stand->counters, &judged);
    const struct sensor *sensor =
        sensors_at(recalling->standing->options.sensors, (size_t)(stand - recalling->standing->stands));
    if (stand->parking)
        parking_recall(stand->parking, sensor->settings, &judged);
    if (recalling->standing->options.city)
        city_recall(recalling->standing->options.city, sensor, &judged,
                    item->commit_synced ? item->commit_us : reading->time_us);
}

static int recall_from(struct standing *standing, uint64_t from, struct fault *why)
{
    struct buffer *buffer = standing->options.buffer;
    struct recalling recalling = {.standing = standing, .streams = buffer_stream_count(buffer)};
    recalling.by_stream = calloc(recalling.streams + 1, sizeof *recalling.by_stream);
    if (!recalling.by_stream)
        return fault_set(why, -ENOMEM, _("out of memory"));
    int error = 0;
    for (size_t i = 0; !error && i < sensors_count(standing->options.sensors); i++) {
        uint32_t stream;
        error = buffer_stream(buffer, sensors_at(standing->options.sensors, i)->settings->id, &stream, why);
        if (!error && stream < recalling.streams)
            recalling.by_stream[stream] = &standing->stands[i];
    }
    if (!error)
        error = recall_each(buffer, from, recall, &recalling);
    free(recalling.by_stream);
    return error;
}

// Where to read on from. With a damaged file much is read, so that a sensor that rarely reports is found, too.
static uint64_t begin_of(struct standing *standing, uint64_t from, bool is_damaged)
{
    enum { MUCH = 100 * RECALL_READINGS };
    uint64_t next = next_number(standing);
    if (from > 0 && from <= next)
        return from;
    if (is_damaged)
        return next > MUCH ? next - MUCH : 1;
    return recall_begin(standing->options.buffer);
}

// Another device's number says nothing of what this one counted. The file says so before anything is counted, so that what the new
// one is known for after the next start is not taken for the old one's.
static bool mark_replaced(struct standing *standing)
{
    bool any = false;
    for (size_t i = 0; i < sensors_count(standing->options.sensors); i++) {
        struct stand *stand = &standing->stands[i];
        if (stand->is_replaced && standing->options.city)
            city_forget(standing->options.city, sensors_at(standing->options.sensors, i));
        any |= stand->is_replaced;
        for (size_t k = 0; stand->is_replaced && k < stand->counters.count; k++)
            stand->counters.list[k].replaced = true;
    }
    return any;
}

static void load_places(struct standing *standing)
{
    struct bytes kept;
    struct fault why;
    bytes_init(&kept, CITY_PLACES_MAX + 2);
    int error = file_read(standing->places_path, CITY_PLACES_MAX, &kept, &why);
    if (!error && city_restore_places(standing->options.city, kept.data, kept.used) != 0)
        error = fault_set(&why, -EBADMSG, _("%s is damaged; what was known of bumps is not known any more"),
                          standing->places_path);
    if (error && error != -ENOENT)
        log_line(LOG_LEVEL_WARNING, "standing", "%s", why.text);
    bytes_finish(&kept);
}

static int load(struct standing *standing, struct fault *why)
{
    struct fault unreadable;
    uint64_t from = 0;
    json_t *saved = NULL;
    int error = standing_file_read(standing->path, buffer_epoch(standing->options.buffer), standing->options.sensors,
                                   standing->stands, &standing->others, &saved, &from, &unreadable);
    if (standing->options.city) {
        city_restore(standing->options.city, saved);
        load_places(standing);
    }
    json_decref(saved);
    bool is_damaged = error && error != -ENOENT;
    if (is_damaged)
        log_line(LOG_LEVEL_WARNING, "standing", "%s", unreadable.text);
    standing->saved_number = begin_of(standing, from, is_damaged);
    error = recall_from(standing, standing->saved_number, why);
    if (!error && mark_replaced(standing))
        save_now(standing);
    if (!error && standing->options.city)
        city_begin(standing->options.city);
    return error;
}

static bool make_stands(struct standing *standing)
{
    const struct sensors *sensors = standing->options.sensors;
    standing->stands = calloc(sensors_count(sensors) + 1, sizeof *standing->stands);
    for (size_t i = 0; standing->stands && i < sensors_count(sensors); i++)
        if (sensors_at(sensors, i)->settings->kind == KIND_PARKING &&
            !(standing->stands[i].parking = calloc(1, sizeof *standing->stands[i].parking)))
            return false;
    return standing->stands != NULL;
}

int standing_create(const struct standing_options *options, struct standing **ret_standing, struct fault *why)
{
    struct standing *standing = calloc(1, sizeof *standing);
    if (!standing)
        return fault_set(why, -ENOMEM, _("out of memory"));
    standing->options = *options;
    snprintf(standing->path, sizeof standing->path, "%s/standing", options->folder);
    snprintf(standing->places_path, sizeof standing->places_path, "%s/places", options->folder);
    standing->saved_boot_us = clock_boot_us(options->clock);
    *ret_standing = standing;
    return make_stands(standing) ? load(standing, why) : fault_set(why, -ENOMEM, _("out of memory"));
}

/* Taking. */

struct telling {
    const struct standing *standing;
    struct source *source;
    const char *sensor;
};

static void tell(void *context, const struct counter_news *news)
{
    const struct telling *telling = context;
    struct source *source = telling->source;
    int64_t now = clock_boot_us(telling->standing->options.clock);
    int64_t *told = &source->counters_told_boot_us[news->step];
    source->counters[news->step]++;
    if (news->step == COUNTER_WRAPPED || (*told && now - *told < tell_again_us))
        return;
    *told = now;
    if (news->step == COUNTER_BEGAN_AGAIN)
        log_line(LOG_LEVEL_NOTICE, source->name,
                 _("%s: %s began again, from %.15g to %.15g; was the device without power?"), telling->sensor,
                 news->quantity, news->from, news->to);
    else
        log_line(LOG_LEVEL_WARNING, source->name,
                 _("%s: %s fell from %.15g to %.15g, which no restart explains; the total goes on from there"),
                 telling->sensor, news->quantity, news->from, news->to);
}

static void take_state(struct standing *standing, struct parking *parking, const struct settings_sensor *sensor,
                       struct reading *reading)
{
    struct parking before = *parking;
    enum parking_news news = parking_take(parking, sensor, reading);
    if (news != PARKING_HOLDS && news != PARKING_CHANGED)
        return;
    standing->undo[standing->undo_count].parking = parking;
    standing->undo[standing->undo_count++].before = before;
    standing->changed |= news == PARKING_CHANGED;
}

void standing_take(struct standing *standing, struct source *source, struct normalised_pack *pack)
{
    standing->undo_count = 0;
    for (size_t i = 0; i < pack->count; i++) {
        const struct sensor *sensor = pack->readings[i].sensor;
        struct reading *reading = &pack->readings[i].reading;
        struct stand *stand = &standing->stands[sensor->index];
        struct telling telling = {standing, source, sensor->settings->id};
        counters_take(&stand->counters, standing->options.sensors, &pack->readings[i], tell, &telling);
        standing->changed |= stand->counters.count > 0;
        if (stand->parking)
            take_state(standing, stand->parking, sensor->settings, reading);
    }
}

void standing_undo(struct standing *standing)
{
    while (standing->undo_count > 0) {
        standing->undo_count--;
        *standing->undo[standing->undo_count].parking = standing->undo[standing->undo_count].before;
    }
}

/* The end. */

void standing_destroy(struct standing *standing)
{
    if (!standing)
        return;
    while (standing->is_busy)
        uv_run(standing->options.loop, UV_RUN_ONCE);
    bool follows = standing->stands && has_any(standing) && next_number(standing) != standing->saved_number;
    if (standing->changed || follows)
        save_now(standing);
    for (size_t i = 0; standing->stands && i < sensors_count(standing->options.sensors); i++) {
        counters_finish(&standing->stands[i].counters);
        free(standing->stands[i].parking);
    }
    free(standing->stands);
    json_decref(standing->others);
    free(standing);
}
