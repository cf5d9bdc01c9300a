// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * An outlet that does nothing by itself, over a real buffer, with a clock that goes when it is told to.
 */

#include "check.h"

#include "outlets.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Atomic int64_t boot_us; // the buffer's writer asks, too

static int64_t held_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static _Atomic bool clock_set;

static bool held_synchronised(const struct clock *clock)
{
    (void)clock;
    return clock_set;
}

static const struct clock held = {.wall_us = held_boot, .boot_us = held_boot, .synchronised = held_synchronised};

static int create(const struct outlet_feed *feed, size_t index, void **ret_state, struct fault *why)
{
    (void)index, (void)why;
    *ret_state = (void *)(uintptr_t)feed;
    return 0;
}

static void destroy(void *state)
{
    (void)state;
}

static const struct outlet_type still = {.type = "still", .create = create, .destroy = destroy};

static char folder[64];
static struct settings settings;
static struct settings_influxdb influxdb = {.name = "far", .url = "http://far", .start = START_OLDEST};
static struct buffer *buffer;
static struct hold hold;
static struct outlet_common common;
static struct outlet outlet;
static struct outlet_batch batch;
static uint32_t stream;

static void open_buffer(void)
{
    struct buffer_options options = {.path = folder,
                                     .clock = &held,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    hold_init(&hold, &held, buffer, 60 * 1000000LL);
    common = (struct outlet_common){
        .settings = &settings, .buffer = buffer, .clock = &held, .hold = &hold, .states = &stream, .state_count = 1};
    assert_int_equal(outlet_init(&outlet, &common, &still, 0, NULL), 0);
}

static int begin(void **state)
{
    (void)state;
    boot_us = 100 * 1000000LL;
    clock_set = true;
    strcpy(folder, "/tmp/citygw-outlets-XXXXXX");
    assert_non_null(mkdtemp(folder));
    settings = (struct settings){.influxdb = &influxdb, .influxdb_count = 1, .buffer.path = folder};
    open_buffer();
    assert_int_equal(buffer_stream(buffer, "bay-1", &stream, NULL), 0);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    outlet.feed.batch_finish(&outlet, &batch);
    outlet_finish(&outlet);
    buffer_close(buffer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void commit(uint32_t of, bool unsure)
{
    struct buffer_figures figures;
    struct buffer_record record = {
        .stream = of, .time_us = boot_us, .unsure = unsure, .boot_us = boot_us, .payload = "x", .size = 1};
    assert_int_equal(buffer_append(buffer, &record, 1, NULL, 0, NULL, 0), 0);
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
}

static void commit_one(void)
{
    commit(stream, false);
}
