// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * In which order notifications were sent, since datagrams overtake each other (RFC 7641 section 3.4).
 */

struct observe_order {
    bool any;          // one was taken
    uint32_t sequence; // the Observe option of the last one, 24 bits
    int64_t time_us;   // when it came
};

// True when that one was sent after the last, or so long after that its number says nothing.
bool order_is_fresh(const struct observe_order *order, uint32_t sequence, int64_t now_us);
void order_take(struct observe_order *order, uint32_t sequence, int64_t now_us);
