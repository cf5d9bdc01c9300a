// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>
#include <zlib.h>

/*
 * A server on loopback that follows a script: the first rule that fits a request and is not used up answers it, otherwise
 * 204. It keeps what it was sent, unpacked. Pings stand apart: they are counted, and the script is not about them.
 */

enum { NO_ANSWER = -1, HANG_UP = 0, RAW = 1 }; // in place of a status
enum { SERVER_RULES = 8, SERVER_REQUESTS = 512, SERVER_BODY = 8 << 20 };

struct server_rule {
    int status;
    const char *body, *headers; // may be NULL; with RAW the body is all that is sent
    const char *if_body;        // only when the request's body holds this
    size_t if_lines;            // only when it has more lines than this
    size_t times;               // 0: always
    size_t pad;                 // blanks after the body
};

struct server_request {
    char method[8], target[256], authorization[128];
    char head[1024]; // as far as there is room
    bool gzip;
    size_t lines;
    uint64_t at_ns;
    char *body;
};

struct server {
    int listener, client;
    unsigned port;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock;
    bool ending;
    struct server_rule rules[SERVER_RULES];
    size_t used[SERVER_RULES];
    struct server_request requests[SERVER_REQUESTS];
    size_t count, accepted_lines;
    int ping_status;
    size_t pings;
    char ping_target[256];
    char *raw, *plain; // SERVER_BODY each
};

static inline bool server_head_line(const char *head, const char *name, char *ret_value, size_t size)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        size_t length = strlen(name);
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
            continue;
        const char *value = line + 2 + length + 1 + strspn(line + 2 + length + 1, " ");
        snprintf(ret_value, size, "%.*s", (int)strcspn(value, "\r"), value);
        return true;
    }
    return false;
}

static inline size_t server_unpack(struct server *server, size_t size, bool gzip)
{
    if (!gzip) {
        memcpy(server->plain, server->raw, size);
        return size;
    }
    z_stream stream = {.next_in = (Bytef *)server->raw,
                       .avail_in = (uInt)size,
                       .next_out = (Bytef *)server->plain,
                       .avail_out = SERVER_BODY - 1};
    inflateInit2(&stream, 15 + 16);
    if (inflate(&stream, Z_FINISH) != Z_STREAM_END)
        abort();
    inflateEnd(&stream);
    return stream.total_out;
}

// Reads one request into requests[count]; false when the client has gone.
static inline bool server_read(struct server *server)
{
    char head[8192] = "";
    size_t used = 0;
    while (!strstr(head, "\r\n\r\n")) {
        if (used == sizeof head - 1 || recv(server->client, head + used, 1, 0) != 1)
            return false;
        head[++used] = '\0';
    }
    struct server_request *request = &server->requests[server->count];
    char text[64] = "0";
    *request = (struct server_request){.at_ns = uv_hrtime()};
    memcpy(request->head, head, used < sizeof request->head ? used : sizeof request->head - 1);
    sscanf(head, "%7s %255s", request->method, request->target);
    server_head_line(head, "Authorization", request->authorization, sizeof request->authorization);
    request->gzip = server_head_line(head, "Content-Encoding", text, sizeof text);
    server_head_line(head, "Content-Length", text, sizeof text);
    size_t size = (size_t)strtoul(text, NULL, 10);
    for (size_t got = 0; got < size;) {
        ssize_t part = recv(server->client, server->raw + got, size - got, 0);
        if (part <= 0)
            return false;
        got += (size_t)part;
    }
    size = server_unpack(server, size, request->gzip);
    request->body = strndup(server->plain, size);
    for (size_t i = 0; i < size; i++)
        request->lines += server->plain[i] == '\n';
    return true;
}

static inline struct server_rule server_choose(struct server *server, const struct server_request *request)
{
    for (size_t i = 0; i < SERVER_RULES && (server->rules[i].status || server->rules[i].times); i++) {
        const struct server_rule *rule = &server->rules[i];
        bool fits = (!rule->if_body || strstr(request->body, rule->if_body)) && request->lines >= rule->if_lines;
        if (!fits || (rule->times && server->used[i] >= rule->times))
            continue;
        server->used[i]++;
        return *rule;
    }
    return (struct server_rule){.status = 204};
}

static inline void server_send(struct server *server, const char *data, size_t size)
{
    ssize_t sent = send(server->client, data, size, MSG_NOSIGNAL);
    (void)sent; // the client may have seen enough
}

// False: the connection ends.
static inline bool server_reply(struct server *server, const struct server_rule *rule)
{
    char head[512];
    const char *body = rule->body ? rule->body : "";
    size_t size = strlen(body);
    if (rule->status == RAW)
        server_send(server, body, size);
    if (rule->status == NO_ANSWER) // until the client gives up
        return recv(server->client, head, 1, 0) > 0;
    if (rule->status <= RAW)
        return false;
    int length = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n", rule->status,
                          rule->headers ? rule->headers : "", rule->status == 204 ? 0 : size + rule->pad);
    server_send(server, head, (size_t)length);
    server_send(server, body, size);
    memset(server->raw, ' ', rule->pad);
    server_send(server, server->raw, rule->pad);
    return true;
}

// Answers the newest request, and keeps it unless it is a ping. False: the connection ends.
static inline bool server_answer(struct server *server)
{
    struct server_request *request = &server->requests[server->count];
    pthread_mutex_lock(&server->lock);
    struct server_rule rule = {.status = server->ping_status};
    if (strcmp(request->method, "GET") == 0) {
        snprintf(server->ping_target, sizeof server->ping_target, "%s", request->target);
        server->pings++;
        free(request->body);
    } else {
        rule = server_choose(server, request);
        if (rule.status == 204)
            server->accepted_lines += request->lines;
        if (++server->count == SERVER_REQUESTS)
            abort();
    }
    pthread_mutex_unlock(&server->lock);
    return server_reply(server, &rule);
}

static inline void *server_run(void *context)
{
    struct server *server = context;
    for (;;) {
        int client = accept(server->listener, NULL, NULL);
        if (client < 0)
            return NULL;
        pthread_mutex_lock(&server->lock);
        server->client = client;
        bool going = !server->ending;
        pthread_mutex_unlock(&server->lock);
        while (going && server_read(server))
            going = server_answer(server);
        pthread_mutex_lock(&server->lock);
        close(client);
        server->client = -1;
        pthread_mutex_unlock(&server->lock);
    }
}

// A port of loopback that nobody listens on now.
static inline unsigned server_bind(int *ret_socket)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_socket = fd;
    return ntohs(address.sin_port);
}

static inline struct server *server_create(void)
{
    struct server *server = calloc(1, sizeof *server);
    server->raw = malloc(SERVER_BODY);
    server->plain = malloc(SERVER_BODY);
    server->client = -1;
    server->ping_status = 204;
    server->port = server_bind(&server->listener);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%u", server->port);
    pthread_mutex_init(&server->lock, NULL);
    return server;
}

static inline void server_start(struct server *server)
{
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, server_run, server), 0);
}

static inline void server_destroy(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->ending = true;
    if (server->client >= 0)
        shutdown(server->client, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    shutdown(server->listener, SHUT_RDWR);
    if (server->thread)
        pthread_join(server->thread, NULL);
    close(server->listener);
    for (size_t i = 0; i < server->count; i++)
        free(server->requests[i].body);
    free(server->raw);
    free(server->plain);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

static inline void server_answer_pings_with(struct server *server, int status)
{
    pthread_mutex_lock(&server->lock);
    server->ping_status = status;
    pthread_mutex_unlock(&server->lock);
}

static inline size_t server_pings(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t pings = server->pings;
    pthread_mutex_unlock(&server->lock);
    return pings;
}

static inline size_t server_count(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    size_t count = server->count;
    pthread_mutex_unlock(&server->lock);
    return count;
}
