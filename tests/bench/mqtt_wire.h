// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * As much of MQTT 3.1.1 as the programs of scripts/bench need, so that the measuring costs less than what is measured.
 */

enum { WIRE_SIZE = 1 << 20 };
enum { MQTT_CONNACK = 2, MQTT_PUBLISH = 3, MQTT_PUBACK = 4, MQTT_SUBACK = 9 };

struct wire {
    int socket;
    size_t used, taken; // of what came: read, and understood
    uint8_t in[WIRE_SIZE];
    size_t out_used;
    uint8_t out[WIRE_SIZE];
};

struct wire_packet {
    unsigned type, flags;
    const uint8_t *body;
    size_t size;
};

static inline void wire_fail(const char *what)
{
    perror(what);
    exit(2);
}

static inline void wire_flush(struct wire *wire)
{
    for (size_t at = 0; at < wire->out_used;) {
        ssize_t sent = send(wire->socket, wire->out + at, wire->out_used - at, MSG_NOSIGNAL);
        if (sent <= 0)
            wire_fail("send");
        at += (size_t)sent;
    }
    wire->out_used = 0;
}

static inline void wire_put(struct wire *wire, const void *bytes, size_t size)
{
    memcpy(wire->out + wire->out_used, bytes, size);
    wire->out_used += size;
}

static inline void wire_head(struct wire *wire, uint8_t first, size_t size)
{
    if (wire->out_used + size + 8 > WIRE_SIZE)
        wire_flush(wire);
    wire_put(wire, &first, 1);
    do {
        uint8_t digit = (uint8_t)(size & 127);
        size >>= 7;
        digit |= size ? 128 : 0;
        wire_put(wire, &digit, 1);
    } while (size);
}

static inline void wire_text(struct wire *wire, const char *text)
{
    size_t size = strlen(text);
    wire_put(wire, (uint8_t[]){(uint8_t)(size >> 8), (uint8_t)size}, 2);
    wire_put(wire, text, size);
}

static inline void wire_acknowledge(struct wire *wire, const uint8_t id[2])
{
    wire_head(wire, MQTT_PUBACK << 4, 2);
    wire_put(wire, id, 2);
}

static inline void wire_publish(struct wire *wire, const char *topic, uint16_t id, const void *payload, size_t size)
{
    wire_head(wire, MQTT_PUBLISH << 4 | 1 << 1, 2 + strlen(topic) + 2 + size);
    wire_text(wire, topic);
    wire_put(wire, (uint8_t[]){(uint8_t)(id >> 8), (uint8_t)id}, 2);
    wire_put(wire, payload, size);
}

// Reads what is there; false when nothing came within that time. A broker that hangs up ends the program.
static inline bool wire_read(struct wire *wire, int timeout_ms)
{
    struct pollfd poll_for = {.fd = wire->socket, .events = POLLIN};
    memmove(wire->in, wire->in + wire->taken, wire->used - wire->taken);
    wire->used -= wire->taken;
    wire->taken = 0;
    if (poll(&poll_for, 1, timeout_ms) <= 0)
        return false;
    ssize_t count = recv(wire->socket, wire->in + wire->used, WIRE_SIZE - wire->used, 0);
    if (count <= 0)
        wire_fail("the broker hung up");
    wire->used += (size_t)count;
    return true;
}

// The next whole packet of what was read.
static inline bool wire_next(struct wire *wire, struct wire_packet *ret_packet)
{
    const uint8_t *at = wire->in + wire->taken;
    size_t left = wire->used - wire->taken, size = 0, head = 1;
    unsigned shift = 0;
    do {
        if (head >= left || head > 4)
            return false;
        size |= (size_t)(at[head] & 127) << shift;
        shift += 7;
    } while (at[head++] & 128);
    if (left - head < size)
        return false;
    *ret_packet = (struct wire_packet){.type = at[0] >> 4, .flags = at[0] & 15, .body = at + head, .size = size};
    wire->taken += head + size;
    return true;
}

static inline void wire_expect(struct wire *wire, unsigned type)
{
    struct wire_packet packet;
    while (wire_read(wire, 10000))
        if (wire_next(wire, &packet) && packet.type == type)
            return;
    fprintf(stderr, "the broker does not answer\n");
    exit(2);
}

static inline void wire_connect(struct wire *wire, int port, const char *client)
{
    struct sockaddr_in broker = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    wire->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire->socket < 0 || connect(wire->socket, (struct sockaddr *)&broker, sizeof broker) < 0)
        wire_fail("connect");
    setsockopt(wire->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    wire_head(wire, 0x10, 10 + 2 + strlen(client));
    wire_text(wire, "MQTT");
    wire_put(wire, (uint8_t[]){4, 2, 0, 0}, 4); // 3.1.1, clean session, no keep-alive
    wire_text(wire, client);
    wire_flush(wire);
    wire_expect(wire, MQTT_CONNACK);
}
