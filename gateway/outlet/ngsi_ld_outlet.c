// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_flow.h"

#include "base/files.h"
#include "base/messages.h"
#include "influxdb_address.h"
#include "ngsi_ld_outlet.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS = 3 };

static const struct influxdb_pace normal_pace = {.retry_first_ms = 1000,
                                                 .retry_max_ms = 60000,
                                                 .hold_first_ms = 30000,
                                                 .hold_max_ms = 300000,
                                                 .idle_ms = 60000,
                                                 .connect_ms = 10000,
                                                 .request_ms = 60000,
                                                 .stop_ms = 2000};

void ngsi_ld_set_pace(void *state, const struct influxdb_pace *pace)
{
    struct ngsi_ld_outlet *outlet = state;
    outlet->pace = *pace;
}

static void on_woken(uv_async_t *woken)
{
    ngsi_ld_flow_news(woken->data);
}

static void on_closed(uv_handle_t *handle)
{
    struct ngsi_ld_outlet *outlet = handle->data;
    if (--outlet->holders == 0) {
        free(outlet);
    }
}

static void release(struct ngsi_ld_outlet *outlet)
{
    ngsi_ld_batch_finish(&outlet->batch);
    places_finish(&outlet->places);
    free(outlet->label);
    free(outlet->upsert);
    free(outlet->probe);
}

static void outlet_destroy(void *state)
{
    struct ngsi_ld_outlet *outlet = state;
    if (!outlet) {
        return;
    }
    outlet->destroyed = true;
    outlet->holders = outlet->work_running ? 3 : 2;
    // The worker reads from the feed, which may be gone when we return.
    if (outlet->work_running && uv_cancel((uv_req_t *)&outlet->work) != 0) {
        uv_sem_wait(&outlet->worked);
    }
    uv_sem_destroy(&outlet->worked);
    influxdb_http_destroy(outlet->http);
    release(outlet);
    uv_close((uv_handle_t *)&outlet->timer, on_closed);
    uv_close((uv_handle_t *)&outlet->woken, on_closed);
}

// NAME and VALUE, allocated, behind the others, when there is a value. False: out of memory.
static bool add_header(char *lines[], const char *name, const char *value)
{
    while (*lines) {
        lines++;
    }
    if (value[0] && asprintf(lines, "%s%s", name, value) < 0) {
        *lines = NULL;
        return false;
    }
    return true;
}

static void forget(char *secret)
{
    if (secret) {
        explicit_bzero(secret, strlen(secret));
    }
    free(secret);
}

static bool collect_headers(const struct settings_ngsi_ld *settings, const char *token, char *lines[])
{
    return (!token || add_header(lines, "Authorization: Bearer ", token)) &&
           add_header(lines, "NGSILD-Tenant: ", settings->tenant) &&
           add_header(lines, "Fiware-ServicePath: ", settings->service_path);
}

static int open_http(struct ngsi_ld_outlet *outlet, struct fault *why)
{
    const struct settings_ngsi_ld *settings = outlet->settings;
    char *lines[HEADERS + 1] = {NULL}, *token = NULL;
    int error = settings->token_file[0] ? file_read_secret(settings->token_file, &token, why) : 0;
    if (error) {
        return error;
    }
    if (collect_headers(settings, token, lines)) {
        error = influxdb_http_create(outlet->feed->loop, (const char *const *)lines, ngsi_ld_flow_answer, outlet,
                                     &outlet->http, why);
    } else {
        error = fault_set(why, -ENOMEM, _("out of memory"));
    }
    forget(token);
    for (size_t i = 0; i < HEADERS; i++) {
        forget(lines[i]);
    }
    return error;
}

static char *address(const char *url, const char *path)
{
    char *text = NULL;
    size_t size = strlen(url);
    while (size && url[size - 1] == '/') {
        size--;
    }
    return asprintf(&text, "%.*s%s", (int)size, url, path) < 0 ? NULL : text;
}

// Everything but the client and the loop's handles.
static int build(struct ngsi_ld_outlet *outlet, struct fault *why)
{
    const struct settings *settings = outlet->feed->settings;
    int error = ngsi_ld_batch_init(&outlet->batch, outlet->feed);
    error = error ? error : places_init(&outlet->places, settings);
    outlet->context = (struct ngsi_ld){.gateway = &settings->gateway,
                                       .places = &outlet->places,
                                       .epoch = outlet->feed->epoch,
                                       .context = outlet->settings->context};
    outlet->label = influxdb_address_label(outlet->settings->url);
    outlet->upsert = address(outlet->settings->url, "/ngsi-ld/v1/entityOperations/upsert?options=update");
    outlet->probe = address(outlet->settings->url, "/ngsi-ld/v1/types");
    outlet->link = (struct http_link){.feed = outlet->feed, .label = outlet->label};
    if (!outlet->label) { // the message does not quote the URL: it may hold a password
        return fault_set(why, -EINVAL, _("url: expected http://HOST:PORT or https://HOST:PORT, without ? and #"));
    }
    return error || !outlet->upsert || !outlet->probe ? fault_set(why, -ENOMEM, _("out of memory")) : 0;
}

static int outlet_create(const struct outlet_feed *feed, size_t index, void **ret_state, struct fault *why)
{
    struct ngsi_ld_outlet *outlet = calloc(1, sizeof *outlet);
    if (!outlet) {
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    outlet->feed = feed;
    outlet->settings = &feed->settings->ngsi_ld[index];
    outlet->pace = normal_pace;
    outlet->phase = LD_STOPPED; // until start
    int error = build(outlet, why);
    if (!error) {
        error = uv_async_init(feed->loop, &outlet->woken, on_woken);
    }
    if (error) {
        release(outlet);
        free(outlet);
        return error;
    }
    uv_timer_init(feed->loop, &outlet->timer);
    uv_sem_init(&outlet->worked, 0);
    outlet->woken.data = outlet->timer.data = outlet->work.data = outlet;
    error = open_http(outlet, why);
    if (error) {
        outlet_destroy(outlet);
    } else {
        *ret_state = outlet;
    }
    return error;
}

static int outlet_start(void *state, struct fault *why)
{
    (void)why;
    ngsi_ld_flow_start(state);
    return 0;
}

static void outlet_wake(void *state)
{
    struct ngsi_ld_outlet *outlet = state;
    uv_async_send(&outlet->woken);
}

static void outlet_stop(void *state)
{
    ngsi_ld_flow_stop(state);
}

static bool outlet_stopped(void *state)
{
    const struct ngsi_ld_outlet *outlet = state;
    return outlet->phase == LD_STOPPED;
}

static int64_t outlet_beat(void *state)
{
    (void)state;
    return INT64_MAX; // works on the loop's thread
}

const struct outlet_type outlet_ngsi_ld = {.type = "ngsi-ld",
                                           .on_loop = true,
                                           .present_only = true,
                                           .create = outlet_create,
                                           .start = outlet_start,
                                           .wake = outlet_wake,
                                           .stop = outlet_stop,
                                           .stopped = outlet_stopped,
                                           .beat_boot_us = outlet_beat,
                                           .destroy = outlet_destroy};
