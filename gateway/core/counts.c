// SPDX-License-Identifier: Apache-2.0
#include "counts.h"

#include "base/files.h"
#include "base/log.h"
#include "base/messages.h"
#include "counts_file.h"
#include "reading/counters.h"
#include "recall.h"
#include "source.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t save_soonest_us = 60 * 1000000LL, save_latest_us = 3600 * 1000000LL,
                     tell_again_us = 60 * 1000000LL;

enum { PATH_SIZE = 4096, SAVE_READINGS = RECALL_READINGS / 2 };

struct counts {
    struct counts_options options;
    struct counters *counters; // by sensor index
    char path[PATH_SIZE];
    json_t *others;        // what the file says of sensors that are not configured now
    bool changed, is_busy; // since the last save; the worker has `text`
    uint64_t saved_number; // of the reading up to which that was
    int64_t saved_boot_us;
    char *text;
    uv_work_t work;
};

static uint64_t next_number(const struct counts *counts)
{
    struct buffer_figures figures;
    buffer_figures(counts->options.buffer, &figures);
    return figures.next;
}

/* Reading back. */

struct recalling {
    const struct counts *counts;
    struct counters **by_stream;
    size_t streams;
};

static void recall(void *context, const struct buffer_item *item, const struct reading *reading)
{
    const struct recalling *recalling = context;
    if (reading && item->stream < recalling->streams && recalling->by_stream[item->stream])
        counters_recall(recalling->by_stream[item->stream], reading);
}

static int recall_from(struct counts *counts, uint64_t from, struct fault *why)
{
    struct buffer *buffer = counts->options.buffer;
    struct recalling recalling = {.counts = counts, .streams = buffer_stream_count(buffer)};
    recalling.by_stream = calloc(recalling.streams + 1, sizeof *recalling.by_stream);
    if (!recalling.by_stream)
        return fault_set(why, -ENOMEM, _("out of memory"));
    int error = 0;
    for (size_t i = 0; !error && i < sensors_count(counts->options.sensors); i++) {
        uint32_t stream;
        error = buffer_stream(buffer, sensors_at(counts->options.sensors, i)->settings->id, &stream, why);
        if (!error && stream < recalling.streams)
            recalling.by_stream[stream] = &counts->counters[i];
    }
    if (!error)
        error = recall_each(buffer, from, recall, &recalling);
    free(recalling.by_stream);
    return error;
}

static int load(struct counts *counts, struct fault *why)
{
    struct fault unreadable;
    uint64_t from = 0;
    int error = counts_file_read(counts->path, buffer_epoch(counts->options.buffer), counts->options.sensors,
                                 counts->counters, &counts->others, &from, &unreadable);
    if (error && error != -ENOENT)
        log_line(LOG_LEVEL_WARNING, "counters", "%s", unreadable.text);
    uint64_t begin = recall_begin(counts->options.buffer);
    return recall_from(counts, from ? from : begin, why);
}

int counts_create(const struct counts_options *options, struct counts **ret_counts, struct fault *why)
{
    struct counts *counts = calloc(1, sizeof *counts);
    if (!counts)
        return fault_set(why, -ENOMEM, _("out of memory"));
    counts->options = *options;
    snprintf(counts->path, sizeof counts->path, "%s/counters", options->folder);
    counts->counters = calloc(sensors_count(options->sensors) + 1, sizeof *counts->counters);
    int error = counts->counters ? load(counts, why) : fault_set(why, -ENOMEM, _("out of memory"));
    counts->saved_number = next_number(counts);
    counts->saved_boot_us = clock_boot_us(options->clock);
    *ret_counts = counts;
    return error;
}

/* Taking. */

struct telling {
    const struct counts *counts;
    struct source *source;
    const char *sensor;
};

static void tell(void *context, const struct counter_news *news)
{
    const struct telling *telling = context;
    struct source *source = telling->source;
    int64_t now = clock_boot_us(telling->counts->options.clock);
    source->counters[news->step]++;
    if (news->step == COUNTER_WRAPPED ||
        (source->counters_told_boot_us && now - source->counters_told_boot_us < tell_again_us))
        return;
    source->counters_told_boot_us = now;
    if (news->step == COUNTER_BEGAN_AGAIN)
        log_line(LOG_LEVEL_NOTICE, source->name,
                 _("%s: %s began again, from %.0f to %.0f; was the device without power?"), telling->sensor,
                 news->quantity, news->from, news->to);
    else
        log_line(LOG_LEVEL_WARNING, source->name,
                 _("%s: %s fell from %.0f to %.0f, which no restart explains; the total goes on from there"),
                 telling->sensor, news->quantity, news->from, news->to);
}

void counts_take(struct counts *counts, struct source *source, struct normalised_pack *pack)
{
    for (size_t i = 0; i < pack->count; i++) {
        const struct sensor *sensor = pack->readings[i].sensor;
        struct telling telling = {counts, source, sensor->settings->id};
        struct counters *counters = &counts->counters[sensor->index];
        counters_take(counters, counts->options.sensors, sensor, &pack->readings[i].reading, tell, &telling);
        counts->changed |= counters->count > 0;
    }
}

/* Saving. */

static void write_file(struct counts *counts)
{
    struct fault why;
    if (file_replace(counts->path, counts->text, strlen(counts->text), &why) != 0)
        log_line(LOG_LEVEL_WARNING, "counters", "%s", why.text);
}

static void on_worker(uv_work_t *work)
{
    write_file(work->data);
}

static void on_written(uv_work_t *work, int status)
{
    (void)status;
    struct counts *counts = work->data;
    free(counts->text);
    counts->text = NULL;
    counts->is_busy = false;
}

// What there is to write, or NULL. From then on it counts as written: what fails to be is still in the readings.
static char *text_of(struct counts *counts)
{
    counts->saved_number = next_number(counts);
    counts->saved_boot_us = clock_boot_us(counts->options.clock);
    counts->changed = false;
    return counts_file_text(counts->options.sensors, counts->counters, counts->others,
                            buffer_epoch(counts->options.buffer), counts->saved_number);
}

void counts_tick(struct counts *counts)
{
    int64_t since_us = clock_boot_us(counts->options.clock) - counts->saved_boot_us;
    if (!counts->changed || counts->is_busy || since_us < save_soonest_us ||
        (since_us < save_latest_us && next_number(counts) - counts->saved_number < SAVE_READINGS))
        return;
    counts->text = text_of(counts);
    if (!counts->text)
        return;
    counts->work.data = counts;
    counts->is_busy = uv_queue_work(counts->options.loop, &counts->work, on_worker, on_written) == 0;
    if (!counts->is_busy)
        on_written(&counts->work, 0);
}

void counts_destroy(struct counts *counts)
{
    if (!counts)
        return;
    while (counts->is_busy)
        uv_run(counts->options.loop, UV_RUN_ONCE);
    if (counts->changed && (counts->text = text_of(counts))) {
        write_file(counts);
        free(counts->text);
    }
    for (size_t i = 0; counts->counters && i < sensors_count(counts->options.sensors); i++)
        counters_finish(&counts->counters[i]);
    free(counts->counters);
    json_decref(counts->others);
    free(counts);
}
