// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"

/*
 * What an outlet reads through: the buffer, seen as the readings that this outlet still has to send, in their final form. It leaves
 * out what was delivered and what waits for the clock, and settles by itself the numbers under which nothing is kept.
 * `context` is the struct outlet. Any thread.
 */

size_t feed_pending(void *context, struct outlet_range ret_ranges[OUTLET_RANGES_MAX]);
uint64_t feed_end(void *context);
int feed_read(void *context, uint64_t from, uint64_t to, bool skip_held, size_t max_records, size_t max_bytes,
              struct outlet_batch *ret_batch);
int feed_read_states(void *context, uint64_t since, size_t *index, size_t max_records, struct outlet_batch *ret_batch);
int feed_read_replay(void *context, size_t max_records, size_t max_bytes, struct outlet_batch *ret_batch);
void feed_batch_finish(void *context, struct outlet_batch *batch);
