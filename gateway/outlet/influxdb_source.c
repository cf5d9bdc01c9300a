// SPDX-License-Identifier: Apache-2.0
#include "influxdb_source.h"

#include <errno.h>
#include <stdlib.h>

int influxdb_source_init(struct influxdb_source *source, const struct outlet_feed *feed, bool skip_held)
{
    *source = (struct influxdb_source){.feed = feed, .skip_held = skip_held};
    source->batch = calloc(1, sizeof *source->batch);
    return source->batch ? 0 : -ENOMEM;
}

void influxdb_source_finish(struct influxdb_source *source)
{
    if (source->batch)
        source->feed->batch_finish(source->feed->context, source->batch);
    free(source->batch);
    source->batch = NULL;
}

void influxdb_source_rewind(struct influxdb_source *source)
{
    source->replay = false;
    source->range_count = source->feed->pending(source->feed->context, source->ranges);
    source->range = 0;
    source->next = source->range_count ? source->ranges[0].from : 0;
}

static bool next_range(struct influxdb_source *source)
{
    if (source->range + 1 >= source->range_count)
        return false;
    source->next = source->ranges[++source->range].from;
    return true;
}

static int read_pending(struct influxdb_source *source, size_t max_records, size_t max_bytes)
{
    const struct outlet_feed *feed = source->feed;
    struct outlet_batch *batch = source->batch;
    batch->count = 0;
    while (source->range < source->range_count) {
        uint64_t from = source->next, to = source->ranges[source->range].to;
        int error = feed->read(feed->context, from, to, source->skip_held, max_records, max_bytes, batch);
        if (error)
            return error;
        source->next = batch->next;
        if (batch->count > 0)
            return 0;
        // Where order counts, what is held back holds back all behind it.
        bool end = batch->next >= to, still = batch->next == from;
        if ((end || (still && source->skip_held)) && !next_range(source))
            return 0;
        if (still && !end && !source->skip_held)
            return 0;
    }
    return 0;
}

int influxdb_source_read(struct influxdb_source *source, bool fresh, size_t max_records, size_t max_bytes)
{
    const struct outlet_feed *feed = source->feed;
    int error = source->replay ? 0 : read_pending(source, max_records, max_bytes);
    if (error || (!source->replay && (source->batch->count > 0 || !fresh)))
        return error;
    source->batch->count = 0;
    error = feed->read_replay(feed->context, max_records, max_bytes, source->batch);
    source->replay = source->replay || (!error && source->batch->count > 0);
    return error;
}
