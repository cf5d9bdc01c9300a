// SPDX-License-Identifier: Apache-2.0
#include "outlets.h"

#include "base/log.h"
#include "base/messages.h"
#include "feed.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void feed_delivered(void *context, uint64_t from, uint64_t to, size_t readings)
{
    struct outlet *outlet = context;
    if (outlet->type->on_loop)
        buffer_cursor_done_soon(outlet->common->buffer, outlet->name, from, to);
    else
        buffer_cursor_done(outlet->common->buffer, outlet->name, from, to);
    pthread_mutex_lock(&outlet->lock);
    outlet->sent += readings;
    pthread_mutex_unlock(&outlet->lock);
}

static void feed_replayed(void *context, size_t readings)
{
    struct outlet *outlet = context;
    replays_arrived(&outlet->replays, readings);
}

static void feed_command(void *context, const struct outlet_command *command)
{
    struct outlet *outlet = context;
    outlet->common->command(outlet, command, outlet->common->context);
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

// What every outlet's section says.
struct section {
    const char *name, *url;
    int start; // enum start_from
};

static struct section section_of(const struct settings *settings, const struct outlet_type *type, size_t index)
{
    if (type == &outlet_mqtt) {
        const struct settings_mqtt *mqtt = &settings->mqtt[index];
        return (struct section){mqtt->name, mqtt->url, mqtt->start};
    }
    if (type == &outlet_ngsi_ld) {
        const struct settings_ngsi_ld *broker = &settings->ngsi_ld[index];
        return (struct section){broker->name, broker->url, broker->start};
    }
    const struct settings_influxdb *influxdb = &settings->influxdb[index];
    return (struct section){influxdb->name, influxdb->url, influxdb->start};
}

int outlet_init(struct outlet *outlet, const struct outlet_common *common, const struct outlet_type *type, size_t index,
                struct fault *why)
{
    const struct settings *settings = common->settings;
    struct section section = section_of(settings, type, index);
    *outlet = (struct outlet){.common = common,
                              .name = section.name,
                              .url = section.url,
                              .type = type,
                              .since_us = clock_wall_us(common->clock)};
    outlet->feed = (struct outlet_feed){.context = outlet,
                                        .clock = common->clock,
                                        .loop = common->loop,
                                        .settings = settings,
                                        .epoch = buffer_epoch(common->buffer),
                                        .state_path = settings->buffer.path,
                                        .pending = feed_pending,
                                        .end = feed_end,
                                        .read = feed_read,
                                        .read_states = feed_read_states,
                                        .read_replay = feed_read_replay,
                                        .batch_finish = feed_batch_finish,
                                        .delivered = feed_delivered,
                                        .replayed = feed_replayed,
                                        .command = common->command ? feed_command : NULL,
                                        .parked = feed_parked,
                                        .event = feed_event};
    pthread_mutex_init(&outlet->lock, NULL);
    replays_init(&outlet->replays);
    int error = buffer_cursor_open(common->buffer, outlet->name, section.start == START_OLDEST, why);
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

void outlet_refresh(struct outlet *outlet)
{
    if (outlet->type->refresh)
        outlet->type->refresh(outlet->state);
}

void outlet_reply(struct outlet *outlet, const struct outlet_command *command, const char *json, size_t size)
{
    if (outlet->type->reply)
        outlet->type->reply(outlet->state, command, json, size);
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
    replays_finish(&outlet->replays);
    pthread_mutex_destroy(&outlet->lock);
}
