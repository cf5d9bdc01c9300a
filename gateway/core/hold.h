// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include <stdatomic.h>

/*
 * Readings that wait for the clock. A machine without a clock of its own does not know the time when it starts. What comes in
 * then is stored with an estimate and with the time since boot, and waits, at most `clock_wait`. When the clock is
 * set, all that still waits is corrected, once, before it is sent. What could not wait went as an estimate and is never
 * moved. Readings with the sensor's own time do not wait; nor does anything after the clock was set once.
 */

enum { HOLD_SAMPLES = 64 };

struct hold {
    const struct clock *clock;
    struct buffer *buffer;
    int64_t wait_us;
    atomic_uint_least64_t from; // what stands below in the buffer waits no longer; goes on as time passes
    bool set;                   // the clock, since this start: from then on nothing is stored as unsure
    bool told;                  // and what waited has been let go
    struct {
        int64_t boot_us;
        uint64_t end; // of the buffer then
    } samples[HOLD_SAMPLES];
    size_t count, next;
};

// Also looks which readings of this boot wait already: the gateway may have started anew meanwhile.
void hold_init(struct hold *hold, const struct clock *clock, struct buffer *buffer, int64_t wait_us);

// Once a second, on the loop. True: some of what waited may go now.
bool hold_tick(struct hold *hold);

// The clock was set: nothing that comes in from now on waits, even if the clock is lost again. Also for NULL.
static inline bool hold_is_over(const struct hold *hold)
{
    return !hold || hold->set;
}

// Whether that reading waits. Any thread.
bool hold_keeps(const struct hold *hold, const struct buffer_item *item);
