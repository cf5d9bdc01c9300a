// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "buffer/buffer.h"
#include "reading/sensors.h"
#include <uv.h>

/*
 * The running counters of all sensors, as totals that outlive a restart, a power cut too. Where they stand is in the stored readings
 * themselves. A sensor that rarely reports may have none among the last that are read back at a start, or none at all any more; for
 * these the file `counters` in the buffer's folder says it as of some reading: a JSON object, so that a person can look at it. It is
 * written, on a worker, when many readings came since, once an hour, and at the end.
 *
 * A sensor whose source or address was changed is another device in an old place: its totals go on from what its next number is.
 */

struct counts;
struct source;

struct counts_options {
    const struct clock *clock;
    const struct sensors *sensors;
    struct buffer *buffer;
    uv_loop_t *loop;
    const char *folder;
};

// Reads back where the counters stand. Borrows what `options` points to. -ENOMEM, or what the buffer says; a file that cannot be read
// is logged and counts as none.
int counts_create(const struct counts_options *options, struct counts **ret_counts, struct fault *why);
// Waits for the worker, with the loop, and saves.
void counts_destroy(struct counts *counts);

// Puts the totals into the pack's readings. Numbers that went back are counted for the source, and logged once a minute.
void counts_take(struct counts *counts, struct source *source, struct normalised_pack *pack);

// Loop, once a second.
void counts_tick(struct counts *counts);
