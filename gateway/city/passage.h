// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tally.h"

/*
 * How fast a counter counts, over the last minute or, where its readings are farther apart, between the last two. Of every ten
 * seconds it keeps one point, of the newest eight that have one, so that the order in which readings come does not matter.
 */

enum { PASSAGE_POINTS = 8 };

struct passage {
    struct passage_point {
        int64_t slot, time_us; // slot: the ten seconds; time: of the newest reading in them
        double value;          // a running total's newest, or all that was counted in them
    } points[PASSAGE_POINTS];  // rising
    uint32_t count;
};

// Takes what a tally took. A time that went back with our own clock begins it anew.
void passage_take(struct passage *passage, enum tally_kind kind, const struct reading *reading, double value);

double passage_per_minute(const struct passage *passage, enum tally_kind kind); // NAN: not known yet
