// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What became known afterwards of the clock: readings of these numbers that were taken by a clock that was not
 * synchronised have the time wall_at_boot_us + (their time since boot). Ascending and disjoint; what was corrected once
 * is never corrected again.
 */

enum { CORRECTIONS_MAX = 64 };

struct correction {
    uint64_t from, to; // numbers [from, to)
    int64_t wall_at_boot_us;
};

struct corrections {
    struct correction list[CORRECTIONS_MAX];
    size_t count;
};

// Adds one at the end, but for what is covered already; what lies below `oldest` goes, and where there are too many, the
// oldest does. False: it would change nothing.
bool corrections_add(struct corrections *corrections, uint64_t oldest, const struct correction *correction);

// The time of a reading with that number, or 0.
int64_t corrections_apply(const struct corrections *corrections, uint64_t number, int64_t boot_us);

// Whether any of [from, to) is corrected.
bool corrections_within(const struct corrections *corrections, uint64_t from, uint64_t to);

// Where the last one ends: the table that reaches further is the newer one. 0: it is empty.
uint64_t corrections_end(const struct corrections *corrections);
