// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "city/zone.h"
#include "reading/reading.h"
#include "settings/settings.h"

/*
 * A road, or a section of one: what its sensors said in each minute, as boards of travel times show it. Nothing is made up, and no
 * vehicle is looked for again elsewhere: speeds and travel times are those that the devices give.
 *
 * A minute goes by the times of readings; one at its very end is the last of it. (Local minutes are those of UTC: time zones differ by
 * quarters of an hour.) It is told TRAFFIC_WAIT_S seconds after it ended, by what the time is; what comes later, or has a time that is more than a
 * minute ahead, has no part in it. Of a minute in which nobody spoke there is nothing to tell.
 *
 * `speed_mps`, `travel_time_s` and `occupancy` are the medians of all that readings said, up to 256 of each in a minute; of more, a
 * sample that depends neither on the values nor on the order (samples.h).
 *
 * `vehicles` adds up, over the sensors, how much their running totals grew since the last one of an earlier minute, so that of what came
 * too late nothing is lost, or else their counts since the reading before (`vehicles`), each time of a reading once, of the last
 * 64 (tally.h). `period_s` is 60, or what a sensor that reports less often counted over, if that is more. What was counted before a total
 * was first seen is not known.
 *
 * `sensors` is how many spoke. Readings may come twice and in any order. Of a zone some 50 kB are remembered, of a sensor one.
 */

enum { TRAFFIC_WAIT_S = 20 };

struct zone_traffic;

// As zone_parking.h has them; it needs no calendar.
struct zone_traffic *zone_traffic_create(const struct settings_zone *settings);
void zone_traffic_destroy(struct zone_traffic *zone);
int zone_traffic_add(struct zone_traffic *zone, const struct settings_sensor *sensor);
enum zone_news zone_traffic_take(struct zone_traffic *zone, int number, const struct reading *reading, int64_t now_us);
void zone_traffic_tick(struct zone_traffic *zone, int64_t now_us);

// The next minute that is to be told, the oldest first; each is told once. The reading's time is its end. At most four minutes wait to be
// asked for: a fifth takes the place of the oldest.
bool zone_traffic_report(struct zone_traffic *zone, struct reading *ret_reading);
// After a restart: the minutes up to that one were told, whatever was kept.
void zone_traffic_told(struct zone_traffic *zone, int64_t until_us);
int64_t zone_traffic_due_us(const struct zone_traffic *zone); // INT64_MIN: now; INT64_MAX: nothing to tell

void zone_traffic_keep(const struct zone_traffic *zone, struct bytes *out);
int zone_traffic_restore(struct zone_traffic *zone, const uint8_t *data, size_t size);
void zone_traffic_keep_member(const struct zone_traffic *zone, int number, struct bytes *out);
int zone_traffic_put_back(struct zone_traffic *zone, int number, struct view *view);
