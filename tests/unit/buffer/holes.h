// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rig.h"

/*
 * Whether the ledger explains what is not there: for every stream, each sequence is kept, or was had by the outlet, or
 * stands in the ledger for it.
 */

enum { HOLES_SEQ_MAX = 8192 };

struct holes {
    bool there[4][HOLES_SEQ_MAX]; // kept, had, or explained
    struct buffer_loss losses[BUFFER_LOSSES_MAX];
    size_t loss_count;
};

static inline void holes_mark(struct holes *holes, size_t stream, uint64_t first, uint64_t last)
{
    for (uint64_t seq = first; stream < 4 && seq <= last && seq < HOLES_SEQ_MAX; seq++)
        holes->there[stream][seq] = true;
}

// Marks what the ledger says to that outlet.
static inline void holes_explain(struct rig *rig, struct holes *holes, const char *outlet)
{
    holes->loss_count = buffer_losses(rig->buffer, 0, holes->losses, BUFFER_LOSSES_MAX);
    for (size_t i = 0; i < holes->loss_count; i++) {
        const struct buffer_loss *loss = &holes->losses[i];
        assert_true(loss->first_seq >= 1 && loss->first_seq <= loss->last_seq);
        if (strcmp(loss->outlet, outlet) == 0 || strcmp(loss->outlet, "*") == 0)
            holes_mark(holes, loss->stream, loss->first_seq, loss->last_seq);
    }
}

static inline void holes_keep(struct rig *rig, struct holes *holes)
{
    uint64_t from = 1;
    for (;;) {
        assert_int_equal(buffer_read(rig->buffer, from, 200, 100000, &rig->batch), 0);
        if (rig->batch.count == 0)
            return;
        for (size_t i = 0; i < rig->batch.count; i++)
            holes_mark(holes, rig->batch.items[i].stream, rig->batch.items[i].seq, rig->batch.items[i].seq);
        from = rig->batch.next;
    }
}

// How many sequences below each stream's next are neither kept nor marked nor explained.
static inline uint64_t holes_left(struct rig *rig, struct holes *holes, const char *outlet)
{
    uint64_t left = 0;
    holes_keep(rig, holes); // what a reader finds out is entered before it reads on
    holes_explain(rig, holes, outlet);
    for (uint32_t stream = 0; stream < 4; stream++) {
        uint64_t next = buffer_stream_next_seq(rig->buffer, stream);
        assert_true(next < HOLES_SEQ_MAX);
        for (uint64_t seq = 1; seq < next; seq++)
            left += !holes->there[stream][seq];
    }
    return left;
}

// The sum of what the ledger counts for that outlet and reason.
static inline uint64_t holes_lost(struct rig *rig, const char *outlet, enum buffer_loss_reason reason)
{
    static struct buffer_loss losses[BUFFER_LOSSES_MAX];
    size_t count = buffer_losses(rig->buffer, 0, losses, BUFFER_LOSSES_MAX);
    uint64_t lost = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(losses[i].outlet, outlet) == 0 && losses[i].reason == reason)
            lost += losses[i].count;
    return lost;
}
