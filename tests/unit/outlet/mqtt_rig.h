// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "outlet/outlet.h"
#include "reading/reading.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * An MQTT outlet under test: settings made by hand, a feed of made-up parking readings, a log of its events, and a clock
 * that runs as usual but can be put forward, so that no test sits through a pause. What it keeps lies in memory, so that nothing
 * waits for a disk that is busy with other tests.
 */

enum { RIG_READINGS_MAX = 4096, RIG_EVENTS_MAX = 256, RIG_WAIT_S = 20, RIG_SENSORS = 4 };

struct rig_event {
    enum outlet_event event;
    char text[400];
};

struct rig_clock {
    struct clock clock; // first: the outlet knows only this
    atomic_int_least64_t ahead_us;
};

struct rig {
    struct rig_clock clock;
    struct settings settings;
    struct settings_mqtt mqtt;
    struct settings_sensor sensors[RIG_SENSORS];
    char url[128], state_path[64];
    const struct outlet_type *type;
    void *state;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct bytes payload;
    uint64_t available; // readings are numbered 1..available
    uint64_t late_to;   // those below are backlog
    uint64_t delivered; // the lowest pending number
    bool given[RIG_READINGS_MAX], settled[RIG_READINGS_MAX];
    uint64_t held_from, held_to; // their time waits for the clock
    size_t passed_over;          // of those, by reads
    bool old;                    // none is the newest of its sensor
    const char *stream;          // that all readings are of; NULL: of three bays
    size_t delivered_count, parked_count;
    char parked_text[400];         // of the last one
    bool misdelivered;             // what was not given, or what was settled already, was settled
    uint64_t replay_at, replay_to; // the readings [replay_at, replay_to) are asked for again
    size_t replayed;
    size_t states_read;    // rounds of read_states
    uint64_t states_since; // of the last round
    size_t let_go;         // batches that were finished after a read
    bool takes_commands;
    size_t commands;
    struct outlet_command command; // the last one; its payload is in command_text
    char command_text[OUTLET_COMMAND_MAX + 1];
    struct rig_event events[RIG_EVENTS_MAX];
    size_t event_count, seen;
};

static int64_t rig_wall_us(const struct clock *clock)
{
    (void)clock;
    return clock_wall_us(&clock_system);
}

static bool rig_synchronised(const struct clock *clock)
{
    (void)clock;
    return true;
}

static int64_t rig_boot_us(const struct clock *clock)
{
    const struct rig_clock *held = (const struct rig_clock *)clock;
    return clock_boot_us(&clock_system) + atomic_load(&held->ahead_us);
}

static const char *rig_sensor(uint64_t number)
{
    static const char *const names[] = {"bay-0", "bay-1", "bay-2"};
    return names[number % 3];
}

static bool rig_is_pending(const struct rig *rig, uint64_t number)
{
    return number > rig->available || !rig->settled[number];
}

static size_t rig_pending(void *context, struct outlet_range ret_ranges[OUTLET_RANGES_MAX])
{
    struct rig *rig = context;
    size_t count = 0;
    pthread_mutex_lock(&rig->lock);
    for (uint64_t number = 1; number <= rig->available + 1 && count < OUTLET_RANGES_MAX; number++) {
        if (rig_is_pending(rig, number)) {
            ret_ranges[count].from = number;
            while (number <= rig->available && rig_is_pending(rig, number)) {
                number++;
            }
            ret_ranges[count++].to = number > rig->available ? UINT64_MAX : number;
        }
    }
    pthread_mutex_unlock(&rig->lock);
    return count;
}

static uint64_t rig_end(void *context)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    uint64_t end = rig->available + 1;
    pthread_mutex_unlock(&rig->lock);
    return end;
}

static struct outlet_record *rig_hand_over(struct rig *rig, uint64_t number, struct outlet_batch *batch)
{
    struct outlet_record *record = &batch->records[batch->count++];
    *record = (struct outlet_record){.number = number,
                                     .sensor = rig->stream ? rig->stream : rig_sensor(number),
                                     .seq = number,
                                     .late = number < rig->late_to,
                                     .newest = !rig->old,
                                     .payload = rig->payload.data,
                                     .size = rig->payload.used};
    return record;
}

static int rig_read(void *context, uint64_t from, uint64_t to, bool skip_held, size_t max_records, size_t max_bytes,
                    struct outlet_batch *ret_batch)
{
    struct rig *rig = context;
    (void)max_bytes;
    pthread_mutex_lock(&rig->lock);
    ret_batch->count = 0;
    for (; ret_batch->count < max_records && from <= rig->available && from < to; from++) {
        bool held = from >= rig->held_from && from < rig->held_to;
        if (held && !skip_held) {
            break;
        }
        rig->passed_over += held;
        if (!held && !rig->settled[from]) {
            rig_hand_over(rig, from, ret_batch);
            rig->given[from] = true;
        }
    }
    ret_batch->next = from;
    ret_batch->private = rig;
    pthread_mutex_unlock(&rig->lock);
    return 0;
}

// The last three readings are the newest of the three sensors.
static int rig_read_states(void *context, uint64_t since, size_t *index, size_t max_records,
                           struct outlet_batch *ret_batch)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    ret_batch->count = 0;
    rig->states_read += *index == 0;
    rig->states_since = since;
    for (; *index < 3 && ret_batch->count < max_records; ++*index) {
        uint64_t number = rig->available - *index;
        if (*index < rig->available && number >= since) {
            rig_hand_over(rig, number, ret_batch)->refresh = true;
            rig->given[number] = true;
        }
    }
    pthread_mutex_unlock(&rig->lock);
    return 0;
}

static int rig_read_replay(void *context, size_t max_records, size_t max_bytes, struct outlet_batch *ret_batch)
{
    struct rig *rig = context;
    (void)max_bytes;
    pthread_mutex_lock(&rig->lock);
    ret_batch->count = 0;
    for (; rig->replay_at < rig->replay_to && ret_batch->count < max_records; rig->replay_at++) {
        rig_hand_over(rig, rig->replay_at, ret_batch)->replay = true;
    }
    pthread_mutex_unlock(&rig->lock);
    return 0;
}

static void rig_replayed(void *context, size_t readings)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    rig->replayed += readings;
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static void rig_command(void *context, const struct outlet_command *command)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    rig->commands++;
    rig->command = *command;
    snprintf(rig->command_text, sizeof rig->command_text, "%.*s", (int)command->size, (const char *)command->payload);
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static void rig_batch_finish(void *context, struct outlet_batch *batch)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    rig->let_go += batch->private != NULL;
    pthread_mutex_unlock(&rig->lock);
    batch->private = NULL;
}

static void rig_delivered(void *context, uint64_t from, uint64_t to, size_t readings)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    for (uint64_t number = from; number < to; number++) {
        rig->misdelivered = rig->misdelivered || !rig->given[number] || rig->settled[number];
        rig->settled[number] = true;
    }
    while (rig->delivered <= rig->available && rig->settled[rig->delivered]) {
        rig->delivered++;
    }
    rig->delivered_count += readings;
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static void rig_parked(void *context, size_t readings, const char *text)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    rig->parked_count += readings;
    snprintf(rig->parked_text, sizeof rig->parked_text, "%s", text);
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static void rig_on_event(void *context, enum outlet_event event, const char *text)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    if (rig->event_count < RIG_EVENTS_MAX) {
        struct rig_event *kept = &rig->events[rig->event_count++];
        kept->event = event;
        snprintf(kept->text, sizeof kept->text, "%s", text);
    }
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static inline struct timespec rig_deadline_ms(long milliseconds)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += milliseconds % 1000 * 1000000;
    end.tv_sec += milliseconds / 1000 + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return end;
}

static inline struct timespec rig_deadline(int seconds)
{
    return rig_deadline_ms(seconds * 1000L);
}

static inline bool rig_wait_event_ms(struct rig *rig, enum outlet_event event, long milliseconds, char ret_text[400])
{
    struct timespec end = rig_deadline_ms(milliseconds);
    bool found = false;
    int late = 0;
    pthread_mutex_lock(&rig->lock);
    while (!found && !late) {
        while (!found && rig->seen < rig->event_count) {
            const struct rig_event *kept = &rig->events[rig->seen++];
            found = kept->event == event;
            snprintf(ret_text, 400, "%s", kept->text);
        }
        if (!found) {
            late = pthread_cond_timedwait(&rig->changed, &rig->lock, &end);
        }
    }
    pthread_mutex_unlock(&rig->lock);
    return found;
}

// Waits for the next event of that kind; earlier ones are passed over. False when it does not come.
static inline bool rig_wait_event(struct rig *rig, enum outlet_event event, char ret_text[400])
{
    return rig_wait_event_ms(rig, event, RIG_WAIT_S * 1000L, ret_text);
}

static inline bool rig_wait_delivered(struct rig *rig, uint64_t next)
{
    struct timespec end = rig_deadline(RIG_WAIT_S);
    int late = 0;
    pthread_mutex_lock(&rig->lock);
    while (rig->delivered < next && !late) {
        late = pthread_cond_timedwait(&rig->changed, &rig->lock, &end);
    }
    bool arrived = rig->delivered >= next;
    pthread_mutex_unlock(&rig->lock);
    return arrived;
}

static inline bool rig_wait_parked(struct rig *rig, size_t count)
{
    struct timespec end = rig_deadline(RIG_WAIT_S);
    int late = 0;
    pthread_mutex_lock(&rig->lock);
    while (rig->parked_count < count && !late) {
        late = pthread_cond_timedwait(&rig->changed, &rig->lock, &end);
    }
    bool parked = rig->parked_count >= count;
    pthread_mutex_unlock(&rig->lock);
    return parked;
}

// How many events of that kind came so far, whose text holds `part`.
static inline size_t rig_count(struct rig *rig, enum outlet_event event, const char *part)
{
    size_t count = 0;
    pthread_mutex_lock(&rig->lock);
    for (size_t i = 0; i < rig->event_count; i++) {
        count += rig->events[i].event == event && strstr(rig->events[i].text, part);
    }
    pthread_mutex_unlock(&rig->lock);
    return count;
}

static inline uint64_t rig_cursor(struct rig *rig)
{
    pthread_mutex_lock(&rig->lock);
    uint64_t cursor = rig->delivered;
    pthread_mutex_unlock(&rig->lock);
    return cursor;
}

// On the heap: when a test fails, the outlet's thread still runs.
static inline struct rig *rig_make(int port)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    static const char *const ids[] = {"bay-0", "bay-1", "bay-2", "road-1"};
    *rig =
        (struct rig){.clock.clock = {.wall_us = rig_wall_us, .boot_us = rig_boot_us, .synchronised = rig_synchronised},
                     .type = &outlet_mqtt,
                     .delivered = 1,
                     .state_path = "/dev/shm/citygw-mqtt-XXXXXX"};
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->changed, NULL);
    assert_non_null(mkdtemp(rig->state_path));
    snprintf(rig->url, sizeof rig->url, "mqtt://127.0.0.1:%d", port);
    for (size_t i = 0; i < RIG_SENSORS; i++) {
        rig->sensors[i] = (struct settings_sensor){.id = ids[i], .kind = i < 3 ? KIND_PARKING : KIND_BUMP};
    }
    rig->mqtt = (struct settings_mqtt){.name = "mqtt",
                                       .url = rig->url,
                                       .version = 5,
                                       .client_id = "citygw-test",
                                       .username = "",
                                       .password_file = "",
                                       .ca_file = "",
                                       .cert_file = "",
                                       .key_file = "",
                                       .topic_prefix = "citygw/v1",
                                       .drain = DRAIN_IN_ORDER,
                                       .backlog_rate = 1000000,
                                       .keep_alive_us = 60 * 1000000,
                                       .in_flight = 100};
    rig->settings.gateway = (struct settings_gateway){.id = "umeda-01", .municipality = "271004"};
    rig->settings.mqtt = &rig->mqtt;
    rig->settings.mqtt_count = 1;
    rig->settings.sensor = rig->sensors;
    rig->settings.sensor_count = RIG_SENSORS;

    struct reading reading = {.kind = KIND_PARKING, .zone = "", .time_us = INT64_C(1795316645678000), .value_count = 1};
    reading.values[0] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true};
    bytes_init(&rig->payload, 4096);
    reading_encode(&reading, &rig->payload);
    assert_false(rig->payload.overflow);
    return rig;
}

static inline void rig_create(struct rig *rig)
{
    struct fault why = {""};
    struct outlet_feed feed = {.context = rig,
                               .clock = &rig->clock.clock,
                               .settings = &rig->settings,
                               .epoch = "k7f3",
                               .state_path = rig->state_path,
                               .pending = rig_pending,
                               .end = rig_end,
                               .read = rig_read,
                               .batch_finish = rig_batch_finish,
                               .delivered = rig_delivered,
                               .read_states = rig_read_states,
                               .read_replay = rig_read_replay,
                               .replayed = rig_replayed,
                               .command = rig->takes_commands ? rig_command : NULL,
                               .parked = rig_parked,
                               .event = rig_on_event};
    if (rig->type->create(&feed, 0, &rig->state, &why)) {
        fail_msg("%s", why.text);
    }
}

static inline void rig_start(struct rig *rig)
{
    struct fault why = {""};
    rig_create(rig);
    if (rig->type->start(rig->state, &why)) {
        fail_msg("%s", why.text);
    }
}

// Makes readings up to that number available.
static inline void rig_offer(struct rig *rig, uint64_t last)
{
    pthread_mutex_lock(&rig->lock);
    rig->available = last;
    pthread_mutex_unlock(&rig->lock);
    rig->type->wake(rig->state);
}

// Puts the outlet's clock forward and lets it look.
static inline void rig_advance(struct rig *rig, int seconds)
{
    atomic_fetch_add(&rig->clock.ahead_us, (int64_t)seconds * 1000000);
    rig->type->wake(rig->state);
}

// Again and again, because what a pause begins with may still be on its way; until the event comes.
static inline bool rig_advance_until(struct rig *rig, int seconds, enum outlet_event event, char ret_text[400])
{
    bool found = false;
    for (int i = 0; i < 50 && !found; i++) {
        rig_advance(rig, seconds);
        found = rig_wait_event_ms(rig, event, 300, ret_text);
    }
    return found;
}

static inline void rig_nap(void)
{
    struct timespec nap = {.tv_nsec = 5 * 1000000};
    nanosleep(&nap, NULL);
}

// Stops in order, as the core does: asks until it is over or the time is up.
static inline bool rig_stop(struct rig *rig)
{
    bool stopped = false;
    rig->type->stop(rig->state);
    for (int i = 0; i < 4000 && !stopped; i++) {
        stopped = rig->type->stopped(rig->state);
        if (!stopped) {
            rig_nap();
        }
    }
    rig->type->destroy(rig->state);
    rig->state = NULL;
    return stopped;
}

static inline void rig_finish(struct rig *rig)
{
    char path[128];
    snprintf(path, sizeof path, "%s/retained.mqtt", rig->state_path);
    unlink(path);
    rmdir(rig->state_path);
    bytes_finish(&rig->payload);
    pthread_cond_destroy(&rig->changed);
    pthread_mutex_destroy(&rig->lock);
    free(rig);
}
