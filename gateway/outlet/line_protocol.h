// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "reading/reading.h"
#include <stdint.h>

/*
 * InfluxDB line protocol: one reading is one point on one line.
 *
 *   KIND,gateway=G,municipality=M,sensor=S,zone=Z epoch="k7f3",seq=1042i,quality="good",time_quality="synced",FIELDS TIME
 *
 * Tags stand sorted by key, as the server wants them; an empty zone is `-`. FIELDS are the reading's values: floats, except
 * VALUE_INTEGER (`i`), booleans and quoted text, so that a field's type depends on the vocabulary alone and never changes
 * between writes. `authenticated=false` marks what came over plain CoAP from beyond this machine. TIME is microseconds
 * UTC. The same reading always gives the same line, so sending it again overwrites the point with itself.
 */

// What is the same in every line of this gateway.
struct line_identity {
    const char *gateway, *municipality, *epoch;
};

// Appends the line with its line break. Check out->overflow.
void line_append(const struct line_identity *identity, const char *sensor, uint64_t seq, const struct reading *reading,
                 struct bytes *out);
