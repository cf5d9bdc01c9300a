// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include <pthread.h>

/*
 * Replays: readings that an operator asks an outlet to send again, by a range of times or of sequence numbers. They are read
 * from what the buffer still keeps, at the outlet's own pace. Asked for in memory only: after a restart they are asked again.
 */

enum { REPLAYS_MAX = 8 };

struct replay_wish {
    bool one_sensor, by_seq;
    uint32_t stream;           // of one_sensor
    int64_t from_us, to_us;    // reading times [from, to)
    uint64_t from_seq, to_seq; // by_seq: both included
    uint64_t next, end;        // numbers still to look at
};

struct replays {
    pthread_mutex_t lock;
    struct replay_wish list[REPLAYS_MAX]; // in the order in which they were asked for
    size_t count;
    uint64_t asked, finished, readings; // readings: that arrived
};

void replays_init(struct replays *replays);
void replays_finish(struct replays *replays);

// -EBUSY: so many wait already.
int replays_add(struct replays *replays, const struct replay_wish *wish);

// The next records of the first wish, with their times corrected. *ret_more: look again soon, whatever the count. Only one thread reads.
int replays_read(struct replays *replays, struct buffer *buffer, size_t max_records, size_t max_bytes,
                 struct buffer_batch *ret_batch, bool *ret_more);

void replays_arrived(struct replays *replays, size_t readings);
