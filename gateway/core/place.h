// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "city/ride.h"
#include "reading/raw.h"
#include "reading/reading.h"

/*
 * Where something is, as a receiver says it in the values of a pack or a reading.
 */

struct place {
    struct ride_position position;
    bool says;   // any of it
    bool no_fix; // the receiver knows no position
    bool has_time;
    int64_t time_us; // UTC, with has_time
};

// What is known of a receiver's times.
struct place_times {
    int64_t timed_boot_us; // when the last position with a time came; 0: never
};

// Values of other names, units and ranges are left alone. A name may have an address in front.
void place_read_raw(const struct raw_pack *raw, struct place *ret_place);
void place_read(const struct reading *reading, struct place *ret_place);

// Whether it is an event, as devices that detect bumps themselves send it.
bool place_is_event(const struct reading *reading);

// Latitude and longitude 0 are what many devices say before they know better.
void place_leave_out_none(struct reading *reading);

// When that was, in boot time: by the receiver's time where the clock is set and the two are near one another, else now. Receivers that
// say each position with its time and again without (RMC, GGA) would seem to jerk: then what has none only completes the other.
int64_t place_time(struct place *place, struct place_times *times, const struct clock *clock, int64_t now_boot_us);
