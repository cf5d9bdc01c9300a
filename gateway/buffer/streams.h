// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "buffer/buffer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The streams: a number, a name, and the next sequence of each. Two sequences stand side by side: `next_seq` runs ahead
 * with what was appended, `stored_seq` follows with what is durable (it goes into the checkpoint). So do two latest times,
 * and the number of the durable record that was the newest when it came.
 * A name that is known to us under two numbers (after a damage) means the later one.
 */

struct streams {
    size_t count;
    uint64_t first_seq; // what a new stream begins with
    char **names;       // NULL: a stream whose name was lost; a name never moves nor changes
    int64_t first_us;   // and what its latest time is taken for
    uint64_t *next_seq, *stored_seq;
    int64_t *newest_us, *stored_us; // INT64_MIN: none yet
    uint64_t *newest;               // 0: none
    uint32_t *slots;                // name -> stream + 1, open addressing
    size_t slot_count;
};

int streams_init(struct streams *streams);
void streams_finish(struct streams *streams);

bool streams_find(const struct streams *streams, const char *name, size_t size, uint32_t *ret_stream);

// A new stream at the end. -ENOSPC, -ENOMEM, or -EINVAL for a name that is empty or too long.
int streams_add(struct streams *streams, const char *name, size_t size, uint32_t *ret_stream);

// By what time a record counts among those of its stream: what lies ahead of the wall clock came now.
static inline int64_t streams_order_us(int64_t time_us, int64_t wall_us)
{
    return time_us < wall_us ? time_us : wall_us;
}

// That durable record is its stream's newest, when no later number is. `time_us`: INT64_MIN when it is unsure.
void streams_note_newest(struct streams *streams, uint32_t stream, int64_t time_us, uint64_t number);

// For recovery: makes the table reach that stream (nameless ones are added), and names it when it has no name.
int streams_reach(struct streams *streams, uint32_t stream);
int streams_name(struct streams *streams, uint32_t stream, const char *name, size_t size);
