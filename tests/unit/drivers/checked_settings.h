// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "drivers/driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Settings, made by hand or read from a text, and what the drivers' checks find in them.
 */

static struct findings findings;

static inline int clean(void **state)
{
    (void)state;
    findings_finish(&findings);
    findings = (struct findings){0};
    return 0;
}

static inline struct settings_serial port(const char *name, const char *device, const char *codec, int line)
{
    return (struct settings_serial){
        .origin = {"city.ini", line}, .name = name, .device = device, .codec = codec, .baud = 9600};
}

static inline struct settings_sensor sensor_of(const char *name)
{
    return (struct settings_sensor){
        .id = "s", .source_type = SOURCE_SERIAL, .source_name = name, .codec = "", .occupied_below_m = 1};
}

static inline void check(struct settings_serial *serial, size_t count, struct settings_sensor *sensors,
                         size_t sensor_count)
{
    struct settings settings = {
        .serial = serial, .serial_count = count, .sensor = sensors, .sensor_count = sensor_count};
    drivers_check(&settings, &findings);
}

static inline void assert_found(size_t at, enum finding_level level, const char *said)
{
    assert_true(at < findings.count);
    if (findings.list[at].level != level || !strstr(findings.list[at].text, said))
        fail_msg("%s; expected: %s", findings.list[at].text, said);
}

// The settings keep the reason, so that these are read from a file.
static inline struct settings *load_with_coap(const char *text, const char *coap)
{
    char path[] = "/tmp/citygw-check-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(write(fd, coap, strlen(coap)), strlen(coap));
    close(fd);
    struct settings *settings = NULL;
    assert_int_equal(settings_load(path, &findings, &settings), 0);
    unlink(path);
    findings_finish(&findings);
    findings = (struct findings){0};
    return settings;
}

static inline struct settings *load(const char *text)
{
    return load_with_coap(text, "[coap]\nlisten = 127.0.0.1:5683\n");
}
