// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "account.h"

/*
 * One day's numbers, per stream; how they are counted, kept in a file and written as the report. Not thread-safe: the account
 * sees to it that one thread at a time has them.
 */

enum { DAY_TEXT_SIZE = 16, DAY_READ_BYTES = 32 * 1024 };

struct day_stream {
    uint64_t first_seq, last_seq, committed; // 0: none
    int64_t last_us, longest_us;             // wall time of the last commit; the longest silence so far
    uint32_t refused[REFUSAL_COUNT];
};

struct day {
    char text[DAY_TEXT_SIZE]; // "2026-11-24"; "" before the first
    int64_t from_us, to_us;   // wall time
    bool complete;            // nothing of it is known to be missing
    uint64_t next;            // number of the first record that is not counted yet
    uint64_t first, end;      // numbers of the day's records, as far as counted
    struct day_stream *streams;
    size_t count;
};

// The local day that holds that time, with nothing counted.
void day_begin(struct day *day, int64_t time_us);
// What is counted belongs to that local day after all: the clock said something else before.
void day_move(struct day *day, int64_t time_us);
void day_finish(struct day *day);

// Room for that stream; NULL: out of memory.
struct day_stream *day_stream(struct day *day, uint32_t stream);

// Counts what was committed since the last time, up to the day's end, by the wall clock of then; where that was not
// synchronised, by the clock since boot and what the wall clock says now. -errno: try again later.
int day_count(struct day *day, struct buffer *buffer, const struct clock *clock);

// When the first record that is not counted was committed, as day_count would see it; 0: there is none.
int64_t day_next_us(const struct day *day, struct buffer *buffer, const struct clock *clock);

// A silence that lasted until then.
void day_count_silence(const struct day *day, struct day_stream *stream, int64_t until_us);

// The running account as a file, and back: the day is then the file's. Reading: -ENOENT, -EBADMSG.
int day_save(const struct day *day, const struct buffer *buffer, const char *path, struct fault *why);
int day_load(struct day *day, struct buffer *buffer, const char *path);

// The report's JSON, sensors that something was wrong with first. `closed`: the day is over. May read much of the log (what
// outlets still have to send).
int day_report(struct day *day, const struct account_options *options, bool closed, struct bytes *out);

// Appends that report to `out`; where that has no room for all, with fewer sensors and "more": how many were left out.
int day_report_fit(const struct bytes *report, struct bytes *out); // -EFBIG: not even without any
