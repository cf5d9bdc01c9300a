// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "influxdb_feed.h"
#include "influxdb_server.h"
#include "quick_pace.h"

// The outlet between a feed and a server that follows a script, impatient enough for a test.

struct bench {
    struct feed *feed;
    struct server *server;
    void *outlet;
};

static inline int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->feed = feed_create();
    bench->server = server_create();
    bench->feed->influxdb.url = bench->server->url;
    *state = bench;
    return 0;
}

static inline int tear_down(void **state)
{
    struct bench *bench = *state;
    outlet_influxdb.destroy(bench->outlet);
    feed_destroy(bench->feed);
    server_destroy(bench->server);
    free(bench);
    return 0;
}

static inline void create(struct bench *bench)
{
    struct fault why = {""};
    int error = outlet_influxdb.create(&bench->feed->feed, 0, &bench->outlet, &why);
    if (error)
        fail_msg("create: %s", why.text);
    influxdb_set_pace(bench->outlet, &quick);
}

static inline void start(struct bench *bench)
{
    struct fault why = {""};
    if (!bench->outlet)
        create(bench);
    assert_int_equal(outlet_influxdb.start(bench->outlet, &why), 0);
}

static inline void begin(struct bench *bench)
{
    server_start(bench->server);
    start(bench);
}

static inline void wait_all(struct bench *bench)
{
    feed_wait(bench->feed, bench->feed->position == bench->feed->count + 1);
}

static inline size_t told(struct bench *bench, enum outlet_event event)
{
    return feed_told_count(bench->feed, event);
}

static inline void assert_told(struct bench *bench, enum outlet_event event, const char *part)
{
    const char *text = feed_told(bench->feed, event, 0);
    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static inline void assert_parked(struct bench *bench, size_t nth, const char *part)
{
    assert_true(nth < bench->feed->parked_count);
    if (!strstr(bench->feed->parked_texts[nth].text, part))
        fail_msg("\"%s\" does not say \"%s\"", bench->feed->parked_texts[nth].text, part);
}

static inline const struct server_request *request(struct bench *bench, size_t index)
{
    assert_true(index < server_count(bench->server));
    return &bench->server->requests[index];
}

#define INFLUXDB_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
