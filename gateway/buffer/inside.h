// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "buffer/buffer.h"
#include "checkpoint.h"
#include "cursors.h"
#include "disk.h"
#include "ledger.h"
#include "segment.h"
#include "streams.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The parts of the buffer and who may touch them. One mutex guards all that threads share; it is held for memory work
 * only, never across a call to the disk. The writer's part is the writer thread's alone (and open's, before it runs).
 */

enum {
    REQUESTS_MAX = 16384,
    GROUP_BYTES_MAX = 8 << 20,
    GROUP_BYTES_EARLY = 1 << 20, // a group of this size does not wait for commit_interval
    SEGMENTS_MAX = 16384,
};

// Packs that become durable together. `done` bytes of it already are.
struct group {
    struct bytes frames;
    size_t requests, done, streams;
    int64_t started_us; // monotonic
};

// One append, until it has been told that it is durable.
struct request {
    void *owner;
    uint64_t ticket, end; // end: told when so many records are stored
};

struct requests {
    struct request *ring;
    uint64_t told, durable, tail; // told <= durable <= tail; positions, modulo REQUESTS_MAX
};

// Events copied forward that are not written yet.
struct carry {
    struct bytes frames;                 // not sealed
    struct bytes had;                    // for each record, a bit (of 32) for every outlet that had the event
    char names[CURSORS_MAX][ID_MAX + 1]; // of those outlets
};

struct carry_mark {
    size_t frames, had;
};

// The writer thread's own.
struct writer {
    int fd;            // the segment that is written to, or -1
    uint64_t id, used; // id: of the segment made last
    uint64_t size;     // so many bytes of it may be used
    uint32_t seed;
    struct group *flying;              // being written; NULL: none
    unsigned failures;                 // in a row
    unsigned gave_way;                 // segments that somebody still wanted, since a group was stored
    int64_t failing_us;                // monotonic; since the first of the failures
    bool failing;                      // and that has been reported
    int64_t retry_us, cursors_sync_us; // monotonic
    int64_t retention_boot_us;
    bool cursors_failed, checkpoint_wanted;
    uint64_t checkpoint_next, checkpoint_generation;
    size_t checkpoint_streams;
    int checkpoint_slot;            // the one last written
    unsigned checkpoint_named;      // see checkpoint_write
    struct commit_time newest;      // of all that is durable
    struct corrections corrections; // what the next state says; shown to readers once that is durable
    struct cursors_file cursors_file;
    struct carry carry;
    unsigned unread_evictions; // in a row
    size_t reserved;           // of the segment made last, for the frame that waited for it
    struct bytes scratch;
};

// What buffer_correct was asked and the writer has not done yet.
struct correct_wish {
    bool wanted;
    uint64_t from, after; // waits until so many records are stored
    int64_t wall_at_boot_us;
};

// A place that the disk does not give out.
struct unread {
    uint64_t number; // 0: none
    unsigned calls;
    int64_t since_us, last_us; // since boot
};

enum { UNREAD_MAX = 8, SKIPPED_MAX = 2 * BUFFER_STREAMS_MAX * sizeof(struct loss) };

struct buffer {
    // Set by open, then only read.
    struct buffer_options options;
    char *path;
    const struct buffer_disk *disk;
    int folder, lock_fd;
    char epoch[5];
    uint8_t secret[8], boot_id[16];
    uint64_t segment_bytes;
    pthread_t thread;
    atomic_uint_least64_t written_bytes;
    atomic_uint_least64_t estimates_given; // see buffer_estimates_given
    atomic_int_least64_t at_disk_us; // by the clock since boot: the writer is at the disk since then; 0: it is not

    pthread_mutex_t mutex;
    pthread_cond_t work; // on CLOCK_MONOTONIC: there is something for the writer
    // All below is guarded by the mutex.
    struct streams streams;
    struct segments segments;
    struct cursors cursors;
    bool cursors_dirty, cursors_lost; // lost: what opens as new had perhaps a place before
    int64_t cursors_dirty_us;
    struct group groups[2], *filling;
    size_t flying_bytes;
    struct requests requests;
    struct unread unread[UNREAD_MAX];
    struct corrections corrections;
    struct correct_wish correct;
    struct bytes skipped; // of struct loss: sequences left out, which are not in the ledger yet
    uint64_t durable; // the number of the first record that is not durable; a record gets its number when it is written
    uint64_t appended, stored; // so many records since open; what was copied forward does not count
    uint64_t current_id;       // of the segment that is written to; 0: none
    bool flush, closing;
    int failing;                   // the error of the last commit, which is tried again; 0: none
    int64_t failing_since_us;      // monotonic
    struct buffer_figures figures; // only the counters in it

    struct ledger ledger;
    struct writer writer;
};

static inline void buffer_lock(struct buffer *buffer)
{
    pthread_mutex_lock(&buffer->mutex);
}

static inline void buffer_unlock(struct buffer *buffer)
{
    pthread_mutex_unlock(&buffer->mutex);
}

int64_t monotonic_us(void);

// One line for the log. Call it without the lock.
void buffer_report(const struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The writer begins with something that may block on the disk; 0 is set when it is through.
void buffer_at_disk(struct buffer *buffer);

// How old a commit is, in this boot or over the wall clock. False: nobody can tell.
bool commit_age(const struct buffer *buffer, const struct commit_time *time, bool this_boot, int64_t *ret_age_us);

// What a segment can hold besides its header and the state at its beginning.
static inline size_t segment_capacity(const struct buffer *buffer)
{
    return (size_t)(buffer->segment_bytes - SEGMENT_HEADER_SIZE - buffer->segment_bytes / 8);
}
