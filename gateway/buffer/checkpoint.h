// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "corrections.h"
#include "disk.h"
#include "streams.h"
#include <stddef.h>
#include <stdint.h>

/*
 * The checkpoint and the state within it (see format.h): streams, sequences, and what the buffer is called.
 */

struct state {
    char epoch[5];
    uint8_t secret[8];
    uint64_t next, segment, first_seq;
    struct corrections corrections;
    size_t count;
    const uint8_t *entries; // of the streams, not yet read
    size_t entries_size;
};

// What a state says of a stream. `size` of the name is 0 when it is not known.
struct state_stream {
    uint64_t next_seq, newest;
    int64_t newest_us;
    const char *name;
    size_t size;
};

enum { CHECKPOINT_SLOTS = 2, CHECKPOINT_MAX = 32 << 20 };

struct checkpoint {
    struct bytes bytes; // what `state` points into
    struct state state;
    uint64_t generation;
    int slot;
    bool found;       // one slot was readable
    bool newest;      // and nothing newer was ever written: the other slot holds the one before
    unsigned damaged; // bit by slot: it stands there and is not readable
};

const char *checkpoint_name(int slot);

// Appends the state as of record `next`, of the first `count` streams.
void state_write(struct bytes *out, const struct state *state, const struct streams *streams);

// Reads the head of a state and checks that all its entries fit. -EBADMSG.
int state_read(const uint8_t *data, size_t size, struct state *ret_state);

// Calls back for every stream of a state that state_read accepted.
void state_streams(const struct state *state,
                   void (*each)(void *context, uint32_t number, const struct state_stream *stream), void *context);

// Reads the newer of the slots that are readable. The caller ends ret->bytes with bytes_finish.
void checkpoint_read(const struct buffer_disk *disk, int folder, struct checkpoint *ret_checkpoint);

// Writes and syncs one slot. A fresh descriptor and all of the bytes each time, so that a sync that succeeds after one
// that failed is true. `named`: bit by slot, its name is known to be on disk; zero at first, then kept by the caller.
int checkpoint_write(const struct buffer_disk *disk, int folder, int slot, uint64_t generation, const void *state,
                     size_t size, unsigned *named);
