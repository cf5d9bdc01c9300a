// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define BACKLOG_BURST_S 0.1
#define RATE_BURST_S 1
#define JOIN_MOST (3 * SECOND / 10)

/* The outlet's face. */

static void mint_session(const struct clock *clock, char ret_session[MQTT_SESSION_SIZE])
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random) {
        random = (uint64_t)clock_wall_us(clock);
    }
    snprintf(ret_session, MQTT_SESSION_SIZE, "%016llx", (unsigned long long)random);
}

static void prepare_lock(struct mqtt *mqtt)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&mqtt->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&mqtt->lock, NULL);
}

static int configure(struct mqtt *mqtt, struct fault *why)
{
    const struct settings_mqtt *options = mqtt->options;
    int error = mqtt_login_create(options, &mqtt->login, why);
    if (!error && places_init(&mqtt->places, mqtt->settings)) {
        error = fault_set(why, -ENOMEM, _("out of memory"));
    }
    if (!error && topic_tree(options->topic_prefix, &mqtt->settings->gateway, mqtt->tree)) {
        error = fault_set(why, -EINVAL, _("\"%s\" cannot begin a topic; expected words separated by /"),
                          options->topic_prefix);
    }
    return error;
}

static size_t window_size(const struct settings_mqtt *options)
{
    int64_t size = options->in_flight;
    return size < 1 ? 1 : size > MQTT_IN_FLIGHT_MAX ? MQTT_IN_FLIGHT_MAX : (size_t)size;
}

static int mqtt_create(const struct outlet_feed *feed, size_t index, void **ret_state, struct fault *why)
{
    struct mqtt *mqtt = calloc(1, sizeof *mqtt);
    if (!mqtt) {
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    mqtt->feed = *feed;
    mqtt->settings = feed->settings;
    mqtt->options = &feed->settings->mqtt[index];
    mqtt->format = mqtt_format(mqtt->options->format);
    mqtt->wire = (struct mqtt_wire){.gateway = &mqtt->settings->gateway,
                                    .options = mqtt->options,
                                    .places = &mqtt->places,
                                    .tree = mqtt->tree,
                                    .epoch = mqtt->feed.epoch};
    mqtt->in_order = mqtt->format->in_order || mqtt->options->drain == DRAIN_IN_ORDER;
    mqtt->batch = mqtt->format->batches ? mqtt->options->batch : BATCH_NO;
    mqtt->keep_alive_s = (int)(mqtt->options->keep_alive_us / SECOND);
    prepare_lock(mqtt);
    mint_session(feed->clock, mqtt->session);
    mqtt->born_boot_us = clock_boot_us(feed->clock);
    bytes_init(&mqtt->scratch, DOCUMENT_SIZE_MAX);
    int error = configure(mqtt, why);
    for (int i = 0; !error && i < LANES; i++) {
        error = window_init(&mqtt->lanes[i].window, window_size(mqtt->options), MQTT_PAYLOAD_MAX);
        if (error) {
            fault_set(why, error, _("out of memory"));
        }
    }
    if (error) {
        mqtt_free(mqtt);
        return error;
    }
    session_put_status(mqtt, "online"); // so that it stands first among the documents
    *ret_state = mqtt;
    return 0;
}

static int mqtt_start(void *state, struct fault *why)
{
    struct mqtt *mqtt = state;
    struct outlet_range pending[OUTLET_RANGES_MAX];
    mqtt->now_us = clock_boot_us(mqtt->feed.clock);
    mqtt->lanes[LANE_LIVE].position = mqtt->feed.pending(mqtt->feed.context, pending) > 0 ? pending[0].from : 0;
    pace_init(&mqtt->backlog_pace, mqtt->options->backlog_rate, BACKLOG_BURST_S, mqtt->now_us);
    pace_init(&mqtt->rate, (double)mqtt->options->max_rate_bytes, RATE_BURST_S, mqtt->now_us);
    mqtt->due_us = mqtt->now_us;
    atomic_store(&mqtt->beat_us, mqtt->now_us);
    int error = pthread_create(&mqtt->thread, NULL, mqtt_run, mqtt);
    if (error) {
        return fault_errno(why, -error, _("the thread of the MQTT outlet cannot be started"));
    }
    mqtt->started = true;
    return 0;
}

static void mqtt_wake(void *state)
{
    struct mqtt *mqtt = state;
    pthread_mutex_lock(&mqtt->lock);
    mqtt->more = true;
    pthread_cond_broadcast(&mqtt->changed);
    pthread_mutex_unlock(&mqtt->lock);
}

static void mqtt_documents(void *state, const struct outlet_document *documents, size_t count)
{
    struct mqtt *mqtt = state;
    pthread_mutex_lock(&mqtt->lock);
    for (size_t i = 0; i < count; i++) {
        documents_put(&mqtt->documents, &documents[i]); // one that is too large stays as it was
    }
    mqtt->news = true;
    pthread_cond_broadcast(&mqtt->changed);
    pthread_mutex_unlock(&mqtt->lock);
}

static void mqtt_refresh(void *state)
{
    struct mqtt *mqtt = state;
    pthread_mutex_lock(&mqtt->lock);
    mqtt->refresh = mqtt->news = true;
    pthread_cond_broadcast(&mqtt->changed);
    pthread_mutex_unlock(&mqtt->lock);
}

static void mqtt_reply(void *state, const struct outlet_command *command, const char *json, size_t size)
{
    struct mqtt *mqtt = state;
    pthread_mutex_lock(&mqtt->lock);
    mqtt->news = replies_put(&mqtt->replies, command, json, size) == 0 || mqtt->news; // a dropped one is counted there
    pthread_cond_broadcast(&mqtt->changed);
    pthread_mutex_unlock(&mqtt->lock);
}

static void mqtt_figures(void *state, struct outlet_figures *ret_figures)
{
    struct mqtt *mqtt = state;
    pthread_mutex_lock(&mqtt->lock);
    uint64_t dropped = mqtt->replies.dropped;
    pthread_mutex_unlock(&mqtt->lock);
    *ret_figures = (struct outlet_figures){.batches = atomic_load(&mqtt->batches),
                                           .replies_dropped = dropped,
                                           .commands = atomic_load(&mqtt->commands),
                                           .commands_ignored = atomic_load(&mqtt->commands_ignored),
                                           .throttled_us = atomic_load(&mqtt->throttled_us),
                                           .characters_replaced = atomic_load(&mqtt->replaced),
                                           .in_flight = atomic_load(&mqtt->in_flight),
                                           .twins = atomic_load(&mqtt->twins)};
}

static void mqtt_stop(void *state)
{
    struct mqtt *mqtt = state;
    pthread_mutex_lock(&mqtt->lock);
    mqtt->stopping = true;
    pthread_cond_broadcast(&mqtt->changed);
    pthread_mutex_unlock(&mqtt->lock);
}

static bool mqtt_stopped(void *state)
{
    struct mqtt *mqtt = state;
    return !mqtt->started || atomic_load(&mqtt->over) || !atomic_load(&mqtt->connected);
}

static int64_t mqtt_beat(void *state)
{
    struct mqtt *mqtt = state;
    return mqtt->started ? atomic_load(&mqtt->beat_us) : INT64_MAX;
}

// The thread may hang in the library or the resolver for long; then it is left alone and frees the state itself.
static bool thread_ended(struct mqtt *mqtt)
{
    struct timespec end = mqtt_deadline(JOIN_MOST);
    int late = 0;
    pthread_mutex_lock(&mqtt->lock);
    while (!atomic_load(&mqtt->over) && late == 0) {
        late = pthread_cond_timedwait(&mqtt->changed, &mqtt->lock, &end);
    }
    mqtt->orphaned = !atomic_load(&mqtt->over);
    bool ended = !mqtt->orphaned;
    if (!ended) {
        pthread_detach(mqtt->thread);
    }
    pthread_mutex_unlock(&mqtt->lock);
    return ended;
}

static void mqtt_destroy(void *state)
{
    struct mqtt *mqtt = state;
    if (!mqtt) {
        return;
    }
    if (!mqtt->started) {
        mqtt_free(mqtt);
        return;
    }
    mqtt_stop(mqtt);
    if (!thread_ended(mqtt)) {
        return;
    }
    pthread_join(mqtt->thread, NULL);
    for (int i = 0; i < LANES; i++) {
        mqtt->feed.batch_finish(mqtt->feed.context, &mqtt->lanes[i].read);
    }
    mqtt->feed.batch_finish(mqtt->feed.context, &mqtt->states.read);
    mqtt->feed.batch_finish(mqtt->feed.context, &mqtt->piece);
    mqtt_free_unless_needed(mqtt);
}

const struct outlet_type outlet_mqtt = {
    .type = "mqtt",
    .create = mqtt_create,
    .start = mqtt_start,
    .wake = mqtt_wake,
    .documents = mqtt_documents,
    .reply = mqtt_reply,
    .refresh = mqtt_refresh,
    .figures = mqtt_figures,
    .stop = mqtt_stop,
    .stopped = mqtt_stopped,
    .beat_boot_us = mqtt_beat,
    .destroy = mqtt_destroy,
};
