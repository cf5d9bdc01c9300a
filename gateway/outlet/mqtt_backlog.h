// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"

/*
 * What the backlog's lane is to send: the feed's pending ranges, up to the live lane and without what is under way, the
 * oldest first. Planned anew when the plan is done and something may have become pending.
 */

enum { BACKLOG_RANGES_MAX = 128 };

struct backlog {
    struct outlet_range ranges[BACKLOG_RANGES_MAX];
    size_t count, at;
    bool news;        // there may be more than was planned
    int64_t again_us; // no new plan before
};

// Plans [0, bound) of `pending` without `busy`; both ascend. More than fit into the plan are found by the next one.
void backlog_plan(struct backlog *backlog, const struct outlet_range *pending, size_t pending_count,
                  const struct outlet_range *busy, size_t busy_count, uint64_t bound);

// What comes next, or NULL: the plan is done.
struct outlet_range *backlog_next(struct backlog *backlog);
