// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which sequence numbers were seen, as ranges: what arrives in order takes one range however long it goes on.
 */

struct seen_range {
    uint64_t first, last;
};

struct seen { // zero-initialise; end with seen_finish
    struct seen_range *ranges;
    size_t count, size;
    uint64_t blurred; // numbers that were not seen but lie within a range, for want of room: they count as missing
};

enum seen_result { SEEN_NEW, SEEN_AGAIN, SEEN_NO_MEMORY };

// With more than `max` ranges (at least 1) the two with the least between them become one.
enum seen_result seen_add(struct seen *seen, uint64_t number, size_t max);
void seen_finish(struct seen *seen);
