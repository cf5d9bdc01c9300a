// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "base/files.h"
#include "drivers/codec.h"
#include "vehicle.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Five bump sensors and what their sources say, without a buffer: what goes into their rides, and the samples that come out. The
 * clock is moved by `boot_us`, and the time of day with it.
 */

static const int64_t second_us = 1000000, start_wall_us = 1700000000000000;
static int64_t boot_us;
static bool synchronised;

static inline int64_t moved_wall(const struct clock *clock)
{
    (void)clock;
    return start_wall_us + boot_us;
}

static inline int64_t moved_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static inline bool is_set(const struct clock *clock)
{
    (void)clock;
    return synchronised;
}

static const struct clock moved = {.wall_us = moved_wall, .boot_us = moved_boot, .synchronised = is_set};

#define COLUMNS "time ax ay az latitude longitude speed_mps"

static const char config[] =
    "[gateway]\nid = t\nmunicipality = 271004\n"
    "[serial:unit]\ndevice = /dev/unit\ncodec = csv\ncolumns = " COLUMNS "\n"
    "[serial:imu]\ndevice = /dev/imu\ncodec = wt901\n[serial:gnss]\ndevice = /dev/gnss\ncodec = nmea\n"
    "[sensor:van-1]\nkind = bump\nsource = serial:unit\nmap.acceleration_x_mps2 = ax g\n"
    "map.acceleration_y_mps2 = ay g\nmap.acceleration_z_mps2 = az g\n"
    "[sensor:van-2]\nkind = bump\nsource = serial:imu\nposition = serial:gnss\n"
    "[sensor:van-3]\nkind = bump\nsource = coap\nposition = gpsd://localhost:2947\n"
    "[sensor:van-4]\nkind = bump\nsource = coap\n"
    "[sensor:van-5]\nkind = bump\nsource = coap\nposition = serial:unit\n"
    "[sensor:bay]\nkind = parking\nsource = coap\n";

enum { SAMPLES_MAX = 40000 };

static struct {
    struct findings findings;
    struct settings *settings;
    struct sensors *sensors;
    struct vehicles *vehicles;
    struct raw_pack raw;
    struct normalised_pack pack;
    const char *sensor; // of the last sample
    struct ride_sample last;
    size_t samples;
    double expected[SAMPLES_MAX]; // along x, of all that went in
    size_t expected_count;
    double rate_hz;
} way;

static inline void collect(void *context, const struct sensor *sensor, const struct ride_sample *sample)
{
    (void)context;
    if (way.samples)
        assert_true(sample->time_us > way.last.time_us);
    if (way.samples < way.expected_count)
        assert_true(sample->acceleration.x == way.expected[way.samples]);
    way.sensor = sensor->settings->id;
    way.last = *sample;
    way.samples++;
}

static inline int begin(void **state)
{
    (void)state;
    char path[] = "/tmp/citygw-vehicle-XXXXXX";
    int fd = mkstemp(path);
    memset(&way, 0, sizeof way);
    boot_us = 100 * second_us;
    synchronised = true;
    assert_int_equal(write(fd, config, sizeof config - 1), sizeof config - 1);
    close(fd);
    assert_int_equal(settings_load(path, &way.findings, &way.settings), 0);
    unlink(path);
    assert_int_equal(way.findings.stops + way.findings.disabled + way.findings.warnings, 0);
    assert_int_equal(sensors_create(way.settings, &way.findings, &way.sensors), 0);
    assert_int_equal(vehicles_create(way.settings, way.sensors, &moved, &way.vehicles), 0);
    vehicles_consume(way.vehicles, collect, NULL);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    vehicles_destroy(way.vehicles);
    sensors_destroy(way.sensors);
    findings_finish(&way.findings);
    settings_destroy(way.settings);
    return 0;
}

// What the raw pack says becomes readings, and the vehicles take theirs. Returns how many accelerations they took.
static inline size_t take(const char *source, const char *sensor)
{
    struct fault why = {""};
    struct normalise_context context = {.sensors = way.sensors,
                                        .source = source,
                                        .sensor = sensor ? sensors_find(way.sensors, sensor) : NULL,
                                        .received_us = moved_wall(NULL),
                                        .clock_synchronised = synchronised};
    enum refusal refusal = normalise(&context, &way.raw, &way.pack, &why);
    if (refusal)
        fail_msg("%s", why.text);
    size_t taken = vehicles_take(way.vehicles, &way.pack, context.received_us);
    vehicles_settle(way.vehicles, true);
    raw_pack_clear(&way.raw);
    return taken;
}

static inline bool locate(const char *source, const char *sensor)
{
    bool alone = vehicles_locate(way.vehicles, source, &(const struct driver_pack){.raw = &way.raw, .sensor = sensor});
    raw_pack_clear(&way.raw);
    return alone;
}

static inline void add(const char *name, const char *unit, double number)
{
    assert_true(raw_pack_number(&way.raw, name, unit, number));
}

static inline void add_axes(double x)
{
    add("acceleration_x_mps2", "m/s2", x);
    add("acceleration_y_mps2", "m/s2", 0);
    add("acceleration_z_mps2", "m/s2", 9.8);
}

// As the port of an IMU gives it: a sample every 10 ms.
static inline void drive(const char *source, const char *sensor, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vehicles_turn(way.vehicles);
        add_axes(1);
        assert_int_equal(take(source, sensor), 1);
        boot_us += 10000;
    }
}

static inline struct vehicle_figures figures_of(const char *sensor)
{
    struct vehicle_figures figures;
    for (size_t i = 0; vehicles_figures(way.vehicles, i, &figures); i++)
        if (strcmp(figures.sensor, sensor) == 0)
            return figures;
    fail_msg("%s is not shown", sensor);
    return figures;
}

static inline bool has_value(const char *name)
{
    for (size_t i = 0; i < way.pack.count; i++)
        for (size_t v = 0; v < way.pack.readings[i].reading.value_count; v++)
            if (strcmp(way.pack.readings[i].reading.values[v].name, name) == 0)
                return true;
    return false;
}

#define VEHICLE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
