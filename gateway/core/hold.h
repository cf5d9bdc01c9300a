// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include <pthread.h>
#include <stdatomic.h>

/*
 * Readings that wait for the clock. A machine without a clock of its own does not know the time when it starts. What comes in
 * then is stored with an estimate and with the time since boot, and waits, at most `clock_wait` after its commit. When the
 * clock is set, once in a boot, all is corrected that no outlet has read yet. What was given to one as an estimate stays one
 * for everybody, and so does all before it: one reading has one content. Readings with the sensor's own time do not wait; nor does anything after
 * the clock was set once in this boot, also by an earlier start of the gateway.
 */

struct hold {
    const struct clock *clock;
    struct buffer *buffer;
    int64_t wait_us;
    atomic_bool over; // the clock was set in this boot: from then on nothing is stored as unsure

    pthread_mutex_t lock; // guards what follows
    // What stands below in the buffer and is unsure was given to somebody as an estimate, or may have been before a restart.
    uint64_t given;
    uint64_t corrected_to; // once over: what is unsure in [given, corrected_to) gets, or has, its time
    bool asked;            // the buffer, to correct it
    int64_t due_us; // boot time when the first of those seen waiting has waited long enough; INT64_MAX: none was seen
    int64_t looked_us;
};

// Also looks which readings of this boot wait already: the gateway may have started anew meanwhile. Reads the disk for at
// most what was committed during the last `wait_us`, until the first that waits.
void hold_init(struct hold *hold, const struct clock *clock, struct buffer *buffer, int64_t wait_us);

// Once a second, on the loop. True: some of what waited may go now.
bool hold_tick(struct hold *hold);

// Nothing that comes in from now on waits, even if the clock is lost again. Also for NULL.
static inline bool hold_is_over(const struct hold *hold)
{
    return !hold || atomic_load(&hold->over);
}

// Whether that reading waits. One that does not is given to the caller, and never changes any more. Any thread.
bool hold_keeps(struct hold *hold, const struct buffer_item *item);

// Whether its time will not change any more, without giving it to anybody. Any thread.
bool hold_is_settled(struct hold *hold, const struct buffer_item *item);
