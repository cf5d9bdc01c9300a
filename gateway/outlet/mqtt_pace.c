// SPDX-License-Identifier: Apache-2.0
#include "mqtt_pace.h"

enum { THROTTLE_FIRST = 1 }; // alone it tells how far the broker is; with every answer one more

// An answer later than twice the quickest and this comes from a queue, not from the distance.
static const int64_t queue_us = 200000;

void pace_init(struct pace *pace, double per_s, double burst_s, int64_t now_us)
{
    double most = per_s * burst_s < 1 ? 1 : per_s * burst_s;
    *pace = (struct pace){.per_s = per_s, .most = most, .tokens = most, .last_us = now_us};
}

static void refill(struct pace *pace, int64_t now_us)
{
    if (now_us <= pace->last_us) {
        return;
    }
    pace->tokens += pace->per_s * (double)(now_us - pace->last_us) / 1e6;
    pace->tokens = pace->tokens > pace->most ? pace->most : pace->tokens;
    pace->last_us = now_us;
}

size_t pace_room(struct pace *pace, int64_t now_us)
{
    if (pace->per_s <= 0) {
        return SIZE_MAX;
    }
    refill(pace, now_us);
    return pace->tokens < 1 ? 0 : (size_t)pace->tokens;
}

void pace_spend(struct pace *pace, double tokens)
{
    pace->tokens -= tokens;
}

int64_t pace_due_us(const struct pace *pace, double tokens)
{
    double wanted = tokens < pace->most ? tokens : pace->most;
    if (pace->per_s <= 0 || pace->tokens >= wanted) {
        return pace->last_us;
    }
    return pace->last_us + (int64_t)((wanted - pace->tokens) / pace->per_s * 1e6) + 1;
}

void throttle_begin(struct throttle *throttle)
{
    *throttle = (struct throttle){.size = THROTTLE_FIRST};
}

void throttle_answered(struct throttle *throttle, int64_t took_us, int64_t now_us, size_t most)
{
    if (throttle->least_us == 0 || took_us < throttle->least_us) {
        throttle->least_us = took_us > 0 ? took_us : 1;
    }
    if (took_us <= 2 * throttle->least_us + queue_us) {
        throttle->size += throttle->size < most;
    } else if (now_us - throttle->cut_us > took_us) { // once for all that stood in the same queue
        throttle->size = throttle->size > 1 ? throttle->size / 2 : 1;
        throttle->cut_us = now_us;
    }
}
