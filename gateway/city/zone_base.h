// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/calendar.h"
#include "keep.h"
#include "settings/settings.h"

/*
 * What car parks and places have in common: since when they count, and when and how they tell of a change.
 */

struct zone_base {
    const struct settings_zone *settings;
    const struct calendar *calendar;
    int64_t since_us, next_us; // of resets: the last and the next; since_us NEVER_US: there was none
    bool due, told;
    int64_t told_us, told_clock_us; // the time of the reading told last, and when it was told
    bool told_by_us;                // that time is of our clock, not of a sensor's
    // What the change came about by. Without a sensor: time passed.
    const struct settings_sensor *cause;
    int64_t cause_us;
    enum time_quality cause_quality;
    bool cause_unauthenticated;
};

#define NEVER_US (-(INT64_C(1) << 60))

void zone_base_init(struct zone_base *base, const struct settings_zone *settings, const struct calendar *calendar);

// Whether there is another reset between then and now: what is counted begins anew. Back, by more than a day, it goes only when the
// clock says so: not by a reading whose sensor lost its own.
bool zone_base_pass(struct zone_base *base, int64_t time_us, bool may_go_back);

// The time now. What was told by our own clock lies behind it; else that was set back, and goes on from here.
void zone_base_tick(struct zone_base *base, int64_t now_us);

// Whether the sensor has been silent for longer than its `stale_after`; 0 is never.
bool zone_base_is_silent(const struct settings_sensor *sensor, bool was_heard, int64_t heard_us, int64_t now_us);

// There is something to tell, by that reading, or NULL: by the time.
void zone_base_change(struct zone_base *base, const struct settings_sensor *cause, const struct reading *reading,
                      int64_t now_us);

int64_t zone_base_due_us(const struct zone_base *base);
// A reading of that zone and time, without values so far.
void zone_reading(const struct settings_zone *settings, int64_t time_us, enum time_quality quality,
                  struct reading *ret_reading);
// Begins a reading, with its cause still to be added. False when it is not time.
bool zone_base_begin(struct zone_base *base, int64_t clock_us, struct reading *ret_reading);
void zone_base_end(const struct zone_base *base, struct reading *reading);
