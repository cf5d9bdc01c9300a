// SPDX-License-Identifier: Apache-2.0
#include "fall.h"

static const int64_t interval_us = 2 * 1000000LL, least_us = 1000000LL;

bool fall_is_due(const struct fall *fall, int64_t boot_us)
{
    size_t last = (fall->next + FALL_SAMPLES - 1) % FALL_SAMPLES;
    return fall->count == 0 || boot_us - fall->samples[last].boot_us >= interval_us;
}

void fall_sample(struct fall *fall, int64_t boot_us, uint64_t lag)
{
    if (!fall_is_due(fall, boot_us))
        return;
    fall->samples[fall->next].boot_us = boot_us;
    fall->samples[fall->next].lag = lag;
    fall->next = (fall->next + 1) % FALL_SAMPLES;
    fall->count += fall->count < FALL_SAMPLES;
}

double fall_seconds(const struct fall *fall, int64_t boot_us, uint64_t lag)
{
    uint64_t peak = lag;
    int64_t since_us = boot_us;
    if (lag == 0)
        return 0;
    for (size_t i = 0; i < fall->count; i++) { // of equal ones the latest: only then it began to fall
        bool later = fall->samples[i].lag == peak && fall->samples[i].boot_us > since_us;
        if (fall->samples[i].lag > peak || (peak > lag && later)) {
            peak = fall->samples[i].lag;
            since_us = fall->samples[i].boot_us;
        }
    }
    if (peak == lag || boot_us - since_us < least_us)
        return -1;
    return (double)lag * (double)(boot_us - since_us) / 1e6 / (double)(peak - lag);
}
