// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"

/*
 * Where a batch's readings come from: what is pending, the oldest first, and, when nothing is, what was asked for again. A
 * point has its own time, so the order is free. A batch is of one sort or the other, never mixed.
 */

struct influxdb_source {
    const struct outlet_feed *feed;
    bool skip_held;
    bool replay; // what was read last was asked for again
    struct outlet_range ranges[OUTLET_RANGES_MAX];
    size_t range_count, range;
    uint64_t next;              // where to read on in the present range
    struct outlet_batch *batch; // reused from read to read
};

int influxdb_source_init(struct influxdb_source *source, const struct outlet_feed *feed, bool skip_held); // -ENOMEM
void influxdb_source_finish(struct influxdb_source *source);

// Nothing that was read is unsettled: begins again with the oldest that is pending, because readings may have been held
// back that may go now.
void influxdb_source_rewind(struct influxdb_source *source);

// The next records, in source->batch; count 0: nothing more now. `fresh`: the batch holds nothing yet, so it may become
// one of replayed readings. 0 or -errno.
int influxdb_source_read(struct influxdb_source *source, bool fresh, size_t max_records, size_t max_bytes);
