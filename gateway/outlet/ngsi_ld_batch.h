// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "influxdb_source.h"
#include "ngsi_ld.h"
#include "reading/stream.h"

/*
 * The entities of one upsert, the oldest pending readings in their order. No entity stands in it twice (of a vehicle's
 * bumps each is one): what a broker makes of that is its own affair, and within a batch the order is then free.
 *
 * fill reads and encodes: it may block, so it runs on a worker thread. The rest is for the loop. Never both at once.
 */

enum { NGSI_LD_BATCH_MAX = 100 };

enum ngsi_ld_fate { FATE_UNKNOWN, FATE_TAKEN, FATE_REFUSED, FATE_PARKED };

struct ngsi_ld_item {
    uint64_t number, seq; // of the record
    size_t begin, end;    // in `text`
    char sensor[STREAM_SIZE];
    enum ngsi_ld_fate fate;
};

struct ngsi_ld_batch {
    struct bytes text; // the entities, as a JSON array
    struct ngsi_ld_item items[NGSI_LD_BATCH_MAX];
    size_t count;
    struct influxdb_source source;
    size_t used;        // of what the source read last
    struct bytes alone; // one of them, as an array
};

int ngsi_ld_batch_init(struct ngsi_ld_batch *batch, const struct outlet_feed *feed); // -ENOMEM
void ngsi_ld_batch_finish(struct ngsi_ld_batch *batch);

// The next entities; count 0: nothing more is durable. Records that are no readings are parked. 0 or -errno.
int ngsi_ld_batch_fill(struct ngsi_ld_batch *batch, const struct ngsi_ld *context);

// The body of a request with that item alone. NULL when there is no memory.
const struct bytes *ngsi_ld_batch_alone(struct ngsi_ld_batch *batch, size_t item);

// Tells the feed of the first `count` items, whose fate is decided. What is left is forgotten, and read again.
void ngsi_ld_batch_settle(struct ngsi_ld_batch *batch, size_t count);
