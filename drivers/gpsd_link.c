// SPDX-License-Identifier: Apache-2.0
#include "gpsd_link.h"
#include "base/messages.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { KEEPALIVE_S = 30 };

// libuv ends these in the background, when their link may be gone: then `link` is NULL.
struct lookup {
    uv_getaddrinfo_t request;
    struct gpsd_link *link;
};

struct channel {
    uv_tcp_t tcp;
    uv_connect_t connecting;
    uv_write_t writing;
    struct gpsd_link *link;
};

struct gpsd_link {
    struct gpsd_link_events events;
    struct address address;
    const char *greeting;
    struct lookup *lookup;
    struct channel *channel;       // to the address that is tried
    struct addrinfo *found, *next; // addresses, and the one to try next
    uv_timer_t patience;           // closed last
    bool is_skipping;              // what is too long, up to its end
    size_t used;
    char buffer[GPSD_LINE_MAX];
};

static void free_channel(uv_handle_t *tcp)
{
    free(tcp->data);
}

static void close_channel(struct gpsd_link *link)
{
    if (!link->channel)
        return;
    link->channel->link = NULL;
    uv_close((uv_handle_t *)&link->channel->tcp, free_channel);
    link->channel = NULL;
}

static void free_link(uv_handle_t *timer)
{
    struct gpsd_link *link = timer->data;
    uv_freeaddrinfo(link->found);
    free(link);
}

void gpsd_link_close(struct gpsd_link *link)
{
    if (!link)
        return;
    close_channel(link);
    if (link->lookup) {
        link->lookup->link = NULL;
        uv_cancel((uv_req_t *)&link->lookup->request);
    }
    uv_close((uv_handle_t *)&link->patience, free_link);
}

// The last that the link does: the other side closes it.
static void fail(struct gpsd_link *link, int error)
{
    struct fault why;
    const char *reason = error == UV_EOF ? _("closed by gpsd") : uv_strerror(error);
    fault_set(&why, error, "%s:%d: %s", link->address.host, link->address.port, reason);
    uv_timer_stop(&link->patience);
    close_channel(link);
    link->events.failed(link->events.context, &why);
}

// Hands over all whole lines. The link may be closed by any of them: then its channel has no link.
static void take_lines(struct channel *channel)
{
    struct gpsd_link *link = channel->link;
    char *line = link->buffer, *end;
    while (channel->link && (end = memchr(line, '\n', link->used - (size_t)(line - link->buffer)))) {
        char *next = end + 1;
        *end = '\0';
        uv_timer_stop(&link->patience);
        if (!link->is_skipping)
            link->events.line(link->events.context, line, (size_t)(end - line));
        else
            link->is_skipping = false;
        line = next;
    }
    if (!channel->link)
        return;
    link->used -= (size_t)(line - link->buffer);
    memmove(link->buffer, line, link->used);
}

static void give_room(uv_handle_t *tcp, size_t suggested, uv_buf_t *ret_buffer)
{
    (void)suggested;
    struct gpsd_link *link = ((struct channel *)tcp->data)->link;
    *ret_buffer = uv_buf_init(link->buffer + link->used, (unsigned)(sizeof link->buffer - link->used));
}

static void on_read(uv_stream_t *tcp, ssize_t size, const uv_buf_t *buffer)
{
    (void)buffer;
    struct channel *channel = tcp->data;
    struct gpsd_link *link = channel->link;
    if (size < 0) {
        fail(link, (int)size);
        return;
    }
    link->used += (size_t)size;
    take_lines(channel);
    if (!channel->link || link->used < sizeof link->buffer)
        return;
    link->used = 0;
    if (!link->is_skipping)
        link->events.too_long(link->events.context);
    if (channel->link)
        link->is_skipping = true;
}

static void on_written(uv_write_t *request, int status)
{
    struct channel *channel = request->data;
    if (channel->link && status < 0)
        fail(channel->link, status);
}

static void try_next(struct gpsd_link *link, int error);

static void on_connected(uv_connect_t *request, int status)
{
    struct channel *channel = request->data;
    struct gpsd_link *link = channel->link;
    if (!link)
        return;
    uv_buf_t greeting = uv_buf_init((char *)(uintptr_t)link->greeting, (unsigned)strlen(link->greeting));
    if (!status)
        status = uv_read_start((uv_stream_t *)&channel->tcp, give_room, on_read);
    if (!status)
        status = uv_write(&channel->writing, (uv_stream_t *)&channel->tcp, &greeting, 1, on_written);
    if (status < 0)
        try_next(link, status);
}

static int connect_to(struct gpsd_link *link, const struct sockaddr *address)
{
    struct channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return UV_ENOMEM;
    uv_tcp_init(link->patience.loop, &channel->tcp);
    channel->tcp.data = channel->connecting.data = channel->writing.data = channel;
    channel->link = link;
    link->channel = channel;
    int error = uv_tcp_connect(&channel->connecting, &channel->tcp, address, on_connected);
    uv_tcp_keepalive(&channel->tcp, 1, KEEPALIVE_S);
    return error;
}

// `error` is of the address before, told when there is no other.
static void try_next(struct gpsd_link *link, int error)
{
    while (link->next && error < 0) {
        close_channel(link);
        error = connect_to(link, link->next->ai_addr);
        link->next = link->next->ai_next;
    }
    if (error < 0)
        fail(link, error);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct lookup *lookup = request->data;
    struct gpsd_link *link = lookup->link;
    free(lookup);
    if (!link) {
        uv_freeaddrinfo(found);
        return;
    }
    link->lookup = NULL;
    link->found = link->next = found;
    try_next(link, status < 0 ? status : UV_EADDRNOTAVAIL);
}

static void on_patience(uv_timer_t *timer)
{
    fail(timer->data, UV_ETIMEDOUT);
}

static int look_up(struct gpsd_link *link)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char port[8];
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return -ENOMEM;
    snprintf(port, sizeof port, "%d", link->address.port);
    lookup->request.data = lookup;
    lookup->link = link;
    int error = uv_getaddrinfo(link->patience.loop, &lookup->request, on_found, link->address.host, port, &hints);
    if (error < 0)
        free(lookup);
    else
        link->lookup = lookup;
    return error;
}

int gpsd_link_open(struct uv_loop_s *loop, const struct address *address, const char *greeting, unsigned patience_ms,
                   const struct gpsd_link_events *events, struct gpsd_link **ret_link, struct fault *why)
{
    struct gpsd_link *link = calloc(1, sizeof *link);
    if (!link)
        return fault_errno(why, -ENOMEM, "gpsd");
    link->events = *events;
    link->address = *address;
    link->greeting = greeting;
    uv_timer_init(loop, &link->patience);
    link->patience.data = link;
    int error = look_up(link);
    if (error < 0) {
        gpsd_link_close(link);
        return fault_errno(why, error, "gpsd");
    }
    uv_timer_start(&link->patience, on_patience, patience_ms, 0);
    *ret_link = link;
    return 0;
}
