// SPDX-License-Identifier: Apache-2.0
#include "outlets.h"

#include "base/log.h"
#include "base/messages.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A reading that is older than this when its outlet reads it is backlog.
static const int64_t live_us = 5 * 1000000LL;

static uint64_t feed_position(void *context)
{
    struct outlet *outlet = context;
    return buffer_cursor(outlet->buffer, outlet->name);
}

// Damage may have taken a stream's name; its readings go out all the same, under a made-up one.
static const char *sensor_name(struct outlet *outlet, uint32_t stream, size_t place)
{
    const char *name = buffer_stream_name(outlet->buffer, stream);
    if (name)
        return name;
    if (!outlet->unknown)
        outlet->unknown = calloc(OUTLET_BATCH_MAX, sizeof *outlet->unknown);
    if (!outlet->unknown)
        return "unknown";
    snprintf(outlet->unknown[place], sizeof *outlet->unknown, "unknown-%u", stream % 1000000);
    return outlet->unknown[place];
}

static int feed_read(void *context, uint64_t from, size_t max_records, size_t max_bytes, struct outlet_batch *ret_batch)
{
    struct outlet *outlet = context;
    if (!ret_batch->private)
        ret_batch->private = calloc(1, sizeof(struct buffer_batch));
    struct buffer_batch *batch = ret_batch->private;
    if (!batch)
        return -ENOMEM;
    ret_batch->count = 0;
    int error = buffer_read(outlet->buffer, from, max_records, max_bytes, batch);
    if (error)
        return error;

    pthread_mutex_lock(&outlet->lock);
    int64_t connected = outlet->connected ? outlet->connected_boot_us : INT64_MAX;
    pthread_mutex_unlock(&outlet->lock);
    int64_t now = clock_boot_us(outlet->feed.clock);
    for (size_t i = 0; i < batch->count; i++) {
        const struct buffer_item *item = &batch->items[i];
        bool live = item->this_boot && item->commit_boot_us >= connected && now - item->commit_boot_us <= live_us;
        ret_batch->records[i] = (struct outlet_record){.number = item->number,
                                                       .sensor = sensor_name(outlet, item->stream, i),
                                                       .seq = item->seq,
                                                       .late = !live,
                                                       .payload = item->payload,
                                                       .size = item->size};
    }
    ret_batch->count = batch->count;
    ret_batch->next = batch->next;
    return 0;
}

static void feed_batch_finish(void *context, struct outlet_batch *batch)
{
    (void)context;
    struct buffer_batch *inner = batch->private;
    if (inner)
        bytes_finish(&inner->bytes);
    free(inner);
    batch->private = NULL;
    batch->count = 0;
}

static void feed_delivered(void *context, uint64_t next, size_t readings)
{
    struct outlet *outlet = context;
    buffer_cursor_done(outlet->buffer, outlet->name, 0, next);
    pthread_mutex_lock(&outlet->lock);
    outlet->sent += readings;
    pthread_mutex_unlock(&outlet->lock);
}

// True when the text is news: a repeating fault is told once.
static bool note(struct fault *fault, const char *text)
{
    bool news = strcmp(fault->text, text) != 0;
    fault_set(fault, 0, "%s", text);
    return news;
}

static void feed_event(void *context, enum outlet_event event, const char *text)
{
    struct outlet *outlet = context;
    enum log_level level = LOG_LEVEL_NOTICE;
    bool tell = true;
    pthread_mutex_lock(&outlet->lock);
    switch (event) {
    case OUTLET_CONNECTED:
    case OUTLET_DISCONNECTED:
        if (outlet->connected != (event == OUTLET_CONNECTED))
            outlet->since_us = clock_wall_us(outlet->feed.clock);
        outlet->connected = event == OUTLET_CONNECTED;
        outlet->connected_boot_us = clock_boot_us(outlet->feed.clock);
        tell = note(&outlet->fault, outlet->connected ? "" : text) || outlet->connected;
        level = outlet->connected ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING;
        break;
    case OUTLET_ALARM:
        tell = note(&outlet->alarm, text);
        level = LOG_LEVEL_ERROR;
        break;
    case OUTLET_ALARM_ENDED:
        outlet->alarm.text[0] = '\0';
        break;
    case OUTLET_NOTICE:
        break;
    }
    pthread_mutex_unlock(&outlet->lock);
    if (tell)
        log_line(level, outlet->name, "%s", text);
}

static void feed_parked(void *context, size_t readings, const char *text)
{
    struct outlet *outlet = context;
    pthread_mutex_lock(&outlet->lock);
    uint64_t before = outlet->parked;
    outlet->parked += readings;
    uint64_t now = outlet->parked;
    pthread_mutex_unlock(&outlet->lock);
    // The 1st, 2nd, 4th, 8th ... is told: many may follow one cause.
    if ((before ^ now) > before)
        log_line(LOG_LEVEL_ERROR, outlet->name, _("%s; %llu readings set aside since the start"), text,
                 (unsigned long long)now);
}

static bool from_oldest(const struct settings *settings, const struct outlet_type *type, size_t index)
{
    int start = type == &outlet_mqtt ? settings->mqtt[index].start : settings->influxdb[index].start;
    return start == START_OLDEST;
}

int outlet_init(struct outlet *outlet, const struct outlet_type *type, size_t index, const struct settings *settings,
                struct buffer *buffer, uv_loop_t *loop, const struct clock *clock, struct fault *why)
{
    bool mqtt = type == &outlet_mqtt;
    *outlet = (struct outlet){.name = mqtt ? settings->mqtt[index].name : settings->influxdb[index].name,
                              .url = mqtt ? settings->mqtt[index].url : settings->influxdb[index].url,
                              .type = type,
                              .buffer = buffer,
                              .since_us = clock_wall_us(clock)};
    outlet->feed = (struct outlet_feed){.context = outlet,
                                        .clock = clock,
                                        .loop = loop,
                                        .settings = settings,
                                        .epoch = buffer_epoch(buffer),
                                        .state_path = settings->buffer.path,
                                        .position = feed_position,
                                        .read = feed_read,
                                        .batch_finish = feed_batch_finish,
                                        .delivered = feed_delivered,
                                        .parked = feed_parked,
                                        .event = feed_event};
    pthread_mutex_init(&outlet->lock, NULL);
    int error = buffer_cursor_open(buffer, outlet->name, from_oldest(settings, type, index), why);
    if (error)
        return error;
    return type->create(&outlet->feed, index, &outlet->state, why);
}

int outlet_start(struct outlet *outlet, struct fault *why)
{
    return outlet->type->start(outlet->state, why);
}

void outlet_wake(struct outlet *outlet)
{
    outlet->type->wake(outlet->state);
}

void outlet_documents(struct outlet *outlet, const struct outlet_document *documents, size_t count)
{
    if (outlet->type->documents)
        outlet->type->documents(outlet->state, documents, count);
}

void outlet_stop(struct outlet *outlet)
{
    outlet->type->stop(outlet->state);
}

bool outlet_stopped(struct outlet *outlet)
{
    return outlet->type->stopped(outlet->state);
}

int64_t outlet_beat_boot_us(struct outlet *outlet)
{
    return outlet->type->beat_boot_us(outlet->state);
}

void outlet_finish(struct outlet *outlet)
{
    if (outlet->state)
        outlet->type->destroy(outlet->state);
    outlet->state = NULL;
    free(outlet->unknown);
    outlet->unknown = NULL;
    pthread_mutex_destroy(&outlet->lock);
}
