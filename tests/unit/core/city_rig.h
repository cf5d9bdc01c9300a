// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "base/files.h"
#include "city.h"
#include "city/alert_reading.h"
#include "intake.h"
#include "reading/stream.h"
#include "source.h"
#include "standing.h"
#include "told_clock.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The way in with a city behind it, over a real buffer, restarts and kills, by a clock that goes when it is told to. A kill is a restart
 * before which the files are put back to what they were.
 */

#define SECOND INT64_C(1000000)

static struct {
    char folder[64], config[160000];
    uv_loop_t loop;
    struct findings findings;
    struct settings *settings;
    struct sensors *sensors;
    struct buffer *buffer;
    struct hold hold;
    struct city *city;
    struct standing *standing;
    struct intake intake;
    struct source source;
    struct raw_pack raw;
    struct buffer_batch *batch;
    struct reading told; // of a sensor, the last one that was made of its samples
    size_t told_count, made_count;
} rig;

static inline void note_told(void *context, const struct sensor *sensor, const struct reading *reading)
{
    (void)context, (void)sensor;
    rig.told = *reading;
    rig.told_count++;
}

static inline void note_made(void *context, uint32_t stream)
{
    (void)context;
    assert_non_null(buffer_stream_name(rig.buffer, stream));
    rig.made_count++;
}

static inline void configure_rig(void)
{
    char path[96];
    snprintf(path, sizeof path, "%s.ini", rig.folder);
    assert_int_equal(file_replace(path, rig.config, strlen(rig.config), NULL), 0);
    rig.findings = (struct findings){0};
    assert_int_equal(settings_load(path, &rig.findings, &rig.settings), 0);
    assert_int_equal(rig.findings.stops + rig.findings.disabled, 0);
    assert_int_equal(sensors_create(rig.settings, &rig.findings, &rig.sensors), 0);
    unlink(path);
}

static inline void open_rig(void)
{
    static char name[] = "coap";
    static const struct driver port;
    struct fault why = {""};
    configure_rig();
    const struct buffer_options options = {.path = rig.folder,
                                           .clock = &told,
                                           .max_size_bytes = 16 << 20,
                                           .max_age_us = INT64_MAX / 4,
                                           .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &rig.buffer, &why), 0);
    hold_init(&rig.hold, &told, rig.buffer, 60 * SECOND);
    assert_int_equal(intake_init(&rig.intake, &told, rig.sensors, rig.buffer, &why), 0);
    const struct city_options city = {.clock = &told,
                                      .settings = rig.settings,
                                      .sensors = rig.sensors,
                                      .buffer = rig.buffer,
                                      .hold = &rig.hold,
                                      .made = note_made,
                                      .told = note_told};
    assert_int_equal(city_create(&city, &rig.city, &why), 0);
    const struct standing_options standing = {.clock = &told,
                                              .sensors = rig.sensors,
                                              .buffer = rig.buffer,
                                              .loop = &rig.loop,
                                              .city = rig.city,
                                              .folder = rig.folder};
    assert_int_equal(standing_create(&standing, &rig.standing, &why), 0);
    rig.intake.hold = &rig.hold;
    rig.intake.city = rig.city;
    rig.intake.standing = rig.standing;
    rig.source = (struct source){.name = name, .driver = &port, .host = {.clock = &told}, .intake = &rig.intake};
}

static inline void note_durable(void *owner, uint64_t ticket, int status, void *context)
{
    (void)owner, (void)ticket, (void)context;
    assert_int_equal(status, 0);
}

// Ends the turn, and waits until everything is durable.
static inline void durable(void)
{
    struct buffer_figures figures;
    intake_turn(&rig.intake);
    buffer_flush(rig.buffer);
    do
        buffer_figures(rig.buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
    buffer_settled(rig.buffer, note_durable, NULL);
}

static inline void close_rig(void)
{
    durable();
    standing_destroy(rig.standing);
    city_destroy(rig.city);
    intake_finish(&rig.intake);
    assert_int_equal(buffer_close(rig.buffer), 0);
    sensors_destroy(rig.sensors);
    findings_finish(&rig.findings);
    settings_destroy(rig.settings);
}

static inline void restart(void)
{
    close_rig();
    open_rig();
}

// With what the files were at the last save.
static inline void kill_and_restart(void)
{
    static const char *const names[] = {"standing", "places"};
    struct bytes before[2];
    bool was_there[2];
    char path[96];
    for (size_t i = 0; i < 2; i++) {
        bytes_init(&before[i], 64 << 20);
        snprintf(path, sizeof path, "%s/%s", rig.folder, names[i]);
        was_there[i] = file_read(path, 32 << 20, &before[i], NULL) == 0;
    }
    close_rig();
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", rig.folder, names[i]);
        if (was_there[i])
            assert_int_equal(file_replace(path, before[i].data, before[i].used, NULL), 0);
        else
            unlink(path);
        bytes_finish(&before[i]);
    }
    open_rig();
}

static inline void begin_rig_with(const char *config, bool is_set)
{
    memset(&rig, 0, sizeof rig);
    strcpy(rig.folder, "/tmp/citygw-city-XXXXXX");
    assert_non_null(mkdtemp(rig.folder));
    snprintf(rig.config, sizeof rig.config, "[gateway]\nid = t\nmunicipality = 271004\n[coap]\n%s", config);
    wall_us = is_set ? INT64_C(1800000000) * SECOND : 1000 * SECOND;
    boot_us = 1000 * SECOND;
    set = is_set;
    rig.batch = calloc(1, sizeof *rig.batch);
    uv_loop_init(&rig.loop);
    open_rig();
}

static inline void begin_rig(const char *config)
{
    begin_rig_with(config, true);
}

static inline int end_rig(void **state)
{
    (void)state;
    char command[96];
    close_rig();
    bytes_finish(&rig.batch->bytes);
    free(rig.batch);
    assert_int_equal(uv_loop_close(&rig.loop), 0);
    snprintf(command, sizeof command, "rm -rf %s", rig.folder);
    return system(command);
}

static inline void pass(double seconds)
{
    wall_us += (int64_t)(seconds * 1e6);
    boot_us += (int64_t)(seconds * 1e6);
}

// Time passes, and the second's tick comes.
static inline void tick_after(double seconds)
{
    pass(seconds);
    city_tick(rig.city, set);
}

static inline void stamp(struct raw_value *raw, int64_t time_us)
{
    raw->time = time_us ? RAW_TIME_ABSOLUTE : RAW_TIME_NONE;
    raw->time_us = time_us;
}

// time_us: the sensor's own; 0: it tells none.
static inline void add_bool(const char *name, bool value, int64_t time_us)
{
    struct raw_value *raw = raw_pack_add(&rig.raw);
    *raw = (struct raw_value){.name = name, .type = RAW_BOOL, .boolean = value};
    stamp(raw, time_us);
}

static inline void add_number(const char *name, const char *unit, double number, int64_t time_us)
{
    assert_true(raw_pack_number(&rig.raw, name, unit, number));
    stamp(&rig.raw.values[rig.raw.count - 1], time_us);
}

// As one pack. ticket 0: nobody sends it again.
static inline enum refusal take_ticket(uint64_t ticket)
{
    struct fault why = {""};
    enum refusal refusal =
        intake_take(&rig.intake, &rig.source, &(struct driver_pack){.raw = &rig.raw, .ticket = ticket}, &why);
    raw_pack_clear(&rig.raw);
    return refusal;
}

static inline void take(void)
{
    assert_int_equal(take_ticket(0), REFUSAL_NONE);
    intake_turn(&rig.intake);
}

// As many packs of that sensor as may wait, none of which is settled.
static inline void fill_the_buffer(const char *name)
{
    enum refusal refusal = REFUSAL_NONE;
    for (int i = 0; i < 100000 && !refusal; i++) {
        add_bool(name, true, 0);
        refusal = take_ticket(0);
    }
    assert_int_equal(refusal, REFUSAL_FULL);
}

static inline const struct buffer_item *read_at(uint64_t number, struct reading *ret_reading)
{
    assert_int_equal(buffer_read(rig.buffer, number, 1, 1 << 16, rig.batch), 0);
    assert_int_equal(rig.batch->count, 1);
    assert_int_equal(rig.batch->items[0].number, number);
    assert_int_equal(reading_decode(rig.batch->items[0].payload, rig.batch->items[0].size, ret_reading), 0);
    return &rig.batch->items[0];
}

// The newest stored reading of that stream, valid until the next is read; NULL when there is none.
static inline const struct buffer_item *newest_of(const char *stream, struct reading *ret_reading)
{
    durable();
    for (uint32_t i = 0; i < buffer_stream_count(rig.buffer); i++)
        if (strcmp(buffer_stream_name(rig.buffer, i), stream) == 0 && buffer_stream_newest(rig.buffer, i) > 0)
            return read_at(buffer_stream_newest(rig.buffer, i), ret_reading);
    return NULL;
}

static inline size_t stored_of(const char *stream)
{
    durable();
    for (uint32_t i = 0; i < buffer_stream_count(rig.buffer); i++)
        if (strcmp(buffer_stream_name(rig.buffer, i), stream) == 0)
            return buffer_stream_next_seq(rig.buffer, i) - 1;
    return 0;
}

static inline const struct value *value_of(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (strcmp(reading->values[i].name, name) == 0)
            return &reading->values[i];
    return NULL;
}

static inline void assert_text(const struct reading *reading, const char *name, const char *text)
{
    const struct value *value = value_of(reading, name);
    if (!value || strcmp(value->text, text) != 0)
        fail_msg("%s is %s; expected %s", name, value ? value->text : "missing", text);
}

static inline void assert_number(const struct reading *reading, const char *name, double number)
{
    const struct value *value = value_of(reading, name);
    if (!value || value->number != number)
        fail_msg("%s is %g; expected %g", name, value ? value->number : (double)-1, number);
}

// What the newest reading of that alert says: its conditions; "" when it is over; NULL when there was none.
static inline const char *told_last(const char *stream)
{
    struct reading reading;
    if (!newest_of(stream, &reading))
        return NULL;
    return stream_is_over("alert/parking/bay-1", &reading) ? "" : value_of(&reading, "conditions")->text;
}

static inline void assert_alert(const char *stream, const char *conditions)
{
    const char *said = told_last(stream);
    if (!said || strcmp(said, conditions) != 0)
        fail_msg("%s says '%s'; expected '%s'", stream, said ? said : "nothing", conditions);
}

static inline size_t alerts_now(void)
{
    struct city_figures figures;
    city_figures(rig.city, &figures);
    return figures.alerts;
}

// The readings of all streams, the newest of each, as text: what stands at the end.
static inline void write_file_of(const char *name, const char *text)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", rig.folder, name);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
}
