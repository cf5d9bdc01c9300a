// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * A gateway's socket that gives one client one prepared answer.
 */

struct server {
    char folder[64], path[128];
    int fd;
    const char *answer;
    size_t size;
    char request[1024];
    pthread_t thread;
};

static void *server_run(void *context)
{
    struct server *server = context;
    int fd = accept(server->fd, NULL, NULL);
    size_t used = 0;
    ssize_t got;
    while (used < sizeof server->request - 1 && !strstr(server->request, "\r\n\r\n") &&
           (got = recv(fd, server->request + used, sizeof server->request - 1 - used, 0)) > 0)
        used += (size_t)got;
    for (size_t sent = 0; sent < server->size;) {
        ssize_t taken = send(fd, server->answer + sent, server->size - sent, MSG_NOSIGNAL);
        if (taken <= 0)
            break;
        sent += (size_t)taken;
    }
    close(fd);
    return NULL;
}

static void server_listen(struct server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *server = (struct server){.folder = "/tmp/citygw-cli-XXXXXX"};
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->path, sizeof server->path, "%s/http.sock", server->folder);
    strcpy(address.sun_path, server->path);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->fd, 4), 0);
}

static void server_remove(struct server *server)
{
    close(server->fd);
    unlink(server->path);
    rmdir(server->folder);
}

static void server_begin(struct server *server, const char *answer, size_t size)
{
    server_listen(server);
    server->answer = answer;
    server->size = size;
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static void server_end(struct server *server)
{
    pthread_join(server->thread, NULL);
    server_remove(server);
}
