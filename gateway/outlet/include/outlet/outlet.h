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
 * An outlet sends readings to one place (an MQTT broker, an InfluxDB) and says which of them arrived. Its feed tells which
 * numbers are pending, not acknowledged yet; it reads some of them, in an order of its own, and settles them by
 * acknowledgement only. It never learns where readings come from.
 */

struct uv_loop_s;

enum { OUTLET_RANGES_MAX = 65 };

struct outlet_range {
    uint64_t from, to; // the numbers [from, to)
};

// One stored reading, to be decoded with reading_decode().
struct outlet_record {
    uint64_t number;
    const char *sensor; // never NULL: `unknown-N` when damage took the name of stream N
    uint64_t seq;
    bool late;            // committed before the outlet was connected, or more than 5 s ago: backlog
    int64_t corrected_us; // 0: the stored time stands. Else: this is the time, and its quality is `corrected`
    bool newest;          // no reading of its sensor had a later time when it was stored: may be retained
    bool replay;          // sent before, and asked for again: goes to replay topics, never retained
    bool refresh;         // the newest reading of a state, to be sent beside its turn
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

enum {
    OUTLET_VERB_MAX = 32,
    OUTLET_COMMAND_MAX = 4096, // of a payload
    OUTLET_CORRELATION_MAX = 256,
    OUTLET_RESPONSE_TOPIC_MAX = 512,
    OUTLET_REPLY_MAX = 256 * 1024,
};

// What somebody at the other side asks the gateway to do.
struct outlet_command {
    char verb[OUTLET_VERB_MAX];
    const uint8_t *payload;
    size_t size;
    char response_topic[OUTLET_RESPONSE_TOPIC_MAX]; // "": reply/{verb}
    uint8_t correlation[OUTLET_CORRELATION_MAX];
    size_t correlation_size;
};

// What the core gives an outlet. Every function may be called from any thread.
struct outlet_feed {
    void *context;
    const struct clock *clock;
    struct uv_loop_s *loop;
    const struct settings *settings;
    const char *epoch;
    const char *state_path; // a folder for small state files of the outlet
    // What is not acknowledged yet: ascending ranges; the last is open (to is UINT64_MAX). Returns how many.
    size_t (*pending)(void *context, struct outlet_range ret_ranges[OUTLET_RANGES_MAX]);
    // One past the newest durable reading.
    uint64_t (*end)(void *context);
    // Durable readings with from <= number < to that are pending (the feed leaves out the others itself, and settles by
    // itself what holds nothing), at most `max_records` and about `max_bytes` of payload. ret_batch->next: where to read
    // on. count 0 and next == from: nothing more now; count 0 and next > from: read on there. Readings whose time waits
    // for the clock are left out when `skip_held` (they stay pending, and a wake comes when they may go); otherwise the
    // batch ends before the first of them. May block on the disk, so never call it on the loop's thread (use
    // uv_queue_work).
    int (*read)(void *context, uint64_t from, uint64_t to, bool skip_held, size_t max_records, size_t max_bytes,
                struct outlet_batch *ret_batch);
    // Frees what the batch holds. One that is kept for the next read also knows where in its file that one begins.
    void (*batch_finish)(void *context, struct outlet_batch *batch);
    // [from, to) is settled; `readings` of them arrived (the rest was parked). Exactly what was sent: never across a
    // number that the outlet was not given.
    void (*delivered)(void *context, uint64_t from, uint64_t to, size_t readings);
    // The newest reading of each state sensor whose number is >= since, as refresh records. *index is 0 at first and is
    // moved on; count 0: that was all. May block.
    int (*read_states)(void *context, uint64_t since, size_t *index, size_t max_records,
                       struct outlet_batch *ret_batch);
    // Readings that were asked for again, as replay records; count 0: none, or no more for now. May block.
    int (*read_replay)(void *context, size_t max_records, size_t max_bytes, struct outlet_batch *ret_batch);
    void (*replayed)(void *context, size_t readings); // so many of them arrived
    // So many readings that the peer will never take were set aside; `text` is one line: which and why.
    void (*parked)(void *context, size_t readings, const char *text);
    // For the log and the figures. CONNECTED/DISCONNECTED change `connected`; ALARM: needs a person, until ALARM_ENDED.
    // `text` is one line.
    void (*event)(void *context, enum outlet_event event, const char *text);
    // A command came in. Copies what it needs; the answer comes by outlet_type.reply. NULL: none are taken.
    void (*command)(void *context, const struct outlet_command *command);
};

// A retained document beside the readings (info, health, about/...): outlets that have such a thing publish it.
struct outlet_document {
    const char *topic; // below the gateway's tree: "info", "about/bay-1"
    const char *json;
    size_t size;
};

// Since the start; what an outlet does not know stays 0.
struct outlet_figures {
    uint64_t batches;             // messages that carried many readings
    uint64_t replies_dropped;     // too many waited
    uint64_t commands;            // taken
    uint64_t commands_ignored;    // retained, expired, too large, too many, or without a proper verb
    uint64_t throttled_us;        // waited for `max_rate`
    uint64_t characters_replaced; // because the peer does not take them
    uint64_t in_flight;           // messages sent and not acknowledged yet
    uint64_t twins;               // how often another gateway of our name was seen there
};

struct outlet_type {
    const char *type;  // "mqtt", "influxdb", "ngsi-ld"
    bool on_loop;      // it works on the loop's thread, which must not wait for the disk
    bool present_only; // its peer takes what comes last for the present, so nothing is sent again
    // `index` is that of settings->mqtt[], settings->influxdb[] or settings->ngsi_ld[]. Borrows feed and settings until destroy. Secrets are
    // read here.
    int (*create)(const struct outlet_feed *feed, size_t index, void **ret_state, struct fault *why);
    int (*start)(void *state, struct fault *why);
    // New durable readings, or some that may go now, on any thread; cheap, never blocks.
    void (*wake)(void *state);
    // Loop thread. Copies the documents; publishes those that are new or changed. May be NULL.
    void (*documents)(void *state, const struct outlet_document *documents, size_t count);
    // Any thread: publishes the reply to that command. Copies it; when too many wait, it is dropped and counted. May be
    // NULL, where there are no commands.
    void (*reply)(void *state, const struct outlet_command *command, const char *json, size_t size);
    // Any thread: sends the newest states again (the clock was set), as after a connect. May be NULL.
    void (*refresh)(void *state);
    // Any thread, for status and metrics. May be NULL.
    void (*figures)(void *state, struct outlet_figures *ret_figures);
    // Loop thread: no new readings; says goodbye (retained `stopped`). `stopped` is asked until true or the time is up.
    void (*stop)(void *state);
    bool (*stopped)(void *state);
    int64_t (*beat_boot_us)(void *state); // when its thread last showed life; INT64_MAX when it has none
    void (*destroy)(void *state);
};

extern const struct outlet_type outlet_mqtt;
extern const struct outlet_type outlet_influxdb;
extern const struct outlet_type outlet_ngsi_ld;

// Checks that only outlets can make: URLs, secrets' modes, what a format needs.
void outlets_check(const struct settings *settings, struct findings *findings);
