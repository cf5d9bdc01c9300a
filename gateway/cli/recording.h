// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "city/ride.h"

/*
 * A recorded drive as CSV: a header names the columns, in any order, and others are stepped over. Separators are commas, or semicolons or
 * tabs where the header has one; fields may be quoted. A decimal comma is taken in quotes, and where no comma separates. Names are compared by their
 * letters and digits. A time is in seconds, or a clock's (13:51:22.050, also with a colon before the milliseconds). An empty field, or nan, is not known.
 */

enum recording_column {
    COLUMN_TIME,
    COLUMN_X,
    COLUMN_Y,
    COLUMN_Z,
    COLUMN_LATITUDE,
    COLUMN_LONGITUDE,
    COLUMN_SPEED,
    COLUMN_HEADING,
    COLUMN_HDOP,
    COLUMN_COUNT
};

enum { RECORDING_FIELDS_MAX = 256 }; // what stands beyond is stepped over

struct recording {
    char separator;
    unsigned char name[RECORDING_FIELDS_MAX]; // of each field: a row of the table of names, or RECORDING_OTHER
};

struct recording_row {
    double time;           // in seconds, or what recording_units_of() makes of it
    bool has_acceleration; // else it is a position alone
    struct ride_acceleration acceleration;
    struct ride_position position; // NAN: not known
    bool has_no_fix;               // latitude and longitude are 0
};

// 0, or -EINVAL where a column is missing.
int recording_header(struct recording *recording, const char *line, size_t size, struct fault *why);

// 0: a row; -ENODATA: an empty line; -EINVAL: it cannot be used. "what is wrong; what was expected"
int recording_read(const struct recording *recording, const char *line, size_t size, struct recording_row *ret_row,
                   struct fault *why);
