// SPDX-License-Identifier: Apache-2.0
#include "coap_limit.h"
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    PLACES = 4, // of a bucket
    BUCKETS = LIMIT_CLIENTS_MAX / PLACES,
    BURST_MIN = 10,
    BURST_S = 2,
    TELL_US = 1000000,
};

// `full_us` is when its bucket would have run empty: each request moves it on by one request's worth.
struct client {
    uint64_t digest; // 0: the place is free
    int64_t full_us;
    int64_t told_us;
};

struct limit {
    uint8_t secret[crypto_shorthash_siphash24_KEYBYTES];
    int64_t each_us, burst_us;
    uint64_t evicted;
    struct client *clients; // BUCKETS times PLACES
};

struct limit *limit_create(double rate)
{
    struct limit *limit = calloc(1, sizeof *limit);
    if (!limit)
        return NULL;
    limit->clients = calloc(LIMIT_CLIENTS_MAX, sizeof *limit->clients);
    if (!limit->clients || getrandom(limit->secret, sizeof limit->secret, 0) != sizeof limit->secret) {
        limit_destroy(limit);
        return NULL;
    }
    limit->each_us = (int64_t)(1e6 / rate);
    limit->burst_us = (int64_t)(1e6 / rate * fmax(BURST_MIN, BURST_S * rate));
    return limit;
}

void limit_destroy(struct limit *limit)
{
    if (!limit)
        return;
    free(limit->clients);
    free(limit);
}

static struct client *find(struct limit *limit, uint64_t digest, int64_t now_us)
{
    struct client *bucket = &limit->clients[digest % BUCKETS * PLACES], *least = bucket;
    for (size_t i = 0; i < PLACES; i++) {
        if (bucket[i].digest == digest)
            return &bucket[i];
        if (bucket[i].full_us < least->full_us)
            least = &bucket[i];
    }
    if (least->digest && least->full_us > now_us)
        limit->evicted++;
    *least = (struct client){.digest = digest, .full_us = now_us, .told_us = now_us - TELL_US};
    return least;
}

enum limit_result limit_take(struct limit *limit, const void *key, size_t size, int64_t now_us, unsigned *ret_wait_s)
{
    uint64_t digest;
    crypto_shorthash_siphash24((uint8_t *)&digest, key, size, limit->secret);
    struct client *client = find(limit, digest | 1, now_us);
    if (client->full_us < now_us)
        client->full_us = now_us;
    int64_t over_us = client->full_us + limit->each_us - now_us - limit->burst_us;
    if (over_us <= 0) {
        client->full_us += limit->each_us;
        return LIMIT_FINE;
    }
    *ret_wait_s = (unsigned)((over_us + 999999) / 1000000);
    if (now_us - client->told_us < TELL_US)
        return LIMIT_SILENT;
    client->told_us = now_us;
    return LIMIT_REFUSE;
}

uint64_t limit_evicted(const struct limit *limit)
{
    return limit->evicted;
}
