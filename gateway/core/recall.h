// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include "reading/reading.h"

/*
 * What was stored before this start, read back, with times that were corrected since.
 */

// How far back the last readings are looked up at the start.
enum { RECALL_READINGS = 20000 };

// Where to begin for the last RECALL_READINGS readings.
uint64_t recall_begin(struct buffer *buffer);

// Calls back for every reading from that number to the end, oldest first; NULL for one that cannot be read. -ENOMEM.
int recall_each(struct buffer *buffer, uint64_t from,
                void (*each)(void *context, const struct buffer_item *item, const struct reading *reading),
                void *context);

// The newest stored reading of that stream, batch->items[0], which lives until the batch is read into again. False: there is none, or it
// cannot be read.
bool recall_newest(struct buffer *buffer, uint32_t stream, struct buffer_batch *batch, struct reading *ret_reading);
