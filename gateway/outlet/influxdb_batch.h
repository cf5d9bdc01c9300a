// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/text.h"
#include "influxdb_source.h"
#include "line_protocol.h"
#include "outlet/outlet.h"

/*
 * The lines on their way to InfluxDB. A batch is filled from the feed, then sent slice by slice: normally in one slice, in
 * smaller ones when the server finds it too large, or when a line that it refuses must be found by halving.
 *
 *   0 ...... first ........ end ........ bad_end ........ count
 *    settled |  the slice   |
 *            |  holds a line that is refused  |  (bad_end 0: nothing is known)
 *
 * A slice may also be a sample: one line from further behind, sent only to learn whether the server takes it. Its answer
 * settles nothing; it goes again in its turn.
 *
 * fill and pack read, encode and compress: they may block and take long, so they run on a worker thread. The rest is
 * for the loop. Never both at once.
 */

struct influxdb_line {
    uint64_t number, seq; // of the record
    size_t offset;        // in `text`
    char sensor[ID_MAX + 1];
};

struct influxdb_batch {
    struct bytes text;           // the lines
    struct influxdb_line *lines; // `room` of them
    size_t room, count;
    size_t lines_max; // per request; `room` is for a few more, so that even a single line has company
    size_t first, end, bad_end;
    size_t begin;     // of the slice: `first`, or behind it for a sample
    size_t slice_max; // lines per request: less than `lines_max` after the server found one too large
    unsigned smooth;  // requests accepted in a row since then
    struct influxdb_source source;
    struct bytes packed; // the slice compressed, when gzip is wanted
};

// `lines_max` lines at most. `skip_held` as for the feed's read. Borrows the feed.
int influxdb_batch_init(struct influxdb_batch *batch, const struct outlet_feed *feed, size_t lines_max, bool skip_held);
void influxdb_batch_finish(struct influxdb_batch *batch);

// Forgets settled lines and adds new ones until there is no more room or nothing more is durable. Records that are no
// readings are parked. 0 or -errno.
int influxdb_batch_fill(struct influxdb_batch *batch, const struct line_identity *identity);
bool influxdb_batch_full(const struct influxdb_batch *batch);

// Chooses the next slice of a batch that is not done, and makes its body. `sample` 0: the next lines in order; 1, 2 ...:
// that unsettled line alone, counted from the last and going round. 0 or -ENOMEM.
int influxdb_batch_pack(struct influxdb_batch *batch, size_t sample, bool gzip);
const void *influxdb_batch_body(const struct influxdb_batch *batch, bool gzip, size_t *ret_size);
size_t influxdb_batch_slice(const struct influxdb_batch *batch); // its number of lines
bool influxdb_batch_sampled(const struct influxdb_batch *batch); // the slice is a sample
bool influxdb_batch_lonely(const struct influxdb_batch *batch);  // one line is unsettled, and no other

// The slice, which is no sample, is settled, and so many of its readings arrived: tells the feed.
void influxdb_batch_settle(struct influxdb_batch *batch, size_t readings);
bool influxdb_batch_done(const struct influxdb_batch *batch); // all lines are settled
void influxdb_batch_clear(struct influxdb_batch *batch);      // makes it ready to be filled again

// The slice holds a line that is refused; the next slice is half of it. False when it is one line: that is the one.
bool influxdb_batch_bisect(struct influxdb_batch *batch);

// The slice was too large. False when it is one line.
bool influxdb_batch_halve(struct influxdb_batch *batch);
