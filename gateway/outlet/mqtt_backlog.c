// SPDX-License-Identifier: Apache-2.0
#include "mqtt_backlog.h"

static void add(struct backlog *backlog, uint64_t from, uint64_t to)
{
    if (from < to && backlog->count < BACKLOG_RANGES_MAX) {
        backlog->ranges[backlog->count++] = (struct outlet_range){.from = from, .to = to};
    }
}

void backlog_plan(struct backlog *backlog, const struct outlet_range *pending, size_t pending_count,
                  const struct outlet_range *busy, size_t busy_count, uint64_t bound)
{
    size_t b = 0;
    backlog->count = backlog->at = 0;
    for (size_t p = 0; p < pending_count && pending[p].from < bound; p++) {
        uint64_t from = pending[p].from, to = pending[p].to < bound ? pending[p].to : bound;
        while (b < busy_count && busy[b].to <= from) {
            b++;
        }
        for (; b < busy_count && busy[b].from < to && busy[b].to <= to; b++) {
            add(backlog, from, busy[b].from);
            from = busy[b].to;
        }
        bool cut = b < busy_count && busy[b].from < to; // it reaches into the next range
        add(backlog, from, cut ? busy[b].from : to);
    }
}

struct outlet_range *backlog_next(struct backlog *backlog)
{
    while (backlog->at < backlog->count && backlog->ranges[backlog->at].from >= backlog->ranges[backlog->at].to) {
        backlog->at++;
    }
    return backlog->at < backlog->count ? &backlog->ranges[backlog->at] : NULL;
}
