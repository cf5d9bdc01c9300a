// SPDX-License-Identifier: Apache-2.0
#include "influxdb_http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    BODY_KEPT = 4096,         // of an answer: enough for the server's words
    BODY_MAX = 1 << 20,       // an answer longer than this is no InfluxDB's
    SLOWEST_BYTES_PER_S = 10, // slower than this for SLOW_S is a dead connection
    SLOW_S = 30,
    HEADERS_MAX = 4,
};

struct influxdb_http {
    uv_loop_t *loop;
    uv_timer_t timer;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;         // of the request under way
    char *own_headers[HEADERS_MAX + 1]; // of every request; ends with NULL
    bool busy;
    char error[CURL_ERROR_SIZE];
    char body[BODY_KEPT + 1];
    size_t body_used, received;
    influxdb_http_done *done;
    void *context;
};

struct watched_socket {
    uv_poll_t poll;
    curl_socket_t fd;
    struct influxdb_http *http;
};

static size_t on_body(char *data, size_t unit, size_t count, void *context)
{
    struct influxdb_http *http = context;
    size_t size = unit * count;
    http->received += size;
    if (http->received > BODY_MAX)
        return 0;
    size_t room = BODY_KEPT - http->body_used;
    size_t kept = size < room ? size : room;
    memcpy(http->body + http->body_used, data, kept);
    http->body_used += kept;
    http->body[http->body_used] = '\0';
    return size;
}

static void finish_request(struct influxdb_http *http)
{
    curl_multi_remove_handle(http->multi, http->easy);
    curl_slist_free_all(http->headers);
    http->headers = NULL;
    http->busy = false;
}

static void tell_result(struct influxdb_http *http, CURLcode result)
{
    struct influxdb_answer answer = {.answered = result == CURLE_OK, .body = http->body};
    answer.error = http->error[0] ? http->error : curl_easy_strerror(result);
    curl_off_t retry_after = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after);
    answer.retry_after_s = retry_after;
    finish_request(http);
    http->done(http->context, &answer);
}

static void check_done(struct influxdb_http *http)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            tell_result(http, message->data.result);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watched_socket *watched = poll->data;
    struct influxdb_http *http = watched->http; // `watched` may be gone after the next call
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;
    flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
    flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    int running;
    curl_multi_socket_action(http->multi, watched->fd, flags, &running);
    check_done(http);
}

static void on_time(uv_timer_t *timer)
{
    struct influxdb_http *http = timer->data;
    int running;
    curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    check_done(http);
}

static int on_timeout_change(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct influxdb_http *http = context;
    if (timeout_ms < 0)
        uv_timer_stop(&http->timer);
    else // also 0: libcurl must not be entered from its own callback
        uv_timer_start(&http->timer, on_time, (uint64_t)timeout_ms, 0);
    return 0;
}

static void free_watched(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watched_socket *watch(struct influxdb_http *http, curl_socket_t fd)
{
    struct watched_socket *watched = calloc(1, sizeof *watched);
    if (!watched)
        return NULL;
    *watched = (struct watched_socket){.fd = fd, .http = http};
    watched->poll.data = watched;
    if (uv_poll_init_socket(http->loop, &watched->poll, fd) != 0) {
        free(watched);
        return NULL;
    }
    watched->poll.data = watched;
    curl_multi_assign(http->multi, fd, watched);
    return watched;
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *context, void *known)
{
    (void)easy;
    struct influxdb_http *http = context;
    struct watched_socket *watched = known;
    if (what == CURL_POLL_REMOVE) {
        if (watched)
            uv_close((uv_handle_t *)&watched->poll, free_watched);
        curl_multi_assign(http->multi, fd, NULL);
        return 0;
    }
    if (!watched && !(watched = watch(http, fd)))
        return -1;
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&watched->poll, events, on_ready) == 0 ? 0 : -1;
}

static void free_http(struct influxdb_http *http)
{
    if (http->easy)
        curl_easy_cleanup(http->easy);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    for (size_t i = 0; http->own_headers[i]; i++) {
        explicit_bzero(http->own_headers[i], strlen(http->own_headers[i]));
        free(http->own_headers[i]);
    }
    free(http);
    curl_global_cleanup();
}

static bool copy_headers(struct influxdb_http *http, const char *const headers[])
{
    size_t count = 0;
    while (headers[count] && count < HEADERS_MAX) {
        http->own_headers[count] = strdup(headers[count]);
        if (!http->own_headers[count])
            return false;
        count++;
    }
    return !headers[count];
}

int influxdb_http_create(uv_loop_t *loop, const char *const headers[], influxdb_http_done *done, void *context,
                         struct influxdb_http **ret_http, struct fault *why)
{
    struct influxdb_http *http = calloc(1, sizeof *http);
    if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http);
        return fault_errno(why, -ENOMEM, "libcurl");
    }
    *http = (struct influxdb_http){.loop = loop, .done = done, .context = context};
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    if (!http->multi || !http->easy || !copy_headers(http, headers)) {
        free_http(http);
        return fault_errno(why, -ENOMEM, "libcurl");
    }
    uv_timer_init(loop, &http->timer);
    http->timer.data = http;
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_change);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timeout_change);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
    *ret_http = http;
    return 0;
}

static bool add_header(struct influxdb_http *http, const char *line)
{
    struct curl_slist *longer = curl_slist_append(http->headers, line);
    if (longer)
        http->headers = longer;
    return longer != NULL;
}

static bool set_headers(struct influxdb_http *http, const struct influxdb_request *request)
{
    char type[128];
    snprintf(type, sizeof type, "Content-Type: %s", request->body ? request->content_type : "");
    // "Expect:" switches off the wait of a second for "100 Continue" before large bodies, an empty type its header.
    bool added = add_header(http, type) && add_header(http, "Expect:") &&
                 (!request->gzip || add_header(http, "Content-Encoding: gzip"));
    for (size_t i = 0; added && http->own_headers[i]; i++)
        added = add_header(http, http->own_headers[i]);
    return added;
}

static void set_options(struct influxdb_http *http, const struct influxdb_request *request)
{
    CURL *easy = http->easy;
    curl_easy_reset(easy); // keeps the connection
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)SLOWEST_BYTES_PER_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SLOW_S);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "citygw/" CITYGW_VERSION);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, http->headers);
    if (!request->body)
        return;
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->size);
}

int influxdb_http_send(struct influxdb_http *http, const struct influxdb_request *request)
{
    http->error[0] = http->body[0] = '\0';
    http->body_used = http->received = 0;
    bool ready = set_headers(http, request);
    if (ready)
        set_options(http, request);
    http->busy = ready && curl_multi_add_handle(http->multi, http->easy) == CURLM_OK;
    if (!http->busy) {
        curl_slist_free_all(http->headers);
        http->headers = NULL;
        return -ENOMEM;
    }
    return 0;
}

void influxdb_http_abort(struct influxdb_http *http)
{
    if (http->busy)
        finish_request(http);
}

static void free_with_timer(uv_handle_t *handle)
{
    free_http(handle->data);
}

void influxdb_http_destroy(struct influxdb_http *http)
{
    if (!http)
        return;
    influxdb_http_abort(http);
    // Now, not with the timer: the kept connection's socket may still be watched, and its handle must close in this turn.
    curl_multi_cleanup(http->multi);
    http->multi = NULL;
    uv_close((uv_handle_t *)&http->timer, free_with_timer);
}
