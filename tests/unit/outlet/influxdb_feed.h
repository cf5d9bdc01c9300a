// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.h"
#include "check.h"
#include "outlet/outlet.h"
#include "reading/reading.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/*
 * The core's side of an outlet, held in memory: readings numbered from 1, what was delivered or parked, and the events.
 */

enum { FEED_EVENTS_MAX = 64, FEED_PARKED_MAX = 16, FEED_MAX = 20000 };

struct fed {
    char sensor[ID_MAX + 1];
    uint64_t seq;
    struct bytes payload;
    int64_t corrected_us;
    bool given, settled, held; // held: its time waits for the clock
};

struct feed {
    struct outlet_feed feed;
    struct settings settings;
    struct settings_influxdb influxdb;
    uv_loop_t loop;
    uv_timer_t watchdog;
    pthread_mutex_t lock; // what stands below is used by the worker, too
    struct fed *fed;      // FEED_MAX; never moves, because the worker holds pointers into it
    size_t count;
    atomic_uint_least64_t position; // the lowest pending number
    atomic_size_t delivered;
    size_t reads;
    size_t replay_at, replay_end; // the readings [replay_at, replay_end) are asked for again; from 0
    size_t replayed;
    int read_error; // the next read fails with it
    enum outlet_event events[FEED_EVENTS_MAX];
    struct fault texts[FEED_EVENTS_MAX];
    size_t event_count;
    struct fault parked_texts[FEED_PARKED_MAX];
    size_t parked_count, parked; // calls, and readings
};

static bool feed_is_pending(const struct feed *feed, uint64_t number)
{
    return number > feed->count || !feed->fed[number - 1].settled;
}

static size_t feed_pending(void *context, struct outlet_range ret_ranges[OUTLET_RANGES_MAX])
{
    struct feed *feed = context;
    size_t count = 0;
    pthread_mutex_lock(&feed->lock);
    for (uint64_t number = 1; number <= feed->count + 1 && count < OUTLET_RANGES_MAX; number++) {
        if (!feed_is_pending(feed, number))
            continue;
        ret_ranges[count].from = number;
        while (number <= feed->count && feed_is_pending(feed, number))
            number++;
        ret_ranges[count++].to = number > feed->count ? UINT64_MAX : number;
    }
    pthread_mutex_unlock(&feed->lock);
    return count;
}

static uint64_t feed_end(void *context)
{
    struct feed *feed = context;
    pthread_mutex_lock(&feed->lock);
    uint64_t end = feed->count + 1;
    pthread_mutex_unlock(&feed->lock);
    return end;
}

static void feed_hand_over(struct fed *fed, uint64_t number, bool replay, struct outlet_batch *batch)
{
    fed->given = true;
    batch->records[batch->count++] = (struct outlet_record){.number = number,
                                                            .sensor = fed->sensor,
                                                            .seq = fed->seq,
                                                            .corrected_us = fed->corrected_us,
                                                            .replay = replay,
                                                            .payload = fed->payload.data,
                                                            .size = fed->payload.used};
}

static int feed_read(void *context, uint64_t from, uint64_t to, bool skip_held, size_t max_records, size_t max_bytes,
                     struct outlet_batch *ret_batch)
{
    struct feed *feed = context;
    size_t bytes = 0;
    uint64_t number = from;
    pthread_mutex_lock(&feed->lock);
    int error = feed->read_error;
    feed->read_error = 0;
    feed->reads++;
    ret_batch->count = 0;
    for (; !error && number <= feed->count && number < to && ret_batch->count < max_records; number++) {
        struct fed *fed = &feed->fed[number - 1];
        if (fed->held && !skip_held)
            break;
        if (fed->held || fed->settled)
            continue;
        bytes += fed->payload.used;
        if (bytes > max_bytes && ret_batch->count > 0)
            break;
        feed_hand_over(fed, number, false, ret_batch);
    }
    ret_batch->next = number;
    pthread_mutex_unlock(&feed->lock);
    return error;
}

static int feed_read_replay(void *context, size_t max_records, size_t max_bytes, struct outlet_batch *ret_batch)
{
    struct feed *feed = context;
    (void)max_bytes;
    pthread_mutex_lock(&feed->lock);
    ret_batch->count = 0;
    for (; feed->replay_at < feed->replay_end && ret_batch->count < max_records; feed->replay_at++)
        feed_hand_over(&feed->fed[feed->replay_at], feed->replay_at + 1, true, ret_batch);
    pthread_mutex_unlock(&feed->lock);
    return 0;
}

static void feed_replayed(void *context, size_t readings)
{
    struct feed *feed = context;
    pthread_mutex_lock(&feed->lock);
    feed->replayed += readings;
    pthread_mutex_unlock(&feed->lock);
}

static void feed_batch_finish(void *context, struct outlet_batch *batch)
{
    (void)context;
    batch->count = 0;
}

// Each number once, and only those that were given.
static void feed_delivered(void *context, uint64_t from, uint64_t to, size_t readings)
{
    struct feed *feed = context;
    pthread_mutex_lock(&feed->lock);
    assert_true(from < to && readings <= to - from);
    for (uint64_t number = from; number < to; number++) {
        assert_true(feed->fed[number - 1].given && !feed->fed[number - 1].settled);
        feed->fed[number - 1].settled = true;
    }
    while (feed->position <= feed->count && feed->fed[feed->position - 1].settled)
        feed->position++;
    feed->delivered += readings;
    pthread_mutex_unlock(&feed->lock);
}

static void feed_event(void *context, enum outlet_event event, const char *text)
{
    struct feed *feed = context;
    pthread_mutex_lock(&feed->lock);
    assert_true(feed->event_count < FEED_EVENTS_MAX);
    feed->events[feed->event_count] = event;
    fault_set(&feed->texts[feed->event_count++], 0, "%s", text);
    pthread_mutex_unlock(&feed->lock);
}

static void feed_parked(void *context, size_t readings, const char *text)
{
    struct feed *feed = context;
    pthread_mutex_lock(&feed->lock);
    assert_true(feed->parked_count < FEED_PARKED_MAX);
    fault_set(&feed->parked_texts[feed->parked_count++], 0, "%s", text);
    feed->parked += readings;
    pthread_mutex_unlock(&feed->lock);
}

static inline size_t feed_reads(struct feed *feed)
{
    pthread_mutex_lock(&feed->lock);
    size_t reads = feed->reads;
    pthread_mutex_unlock(&feed->lock);
    return reads;
}

// The text of the nth event of that sort, or NULL.
static inline const char *feed_told(struct feed *feed, enum outlet_event event, size_t nth)
{
    const char *text = NULL;
    pthread_mutex_lock(&feed->lock);
    for (size_t i = 0; i < feed->event_count && !text; i++)
        if (feed->events[i] == event && nth-- == 0)
            text = feed->texts[i].text;
    pthread_mutex_unlock(&feed->lock);
    return text;
}

static inline size_t feed_told_count(struct feed *feed, enum outlet_event event)
{
    size_t count = 0;
    while (feed_told(feed, event, count))
        count++;
    return count;
}

static inline void feed_add(struct feed *feed, const char *sensor, uint64_t seq, const struct reading *reading)
{
    pthread_mutex_lock(&feed->lock);
    assert_true(feed->count < FEED_MAX);
    struct fed *fed = &feed->fed[feed->count++];
    *fed = (struct fed){.seq = seq};
    snprintf(fed->sensor, sizeof fed->sensor, "%s", sensor);
    bytes_init(&fed->payload, 65536);
    reading_encode(reading, &fed->payload);
    pthread_mutex_unlock(&feed->lock);
}

// `count` readings of "bay-1", a second apart, seq from 1 on.
static inline void feed_add_bays(struct feed *feed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reading reading = {.kind = KIND_PARKING, .zone = "lot"};
        reading.time_us = INT64_C(1795316645000000) + (int64_t)feed->count * 1000000;
        reading.values[0] = (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = 3.5 + (double)(i % 8)};
        reading.value_count = 1;
        feed_add(feed, "bay-1", feed->count + 1, &reading);
    }
}

static inline void feed_too_long(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("what was waited for did not happen in 15 s");
}

static inline struct feed *feed_create(void)
{
    struct feed *feed = calloc(1, sizeof *feed);
    feed->fed = calloc(FEED_MAX, sizeof *feed->fed);
    feed->influxdb = (struct settings_influxdb){.name = "influxdb",
                                                .url = "http://127.0.0.1:1",
                                                .api = 1,
                                                .database = "city",
                                                .org = "",
                                                .bucket = "",
                                                .token_file = "",
                                                .batch_lines = 5000,
                                                .gzip = true};
    feed->settings = (struct settings){
        .gateway = {.id = "umeda-01", .municipality = "271004"}, .influxdb = &feed->influxdb, .influxdb_count = 1};
    feed->position = 1;
    feed->feed = (struct outlet_feed){.context = feed,
                                      .clock = &clock_system,
                                      .loop = &feed->loop,
                                      .settings = &feed->settings,
                                      .epoch = "k7f3",
                                      .state_path = "/tmp",
                                      .pending = feed_pending,
                                      .end = feed_end,
                                      .read = feed_read,
                                      .read_replay = feed_read_replay,
                                      .replayed = feed_replayed,
                                      .batch_finish = feed_batch_finish,
                                      .delivered = feed_delivered,
                                      .parked = feed_parked,
                                      .event = feed_event};
    pthread_mutex_init(&feed->lock, NULL);
    uv_loop_init(&feed->loop);
    uv_timer_init(&feed->loop, &feed->watchdog);
    uv_timer_start(&feed->watchdog, feed_too_long, 15000, 0);
    return feed;
}

static inline void feed_destroy(struct feed *feed)
{
    uv_close((uv_handle_t *)&feed->watchdog, NULL);
    uv_run(&feed->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&feed->loop), 0);
    for (size_t i = 0; i < feed->count; i++)
        bytes_finish(&feed->fed[i].payload);
    free(feed->fed);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}

#define feed_wait(feed, condition)                                                                                     \
    do {                                                                                                               \
        while (!(condition))                                                                                           \
            uv_run(&(feed)->loop, UV_RUN_ONCE);                                                                        \
    } while (0)
