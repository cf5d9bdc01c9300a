// SPDX-License-Identifier: Apache-2.0
#include "trigger.h"

static const double rounding = 1e-9; // 0.60 - 0.02 is not quite 0.58

void trigger_take(struct trigger *trigger, const struct trigger_limit *limit, double value, int64_t time_us)
{
    bool other = trigger->on ? value < limit->down - rounding : value >= limit->up - rounding;
    if (other && (!trigger->waits || time_us < trigger->since_us))
        trigger->since_us = time_us;
    trigger->waits = other;
    if (!other || time_us - trigger->since_us < limit->hold_us)
        return;
    trigger->on = !trigger->on;
    trigger->waits = false;
}

size_t trigger_level(const struct trigger *triggers, size_t count)
{
    while (count > 0 && !triggers[count - 1].on)
        count--;
    return count;
}
