// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * The set of numbers that an outlet has not been acknowledged for (see buffer.h). Pure, and bounded: one range too many
 * joins the two neighbours with the least between them.
 */

struct buffer_pending pending_from(uint64_t number); // everything from there on

// Takes out [from, to); `to` is no number of the open end. False: none of it was pending.
bool pending_done(struct buffer_pending *pending, uint64_t from, uint64_t to);

// The first pending range within [from, to), cut to it. False: there is none.
bool pending_first(const struct buffer_pending *pending, uint64_t from, uint64_t to, struct buffer_range *ret_range);

static inline uint64_t pending_lowest(const struct buffer_pending *pending)
{
    return pending->ranges[0].from;
}

// Everything from there on is pending; below, some was acknowledged (or nothing is pending).
static inline uint64_t pending_open(const struct buffer_pending *pending)
{
    return pending->ranges[pending->count - 1].from;
}

// Whether it is as buffer.h says. For what was read from disk.
bool pending_fits(const struct buffer_pending *pending);
