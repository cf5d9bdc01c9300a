// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The durable buffer: an append-only log of segments. Packs of records go in, are made durable in groups by a writer thread
 * (one fdatasync a group), and are read by outlets, each at its own cursor. Every record has a global number, counted
 * from 1 since the buffer was made, and each stream (a sensor) counts its own sequence from 1. An outlet's cursor is the
 * set of numbers that it has not been acknowledged for: a few ranges, the last of which has no end. The format on disk is
 * described in format.h.
 *
 * Threads: append, streams and settled belong to one thread (the loop). read and cursor functions may be called from any
 * thread. Nothing here blocks the loop on the disk, except open and close.
 */

struct buffer;
struct buffer_disk;

struct buffer_options {
    const char *path; // a folder; made when missing
    const struct clock *clock;
    uint64_t max_size_bytes; // of all segments; while one makes room for the next, one more
    uint64_t segment_bytes;  // 0: chosen from max_size (1..4 MB)
    int64_t max_age_us, keep_delivered_us, commit_interval_us;
    bool refuse_when_full;
    // Called on the writer's thread whenever something was settled or durable records were added: must only wake others.
    void (*wake)(void *context);
    // One line for the log: something happened to a file. Called on any of the buffer's threads or inside open.
    void (*report)(void *context, const char *text);
    void *context;
    const struct buffer_disk *disk; // NULL: the system's; tests put another one here (disk.h)
};

enum buffer_class { BUFFER_ROUTINE, BUFFER_EVENT };

struct buffer_record {
    uint32_t stream;
    enum buffer_class class;
    int64_t time_us;
    bool unsure;     // time_us is by a clock that was not synchronised: boot_us is when it was by the clock since boot
    int64_t boot_us; // only when unsure
    const void *payload;
    size_t size;
};

// A record as an outlet reads it. Pointers live until the batch is cleared or read into again.
struct buffer_item {
    uint64_t number;
    uint32_t stream;
    uint64_t seq;
    enum buffer_class class;
    // When it was appended, no record of its stream had a later time. Times ahead of the wall clock count as now; what is
    // unsure is always newest when it comes.
    bool newest;
    bool copied; // an event copied forward to make room: `number` is the copy's, sequence and times are the first one's
    bool unsure; // see buffer_record
    bool this_boot;     // commit_boot_us counts from the present boot
    bool commit_synced; // the wall clock was synchronised at the commit; not known of copies
    int64_t time_us, commit_us /* wall */, commit_boot_us;
    int64_t boot_us;      // of the reading, when unsure
    int64_t corrected_us; // when unsure, and buffer_correct covers it: what the time really was; 0: not corrected
    const uint8_t *payload;
    size_t size;
};

enum { BUFFER_BATCH_MAX = 1024, BUFFER_KEY_MAX = 64, BUFFER_PACK_MAX = 256, BUFFER_STREAMS_MAX = 65536 };

// Filled by buffer_read; reuse it. Zero-initialise before the first use.
struct buffer_batch {
    struct buffer_item items[BUFFER_BATCH_MAX];
    size_t count;
    uint64_t next;                                   // where to read on: one past the last item, or past a gap
    struct bytes bytes;                              // private: what the payloads live in; end it with bytes_finish
    uint64_t hint_segment, hint_number, hint_offset; // private: where `next` stands on disk
    uint32_t hint_seed;
};

struct buffer_figures {
    uint64_t oldest, next;                     // numbers: what is kept is [oldest, next), durable part
    uint64_t bytes;                            // on disk, all segments
    uint64_t written_bytes;                    // by us since start, all files
    uint64_t committed;                        // records since start
    uint64_t lost_full, lost_age, lost_damage; // records dropped before some outlet had them, since start
    int64_t oldest_commit_us;                  // wall time of the oldest kept record; 0 when empty
    int64_t free_bytes;                        // on the file system
    uint64_t commits;                          // groups since start
    uint64_t commit_us_sum;                    // time from first append of a group to durable
    uint64_t
        commit_histogram[12]; // per bound of buffer_commit_bounds_us, cumulative as in Prometheus; the last is +Inf
    size_t waiting;           // requests appended and not yet durable
    bool failing;             // the last commit failed and is being tried again
    uint64_t skipped;         // sequence numbers left out as a precaution since start, since damage hides who had them
    uint64_t ledger_entries, ledger_joined; // joined: entries, for want of room
    uint64_t ledger_lost[3];                // readings in the ledger by reason, over all outlets; survives restarts
    uint64_t events_copied, events_dropped; // since start: carried forward to make room, and what was too much for that
    int64_t condemned, set_aside; // since start: segments given up after a failed write or sync, files put away
    int64_t writer_beat_boot_us;  // when the writer thread last showed life
    // Since when it is at one write or sync (or a few small ones); 0 when at none. A card may stall for a minute: the beat
    // then stands still and nothing is wrong with the thread.
    int64_t writer_syncing_since_boot_us;
};
extern const int64_t buffer_commit_bounds_us[11];

// Opens or makes the buffer and recovers what a crash left. Fails only when the folder cannot be made or written, or when
// another process holds it (-EBUSY). The caller owns *ret_buffer.
int buffer_open(const struct buffer_options *options, struct buffer **ret_buffer, struct fault *why);

// Commits what waits, syncs the cursors, ends the thread, frees. Returns how many readings that had been appended could not
// be stored and were never settled; 0: all is on disk. NULL is fine.
uint64_t buffer_close(struct buffer *buffer);

// Four characters of a-z0-9, minted when the buffer was made.
const char *buffer_epoch(const struct buffer *buffer);

// The number of the stream of that name, made when new (durable before any record of it is). 0..; -ENOSPC past the maximum.
int buffer_stream(struct buffer *buffer, const char *name, uint32_t *ret_stream, struct fault *why);
const char *buffer_stream_name(const struct buffer *buffer, uint32_t stream);  // any thread; NULL when unknown
uint64_t buffer_stream_next_seq(const struct buffer *buffer, uint32_t stream); // any thread
size_t buffer_stream_count(const struct buffer *buffer);                       // any thread; streams are 0..count-1
// The number of the last durable record of that stream that was `newest`, also after a restart; 0: it is not kept any more.
uint64_t buffer_stream_newest(const struct buffer *buffer, uint32_t stream);

// Appends a pack: all records become durable together, under the next numbers and sequences. `key` (may be empty) is
// stored beside them for de-duplication after a restart. `owner` and `ticket` come back through buffer_settled.
// 0; -EBUSY: too many requests wait (16 384); -ENOSPC: full and refusing; -EMSGSIZE: pack too large for a segment.
// When commits have been failing for longer than a second, nothing more is taken: -ENOSPC where the disk is full, -EIO for
// every other reason. What was taken before stays, and is tried again every 5 s at least; once that succeeds, appends do.
int buffer_append(struct buffer *buffer, const struct buffer_record *records, size_t count, const void *key,
                  size_t key_size, void *owner, uint64_t ticket);

// The readings [from, number of the next append) of this boot that are unsure have the time wall_at_boot_us + boot_us.
// Returns at once; the writer makes it durable before any read shows it, then calls wake. What was corrected once is not
// corrected again. Of the tables of more than 64 boots, only the newest are kept. 0; -EINVAL: `from` is no number.
int buffer_correct(struct buffer *buffer, uint64_t from, int64_t wall_at_boot_us);

// Unsure readings below that number may have been given to somebody as they are: what is copied forward of them is never
// corrected. Any thread.
void buffer_estimates_given(struct buffer *buffer, uint64_t below);

// Whether reads show all that buffer_correct was asked; *ret_to: one past the last reading that was ever corrected.
bool buffer_corrected_to(const struct buffer *buffer, uint64_t *ret_to);

// What the kept records of the present boot tell of it, as far as was known when the buffer was opened.
struct buffer_boot {
    uint64_t since;     // what stands below was committed before the time that was asked for; near, never too high
    bool clock_was_set; // it was synchronised at some commit
    bool settled;       // and no reading before that is left that needs buffer_correct
};

// `since_us`: by the clock since boot. No disk.
void buffer_boot(const struct buffer *buffer, int64_t since_us, struct buffer_boot *ret_boot);

// Calls back for every append that became durable (status 0) since the last call, in order of append.
void buffer_settled(struct buffer *buffer, void (*settled)(void *owner, uint64_t ticket, int status, void *context),
                    void *context);

// One past the newest durable number. Any thread, cheap.
uint64_t buffer_end(const struct buffer *buffer);

// Commits what waits now, without waiting for commit_interval; does not block.
void buffer_flush(struct buffer *buffer);

// Reads durable records from `from` on: at most `max_items` (<= BUFFER_BATCH_MAX) and about `max_bytes` of payload.
// An empty batch means that nothing more is durable. A `from` older than the oldest kept begins at the oldest; gaps that
// damage left are stepped over. May block on the disk. 0 or -errno (the batch is then empty): try again later. A place that
// the disk fails to read, or a file that it fails to open, is such an error at first; after 10 tries over a minute it is a
// gap, too, counted and reported.
int buffer_read(struct buffer *buffer, uint64_t from, size_t max_items, size_t max_bytes,
                struct buffer_batch *ret_batch);

// The numbers among which every kept record with from_us <= time_us < to_us lies (and others): by the least and greatest
// time of each segment. Where times were corrected, a segment counts as holding any. False: there is none. Any thread, no
// disk.
bool buffer_find_times(const struct buffer *buffer, int64_t from_us, int64_t to_us, uint64_t *ret_from,
                       uint64_t *ret_to);

// The wall time at which that record was committed, or the first one kept after it; 0 when nothing from there on is kept.
// Reckoned from the first and last commit of its segment, in the proportion of the numbers: exact at a segment's ends, and
// within it wrong by at most the time that the segment spans (where the traffic is even, by far less). Also wrong where the
// wall clock was set meanwhile. Any thread, never touches the disk.
int64_t buffer_commit_time(struct buffer *buffer, uint64_t number);

// An outlet's cursor. A new one begins at the end, or at the oldest kept. Names are ids. At most 32; -ENOSPC beyond.
int buffer_cursor_open(struct buffer *buffer, const char *name, bool from_oldest, struct fault *why);
uint64_t buffer_cursor(const struct buffer *buffer, const char *name); // the lowest pending; 0: none of that name

struct buffer_range {
    uint64_t from, to; // [from, to)
};

enum { BUFFER_RANGES_MAX = 64 };

struct buffer_pending { // ascending, disjoint, not touching; the last range is open: to == UINT64_MAX
    struct buffer_range ranges[BUFFER_RANGES_MAX + 1];
    size_t count;
};

// What that outlet has not been acknowledged for, beginning at the oldest kept at the earliest. False: there is no outlet
// of that name.
bool buffer_cursor_pending(const struct buffer *buffer, const char *name, struct buffer_pending *ret_pending);

// [from, to) is acknowledged (or holds nothing). One range too many: the two with the least between them are joined, so
// that what lies between is sent again, never lost. Written at once, by the caller; synced within 5 s by the writer thread.
void buffer_cursor_done(struct buffer *buffer, const char *name, uint64_t from, uint64_t to);
// The same, for a thread that must not wait for the disk: the writer thread writes it within 10 ms.
void buffer_cursor_done_soon(struct buffer *buffer, const char *name, uint64_t from, uint64_t to);

// How many durable records are pending, but for those that are known to be unreadable. No disk.
uint64_t buffer_cursor_count(const struct buffer *buffer, const char *name);

// Forgets every cursor whose name is not in `names`: what only it still needed is released.
void buffer_cursor_keep(struct buffer *buffer, const char *const names[], size_t count);

/* The loss ledger: what some outlet will never get. It survives restarts. */

enum buffer_loss_reason { BUFFER_LOSS_FULL, BUFFER_LOSS_AGE, BUFFER_LOSS_DAMAGE };
extern const char *const buffer_loss_reasons[]; // "full", "age", "damage"

struct buffer_loss {
    // Who had not had them; "" where there was no outlet at all, "*" several (joined for want of room).
    char outlet[ID_MAX + 1];
    uint32_t stream;
    enum buffer_loss_reason reason;
    // Less than last - first + 1 where entries were joined or not all in between are lost. 0: sequences that were left out
    // as a precaution, since nobody can tell whether a lost reading had them.
    uint64_t first_seq, last_seq, count;
    int64_t since_us, until_us; // wall time: when the first and the last of them was lost
};

// At most so many entries, or as many as there are streams when those are more.
enum { BUFFER_LOSSES_MAX = 4096 };

// Copies at most max entries, newest `until_us` first, beginning with entry `skip`; returns how many. Any thread, no disk.
size_t buffer_losses(const struct buffer *buffer, size_t skip, struct buffer_loss *ret_losses, size_t max);

// Calls back for every de-duplication key committed during the last `age_us` (as far as kept), oldest first.
void buffer_recent_keys(struct buffer *buffer, int64_t age_us,
                        void (*seen)(const uint8_t *key, size_t size, int64_t age_us, void *context), void *context);

void buffer_figures(struct buffer *buffer, struct buffer_figures *ret_figures); // any thread
