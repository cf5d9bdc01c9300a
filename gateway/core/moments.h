// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The times of a sensor's last readings. Two readings of one sensor never share a time, so that each is a point of its own
 * in a time series; a reading that comes with a time that is taken gets the next free microsecond. Kept for the last
 * MOMENTS_MAX readings: a time that comes again later than that is not noticed.
 */

enum { MOMENTS_MAX = 64 };

struct moments {
    int64_t *times_us;         // a ring that grows as it fills
    uint32_t *contents;        // beside each, what the reading said, as a hash; NULL unless keeps_contents
    uint8_t size, count, next; // size: 0, 32 or MOMENTS_MAX
    bool keeps_contents;       // to be set before the first is taken
};

bool moments_taken(const struct moments *moments, int64_t time_us);
// Whether a reading with that time, or with the next ones that it may have been given instead, said the same.
bool moments_known(const struct moments *moments, int64_t time_us, uint32_t content);
void moments_take(struct moments *moments, int64_t time_us, uint32_t content); // without memory it remembers fewer
void moments_finish(struct moments *moments);
