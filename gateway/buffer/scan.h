// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"
#include "walk.h"

/*
 * Reads one segment through at start: how far it reaches, what in it is damaged, and what its frames say of the streams.
 */

// What all scanned segments together told.
struct scan {
    struct buffer *buffer;
    uint64_t counted;                      // records below are in the sequences already (the checkpoint's next)
    uint64_t synced;                       // records below had been synced, say the checkpoint and the cursors
    uint64_t missing;                      // records from `counted` on that are gone: any stream may have had them
    uint64_t *seen_at;                     // by stream: `missing` when its sequence was last known for certain
    bool unknown_streams;                  // records of streams that no state named
    struct corrections corrections;        // of the newest table
    uint64_t state_segment, state_missing; // the last segment whose state reads, and `missing` then
    struct bytes bytes;                    // one segment
};

// The number of the first frame that reads, or 0.
uint64_t scan_first(struct scan *scan, uint64_t id, const struct bytes *bytes);

// Fills in `segment` (id and first are set) from the bytes loaded; records from `limit` on are the next segment's.
// `limit` UINT64_MAX: it is the last, and may have a torn tail, which is left out of `used`.
void scan_segment(struct scan *scan, struct segment *segment, uint64_t limit, const struct bytes *bytes);

// Records [from, to) are gone; `segment` (may be NULL) held them.
void scan_gap(struct scan *scan, struct segment *segment, uint64_t from, uint64_t to);

// Takes over a state: names, and sequences as of its `next`.
void scan_state(struct scan *scan, const struct state *state);
