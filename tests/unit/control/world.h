// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * A control with a loop, and a client on a thread of its own that sends bytes and keeps what comes back.
 */

#include "control/control.h"

#include "check.h"
#include "snapshot.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

enum { REPLY_MAX = 16 << 20, WAIT_S = 20 };

struct world {
    uv_loop_t loop;
    struct control_options options;
    struct control *control;
    struct status status;
    char folder[64], path[128];
    uint64_t turns; // of the loop
    // The client's thread: what to send on which connection, and what came back until the other side closed.
    int fd;
    const char *request;
    size_t reply_size;
    char *reply;
    uv_async_t done;
};

static const struct status *give_snapshot(void *context)
{
    return &((struct world *)context)->status;
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    strcpy(world->folder, "/tmp/citygw-control-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/http.sock", world->folder);
    assert_int_equal(uv_loop_init(&world->loop), 0);
    world->status = snapshot_make();
    world->reply = malloc(REPLY_MAX + 1);
    world->options = (struct control_options){
        .loop = &world->loop,
        .clock = &clock_system,
        .socket = world->path,
        .listen = "127.0.0.1:0",
        .context = world,
        .snapshot = give_snapshot,
    };
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    control_destroy(world->control);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&world->loop), 0);
    assert_int_equal(access(world->path, F_OK), -1);
    rmdir(world->folder);
    free(world->reply);
    free(world);
    return 0;
}

static void open_control(struct world *world)
{
    struct fault why = {""};
    int error = control_create(&world->options, &world->control, &why);
    assert_string_equal(why.text, "");
    assert_int_equal(error, 0);
}

static int connect_unix(struct world *world)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, world->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static int connect_tcp(struct world *world)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(control_port(world->control))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void client(void *context)
{
    struct world *world = context;
    struct timeval wait = {.tv_sec = WAIT_S};
    setsockopt(world->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (world->request)
        send(world->fd, world->request, strlen(world->request), MSG_NOSIGNAL);
    world->reply_size = 0;
    ssize_t got;
    while ((got = recv(world->fd, world->reply + world->reply_size, REPLY_MAX - world->reply_size, 0)) > 0)
        world->reply_size += (size_t)got;
    world->reply[world->reply_size] = '\0';
    close(world->fd);
    uv_async_send(&world->done);
}

static void end_turns(uv_async_t *done)
{
    uv_stop(done->loop);
}

static void count_turn(uv_prepare_t *prepare)
{
    ++*(uint64_t *)prepare->data;
}

// Sends a request on an open connection and reads until it is closed, while the loop runs. NULL: only reads.
static const char *exchange(struct world *world, int fd, const char *request)
{
    uv_thread_t thread;
    uv_prepare_t prepare = {.data = &world->turns};
    world->fd = fd;
    world->request = request;
    world->turns = 0;
    assert_int_equal(uv_async_init(&world->loop, &world->done, end_turns), 0);
    uv_prepare_init(&world->loop, &prepare);
    uv_prepare_start(&prepare, count_turn);
    assert_int_equal(uv_thread_create(&thread, client, world), 0);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    uv_thread_join(&thread);
    uv_close((uv_handle_t *)&world->done, NULL);
    uv_close((uv_handle_t *)&prepare, NULL);
    uv_run(&world->loop, UV_RUN_NOWAIT);
    return world->reply;
}

static const char *ask(struct world *world, int fd, const char *method, const char *path, const char *headers)
{
    char request[2048];
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n%sConnection: close\r\n\r\n", method, path, headers);
    return exchange(world, fd, request);
}

static int code_of(const char *reply)
{
    int code = 0;
    sscanf(reply, "HTTP/1.1 %d ", &code);
    return code;
}

static const char *body_of(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");
    return end ? end + 4 : "";
}

static const char local[] = "Host: localhost\r\n";

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
