// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The snapshot that the core hands to control: all that status, sensors, buffer and metrics show. Texts are borrowed and
 * live until the snapshot callback's next call.
 */

enum { STATUS_REASONS_MAX = 16, STATUS_ALERTS_MAX = 64, STATUS_ZONES_MAX = 200, STATUS_CONDITIONS_MAX = 8 };

struct status_reason { // readings refused, by reason
    const char *reason;
    uint64_t count;
};

struct status_source {
    const char *name;                // "coap", "serial:kerb"
    const char *state;               // "opening", "open", "waiting" (closed, will be tried again), "closed"
    const char *fault;               // why it is not open, or why nothing that comes can be taken; "" when all is well
    int64_t retry_in_us;             // when waiting
    uint64_t received;               // readings taken
    uint64_t merged;                 // readings that became part of another, because they came within report_interval
    uint64_t repeated;               // readings left out, because they were taken before
    uint64_t unchanged;              // and because they are no news, with report = changes
    uint64_t wraps, restarts, jumps; // numbers of running counters that went back: at their end, to 0, otherwise
    uint64_t reopened;
    uint64_t unknown_fields;
    struct status_reason refused[STATUS_REASONS_MAX];
    size_t refused_count;
};

struct status_outlet {
    const char *name, *type, *url; // url without secrets
    bool connected;
    const char *alarm; // "" when none
    const char *fault; // the last, or ""
    int64_t since_us;  // wall time of the last change of connected
    uint64_t position, lag_readings, sent, parked;
    int64_t lag_us;   // age of the oldest reading not delivered; 0 when none
    double drained_s; // until it has caught up at the present rates; 0 when it has, -1 when not known
    size_t ranges;    // of numbers that it has not delivered, besides what is new
    uint64_t replays, replays_asked, replayed; // under way, ever, readings that arrived
    uint64_t batches, commands, commands_ignored, replies_dropped;
    uint64_t in_flight;           // messages sent and not acknowledged yet
    uint64_t characters_replaced; // in texts, because the peer does not take them
    int64_t throttled_us;         // waited for max_rate
};

struct status_value {
    const char *name;
    const char *json; // the value as JSON text
};

enum { STATUS_VALUES_MAX = 48 };

struct status_sensor {
    const char *id, *kind, *source, *address, *zone, *name;
    const char *disabled; // the reason, or ""
    uint64_t seq;         // of the last reading; 0: none yet
    int64_t time_us;      // of the last reading
    int64_t age_us;       // since it was received; -1: none since start
    int64_t stale_after_us;
    const char *quality, *time_quality;
    uint64_t readings;                    // since start
    bool has_frames;                      // it numbers its frames
    uint64_t frames_lost, frames_missing; // that never came, since start; that may still come
    struct status_value values[STATUS_VALUES_MAX];
    size_t value_count;
};

struct status_buffer {
    const char *path;
    uint64_t readings, bytes, max_bytes, oldest, next, committed, written_bytes;
    uint64_t lost_full, lost_age, lost_damage; // by the ledger, all outlets together
    bool losing;                               // some of it during the last hour
    uint64_t ledger_entries, ledger_joined;
    uint64_t events_copied, events_dropped;
    uint64_t condemned, set_aside; // segments given up, files put away
    int64_t oldest_us;             // when the oldest reading kept was committed, wall time; 0 when empty
    int64_t oldest_age_us;         // 0 when empty
    int64_t free_bytes;
    double used;           // 0..1 of what it may take
    double drained_s;      // until every connected outlet has caught up; 0 when all have, -1 when not known
    double readings_per_s; // over the last minutes
    double autonomy_h;     // how long the space left holds at the present rate; -1 when not known yet
    double min_autonomy_h; // the setting
    size_t waiting;
    bool failing;
    uint64_t commits, commit_us_sum;
    const int64_t *commit_bounds_us;
    const uint64_t *commit_histogram;
    size_t commit_bound_count; // histogram has one more (+Inf)
};

struct status_vehicle { // a sensor of kind bump that has raw acceleration
    const char *sensor;
    uint64_t samples;  // that came out, in order; what went in and is not out yet is waiting
    uint64_t received; // accelerations that went in
    size_t waiting;
    uint64_t duplicates, backward, leaps, gaps, repeated, incomplete;
    uint64_t located, fixes, no_fixes;
    double rate_hz; // measured; -1 when not known yet
    int64_t jitter_us, largest_gap_us;
    int64_t position_age_us; // -1: there is none
};

struct status_condition {
    const char *name, *level;
    int64_t since_us;       // wall time; 0: not known
    const char *value_name; // "" when it has no number
    double value;
    const char *quantity; // that the number is of, or ""
};

struct status_alert {
    const char *kind, *id;
    struct status_condition conditions[STATUS_CONDITIONS_MAX]; // the worst first, at least one
    size_t condition_count;
};

struct status_alert_count {
    const char *kind, *level; // of the worst condition
    uint64_t count;
};

struct status_zone {
    const char *id, *kind, *name;
    bool disabled;
    int64_t time_us; // of the last reading; 0: none since the start
    const char *quality, *time_quality;
    struct status_value values[STATUS_VALUES_MAX];
    size_t value_count;
};

struct status_city {                               // what the readings mean
    struct status_alert alerts[STATUS_ALERTS_MAX]; // active ones, the worst first
    size_t alert_count, alerts_more;               // more that have no room in the list
    const struct status_alert_count *alert_counts; // of all: each kind with each level
    size_t alert_count_count;
    uint64_t alerts_refused;           // that found no room in the gateway
    uint64_t derived, derived_dropped; // readings made of others
    uint64_t bumps, stretches, private_samples;
    size_t places, places_confirmed, known_objects;
    uint64_t places_evicted, places_refused, places_late, places_rough;
    uint64_t stretches_forgotten, unsound_samples;
    size_t zone_count; // also disabled ones
    // One zone, made when it is asked for: it is borrowed until the next call.
    const struct status_zone *(*zone)(void *zones, size_t index);
    void *zones;
};

struct status_figure {
    const char *name, *help;
    double value;
};

struct status {
    const char *gateway, *municipality, *municipality_name, *version, *epoch, *session, *config_file;
    char config_hash[20];
    int64_t now_us, since_us;
    bool clock_synchronised;
    size_t sensors_disabled;
    const struct status_source *sources;
    size_t source_count;
    const struct status_outlet *outlets;
    size_t outlet_count;
    const struct status_vehicle *vehicles;
    size_t vehicle_count;
    size_t sensor_count; // also disabled ones
    // One sensor, made when it is asked for: it is borrowed until the next call.
    const struct status_sensor *(*sensor)(void *sensors, size_t index);
    void *sensors;
    struct status_buffer buffer;
    const struct status_city *city; // NULL: nobody asks what readings mean
    uint64_t unknown_senders, unknown_forgotten;
    uint64_t quantities_made, quantities_refused; // that end in a unit and stand in no table
    const struct status_figure *figures;          // the drivers' own
    size_t figure_count;
    const char *const *warnings; // lines a person should read
    size_t warning_count;
};
