// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../free_port.h"
#include "check.h"
#include "drivers/driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/*
 * A CoAP peer made of bytes, and a host whose clock stands still and whose commits happen when the test says so.
 */

extern const struct driver driver_coap;

enum { CON, NON, ACK, RST };
enum { GET = 1, POST = 2, DELETE = 4, PATCH = 6 };
enum { URI_PATH = 11, CONTENT_FORMAT = 12, MAX_AGE = 14, ACCEPT = 17, BLOCK1 = 27, PROXY_SCHEME = 39, SIZE1 = 60 };
enum { NO_RESPONSE = 258 };
enum { EMITS_MAX = 20000, LAST_OPTION_MAX = 400 };

struct message {
    uint8_t bytes[2048];
    size_t size;
    unsigned last_option;
};

struct answer {
    int type, code; // class * 100 + detail
    unsigned id;
    uint8_t token[8];
    size_t token_size;
    long options[LAST_OPTION_MAX]; // the value as a number, -1 when absent
    char payload[2048];
    size_t payload_size;
};

struct fixture {
    uv_loop_t loop;
    struct clock clock;
    int64_t boot_us, wall_us;
    bool synchronised;
    struct settings settings;
    struct driver_host host;
    void *driver;
    char listen[128];
    uint16_t port;
    int peer, other; // sockets connected to the driver

    enum refusal verdict;
    const char *verdict_text;
    bool settle_at_once;
    unsigned emits, refusals;
    enum refusal last_refusal;
    uint64_t tickets[EMITS_MAX];
    uint8_t key[64];
    size_t key_size;
    char sensor[80];
    size_t value_count; // of the last pack, and its first value
    char value_name[80];
    bool unauthenticated;
};

static struct fixture fixture;

static inline int64_t held_wall(const struct clock *clock)
{
    (void)clock;
    return fixture.wall_us;
}

static inline int64_t held_boot(const struct clock *clock)
{
    (void)clock;
    return fixture.boot_us;
}

static inline bool held_synchronised(const struct clock *clock)
{
    (void)clock;
    return fixture.synchronised;
}

static inline enum refusal take(void *context, const struct driver_pack *pack, struct fault *why)
{
    struct fixture *f = context;
    if (f->verdict != REFUSAL_NONE) {
        fault_set(why, 0, "%s", f->verdict_text);
        return f->verdict;
    }
    assert_in_range(f->emits, 0, EMITS_MAX - 1);
    assert_in_range(pack->key_size, 1, sizeof f->key);
    memcpy(f->key, pack->key, pack->key_size);
    f->key_size = pack->key_size;
    strcpy(f->sensor, pack->sensor ? pack->sensor : "");
    f->value_count = pack->raw->count;
    snprintf(f->value_name, sizeof f->value_name, "%s", pack->raw->count ? pack->raw->values[0].name : "");
    f->unauthenticated = pack->unauthenticated;
    f->tickets[f->emits++] = pack->ticket;
    if (f->settle_at_once)
        driver_coap.settled(f->driver, pack->ticket, 0);
    return REFUSAL_NONE;
}

static inline void count_refusal(void *context, enum refusal refusal, const struct fault *why)
{
    (void)why;
    struct fixture *f = context;
    f->refusals++;
    f->last_refusal = refusal;
}

static inline void must_not_fail(void *context, const struct fault *why)
{
    (void)context;
    fail_msg("%s", why->text);
}

static inline int connect_to(const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
    int peer = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    return peer;
}

// A driver that is made and not open yet.
static inline void make_driver(const char *host)
{
    struct fixture *f = &fixture;
    memset(f, 0, sizeof *f);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->boot_us = INT64_C(1000) * 1000000;
    f->wall_us = INT64_C(1795316645678000); // 2026-11-22T03:04:05.678Z
    f->synchronised = true;
    f->clock = (struct clock){.wall_us = held_wall, .boot_us = held_boot, .synchronised = held_synchronised};
    f->port = free_port(SOCK_DGRAM);
    snprintf(f->listen, sizeof f->listen, "%s:%u", host, f->port);
    static struct settings_sensor bay = {.id = "bay-1", .codec = "", .source_type = SOURCE_COAP};
    f->settings.sensor = &bay;
    f->settings.sensor_count = 1;
    f->settings.coap.listen = f->listen;
    f->settings.coap.max_body_bytes = 8192;
    f->settings.coap.rate_limit = 20;
    f->host = (struct driver_host){.context = f,
                                   .clock = &f->clock,
                                   .loop = &f->loop,
                                   .emit = take,
                                   .refused = count_refusal,
                                   .failed = must_not_fail};
    f->verdict_text = "";
    struct fault why = {0};
    assert_int_equal(driver_coap.create(&f->settings, "", &f->host, &f->driver, &why), 0);
    f->peer = connect_to("127.0.0.1", f->port);
    f->other = connect_to("127.0.0.1", f->port);
}

static inline void open_made_driver(void)
{
    struct fault why = {0};
    int error = driver_coap.open(fixture.driver, &why);
    if (error)
        fail_msg("open: %s", why.text);
}

static inline int set_up(void **state)
{
    (void)state;
    make_driver("127.0.0.1");
    open_made_driver();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    struct fixture *f = &fixture;
    driver_coap.destroy(f->driver);
    close(f->peer);
    close(f->other);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    return 0;
}

static inline struct message message(int type, int code, unsigned id, const char *token)
{
    struct message m = {.size = 4};
    size_t token_size = strlen(token);
    m.bytes[0] = (uint8_t)(0x40 | type << 4 | (int)token_size);
    m.bytes[1] = (uint8_t)code;
    m.bytes[2] = (uint8_t)(id >> 8);
    m.bytes[3] = (uint8_t)id;
    memcpy(m.bytes + 4, token, token_size);
    m.size += token_size;
    return m;
}

// RFC 7252 section 3.1: options stand in order, each with its distance to the one before.
static inline void option(struct message *m, unsigned number, const void *value, size_t size)
{
    unsigned delta = number - m->last_option;
    m->last_option = number;
    unsigned small = delta < 13 ? delta : delta < 269 ? 13 : 14;
    unsigned length = size < 13 ? (unsigned)size : 13;
    m->bytes[m->size++] = (uint8_t)(small << 4 | length);
    if (small == 13)
        m->bytes[m->size++] = (uint8_t)(delta - 13);
    if (small == 14) {
        m->bytes[m->size++] = (uint8_t)((delta - 269) >> 8);
        m->bytes[m->size++] = (uint8_t)(delta - 269);
    }
    if (length == 13)
        m->bytes[m->size++] = (uint8_t)(size - 13);
    memcpy(m->bytes + m->size, value, size);
    m->size += size;
}

static inline void number_option(struct message *m, unsigned number, unsigned value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    size_t skip = value > 0xffffff ? 0 : value > 0xffff ? 1 : value > 0xff ? 2 : value > 0 ? 3 : 4;
    option(m, number, bytes + skip, 4 - skip);
}

static inline void path(struct message *m, const char *text)
{
    for (const char *at = text; *at;) {
        size_t size = strcspn(at, "/");
        option(m, URI_PATH, at, size);
        at += size + (at[size] == '/');
    }
}

static inline void payload(struct message *m, const void *data, size_t size)
{
    m->bytes[m->size++] = 0xff;
    memcpy(m->bytes + m->size, data, size);
    m->size += size;
}

#define SENML "[{\"n\":\"bay-1:occupied\",\"vb\":true}]"

static inline struct message post(int type, unsigned id, const char *token, const char *where, int format,
                                  const char *body)
{
    struct message m = message(type, POST, id, token);
    path(&m, where);
    if (format >= 0)
        number_option(&m, CONTENT_FORMAT, (unsigned)format);
    payload(&m, body, strlen(body));
    return m;
}

static inline void send_from(int peer, const struct message *m)
{
    assert_int_equal(send(peer, m->bytes, m->size, 0), (ssize_t)m->size);
}

// Lets the loop work until the peer has a datagram; false after five seconds.
static inline bool wait_for_datagram(int peer)
{
    uint64_t end = uv_hrtime() + UINT64_C(5000000000);
    while (uv_hrtime() < end) {
        uv_run(&fixture.loop, UV_RUN_NOWAIT);
        struct pollfd fds[] = {{.fd = peer, .events = POLLIN}, {.fd = uv_backend_fd(&fixture.loop), .events = POLLIN}};
        int timeout = uv_backend_timeout(&fixture.loop);
        poll(fds, 2, timeout < 0 || timeout > 5000 ? 5000 : timeout);
        if (fds[0].revents)
            return true;
    }
    return false;
}

static inline unsigned extended(const uint8_t **at, unsigned nibble)
{
    if (nibble < 13)
        return nibble;
    unsigned value = *(*at)++;
    return nibble == 13 ? value + 13 : (value << 8 | *(*at)++) + 269;
}

static inline void parse_options(struct answer *answer, const uint8_t *at, const uint8_t *end)
{
    unsigned number = 0;
    while (at < end && *at != 0xff) {
        unsigned byte = *at++;
        number += extended(&at, byte >> 4);
        unsigned length = extended(&at, byte & 15);
        long value = 0;
        for (unsigned i = 0; i < length; i++)
            value = value << 8 | at[i];
        if (number < LAST_OPTION_MAX)
            answer->options[number] = value;
        at += length;
    }
    if (at < end) {
        answer->payload_size = (size_t)(end - at - 1);
        memcpy(answer->payload, at + 1, answer->payload_size);
    }
}

static inline struct answer receive(int peer)
{
    static struct answer answer; // 5 kB
    memset(&answer, 0, sizeof answer);
    memset(answer.options, 0xff, sizeof answer.options);
    uint8_t bytes[2048];
    if (!wait_for_datagram(peer))
        fail_msg("no answer came");
    ssize_t size = recv(peer, bytes, sizeof bytes, 0);
    assert_true(size >= 4);
    answer.type = bytes[0] >> 4 & 3;
    answer.code = (bytes[1] >> 5) * 100 + (bytes[1] & 31);
    answer.id = (unsigned)(bytes[2] << 8 | bytes[3]);
    answer.token_size = bytes[0] & 15;
    memcpy(answer.token, bytes + 4, answer.token_size);
    parse_options(&answer, bytes + 4 + answer.token_size, bytes + size);
    return answer;
}

static inline struct answer ask(const struct message *m)
{
    send_from(fixture.peer, m);
    return receive(fixture.peer);
}

// All that was sent before has been worked on when this returns: datagrams to one socket are read in order.
static inline void wait_until_worked_off(void)
{
    static unsigned id;
    struct message m = message(CON, GET, ++id, "");
    path(&m, "time"); // which no figure counts
    send_from(fixture.other, &m);
    assert_in_range(receive(fixture.other).code, 205, 503);
}

static inline void assert_silent(void)
{
    wait_until_worked_off();
    uint8_t bytes[16];
    assert_int_equal(recv(fixture.peer, bytes, sizeof bytes, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static inline void settle(unsigned emit, int status)
{
    driver_coap.settled(fixture.driver, fixture.tickets[emit], status);
}

static inline void assert_answer(const struct answer *answer, int type, int code, unsigned id, const char *token)
{
    assert_int_equal(answer->type, type);
    assert_int_equal(answer->code, code);
    assert_int_equal(answer->id, id);
    assert_int_equal(answer->token_size, strlen(token));
    assert_memory_equal(answer->token, token, answer->token_size);
}

struct wanted_figure {
    const char *name;
    double value;
};

static inline void keep_figure(void *context, const char *name, const char *help, double value)
{
    assert_true(*help);
    struct wanted_figure *wanted = context;
    if (strcmp(name, wanted->name) == 0)
        wanted->value = value;
}

static inline double figure(const char *name)
{
    struct wanted_figure wanted = {.name = name, .value = -1};
    driver_coap.figures(fixture.driver, keep_figure, &wanted);
    return wanted.value;
}
