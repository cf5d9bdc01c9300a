// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define NAP_MOST (5 * SECOND)   // the longest wait, so that the watchdog sees life
#define LOOK_EVERY (2 * SECOND) // while online, whether the connection still is
#define LOOK_AGAIN (SECOND / 5)
#define ANSWERS_MOST (3 * SECOND / 2)
#define FAREWELL_MOST (5 * SECOND / 2)
#define CLOSING_MOST (1 * SECOND)
#define JOIN_MOST (3 * SECOND / 10)

enum { PAYLOAD_MAX = 256 * 1024 };

/* The thread. */

static bool all_quiet(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    bool documents = mqtt->documents.wanted > 0 || mqtt->documents.flying > 0;
    pthread_mutex_unlock(&mqtt->lock);
    return !documents && client_flying(mqtt->client) == 0;
}

static void step_waiting(struct mqtt *mqtt)
{
    if (mqtt->now_us >= mqtt->due_us) {
        session_start(mqtt);
    }
}

static void due_by(struct mqtt *mqtt, int64_t time_us)
{
    if (time_us > mqtt->now_us && time_us < mqtt->due_us) {
        mqtt->due_us = time_us;
    }
}

static void step_online(struct mqtt *mqtt)
{
    session_online(mqtt);
    if (mqtt->phase == PHASE_ONLINE) {
        refusal_watch(mqtt);
        refusal_documents(mqtt);
        flow_fill(mqtt, true);
        flow_deliver(mqtt);
    }
    if (mqtt->phase == PHASE_ONLINE) {
        mqtt->due_us = mqtt->now_us + (mqtt->seems_lost ? LOOK_AGAIN : LOOK_EVERY);
        due_by(mqtt, mqtt->pause_us);
        due_by(mqtt, mqtt->refusal.hold_us);
    }
}

static void say_stopped(struct mqtt *mqtt)
{
    utc_text(clock_wall_us(mqtt->feed.clock), mqtt->since);
    session_put_status(mqtt, "stopped");
    mqtt->said_stopped = true;
}

// What is out is waited for a while; then `stopped` goes, and then the connection.
static void step_farewell(struct mqtt *mqtt)
{
    int64_t spent_us = mqtt->now_us - mqtt->phase_since_us;
    flow_fill(mqtt, false);
    flow_deliver(mqtt);
    if (!mqtt->said_stopped && (all_quiet(mqtt) || spent_us >= ANSWERS_MOST)) {
        say_stopped(mqtt);
        flow_fill(mqtt, false);
    }
    if (mqtt->said_stopped && (all_quiet(mqtt) || spent_us >= FAREWELL_MOST)) {
        int error = client_disconnect(mqtt->client);
        session_phase(mqtt, PHASE_CLOSING);
        if (error) {
            session_over(mqtt, false);
        }
    }
    mqtt->due_us = mqtt->phase_since_us + (mqtt->said_stopped ? FAREWELL_MOST : ANSWERS_MOST);
}

static void step_closing(struct mqtt *mqtt)
{
    mqtt->due_us = mqtt->phase_since_us + CLOSING_MOST;
    if (mqtt->now_us >= mqtt->due_us) {
        session_over(mqtt, false);
    }
}

static void step_over(struct mqtt *mqtt)
{
    (void)mqtt;
}

static void (*const steps[])(struct mqtt *mqtt) = {
    [PHASE_WAITING] = step_waiting,    [PHASE_CONNECTING] = session_supervise, [PHASE_ONLINE] = step_online,
    [PHASE_LEAVING] = session_leaving, [PHASE_FAREWELL] = step_farewell,       [PHASE_CLOSING] = step_closing,
    [PHASE_OVER] = step_over,
};

static struct timespec monotonic_after(int64_t wait_us)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t end_us = (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000 + wait_us;
    return (struct timespec){.tv_sec = (time_t)(end_us / SECOND), .tv_nsec = (long)(end_us % SECOND * 1000)};
}

// Sleeps until the client has news, readings come, the outlet stops, or `due_us`.
static void nap(struct mqtt *mqtt)
{
    int64_t nap_us = mqtt->due_us - clock_boot_us(mqtt->feed.clock);
    struct timespec end = monotonic_after(nap_us < 0 ? 0 : nap_us > NAP_MOST ? NAP_MOST : nap_us);
    bool leaving = mqtt->phase >= PHASE_FAREWELL;
    int late = 0;
    pthread_mutex_lock(&mqtt->lock);
    while (!mqtt->news && !mqtt->more && (leaving || !mqtt->stopping) && late == 0) {
        late = pthread_cond_timedwait(&mqtt->changed, &mqtt->lock, &end);
    }
    mqtt->dry = mqtt->dry && !mqtt->more;
    mqtt->more = mqtt->news = false;
    pthread_mutex_unlock(&mqtt->lock);
}

static void collect(struct mqtt *mqtt)
{
    struct client_news news;
    struct ticket *finished;
    mqtt->now_us = clock_boot_us(mqtt->feed.clock);
    if (!session_stuck(mqtt)) {
        atomic_store(&mqtt->beat_us, mqtt->now_us);
    }
    if (mqtt->client) {
        client_take(mqtt->client, &news, &finished);
        flow_answers(mqtt, finished);
        flow_deliver(mqtt);
        session_news(mqtt, &news);
    }
}

static void obey(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    bool stopping = mqtt->stopping;
    pthread_mutex_unlock(&mqtt->lock);
    if (!stopping || mqtt->phase >= PHASE_FAREWELL) {
        return;
    }
    if (mqtt->phase != PHASE_ONLINE) {
        session_over(mqtt, mqtt->phase == PHASE_WAITING);
        return;
    }
    mqtt->pause_us = 0;
    session_phase(mqtt, PHASE_FAREWELL);
}

static void learn_retained(struct mqtt *mqtt)
{
    struct fault why = {""};
    if (retained_init(&mqtt->retained, mqtt->feed.state_path, mqtt->options->name, mqtt->settings, mqtt->tree, &why)) {
        mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, why.text);
    }
}

static void free_state(struct mqtt *mqtt)
{
    pthread_cond_destroy(&mqtt->changed);
    pthread_mutex_destroy(&mqtt->lock);
    documents_finish(&mqtt->documents);
    retained_finish(&mqtt->retained);
    window_finish(&mqtt->window);
    bytes_finish(&mqtt->scratch);
    mqtt_login_destroy(mqtt->login);
    free(mqtt);
}

// The client's memory, and with it ours, must outlive every callback that can still come.
static void free_unless_needed(struct mqtt *mqtt)
{
    client_abandon(mqtt->client, mqtt->quiet);
    if (mqtt->quiet && mqtt->abandoned == 0) {
        free_state(mqtt);
    }
}

static void end_thread(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    atomic_store(&mqtt->over, true);
    pthread_cond_broadcast(&mqtt->changed);
    bool orphaned = mqtt->orphaned;
    pthread_mutex_unlock(&mqtt->lock);
    if (orphaned) {
        free_unless_needed(mqtt);
    }
}

static void *run(void *argument)
{
    struct mqtt *mqtt = argument;
    learn_retained(mqtt);
    while (mqtt->phase != PHASE_OVER) {
        if (session_orphaned(mqtt)) {
            session_over(mqtt, mqtt->phase == PHASE_WAITING);
            break;
        }
        collect(mqtt);
        obey(mqtt);
        steps[mqtt->phase](mqtt);
        if (mqtt->phase != PHASE_OVER) {
            nap(mqtt);
        }
    }
    if (mqtt->retained.dirty && mqtt->said_stopped) {
        struct fault why;
        retained_write(&mqtt->retained, &why);
    }
    end_thread(mqtt);
    return NULL;
}

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
    if (!error && options->format != FORMAT_CITYGW) {
        error = fault_set(why, -ENOTSUP, _("this format is not built yet; expected format = citygw"));
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
    mqtt->keep_alive_s = (int)(mqtt->options->keep_alive_us / SECOND);
    prepare_lock(mqtt);
    mint_session(feed->clock, mqtt->session);
    bytes_init(&mqtt->scratch, DOCUMENT_SIZE_MAX);
    int error = configure(mqtt, why);
    if (!error && window_init(&mqtt->window, window_size(mqtt->options), PAYLOAD_MAX)) {
        error = fault_set(why, -ENOMEM, _("out of memory"));
    }
    if (error) {
        free_state(mqtt);
        return error;
    }
    session_put_status(mqtt, "online"); // so that it stands first among the documents
    *ret_state = mqtt;
    return 0;
}

static int mqtt_start(void *state, struct fault *why)
{
    struct mqtt *mqtt = state;
    mqtt->position = mqtt->feed.position(mqtt->feed.context);
    mqtt->now_us = clock_boot_us(mqtt->feed.clock);
    mqtt->due_us = mqtt->now_us;
    atomic_store(&mqtt->beat_us, mqtt->now_us);
    int error = pthread_create(&mqtt->thread, NULL, run, mqtt);
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
    struct timespec end = monotonic_after(JOIN_MOST);
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
        free_state(mqtt);
        return;
    }
    mqtt_stop(mqtt);
    if (!thread_ended(mqtt)) {
        return;
    }
    pthread_join(mqtt->thread, NULL);
    mqtt->feed.batch_finish(mqtt->feed.context, &mqtt->batch);
    free_unless_needed(mqtt);
}

const struct outlet_type outlet_mqtt = {
    .type = "mqtt",
    .create = mqtt_create,
    .start = mqtt_start,
    .wake = mqtt_wake,
    .documents = mqtt_documents,
    .stop = mqtt_stop,
    .stopped = mqtt_stopped,
    .beat_boot_us = mqtt_beat,
    .destroy = mqtt_destroy,
};
