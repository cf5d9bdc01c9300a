// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A broker that does what a test tells it: speaks just enough of MQTT 5 to take a connection and PUBLISH packets with
 * QoS 1, and asks the test how to answer each. What a real broker does once a year happens here on demand.
 */

enum { PEER_BUFFER = 524288, PEER_OPEN_MAX = 1024, PEER_SILENT = -1, PEER_CUT = -2 };

struct peer_publish {
    unsigned id;
    unsigned seq;                              // of the reading in it; 0: another message
    bool retained, duplicate, backlog, replay; // what the reading says of itself
    char topic[200];
    const uint8_t *payload; // with the properties before it
    size_t size;
};

struct peer {
    int port, listener, fd;
    pthread_t thread;
    atomic_bool ending;
    void *test;
    // The rest of a CONNACK after its fixed header (flags, reason, properties); asked for each connection.
    size_t (*connack)(struct peer *peer, uint8_t *ret_bytes);
    // Sent in the same segment as the CONNACK of the first connection, or, when `no_connack`, instead of it.
    const void *with_connack;
    size_t with_connack_size;
    bool no_connack;
    bool greeted; // this connection has got its CONNACK
    // The reason code for a PUBACK, PEER_SILENT or PEER_CUT.
    int (*answer)(struct peer *peer, const struct peer_publish *publish);
    // The reason code for a SUBACK; NULL: QoS 1 is granted.
    int (*subscribed)(struct peer *peer, const char *filter);
    // Called when nothing came for a while.
    void (*idle)(struct peer *peer);
    atomic_uint connections;
    size_t open, open_most; // PUBLISH packets without their PUBACK
    unsigned held[PEER_OPEN_MAX];
    size_t held_count;                // PEER_SILENT ones
    atomic_bool release, release_half; // they are to be answered after all, the last first
    uint8_t buffer[PEER_BUFFER];
    size_t used;
};

static inline void peer_send(struct peer *peer, const void *data, size_t size)
{
    if (peer->fd >= 0 && send(peer->fd, data, size, MSG_NOSIGNAL) != (ssize_t)size) {
        shutdown(peer->fd, SHUT_RDWR);
    }
}

static inline void peer_puback(struct peer *peer, unsigned id, int reason)
{
    uint8_t packet[] = {0x40, 4, (uint8_t)(id >> 8), (uint8_t)id, (uint8_t)reason, 0};
    peer->open--;
    peer_send(peer, packet, sizeof packet);
}

// Answers the messages that were held, the last first.
static inline void peer_release(struct peer *peer)
{
    while (peer->held_count > 0) {
        peer_puback(peer, peer->held[--peer->held_count], 0);
    }
}

static inline void peer_disconnect(struct peer *peer, int reason)
{
    uint8_t packet[] = {0xe0, 2, (uint8_t)reason, 0};
    peer_send(peer, packet, sizeof packet);
}

static inline void peer_cut(struct peer *peer)
{
    shutdown(peer->fd, SHUT_RDWR);
}

static inline size_t peer_plain_connack(struct peer *peer, uint8_t *ret_bytes)
{
    (void)peer;
    memset(ret_bytes, 0, 3); // no session, success, no properties
    return 3;
}

static inline void peer_on_publish(struct peer *peer, const uint8_t *packet, size_t size, uint8_t flags)
{
    struct peer_publish publish = {.retained = flags & 1, .duplicate = flags & 8};
    char payload[2048];
    size_t topic = (size_t)packet[0] << 8 | packet[1];
    snprintf(publish.topic, sizeof publish.topic, "%.*s", (int)topic, (const char *)packet + 2);
    publish.id = (unsigned)packet[2 + topic] << 8 | packet[3 + topic];
    size_t rest = size - 4 - topic;
    size_t kept = rest < sizeof payload ? rest : sizeof payload - 1;
    memcpy(payload, packet + size - kept, kept);
    publish.payload = packet + 4 + topic;
    publish.size = rest;
    publish.backlog = memmem(payload, kept, "\"backlog\":true", 14) != NULL;
    publish.replay = memmem(payload, kept, "\"replay\":true", 13) != NULL;
    for (size_t i = 0; i + 6 < kept; i++) {
        if (memcmp(payload + i, "\"seq\":", 6) == 0) {
            payload[kept] = '\0';
            publish.seq = (unsigned)strtoul(payload + i + 6, NULL, 10);
        }
    }
    peer->open++;
    peer->open_most = peer->open > peer->open_most ? peer->open : peer->open_most;
    int reason = peer->answer(peer, &publish);
    if (reason == PEER_CUT) {
        shutdown(peer->fd, SHUT_RDWR);
    } else if (reason == PEER_SILENT) {
        peer->held[peer->held_count++ % PEER_OPEN_MAX] = publish.id;
    } else {
        peer_puback(peer, publish.id, reason);
    }
}

// A PUBLISH to the client with QoS 0; `properties` without their length.
static inline void peer_publish(struct peer *peer, const char *topic, const void *properties, size_t properties_size,
                                const void *payload, size_t payload_size, bool retained)
{
    size_t topic_size = strlen(topic), size = 2 + topic_size + 1 + properties_size + payload_size;
    uint8_t *packet = malloc(5 + size), *at = packet;
    *at++ = (uint8_t)(0x30 | retained);
    for (size_t rest = size; at == packet + 1 || rest; rest >>= 7) {
        *at++ = (uint8_t)((rest & 127) | (rest > 127 ? 128 : 0));
    }
    *at++ = (uint8_t)(topic_size >> 8);
    *at++ = (uint8_t)topic_size;
    at = mempcpy(at, topic, topic_size);
    *at++ = (uint8_t)properties_size; // at most 127
    at = mempcpy(at, properties, properties_size);
    at = mempcpy(at, payload, payload_size);
    peer_send(peer, packet, (size_t)(at - packet));
    free(packet);
}

static inline void peer_on_subscribe(struct peer *peer, const uint8_t *packet)
{
    char filter[200];
    const uint8_t *at = packet + 3 + packet[2]; // behind the properties, of which there are few
    snprintf(filter, sizeof filter, "%.*s", at[0] << 8 | at[1], (const char *)at + 2);
    int code = peer->subscribed ? peer->subscribed(peer, filter) : 1;
    uint8_t answer[] = {0x90, 4, packet[0], packet[1], 0, (uint8_t)code};
    peer_send(peer, answer, sizeof answer);
}

static inline void peer_on_connect(struct peer *peer)
{
    uint8_t bytes[128] = {0x20, 0};
    bool first = peer->connections == 1;
    size_t size = 0;
    if (!first || !peer->no_connack) {
        bytes[1] = (uint8_t)peer->connack(peer, bytes + 2);
        size = 2 + (size_t)bytes[1];
    }
    if (first && peer->with_connack_size > 0) {
        memcpy(bytes + size, peer->with_connack, peer->with_connack_size);
        size += peer->with_connack_size;
    }
    peer_send(peer, bytes, size);
    peer->greeted = true;
}

static inline void peer_on_packet(struct peer *peer, uint8_t first, const uint8_t *packet, size_t size)
{
    switch (first >> 4) {
    case 1:
        peer_on_connect(peer);
        break;
    case 3:
        peer_on_publish(peer, packet, size, first & 15);
        break;
    case 8:
        peer_on_subscribe(peer, packet);
        break;
    case 12:
        peer_send(peer, "\xd0\0", 2);
        break;
    default:
        break;
    }
}

// Takes one whole packet off the buffer; false when there is none.
static inline bool peer_take_packet(struct peer *peer)
{
    size_t size = 0, at = 1;
    for (unsigned shift = 0; at < peer->used && at <= 4; shift += 7) {
        uint8_t byte = peer->buffer[at++];
        size |= (size_t)(byte & 127) << shift;
        if (!(byte & 128)) {
            if (at + size > peer->used) {
                return false;
            }
            peer_on_packet(peer, peer->buffer[0], peer->buffer + at, size);
            peer->used -= at + size;
            memmove(peer->buffer, peer->buffer + at + size, peer->used);
            return true;
        }
    }
    return false;
}

static inline void peer_serve(struct peer *peer)
{
    peer->connections++;
    peer->greeted = false;
    peer->used = peer->open = peer->held_count = 0;
    while (!atomic_load(&peer->ending)) {
        struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
        if (poll(&ready, 1, 100) == 0) {
            if (peer->idle) {
                peer->idle(peer);
            }
            if (atomic_load(&peer->release)) {
                peer_release(peer);
            }
            continue;
        }
        ssize_t got = recv(peer->fd, peer->buffer + peer->used, PEER_BUFFER - peer->used, 0);
        if (got <= 0) {
            break;
        }
        peer->used += (size_t)got;
        while (peer_take_packet(peer)) {
        }
    }
    close(peer->fd);
    peer->fd = -1;
}

static inline void *peer_run(void *argument)
{
    struct peer *peer = argument;
    while (!atomic_load(&peer->ending)) {
        struct pollfd ready = {.fd = peer->listener, .events = POLLIN};
        if (poll(&ready, 1, 50) > 0) {
            peer->fd = accept(peer->listener, NULL, NULL);
            peer_serve(peer);
        }
    }
    return NULL;
}

static inline struct peer *peer_start(int (*answer)(struct peer *peer, const struct peer_publish *publish), void *test)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct peer *peer = calloc(1, sizeof *peer);
    assert_non_null(peer);
    peer->fd = -1;
    peer->answer = answer;
    peer->connack = peer_plain_connack;
    peer->test = test;
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(peer->listener, 8), 0);
    assert_int_equal(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
    return peer;
}

// Begins to serve, once the test has said how.
static inline void peer_begin(struct peer *peer)
{
    assert_int_equal(pthread_create(&peer->thread, NULL, peer_run, peer), 0);
}

static inline void peer_stop(struct peer *peer)
{
    atomic_store(&peer->ending, true);
    pthread_join(peer->thread, NULL);
    close(peer->listener);
    free(peer);
}
