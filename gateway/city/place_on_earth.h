// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <math.h>
#include <stdbool.h>

/*
 * Places that are at most some kilometres apart: the earth is flat between them, and its meridians run together.
 */

#define METRES_PER_DEGREE 111195.0 // of a great circle of 6371 km

static inline bool place_is_one(double latitude, double longitude)
{
    return fabs(latitude) <= 90 && fabs(longitude) <= 180;
}

static inline double place_radian(double degrees)
{
    return degrees * (3.14159265358979323846 / 180);
}

static inline double place_degrees_east(double longitude, double other_longitude)
{
    double degrees = other_longitude - longitude;
    return fabs(degrees) > 180 ? remainder(degrees, 360) : degrees;
}

static inline double place_distance_m(double latitude, double longitude, double other_latitude, double other_longitude)
{
    double north = other_latitude - latitude;
    double east = place_degrees_east(longitude, other_longitude) * cos(place_radian((latitude + other_latitude) / 2));
    return METRES_PER_DEGREE * sqrt(north * north + east * east);
}

// Whether they are farther apart than that by their latitudes alone, which is quickly seen.
static inline bool place_is_beyond(double latitude, double other_latitude, double metres)
{
    return fabs(latitude - other_latitude) * METRES_PER_DEGREE > metres;
}

// One standard deviation of a position, from what is told of it (NAN: nothing).
static inline double place_error_m(double accuracy_m, double hdop)
{
    if (accuracy_m >= 0)
        return accuracy_m;
    return hdop >= 0 ? 4 * hdop : 5;
}
