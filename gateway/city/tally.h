// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"

/*
 * What a counter counted since some moment, in whatever order its readings come. A running total tells it by how much it grew: it is
 * remembered where it stood at the moment, and where it stands. Counts since the reading before are added up, each time of a reading
 * once; which times there were is remembered of the last 64, and what is older than these is refused.
 */

enum tally_kind { TALLY_NONE, TALLY_TOTAL, TALLY_COUNTS, TALLY_KIND_COUNT };
enum { TALLY_SEEN_MAX = 64 };

struct tally {
    enum tally_kind kind;
    int64_t newest_us, from_us;
    double newest, from; // TALLY_TOTAL: where it stands, and where it stood at the moment (or when it was first seen)
    double sum;          // TALLY_COUNTS
    int64_t seen_us[TALLY_SEEN_MAX]; // TALLY_COUNTS: times of readings, rising
    uint32_t seen_count;
};

// Takes that value of the reading. False when it came already, or may have. Counting since `since_us`, which an estimated time is never
// before: not later than what was taken before tally_since() was told so.
bool tally_take(struct tally *tally, enum tally_kind kind, const struct reading *reading, double value,
                int64_t since_us);

// From now on it counts since a moment at which all that was taken so far had happened.
void tally_since(struct tally *tally);

double tally_sum(const struct tally *tally); // never negative
