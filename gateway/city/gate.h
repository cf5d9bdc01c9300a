// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/zone.h"
#include "keep.h"
#include "settings/settings.h"

/*
 * A sensor that counts who goes in and who goes out: people at a door, vehicles at a barrier.
 */

enum { GATE_WAYS = 2 }; // in, out

struct gate {
    struct gate_way {
        struct tally tally;
        struct passage passage;
    } ways[GATE_WAYS];
};

// Takes what the reading counted. The gate is made with the first count; the caller frees it. Without memory it said nothing.
enum zone_news gate_take(struct gate **gate, const struct settings_sensor *sensor, const struct reading *reading,
                         int64_t since_us);

void gate_since(struct gate *gate);              // see tally.h
double gate_inside(const struct gate *gate);     // how many more went in than out
double gate_per_minute(const struct gate *gate); // both ways together; NAN: not known yet
void keep_gate(struct keep *keep, struct gate *gate);
struct gate *gate_copy(const struct gate *gate); // NULL without memory
