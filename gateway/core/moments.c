// SPDX-License-Identifier: Apache-2.0
#include "moments.h"

bool moments_taken(const struct moments *moments, int64_t time_us)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->times_us[i] == time_us)
            return true;
    return false;
}

void moments_take(struct moments *moments, int64_t time_us)
{
    moments->times_us[moments->next] = time_us;
    moments->next = (uint8_t)((moments->next + 1) % MOMENTS_MAX);
    if (moments->count < MOMENTS_MAX)
        moments->count++;
}
