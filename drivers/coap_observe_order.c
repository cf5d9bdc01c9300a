// SPDX-License-Identifier: Apache-2.0
#include "coap_observe_order.h"

bool order_is_fresh(const struct observe_order *order, uint32_t sequence, int64_t now_us)
{
    static const int64_t says_nothing_us = 128 * INT64_C(1000000);
    static const uint32_t half = 1u << 23;
    uint32_t last = order->sequence;
    if (!order->any || now_us > order->time_us + says_nothing_us)
        return true;
    return (last < sequence && sequence - last < half) || (last > sequence && last - sequence > half);
}

void order_take(struct observe_order *order, uint32_t sequence, int64_t now_us)
{
    *order = (struct observe_order){.any = true, .sequence = sequence, .time_us = now_us};
}
