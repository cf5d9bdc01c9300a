// SPDX-License-Identifier: Apache-2.0
#include "mqtt_backoff.h"

int64_t backoff_next(struct backoff *backoff, int64_t least_us, int64_t most_us, uint32_t random)
{
    int64_t delay_us = backoff->delay_us * 2;
    if (delay_us < least_us) {
        delay_us = least_us;
    }
    if (delay_us > most_us) {
        delay_us = most_us;
    }
    backoff->delay_us = delay_us;
    return delay_us + delay_us / 4 * (int64_t)(random % 1024) / 1024;
}

void backoff_reset(struct backoff *backoff)
{
    backoff->delay_us = 0;
}
