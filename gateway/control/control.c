// SPDX-License-Identifier: Apache-2.0
#include "control/control.h"

#include "answer.h"
#include "api.h"
#include "base/messages.h"
#include "listen.h"
#include "stream.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

enum {
    CONNECTIONS_MAX = 32,                // per socket
    IDLE_S = 15,                         // a connection without traffic is closed after this
    CONNECTION_MEMORY_BYTES = 16 * 1024, // the request with its headers must fit
    ANSWER_BYTES_MAX = 8 << 20,
};

// A listening socket and the HTTP server behind it, driven by the loop: its epoll descriptor says when something arrived,
// the timer when a connection has been idle for too long.
struct door {
    struct control *control;
    struct MHD_Daemon *daemon;
    struct listener listener;
    struct audience audience;
    uv_poll_t poll;
    uv_timer_t timer;
};

struct control {
    struct control_options options;
    struct door doors[2]; // the unix socket, TCP
    struct bytes scratch;
    struct streams streams;
    uint64_t requests;
    unsigned open_handles;
};

static void on_timer(uv_timer_t *timer);

static unsigned count_connections(const struct door *door)
{
    return MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

static void run(struct door *door)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    unsigned before = count_connections(door);
    MHD_run(door->daemon);
    // At its limit the server stops to listen, and looks only at the beginning of a run whether it may listen again.
    if (count_connections(door) < before)
        MHD_run(door->daemon);
    if (MHD_get_timeout(door->daemon, &timeout_ms) == MHD_YES)
        uv_timer_start(&door->timer, on_timer, timeout_ms, 0);
    else
        uv_timer_stop(&door->timer);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void on_resumed(void *door)
{
    run(door);
}

static void on_closed(uv_handle_t *handle)
{
    struct door *door = handle->data;
    struct control *control = door->control;
    if (--control->open_handles == 0) {
        bytes_finish(&control->scratch);
        free(control);
    }
}

static struct MHD_Daemon *start_server(struct door *door)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, answer_request, &door->audience,
                            MHD_OPTION_LISTEN_SOCKET, door->listener.fd, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, answer_completed,
                            &door->audience, MHD_OPTION_END);
}

// The listener is the door's from here on.
static int open_door(struct control *control, struct door *door, bool guarded, struct fault *why)
{
    door->control = control;
    door->audience = (struct audience){
        .options = &control->options,
        .scratch = &control->scratch,
        .requests = &control->requests,
        .streams = &control->streams,
        .door = door,
        .resumed = on_resumed,
        .guarded = guarded,
        .loopback = door->listener.loopback,
        .host = door->listener.host,
    };
    door->daemon = start_server(door);
    if (!door->daemon) {
        close(door->listener.fd);
        return fault_set(why, -EIO, _("the HTTP server did not start; the system's log may tell why"));
    }
    uv_loop_t *loop = control->options.loop;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    int error = info ? uv_poll_init(loop, &door->poll, info->epoll_fd) : UV_EINVAL;
    if (error < 0) {
        MHD_stop_daemon(door->daemon);
        door->daemon = NULL;
        return fault_errno(why, error, _("the HTTP server did not start"));
    }
    uv_timer_init(loop, &door->timer); // cannot fail
    door->poll.data = door->timer.data = door;
    control->open_handles += 2;
    return uv_poll_start(&door->poll, UV_READABLE, on_readable);
}

static int open_socket(struct control *control, struct fault *why)
{
    struct door *door = &control->doors[0];
    int error = listen_unix(control->options.socket, &door->listener, why);
    if (error < 0)
        return error;
    error = open_door(control, door, false, why);
    if (error < 0)
        listen_remove(control->options.socket, &door->listener);
    return error;
}

static int open_tcp(struct control *control, struct fault *why)
{
    struct door *door = &control->doors[1];
    int error = listen_tcp(control->options.listen, &door->listener, why);
    if (error < 0)
        return error;
    if (!door->listener.loopback && !control->options.token) {
        close(door->listener.fd);
        return fault_set(why, -EPERM, _("HTTP may listen on %s only with a token; set token_file, or use 127.0.0.1"),
                         control->options.listen);
    }
    return open_door(control, door, true, why);
}

int control_create(const struct control_options *options, struct control **ret_control, struct fault *why)
{
    struct control *control = calloc(1, sizeof *control);
    if (!control)
        return fault_errno(why, -ENOMEM, _("the HTTP server did not start"));
    control->options = *options;
    bytes_init(&control->scratch, ANSWER_BYTES_MAX);
    int error = *options->socket ? open_socket(control, why) : 0;
    if (error >= 0 && *options->listen)
        error = open_tcp(control, why);
    if (error < 0) {
        control_destroy(control);
        return error;
    }
    *ret_control = control;
    return 0;
}

static void close_door(struct door *door)
{
    if (!door->daemon)
        return;
    uv_close((uv_handle_t *)&door->poll, on_closed); // before its descriptor goes
    uv_close((uv_handle_t *)&door->timer, on_closed);
    streams_break(&door->control->streams); // the server does not end while one is suspended
    MHD_stop_daemon(door->daemon);
    door->daemon = NULL;
}

void control_destroy(struct control *control)
{
    if (!control)
        return;
    if (control->doors[0].daemon)
        listen_remove(control->options.socket, &control->doors[0].listener);
    bool nothing_open = control->open_handles == 0;
    close_door(&control->doors[0]);
    close_door(&control->doors[1]);
    if (nothing_open)
        free(control);
}

void control_write_status(const struct status *status, struct bytes *out)
{
    api_status(status, out);
}

uint64_t control_requests(const struct control *control)
{
    return control->requests;
}

uint16_t control_port(const struct control *control)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size = sizeof address;
    if (!control->doors[1].daemon || getsockname(control->doors[1].listener.fd, &address.any, &size) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}
