// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fault.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An outlet sends readings to one place (an MQTT broker, an InfluxDB) and says which of them arrived. It reads through its
 * feed, from a position on, and moves the position only by acknowledgement. It never learns where readings come from.
 */

struct uv_loop_s;

// One stored reading, to be decoded with reading_decode().
struct outlet_record {
    uint64_t number;
    const char *sensor; // never NULL: `unknown-N` when damage took the name of stream N
    uint64_t seq;
    bool late; // committed before the outlet was connected, or more than 5 s ago: backlog
    const uint8_t *payload;
    size_t size;
};

enum { OUTLET_BATCH_MAX = 1024 };

struct outlet_batch {
    struct outlet_record records[OUTLET_BATCH_MAX];
    size_t count;
    uint64_t next; // where to read on
    void *private; // the feed's; NULL at first
};

enum outlet_event {
    OUTLET_CONNECTED,
    OUTLET_DISCONNECTED,
    OUTLET_ALARM,
    OUTLET_ALARM_ENDED,
    OUTLET_NOTICE,
};

// What the core gives an outlet. Every function may be called from any thread.
struct outlet_feed {
    void *context;
    const struct clock *clock;
    struct uv_loop_s *loop;
    const struct settings *settings;
    const char *epoch;
    const char *state_path; // a folder for small state files of the outlet
    // The position to start from: everything below is acknowledged.
    uint64_t (*position)(void *context);
    // Durable readings from `from` on, at most `max_records` and about `max_bytes` of payload; count 0: nothing more now.
    // May block on the disk, so never call it on the loop's thread (use uv_queue_work).
    int (*read)(void *context, uint64_t from, size_t max_records, size_t max_bytes, struct outlet_batch *ret_batch);
    void (*batch_finish)(void *context, struct outlet_batch *batch);
    // Everything below `next` is settled; `readings` of it arrived since the last call (the rest was parked).
    void (*delivered)(void *context, uint64_t next, size_t readings);
    // So many readings that the peer will never take were set aside; `text` is one line: which and why.
    void (*parked)(void *context, size_t readings, const char *text);
    // For the log and the figures. CONNECTED/DISCONNECTED change `connected`; ALARM: needs a person, until ALARM_ENDED.
    // `text` is one line.
    void (*event)(void *context, enum outlet_event event, const char *text);
};

// A retained document beside the readings (info, health, about/...): outlets that have such a thing publish it.
struct outlet_document {
    const char *topic; // below the gateway's tree: "info", "about/bay-1"
    const char *json;
    size_t size;
};

struct outlet_type {
    const char *type; // "mqtt", "influxdb"
    // `index` is that of settings->mqtt[] or settings->influxdb[]. Borrows feed and settings until destroy. Secrets are
    // read here.
    int (*create)(const struct outlet_feed *feed, size_t index, void **ret_state, struct fault *why);
    int (*start)(void *state, struct fault *why);
    // New durable readings, on any thread; cheap, never blocks.
    void (*wake)(void *state);
    // Loop thread. Copies the documents; publishes those that are new or changed. May be NULL.
    void (*documents)(void *state, const struct outlet_document *documents, size_t count);
    // Loop thread: no new readings; says goodbye (retained `stopped`). `stopped` is asked until true or the time is up.
    void (*stop)(void *state);
    bool (*stopped)(void *state);
    int64_t (*beat_boot_us)(void *state); // when its thread last showed life; INT64_MAX when it has none
    void (*destroy)(void *state);
};

extern const struct outlet_type outlet_mqtt;
extern const struct outlet_type outlet_influxdb;

// Checks that only outlets can make: URLs, secrets' modes, formats that are not built yet.
void outlets_check(const struct settings *settings, struct findings *findings);
