// SPDX-License-Identifier: Apache-2.0
#include "coap_driver.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <uv.h>

enum {
    BURST_MIN = 4,
    BURST_MAX = 256,
    PENDING_TICK_MS = 250,
    SLOW_COMMIT_US = 1500000, // clients retransmit after 2 s (ACK_TIMEOUT)
};

// The handles outlive close() until the loop has let go of each.
struct coap_watch {
    uv_poll_t polls[COAP_SERVERS];
    uv_timer_t timer;
    struct coap_driver *driver;
    unsigned handles, bursts[COAP_SERVERS];
};

/*
 * libcoap reads one datagram for each event it is told of, and walks all its sessions once for each call. So it is told of
 * the same socket many times in one call; a socket that has run dry costs one read that says so. How many follows the load.
 */
static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct coap_watch *watch = poll->data;
    struct coap_driver *driver = watch->driver;
    coap_context_t *context = driver->contexts[poll - watch->polls];
    unsigned *burst = &watch->bursts[poll - watch->polls];
    struct epoll_event ready[COAP_ENDPOINTS_MAX + 1], repeated[(COAP_ENDPOINTS_MAX + 1) * BURST_MAX];
    int count = epoll_wait(coap_context_get_coap_fd(context), ready, COAP_ENDPOINTS_MAX + 1, 0);
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        unsigned copies = ready[i].data.ptr ? *burst : 1; // NULL is libcoap's timer
        while (copies-- > 0)
            repeated[total++] = ready[i];
    }
    if (total == 0)
        return;

    uint64_t before = driver->requests;
    coap_io_do_epoll(context, repeated, total);
    bool is_busy = driver->requests - before >= *burst / 2;
    if (is_busy && *burst < BURST_MAX)
        *burst *= 2;
    else if (!is_busy && *burst > BURST_MIN)
        *burst /= 2;
}

static void acknowledge_slow_ones(uv_timer_t *timer)
{
    struct coap_watch *watch = timer->data;
    struct coap_driver *driver = watch->driver;
    if (driver->pending.count == 0) {
        uv_timer_stop(timer);
        return;
    }
    int64_t before_us = coap_driver_now_us(driver) - SLOW_COMMIT_US;
    for (size_t i = 0; i < driver->pending.size; i++) {
        struct pending *pending = &driver->pending.slots[i];
        if (pending->ticket && pending->session && pending->confirmable && !pending->acknowledged &&
            pending->time_us <= before_us)
            answer_acknowledge(driver, pending);
    }
}

void watch_pending(struct coap_driver *driver)
{
    if (!uv_is_active((uv_handle_t *)&driver->watch->timer))
        uv_timer_start(&driver->watch->timer, acknowledge_slow_ones, PENDING_TICK_MS, PENDING_TICK_MS);
}

static void handle_closed(uv_handle_t *handle)
{
    struct coap_watch *watch = handle->data;
    if (--watch->handles == 0)
        free(watch);
}

static void watch_handle(struct coap_watch *watch, uv_handle_t *handle)
{
    handle->data = watch;
    watch->handles++;
}

static int watch_context(struct coap_watch *watch, enum coap_server_kind kind)
{
    struct coap_driver *driver = watch->driver;
    uv_poll_t *poll = &watch->polls[kind];
    if (!driver->contexts[kind])
        return 0;
    int error = uv_poll_init(driver->host->loop, poll, coap_context_get_coap_fd(driver->contexts[kind]));
    if (error < 0)
        return error;
    watch_handle(watch, (uv_handle_t *)poll);
    watch->bursts[kind] = BURST_MIN;
    return uv_poll_start(poll, UV_READABLE, on_readable);
}

int watch_start(struct coap_driver *driver)
{
    struct coap_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return -ENOMEM;
    watch->driver = driver;
    driver->watch = watch;
    uv_timer_init(driver->host->loop, &watch->timer);
    watch_handle(watch, (uv_handle_t *)&watch->timer);
    int error = 0;
    for (enum coap_server_kind kind = 0; kind < COAP_SERVERS && error >= 0; kind++)
        error = watch_context(watch, kind);
    return error;
}

void watch_stop(struct coap_driver *driver)
{
    struct coap_watch *watch = driver->watch;
    if (!watch)
        return;
    driver->watch = NULL;
    for (enum coap_server_kind kind = 0; kind < COAP_SERVERS; kind++)
        if (watch->polls[kind].data)
            uv_close((uv_handle_t *)&watch->polls[kind], handle_closed);
    uv_close((uv_handle_t *)&watch->timer, handle_closed);
}
