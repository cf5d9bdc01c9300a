// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * How often each client may ask: a leaky bucket for each, told by its identity or its address and port (behind one address of
 * a mobile network there may be two hundred sensors). What is over is refused, but a client is not told more than once a
 * second: a flood is not answered with another one.
 *
 * A fixed table: a client that asked for nothing lately is forgotten as if it had never come, which is the same; when a
 * bucket's places are all taken, the client that asked least gives way, and is counted.
 */

enum {
    LIMIT_CLIENTS_MAX = 16 * 1024,
    LIMIT_KEY_MAX = 64,
};

enum limit_result {
    LIMIT_FINE,
    LIMIT_REFUSE, // over the rate; tell it
    LIMIT_SILENT, // over the rate, and it was told less than a second ago
};

struct limit;

// `rate` in requests a second, above 0; a client that was quiet may ask for two seconds' worth, and ten at least, at once.
// NULL when out of memory or without a source of random numbers.
struct limit *limit_create(double rate);
void limit_destroy(struct limit *limit);

// One request of the client that `key` names (at most LIMIT_KEY_MAX bytes), at `now_us` since boot. With a refusal,
// *ret_wait_s is when it may come again (RFC 8516: Max-Age), 1 at least.
enum limit_result limit_take(struct limit *limit, const void *key, size_t size, int64_t now_us, unsigned *ret_wait_s);

uint64_t limit_evicted(const struct limit *limit);
