// SPDX-License-Identifier: Apache-2.0
#include "influxdb_flow.h"

#include "base/files.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const struct influxdb_pace normal_pace = {.retry_first_ms = 1000,
                                                 .retry_max_ms = 60000,
                                                 .hold_first_ms = 30000,
                                                 .hold_max_ms = 300000,
                                                 .idle_ms = 60000,
                                                 .connect_ms = 10000,
                                                 .request_ms = 60000,
                                                 .stop_ms = 2000};

void influxdb_set_pace(void *state, const struct influxdb_pace *pace)
{
    struct influxdb *influxdb = state;
    influxdb->pace = *pace;
}

static void on_woken(uv_async_t *woken)
{
    influxdb_flow_news(woken->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct influxdb *influxdb = handle->data;
    if (--influxdb->holders == 0)
        free(influxdb);
}

static void outlet_destroy(void *state)
{
    struct influxdb *influxdb = state;
    if (!influxdb)
        return;
    influxdb->destroyed = true;
    influxdb->holders = influxdb->work_running ? 3 : 2;
    // The worker reads from the feed, which may be gone when we return.
    if (influxdb->work_running && uv_cancel((uv_req_t *)&influxdb->work) != 0)
        uv_sem_wait(&influxdb->worked);
    uv_sem_destroy(&influxdb->worked);
    influxdb_http_destroy(influxdb->http);
    influxdb_batch_finish(&influxdb->batch);
    influxdb_address_finish(&influxdb->address);
    uv_close((uv_handle_t *)&influxdb->timer, on_closed);
    uv_close((uv_handle_t *)&influxdb->woken, on_closed);
}

static int open_http(struct influxdb *influxdb, struct fault *why)
{
    const struct settings_influxdb *settings = influxdb->settings;
    char *token = NULL, *header = NULL;
    if (*settings->token_file) {
        int error = file_read_secret(settings->token_file, &token, why);
        if (error)
            return error;
        if (asprintf(&header, "Authorization: Token %s", token) < 0)
            header = NULL;
        free(token);
        if (!header)
            return fault_errno(why, -ENOMEM, "%s", settings->token_file);
    }
    const char *headers[] = {header, NULL};
    int error =
        influxdb_http_create(influxdb->feed->loop, headers, influxdb_flow_answer, influxdb, &influxdb->http, why);
    free(header);
    return error;
}

// Everything but the client and the loop's handles.
static int build(struct influxdb *influxdb, struct fault *why)
{
    const struct settings_gateway *gateway = &influxdb->feed->settings->gateway;
    influxdb->identity = (struct line_identity){
        .gateway = gateway->id, .municipality = gateway->municipality, .epoch = influxdb->feed->epoch};
    int error = influxdb_address_init(&influxdb->address, influxdb->settings, why);
    if (error)
        return error;
    influxdb->link = (struct http_link){.feed = influxdb->feed, .label = influxdb->address.label};
    error = influxdb_batch_init(&influxdb->batch, influxdb->feed, (size_t)influxdb->settings->batch_lines,
                                influxdb->settings->drain == DRAIN_LIVE_FIRST);
    return error ? fault_errno(why, error, "%s", influxdb->settings->name) : 0;
}

static int outlet_create(const struct outlet_feed *feed, size_t index, void **ret_state, struct fault *why)
{
    struct influxdb *influxdb = calloc(1, sizeof *influxdb);
    if (!influxdb)
        return fault_errno(why, -ENOMEM, "influxdb");
    influxdb->feed = feed;
    influxdb->settings = &feed->settings->influxdb[index];
    influxdb->pace = normal_pace;
    influxdb->phase = STOPPED; // until start
    int error = build(influxdb, why);
    if (!error)
        error = uv_async_init(feed->loop, &influxdb->woken, on_woken);
    if (error) {
        influxdb_batch_finish(&influxdb->batch);
        influxdb_address_finish(&influxdb->address);
        free(influxdb);
        return error;
    }
    uv_timer_init(feed->loop, &influxdb->timer);
    uv_sem_init(&influxdb->worked, 0);
    influxdb->woken.data = influxdb->timer.data = influxdb->work.data = influxdb;
    error = open_http(influxdb, why);
    if (error)
        outlet_destroy(influxdb);
    else
        *ret_state = influxdb;
    return error;
}

static int outlet_start(void *state, struct fault *why)
{
    (void)why;
    influxdb_flow_start(state);
    return 0;
}

static void outlet_wake(void *state)
{
    struct influxdb *influxdb = state;
    uv_async_send(&influxdb->woken);
}

static void outlet_stop(void *state)
{
    influxdb_flow_stop(state);
}

static bool outlet_stopped(void *state)
{
    const struct influxdb *influxdb = state;
    return influxdb->phase == STOPPED;
}

static int64_t outlet_beat(void *state)
{
    (void)state;
    return INT64_MAX; // works on the loop's thread
}

const struct outlet_type outlet_influxdb = {.type = "influxdb",
                                            .on_loop = true,
                                            .create = outlet_create,
                                            .start = outlet_start,
                                            .wake = outlet_wake,
                                            .stop = outlet_stop,
                                            .stopped = outlet_stopped,
                                            .beat_boot_us = outlet_beat,
                                            .destroy = outlet_destroy};
