// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "recording.h"
#include <stddef.h>

/*
 * The units of a recorded drive whose header does not tell them, by what its first rows can only mean: nobody samples a road once in
 * seconds, so such times are in milli-, micro- or nanoseconds; and where all axes together are one, and not 9.8, they are in g.
 */

struct recording_units {
    double time_s, acceleration_mps2;          // what a one means
    const char *time_name, *acceleration_name; // NULL: as the header says
};

struct recording_units recording_units_of(const struct recording_row *rows, size_t count);

// The row in seconds and m/s2.
void recording_units_apply(const struct recording_units *units, struct recording_row *row);
