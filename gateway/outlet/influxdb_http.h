// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "influxdb_answer.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * One HTTP client in the loop, for one request at a time, by libcurl's multi interface. It never blocks: names are resolved
 * on libcurl's own thread. The connection is kept for the next request.
 */

struct uv_loop_s;
struct influxdb_http;

// Called on the loop once per request, unless it was aborted. The answer lives until return. May send again.
typedef void influxdb_http_done(void *context, const struct influxdb_answer *answer);

// `headers` are whole header lines of every request, copied; ends with NULL.
int influxdb_http_create(struct uv_loop_s *loop, const char *const headers[], influxdb_http_done *done, void *context,
                         struct influxdb_http **ret_http, struct fault *why);

struct influxdb_request {
    const char *url;
    const void *body; // posted; borrowed until done or abort. NULL: a GET
    size_t size;
    const char *content_type; // of the body
    bool gzip;                // the body is compressed
    long connect_timeout_ms, timeout_ms;
};

// 0 and a call of `done` later, or -errno and none. Not while another request is under way.
int influxdb_http_send(struct influxdb_http *http, const struct influxdb_request *request);

// Ends the request under way, if any; `done` is not called for it.
void influxdb_http_abort(struct influxdb_http *http);

// Aborts. The memory goes when the loop has run once more. NULL is fine.
void influxdb_http_destroy(struct influxdb_http *http);
