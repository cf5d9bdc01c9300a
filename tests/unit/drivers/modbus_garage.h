// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buses.h"
#include "check.h"
#include "drivers/driver.h"
#include "modbus_device.h"
#include <errno.h>
#include <stdatomic.h>
#include <uv.h>

// The driver on a pty, with devices that answer, or do not, in a thread of their own (modbus_device.h).

enum { SENSORS = 6, VALUES = 8, TIMEOUT_MS = 1000 };

struct seen { // of one sensor
    size_t packs, values;
    char names[VALUES][40];
    double numbers[VALUES];
    bool is_switch[VALUES];
};

struct garage {
    struct clock clock; // first
    _Atomic int64_t ahead_us;
    struct devices devices;
    struct settings *settings;
    struct driver_host host;
    uv_loop_t loop;
    uv_timer_t watchdog;
    const struct driver *driver;
    void *state, *second;
    struct seen seen[SENSORS]; // by the last letter of the id, from 'a'
    size_t refusals[REFUSAL_COUNT], failures, told[2];
    struct fault refused, failed, last_told[2]; // bad, good
    bool close_in_failed;
};

static inline int64_t boot_us(const struct clock *clock)
{
    const struct garage *garage = (const struct garage *)(const void *)clock;
    return clock_boot_us(&clock_system) + atomic_load(&garage->ahead_us);
}

static inline enum refusal host_emit(void *context, const struct driver_pack *pack, struct fault *why)
{
    struct garage *garage = context;
    (void)why;
    assert_non_null(pack->sensor);
    assert_int_equal(pack->ticket, 0);
    struct seen *seen = &garage->seen[pack->sensor[strlen(pack->sensor) - 1] - 'a'];
    seen->packs++;
    seen->values = pack->raw->count;
    for (size_t i = 0; i < pack->raw->count && i < VALUES; i++) {
        const struct raw_value *value = &pack->raw->values[i];
        snprintf(seen->names[i], sizeof seen->names[i], "%s", value->name);
        seen->is_switch[i] = value->type == RAW_BOOL;
        seen->numbers[i] = value->type == RAW_BOOL ? value->boolean : value->number;
    }
    return REFUSAL_NONE;
}

static inline void host_refused(void *context, enum refusal refusal, const struct fault *why)
{
    struct garage *garage = context;
    garage->refusals[refusal]++;
    garage->refused = *why;
}

static inline void host_tell(void *context, bool good, const struct fault *what)
{
    struct garage *garage = context;
    garage->told[good]++;
    garage->last_told[good] = *what;
}

static inline void host_failed(void *context, const struct fault *why)
{
    struct garage *garage = context;
    garage->failures++;
    garage->failed = *why;
    if (garage->close_in_failed)
        garage->driver->close(garage->state);
}

static inline void too_long(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for 60 s");
}

static inline int set_up(void **state)
{
    struct garage *garage = calloc(1, sizeof *garage);
    *state = garage;
    devices_begin(&garage->devices);
    garage->clock = clock_system;
    garage->clock.boot_us = boot_us;
    uv_loop_init(&garage->loop);
    uv_timer_init(&garage->loop, &garage->watchdog);
    uv_timer_start(&garage->watchdog, too_long, 60000, 0);
    garage->driver = &driver_modbus;
    garage->host = (struct driver_host){.context = garage,
                                        .clock = &garage->clock,
                                        .loop = &garage->loop,
                                        .emit = host_emit,
                                        .refused = host_refused,
                                        .tell = host_tell,
                                        .failed = host_failed};
    return 0;
}

static inline int tear_down(void **state)
{
    struct garage *garage = *state;
    garage->driver->destroy(garage->state);
    garage->driver->destroy(garage->second);
    devices_end(&garage->devices);
    uv_close((uv_handle_t *)&garage->watchdog, NULL);
    uv_run(&garage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&garage->loop), 0);
    settings_destroy(garage->settings);
    free(garage);
    return 0;
}

// Sensors as in an INI file, on the bus of the pty. The timeout is long: machines that test are busy.
static inline void configure(struct garage *garage, const char *bus, const char *sensors)
{
    char path[] = "/tmp/citygw-modbus-XXXXXX", text[4000];
    struct findings findings = {0};
    struct fault why = {""};
    int fd = mkstemp(path);
    int size = snprintf(text, sizeof text,
                        "[gateway]\nid = t\nmunicipality = 271004\n[modbus:garage]\ndevice = %s\nbaud = 115200\n%s\n%s",
                        garage->devices.slave, *bus ? bus : "timeout = 1 s", sensors);
    assert_int_equal(write(fd, text, (size_t)size), size);
    close(fd);
    assert_int_equal(settings_load(path, &findings, &garage->settings), 0);
    unlink(path);
    drivers_check(garage->settings, &findings);
    if (findings.count)
        fail_msg("%s", findings.list[0].text);
    findings_finish(&findings);
    if (garage->driver->create(garage->settings, "garage", &garage->host, &garage->state, &why) != 0)
        fail_msg("%s", why.text);
}

static inline void open_bus(struct garage *garage)
{
    struct fault why = {""};
    if (garage->driver->open(garage->state, &why) != 0)
        fail_msg("%s", why.text);
}

#define wait_until(garage, condition)                                                                                  \
    do {                                                                                                               \
        while (!(condition))                                                                                           \
            uv_run(&(garage)->loop, UV_RUN_ONCE);                                                                      \
    } while (0)

static inline void note_figure(void *context, const char *name, const char *help, double value)
{
    assert_true(*help);
    double *figures = context;
    static const char *const names[] = {"citygw_modbus_requests_total",   "citygw_modbus_timeouts_total",
                                        "citygw_modbus_crc_errors_total", "citygw_modbus_garbled_total",
                                        "citygw_modbus_exceptions_total", "citygw_modbus_foreign_answers_total",
                                        "citygw_modbus_dropped_total"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            figures[i] = value;
}

enum figure { REQUESTS, TIMEOUTS, CRC_ERRORS, GARBLED, EXCEPTIONS, FOREIGN, DROPPED, FIGURES };

static inline double figure(struct garage *garage, enum figure which)
{
    double figures[FIGURES] = {0};
    garage->driver->figures(garage->state, note_figure, figures);
    return figures[which];
}

static const char counter[] = "[device:c]\nkind = crowd\npoll = 20 ms\nmap.in_total = input:10 u16\n";
#define ON(letter, unit) "[sensor:s-" letter "]\nsource = modbus:garage\ndevice = c\naddress = " unit "\n"

// A bus with sensors on counters (ON), of which that of unit 1 has such manners.
static inline void begin(struct garage *garage, const char *bus, const char *sensors, enum manner manner)
{
    char text[1000];
    snprintf(text, sizeof text, "%s%s", counter, sensors);
    configure(garage, bus, text);
    set_manner(&garage->devices, 1, manner);
    open_bus(garage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
