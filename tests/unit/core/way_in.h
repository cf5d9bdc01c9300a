// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "base/files.h"
#include "intake.h"
#include "source.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A gateway's way in, with real settings, sensors and buffer in a folder of its own, and a clock that stands still.
 */

static const int64_t now_us = 1700000000000000;

static inline int64_t held_wall(const struct clock *clock)
{
    (void)clock;
    return now_us;
}

static int64_t boot_us;

static inline int64_t held_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static inline bool held_synchronised(const struct clock *clock)
{
    (void)clock;
    return true;
}

static const struct clock held = {.wall_us = held_wall, .boot_us = held_boot, .synchronised = held_synchronised};

static struct {
    char folder[64];
    struct findings findings;
    struct settings *settings;
    struct sensors *sensors;
    struct buffer *buffer;
    struct intake intake;
    struct source source;
    struct raw_pack raw;
} way;

static const char config[] =
    "[gateway]\nid = t\nmunicipality = 271004\n"
    "[sensor:bay-1]\nkind = parking\n[sensor:bay-2]\nkind = parking\n[sensor:van]\nkind = bump\n"
    "[sensor:square]\nkind = crowd\n"
    "[sensor:head]\nkind = parking\noccupied_below = 1 m\nhold = 0 s\n"
    "[sensor:seen-1]\nkind = parking\nsource = coap://127.0.0.1/x\n"
    "[sensor:seen-2]\nkind = parking\nsource = coap://127.0.0.1/x\n"
    "[sensor:quiet]\nkind = parking\nreport = changes\nheartbeat = 10 min\n"
    "[sensor:lib-1]\nkind = parking\nreport = changes\nrange.frame = 0..999\n"
    "[sensor:off]\nkind = parking\naddress = urn:off\nmap.nothing = x\n";

static inline void open_way(void)
{
    char path[96];
    struct fault why = {""};
    snprintf(path, sizeof path, "%s/buffer", way.folder);
    struct buffer_options options = {.path = path,
                                     .clock = &held,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &way.buffer, &why), 0);
    assert_int_equal(intake_init(&way.intake, &held, way.sensors, way.buffer, &why), 0);
    static char name[] = "coap";
    static const struct driver port;
    way.source = (struct source){.name = name, .driver = &port, .host = {.clock = &held}, .intake = &way.intake};
}

static inline void close_way(void)
{
    intake_finish(&way.intake);
    assert_int_equal(buffer_close(way.buffer), 0);
}

static inline int begin(void **state)
{
    (void)state;
    char path[96];
    memset(&way, 0, sizeof way);
    boot_us = 1000000;
    strcpy(way.folder, "/tmp/citygw-intake-XXXXXX");
    assert_non_null(mkdtemp(way.folder));
    snprintf(path, sizeof path, "%s/c.ini", way.folder);
    assert_int_equal(file_replace(path, config, sizeof config - 1, NULL), 0);
    assert_int_equal(settings_load(path, &way.findings, &way.settings), 0);
    assert_int_equal(way.findings.stops + way.findings.disabled, 0);
    assert_int_equal(sensors_create(way.settings, &way.findings, &way.sensors), 0);
    open_way();
    return 0;
}

static inline int finish(void **state)
{
    (void)state;
    char command[128];
    close_way();
    sensors_destroy(way.sensors);
    findings_finish(&way.findings);
    settings_destroy(way.settings);
    snprintf(command, sizeof command, "rm -rf %s", way.folder);
    return system(command);
}

static inline void add(const char *name, bool value, int64_t time_us)
{
    struct raw_value *raw = raw_pack_add(&way.raw);
    raw->name = name;
    raw->type = RAW_BOOL;
    raw->boolean = value;
    raw->time = time_us ? RAW_TIME_ABSOLUTE : RAW_TIME_NONE;
    raw->time_us = time_us;
}

static inline enum refusal take_pack(const struct driver_pack *pack, struct fault *why)
{
    enum refusal refusal = intake_take(&way.intake, &way.source, pack, why);
    raw_pack_clear(&way.raw);
    return refusal;
}

static inline enum refusal take(struct fault *why)
{
    return take_pack(&(struct driver_pack){.raw = &way.raw}, why);
}

// Of a sender that waits for the answer, and may send it again.
static inline enum refusal request(struct fault *why)
{
    return take_pack(&(struct driver_pack){.raw = &way.raw, .ticket = 1}, why);
}

// Waits until everything is durable, and reads it back, oldest first.
static inline void assert_stored_times(const int64_t times_us[], size_t count)
{
    struct buffer_figures figures;
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    size_t found = 0;
    buffer_flush(way.buffer);
    do
        buffer_figures(way.buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
    for (uint64_t from = 0;; from = batch->next) {
        assert_int_equal(buffer_read(way.buffer, from, BUFFER_BATCH_MAX, 1 << 20, batch), 0);
        if (!batch->count)
            break;
        for (size_t i = 0; i < batch->count; i++, found++) {
            assert_true(found < count);
            assert_int_equal(batch->items[i].time_us, times_us[found]);
        }
    }
    assert_int_equal(found, count);
    bytes_finish(&batch->bytes);
    free(batch);
}

static inline void add_acceleration(bool also_battery)
{
    static const char *const names[] = {"van:acceleration_x_mps2", "van:acceleration_y_mps2",
                                        "van:acceleration_z_mps2"};
    for (size_t i = 0; i < 3; i++)
        assert_true(raw_pack_number(&way.raw, names[i], "m/s2", 1));
    if (also_battery)
        assert_true(raw_pack_number(&way.raw, "van:battery_v", "V", 3.6));
}
