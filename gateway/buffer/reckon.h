// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"

/*
 * Whose loss it is: what a range of numbers held, told by stream and sequence, for every outlet that had not had it.
 */

// The outlets at one moment. Where there is none, one without a name that has had nothing.
struct audience {
    size_t count;
    struct {
        uint8_t name; // in the ledger
        struct buffer_pending pending;
    } list[CURSORS_MAX];
};

void reckon_audience(struct buffer *buffer, struct audience *ret_audience);

// Appends to `out` (of struct loss) what of the segment some outlet has not had, as far as it reads, but for the records
// whose numbers are in `kept`, ascending. False: out of memory.
bool reckon_pending(struct buffer *buffer, const struct audience *audience, const struct segment *segment,
                    const struct bytes *bytes, enum buffer_loss_reason reason, const struct bytes *kept,
                    struct bytes *out);

// Enters what is missing in records [from, to) of that segment into the ledger, by the difference of the sequences before
// and behind. Reads files; any thread but the loop, without the lock. The segment is a copy: it may be gone by now.
void reckon_damage(struct buffer *buffer, const struct segment *segment, uint64_t from, uint64_t to);

// Enters the events that are carried in memory and find no place any more, for every outlet that had not had them. Returns
// how many they are. Writer's thread.
size_t reckon_carried(struct buffer *buffer);

// Sequences [first, last] of a stream are left out, and nobody knows whether they were in use: for reckon_serve to enter.
// Any thread, with the lock held; no disk.
void reckon_skipped(struct buffer *buffer, uint32_t stream, uint64_t first, uint64_t last);

// Enters what was left out, for every outlet. Writer's thread.
void reckon_serve(struct buffer *buffer);
