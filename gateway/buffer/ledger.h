// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "losses.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The loss ledger: what some outlet will never get, on disk before its segment goes (see LEDGER in format.h). Two files
 * with the same content, so that no single damage takes a line of it.
 */

struct buffer;

enum { LEDGER_FILES = 2, LEDGER_WHOLE = 3, LEDGER_BYTES_MAX = 16 << 20 };

struct ledger {
    struct losses losses;  // changed by who holds both mutexes, read by who holds either
    pthread_mutex_t mutex; // held across calls to the disk; taken before the buffer's
    uint64_t generation, batches, used; // of what stands in the whole files
    uint64_t before;                    // batches of the generations before
    uint64_t highest;                   // generation that may stand in a file
    uint64_t evicted; // records below this number made room, and the loss of them stands in the ledger
    bool rewrite;     // the files are not what they should be: all of it is written anew
    int64_t retry_us; // monotonic: not before
    unsigned named;   // bit by file: its name is known to be on disk
    unsigned whole;   // bit by file: it holds all that was entered, on disk
    unsigned bad;     // bit by file: is to be set aside before it is written again
};

int ledger_init(struct ledger *ledger);
void ledger_finish(struct ledger *ledger);

// Reads what the files hold; damaged ones are set aside and reported.
void ledger_load(struct buffer *buffer);

// Enters a batch (which may be empty), durable when it returns 0. `evicted`: see above; 0: nothing goes. With `anyway`, it
// is entered also when the disk fails, and written later. The batch is sorted on the way.
int ledger_add(struct buffer *buffer, struct loss *batch, size_t count, uint64_t evicted, bool anyway);

// Like ledger_add, anyway, but only what the ledger does not hold yet.
void ledger_add_new(struct buffer *buffer, const struct loss *batch, size_t count);

// Writes what could not be written before: every 5 s, or `now`. Writer's thread.
void ledger_serve(struct buffer *buffer, bool now);

// The index of an outlet's name.
uint8_t ledger_outlet(struct buffer *buffer, const char *name);
