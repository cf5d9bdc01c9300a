// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define NAP_MOST (5 * SECOND)   // the longest wait, so that the watchdog sees life
#define LOOK_EVERY (2 * SECOND) // while online, whether the connection still is
#define LOOK_AGAIN (SECOND / 5)
#define ANSWERS_MOST (3 * SECOND / 2)
#define FAREWELL_MOST (5 * SECOND / 2)
#define CLOSING_MOST (1 * SECOND)

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
        command_watch(mqtt);
        flow_fill(mqtt, true);
        flow_deliver(mqtt);
    }
    if (mqtt->phase == PHASE_ONLINE) {
        mqtt->due_us = mqtt->now_us + (mqtt->seems_lost ? LOOK_AGAIN : LOOK_EVERY);
        due_by(mqtt, mqtt->pause_us);
        due_by(mqtt, mqtt->look_us);
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

struct timespec mqtt_deadline(int64_t wait_us)
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
    struct timespec end = mqtt_deadline(nap_us < 0 ? 0 : nap_us > NAP_MOST ? NAP_MOST : nap_us);
    bool leaving = mqtt->phase >= PHASE_FAREWELL;
    int late = 0;
    pthread_mutex_lock(&mqtt->lock);
    while (!mqtt->news && !mqtt->more && (leaving || !mqtt->stopping) && late == 0) {
        late = pthread_cond_timedwait(&mqtt->changed, &mqtt->lock, &end);
    }
    bool more = mqtt->more;
    mqtt->states.wanted = mqtt->states.wanted || (mqtt->refresh && !mqtt->in_order);
    mqtt->more = mqtt->news = mqtt->refresh = false;
    pthread_mutex_unlock(&mqtt->lock);
    if (more) {
        lane_news(mqtt);
    }
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
        command_news(mqtt, &news);
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

void mqtt_free(struct mqtt *mqtt)
{
    pthread_cond_destroy(&mqtt->changed);
    pthread_mutex_destroy(&mqtt->lock);
    documents_finish(&mqtt->documents);
    replies_finish(&mqtt->replies);
    retained_finish(&mqtt->retained);
    for (int i = 0; i < LANES; i++) {
        window_finish(&mqtt->lanes[i].window);
    }
    for (size_t i = 0; i < ASIDE_MAX; i++) {
        bytes_finish(&mqtt->aside[i].payload);
    }
    ahead_finish(&mqtt->ahead);
    bytes_finish(&mqtt->scratch);
    mqtt_login_destroy(mqtt->login);
    places_finish(&mqtt->places);
    free(mqtt);
}

// The client's memory, and with it ours, must outlive every callback that can still come.
void mqtt_free_unless_needed(struct mqtt *mqtt)
{
    client_abandon(mqtt->client, mqtt->quiet);
    if (mqtt->quiet && mqtt->abandoned == 0 && mqtt->spoilt == 0) {
        mqtt_free(mqtt);
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
        mqtt_free_unless_needed(mqtt);
    }
}

void *mqtt_run(void *argument)
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
        atomic_store(&mqtt->in_flight, mqtt->client ? client_flying(mqtt->client) : 0);
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
