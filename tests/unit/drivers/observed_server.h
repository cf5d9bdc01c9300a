// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coap_observe_link.h"
#include "coap_observe_uri.h"
#include "coap_peer.h"

/*
 * The driver that observes, a server made of bytes, and a host whose clock moves when the test says so.
 */

extern const struct driver driver_observe;

enum { OBSERVE = 6, URI_HOST = 3, URI_QUERY = 15, BLOCK2 = 23 };

static struct {
    int socket;
    struct sockaddr_in client; // where the last request came from
    char uri[80];
    struct settings_sensor sensors[2];
    struct settings_device device;
    void *driver;
    unsigned opened, failed, emits, refused;
    enum refusal last_refusal;
    struct fault fault;
    char sensor[80];
    bool boolean, may_repeat, unauthenticated;
} server;

static inline enum refusal keep(void *context, const struct driver_pack *pack, struct fault *why)
{
    (void)context, (void)why;
    server.emits++;
    strcpy(server.sensor, pack->sensor ? pack->sensor : "");
    server.boolean = pack->raw->values[0].boolean;
    server.may_repeat = pack->may_repeat;
    server.unauthenticated = pack->unauthenticated;
    return REFUSAL_NONE;
}

static inline void count_refused(void *context, enum refusal refusal, const struct fault *why)
{
    (void)context, (void)why;
    server.refused++;
    server.last_refusal = refusal;
}

static inline void count_opened(void *context)
{
    (void)context;
    server.opened++;
}

static inline void close_failed(void *context, const struct fault *why)
{
    (void)context;
    server.failed++;
    server.fault = *why;
    driver_observe.close(server.driver);
}

static inline void make(const char *uri, size_t sensors)
{
    struct fixture *f = &fixture;
    struct fault why = {0};
    memset(f, 0, sizeof *f);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->boot_us = INT64_C(1000) * 1000000;
    f->clock = (struct clock){.wall_us = held_wall, .boot_us = held_boot, .synchronised = held_synchronised};
    snprintf(server.uri, sizeof server.uri, "%s", uri);
    for (size_t i = 0; i < sensors; i++)
        server.sensors[i] = (struct settings_sensor){.id = i ? "bay-2" : "bay-1",
                                                     .source = server.uri,
                                                     .source_type = SOURCE_COAP_OBSERVE,
                                                     .address = i ? "bay-2" : "bay-1",
                                                     .device = "meter",
                                                     .codec = "",
                                                     .stale_after_us = INT64_C(600) * 1000000};
    f->settings.coap.max_body_bytes = 8192;
    f->settings.sensor = server.sensors;
    f->settings.sensor_count = sensors;
    f->host = (struct driver_host){.context = f,
                                   .clock = &f->clock,
                                   .loop = &f->loop,
                                   .emit = keep,
                                   .refused = count_refused,
                                   .opened = count_opened,
                                   .failed = close_failed};
    assert_int_equal(driver_observe.create(&f->settings, server.uri, &f->host, &server.driver, &why), 0);
    assert_int_equal(driver_observe.open(server.driver, &why), -EINPROGRESS);
}

static inline int set_up_server(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char uri[80];
    memset(&server, 0, sizeof server);
    server.socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(server.socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(server.socket, (struct sockaddr *)&address, &size), 0);
    snprintf(uri, sizeof uri, "coap://localhost:%u/bays/1?unit=x", ntohs(address.sin_port));
    make(uri, 1);
    return 0;
}

static inline int tear_down_server(void **state)
{
    (void)state;
    driver_observe.destroy(server.driver);
    close(server.socket);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture.loop), 0);
    return 0;
}

static inline struct answer request(void)
{
    socklen_t size = sizeof server.client;
    uint8_t byte;
    if (!wait_for_datagram(server.socket))
        fail_msg("no request came");
    recvfrom(server.socket, &byte, 1, MSG_PEEK, (struct sockaddr *)&server.client, &size);
    return receive(server.socket);
}

static inline bool hears_nothing(void)
{
    uint8_t byte;
    for (int i = 0; i < 20; i++)
        uv_run(&fixture.loop, UV_RUN_NOWAIT);
    return recv(server.socket, &byte, 1, MSG_PEEK) < 0;
}

static inline void reply(const struct message *m)
{
    assert_int_equal(
        sendto(server.socket, m->bytes, m->size, 0, (struct sockaddr *)&server.client, sizeof server.client),
        (ssize_t)m->size);
}

static inline struct message with_token(int type, int code, unsigned id, const struct answer *asked)
{
    char token[9] = "";
    memcpy(token, "12345678", asked->token_size);
    struct message m = message(type, code, id, token);
    memcpy(m.bytes + 4, asked->token, asked->token_size);
    return m;
}

// 2.05 with a value; observe and max_age below 0: without that option.
static inline struct message content(int type, unsigned id, const struct answer *asked, long observe, long max_age,
                                     bool value)
{
    struct message m = with_token(type, 0x45, id, asked);
    if (observe >= 0)
        number_option(&m, OBSERVE, (unsigned)observe);
    number_option(&m, CONTENT_FORMAT, 110);
    if (max_age >= 0)
        number_option(&m, MAX_AGE, (unsigned)max_age);
    const char *body = value ? SENML : "[{\"n\":\"bay-1:occupied\",\"vb\":false}]";
    payload(&m, body, strlen(body));
    return m;
}

static inline void wait_for(const unsigned *count, unsigned wanted)
{
    for (uint64_t end = uv_hrtime() + UINT64_C(5000000000); *count < wanted && uv_hrtime() < end;)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    assert_int_equal(*count, wanted);
}

// Registered, with one value.
static inline struct answer begin_observing(long observe, long max_age)
{
    struct answer asked = request();
    struct message m = content(ACK, asked.id, &asked, observe, max_age, true);
    reply(&m);
    wait_for(&server.emits, 1);
    assert_int_equal(server.opened, 1);
    return asked;
}

static inline void pass(int64_t seconds)
{
    fixture.boot_us += seconds * 1000000;
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up_server, tear_down_server)
