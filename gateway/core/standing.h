// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "buffer/buffer.h"
#include "reading/sensors.h"
#include <uv.h>

/*
 * Where each sensor stands, beyond its last reading: the totals of its running counters, and, of a parking sensor, the state of its bay. It outlives a restart,
 * a power cut too. What is known is in the stored readings themselves; a sensor that rarely reports may have none among the last that
 * are read back at a start, or none at all any more. For these the file `standing` in the buffer's folder says it as of some reading: a
 * JSON object, so that a person can look at it; what bumps were gathered to is in the file `places` beside it. Both are written, on a worker, when many readings came since, once an hour, and at the end.
 *
 * A sensor whose source or address was changed is another device in an old place: its totals go on from what its next number is.
 */

struct city;
struct standing;
struct source;

struct standing_options {
    const struct clock *clock;
    const struct sensors *sensors;
    struct buffer *buffer;
    uv_loop_t *loop;
    struct city *city; // NULL: none
    const char *folder;
};

// Reads back where the sensors stand. Borrows what `options` points to. -ENOMEM, or what the buffer says; a file that cannot be read
// is logged and counts as none.
int standing_create(const struct standing_options *options, struct standing **ret_standing, struct fault *why);
// Waits for the worker, with the loop, and saves.
void standing_destroy(struct standing *standing);

// Puts totals, states and how long they lasted into the pack's readings. Counters that went back are counted for the source, and logged
// once a minute.
void standing_take(struct standing *standing, struct source *source, struct normalised_pack *pack);
// The readings of the last standing_take were not stored: the bays are as before it. A running counter's number tells the same next time;
// one that begins again with each reading has lost it, and so its total keeps it. (What fails later, at the commit, is not undone.)
void standing_undo(struct standing *standing);

// Loop, once a second.
void standing_tick(struct standing *standing);
