// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "city/calendar.h"
#include "city/zone.h"
#include "reading/reading.h"
#include "settings/settings.h"

/*
 * A car park, or the bays of a street: how many spaces are free.
 *
 * Bays tell it one by one, by `state`, else by `occupied`. A bay that calibrates, does not know, has not said anything yet, or whose
 * sensor has been silent for longer than its `stale_after`, is unknown; so is a space of the capacity without a sensor. One that is out
 * of service today leaves the capacity. Without a capacity, or with one that is too small, the bays are the capacity.
 *
 * Counters of kind traffic, where there are any that have counted, tell it for the whole: occupied = what there was at the last
 * `reset` + entries - exits, cut at 0 and at the capacity. What is cut is `drift`: it has been counted wrong, or was there before. Until
 * a first reset it begins with `reset_to`, too. With counts = in or out a sensor's `vehicles` and `vehicles_total` are entries or exits,
 * and `in`, `in_total`, `out`, `out_total` tell it themselves.
 *
 * `occupancy` is the part of the known spaces that is occupied: what nobody knows is taken to be like the rest, as long as that is less
 * than half. `band` counts which of the `bands` it has reached; it leaves one when it is two percent below, or one space, which counts ten
 * percent at most, whichever is more; `almost_full` the same. `full` is no space known to be free, and ends two percent below.
 *
 * Readings may come late, twice and in any order: the newest of each sensor counts, and counts are added up as tally.h says. (A band
 * has its way of coming about, and remembers what came in between.) Nothing here is lost or made up by a restart when it is kept.
 */

// As `zone/{zone}` has it; -1: not known.
struct zone_parking_figures {
    int64_t capacity, occupied, free, unknown, out_of_service, drift, silent;
    int64_t known; // the spaces that the occupancy is a part of; 0: it has none
    int64_t band, fill;
};
enum { PARKING_FREE_SPACES, PARKING_ALMOST_FULL, PARKING_FULL };

struct zone_parking;

// Borrows both; without `calendar` days are those of UTC. NULL without memory.
struct zone_parking *zone_parking_create(const struct settings_zone *settings, const struct calendar *calendar);
void zone_parking_destroy(struct zone_parking *zone);

// Adds a sensor that stands in it and returns its number, from 0; -ENOMEM.
int zone_parking_add(struct zone_parking *zone, const struct settings_sensor *sensor);

// Takes a reading of that sensor, after parking_take(). `now_us` is what the time is: silence, resets and days out of service follow it.
// Of a reading that is read back it is when that was stored. While the clock is not set, it is the reading's own.
enum zone_news zone_parking_take(struct zone_parking *zone, int number, const struct reading *reading, int64_t now_us);

// Once a second, or less often: who has been silent for too long, what is out of service, whether there was a reset.
void zone_parking_tick(struct zone_parking *zone, int64_t now_us);

// The sensor was heard at that time, which was not known when it was.
void zone_parking_heard(struct zone_parking *zone, int number, int64_t heard_us);

void zone_parking_figures(const struct zone_parking *zone, struct zone_parking_figures *ret_figures);

// What there is to tell, at most once a second: `clock_us` is any clock that does not go back. False when nothing is other than it was
// told last. The reading's texts live as long as the settings. Its time is that of the reading by which it came about, whose sensor is its
// `cause`, but not before that of the one told last.
bool zone_parking_report(struct zone_parking *zone, int64_t clock_us, struct reading *ret_reading);
void zone_parking_tell_again(struct zone_parking *zone);      // what it told last was lost
int64_t zone_parking_due_us(const struct zone_parking *zone); // by that clock; INT64_MAX: nothing to tell

// What it knows, to be kept over a restart; sensors are found again by their ids. After it comes a tick. -EBADMSG, and the zone is as
// it was, when these are not such bytes; -ENOMEM.
void zone_parking_keep(const struct zone_parking *zone, struct bytes *out);
int zone_parking_restore(struct zone_parking *zone, const uint8_t *data, size_t size);

// The same of one sensor, so that what was taken of it can be undone at once.
void zone_parking_keep_member(const struct zone_parking *zone, int number, struct bytes *out);
int zone_parking_put_back(struct zone_parking *zone, int number, struct view *view, int64_t now_us);
