// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "seen.h"

/*
 * Proves from the messages of a topic tree that nothing is missing. A reading's identity is (gateway's tree, epoch, sensor,
 * seq); zones and alerts are numbered like sensors, and count as some: "zone/umeda-lot", "alert/crowd/plaza". Of each sensor and epoch is kept which seq were seen: a gap among them is a loss, unless the gateway's own ledger
 * (the retained `loss`) accounts for it. A reading that came again is a duplicate, which QoS 1 allows; one that came again
 * with another content is a fault. A live reading that came after a later one is a fault, too, unless the later one comes again
 * behind it: a gateway that has just connected sends the newest states ahead of their turn. What is marked as backlog or
 * replay may come at any time.
 *
 * What is kept is bounded: ranges, not readings, and the fingerprints of about the last million readings.
 */

enum { PROOF_SENSORS_MAX = 100000, PROOF_RANGES_MAX = 1 << 20, PROOF_RANGES_SENSOR_MAX = 4096, PROOF_TREES_MAX = 256 };

struct proof_sensor {
    const char *tree, *epoch, *sensor;
    struct seen seen;
    uint64_t live_last; // the greatest seq that came live
    uint64_t turn; // of those that came after it, the greatest; as long as there is none, something below live_last
    uint64_t live_behind; // how many of those came, each in its order
    uint64_t readings;    // different ones
    uint64_t duplicates, changed, disorder, backlog, replayed;
    uint64_t sent_first, sent_last; // of what was no replay; 0: there was nothing else. Gaps count between them
    // Filled in by proof_settle.
    uint64_t missing, explained;
};

static inline uint64_t proof_first(const struct proof_sensor *sensor)
{
    return sensor->seen.count ? sensor->seen.ranges[0].first : 0;
}

static inline uint64_t proof_last(const struct proof_sensor *sensor)
{
    return sensor->seen.count ? sensor->seen.ranges[sensor->seen.count - 1].last : 0;
}

struct proof_totals {
    uint64_t messages, readings, duplicates, changed, disorder, missing, explained;
    uint64_t retained;    // retained readings, which say nothing about what was sent since
    uint64_t other;       // messages that are no readings
    uint64_t unreadable;  // where a reading should be
    uint64_t untracked;   // readings of more sensors than are kept, or for which there was no memory
    uint64_t uncompared;  // duplicates whose first copy was too long ago to compare
    uint64_t ledger_more; // entries that the ledgers did not show for want of room
    uint64_t blurred;     // missing numbers that were too scattered to list
    // Filled in by who listened, between proof_settle and proof_complete.
    uint64_t dropped;     // messages that this program was too slow for
    uint64_t interrupted; // times that the connection was lost and the broker had forgotten us
};

// A gap, after proof_settle.
struct proof_gap {
    const struct proof_sensor *sensor;
    uint64_t first, last;
    uint64_t explained; // so many of them are in the ledger
    const char *reason; // of the entry that explains most; NULL when none does
};

struct proof;

// `outlet`: only what this outlet lost explains a gap; NULL: any outlet's. NULL: out of memory.
struct proof *proof_create(const char *outlet);
void proof_destroy(struct proof *proof);

// A message as it came. `retained`: the broker had it already when we subscribed.
void proof_take(struct proof *proof, const char *topic, const void *payload, size_t size, bool retained);

// How many messages came that carry readings and were not retained.
uint64_t proof_came(const struct proof *proof);

// Matches the gaps with the ledgers. Sensors are sorted by tree, sensor and epoch. Nothing may be taken after it.
void proof_settle(struct proof *proof, struct proof_totals *ret_totals);
size_t proof_sensor_count(const struct proof *proof);
const struct proof_sensor *proof_sensor(const struct proof *proof, size_t index);
// Calls back for every gap of that sensor, in order.
void proof_gaps(const struct proof *proof, const struct proof_sensor *sensor,
                void (*gap)(const struct proof_gap *gap, void *context), void *context);

// True when all that the sensor sent between its first and last reading is here or accounted for, once and in order.
bool proof_sensor_complete(const struct proof_sensor *sensor);
// The same for all, and that there was something to prove at all.
bool proof_complete(const struct proof_totals *totals);
