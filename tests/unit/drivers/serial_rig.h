// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buses.h"
#include "check.h"
#include "drivers/driver.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

// A real pty pair: the test holds the master, the driver opens the slave as its port.

struct port {
    int master;
    char device[64];
    struct settings settings;
    struct settings_serial serial;
    struct driver_host host;
    uv_loop_t loop;
    uv_timer_t watchdog;
    const struct driver *driver;
    void *state, *second; // drivers of the same port
    // What the host saw.
    size_t packs, values, refusals[REFUSAL_COUNT], failures;
    char names[4][64];
    double numbers[4];
    const char *sensor; // that the last pack named
    struct fault refused, failed;
    bool close_in_failed;
};

static inline enum refusal host_emit(void *context, const struct driver_pack *pack, struct fault *why)
{
    (void)why;
    struct port *port = context;
    port->sensor = pack->sensor;
    assert_int_equal(pack->ticket, 0);
    for (size_t i = 0; i < pack->raw->count; i++, port->values++) {
        snprintf(port->names[port->values % 4], sizeof port->names[0], "%s", pack->raw->values[i].name);
        port->numbers[port->values % 4] = pack->raw->values[i].number;
    }
    port->packs++;
    return REFUSAL_NONE;
}

static inline void host_refused(void *context, enum refusal refusal, const struct fault *why)
{
    struct port *port = context;
    port->refusals[refusal]++;
    port->refused = *why;
}

static inline void host_failed(void *context, const struct fault *why)
{
    struct port *port = context;
    port->failures++;
    port->failed = *why;
    if (port->close_in_failed)
        port->driver->close(port->state);
}

static inline void too_long(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for 10 s");
}

static inline void plug_in(struct port *port)
{
    port->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(port->master >= 0);
    assert_int_equal(grantpt(port->master), 0);
    assert_int_equal(unlockpt(port->master), 0);
    assert_int_equal(ptsname_r(port->master, port->device, sizeof port->device), 0);
    // Without a line discipline of our own, the pty would echo and hold lines until the driver has set it raw; the
    // driver's open comes first in every test.
}

static inline int set_up(void **state)
{
    struct port *port = calloc(1, sizeof *port);
    *state = port;
    plug_in(port);
    port->serial = (struct settings_serial){
        .name = "kerb", .device = port->device, .baud = 9600, .stop_bits = 1, .codec = "senml"};
    port->settings = (struct settings){.serial = &port->serial, .serial_count = 1};
    uv_loop_init(&port->loop);
    uv_timer_init(&port->loop, &port->watchdog);
    uv_timer_start(&port->watchdog, too_long, 10000, 0);
    port->host = (struct driver_host){.context = port,
                                      .clock = &clock_system,
                                      .loop = &port->loop,
                                      .emit = host_emit,
                                      .refused = host_refused,
                                      .failed = host_failed};
    port->driver = &driver_serial;
    struct fault why = {""};
    assert_int_equal(port->driver->create(&port->settings, "kerb", &port->host, &port->state, &why), 0);
    return 0;
}

static inline int tear_down(void **state)
{
    struct port *port = *state;
    port->driver->destroy(port->state);
    port->driver->destroy(port->second);
    uv_close((uv_handle_t *)&port->watchdog, NULL);
    uv_run(&port->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&port->loop), 0);
    if (port->master >= 0)
        close(port->master);
    free(port);
    return 0;
}

static inline void open_port(struct port *port)
{
    struct fault why = {""};
    int error = port->driver->open(port->state, &why);
    if (error)
        fail_msg("open: %d %s", error, why.text);
}

static inline void say(struct port *port, const char *text)
{
    assert_int_equal(write(port->master, text, strlen(text)), strlen(text));
}

#define wait_until(port, condition)                                                                                    \
    do {                                                                                                               \
        while (!(condition))                                                                                           \
            uv_run(&(port)->loop, UV_RUN_ONCE);                                                                        \
    } while (0)
