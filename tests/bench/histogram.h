// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * Latencies in microseconds, counted in classes that are 1/32 of their size wide. For the programs of scripts/bench.
 */

enum { HISTOGRAM_FINE = 32, HISTOGRAM_CLASSES = 40 * HISTOGRAM_FINE };

struct histogram {
    uint64_t classes[HISTOGRAM_CLASSES], count, max_us;
};

static inline int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline size_t histogram_class(uint64_t us)
{
    unsigned shift = 0;
    while (us >> shift >= 2 * HISTOGRAM_FINE)
        shift++;
    return (size_t)shift * HISTOGRAM_FINE + (size_t)(us >> shift);
}

static inline void histogram_take(struct histogram *histogram, int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;
    histogram->classes[histogram_class(us)]++;
    histogram->count++;
    if (us > histogram->max_us)
        histogram->max_us = us;
}

// So many microseconds or fewer took that part (0..1) of all.
static inline uint64_t histogram_at(const struct histogram *histogram, double part)
{
    uint64_t wanted = (uint64_t)(part * (double)histogram->count), seen = 0;
    for (size_t i = 0; i < HISTOGRAM_CLASSES; i++) {
        seen += histogram->classes[i];
        if (seen <= wanted)
            continue;
        size_t shift = i < 2 * HISTOGRAM_FINE ? 0 : i / HISTOGRAM_FINE - 1;
        return (uint64_t)(i - shift * HISTOGRAM_FINE) << shift;
    }
    return histogram->max_us;
}
