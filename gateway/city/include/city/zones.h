// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/zone_crowd.h"
#include "city/zone_parking.h"
#include "city/zone_traffic.h"
#include "reading/sensors.h"

/*
 * All zones of a configuration, and which sensors stand in them: bays and counters of vehicles in car parks, sensors of kind crowd in
 * places, those of kind traffic along roads. Others only bear their zone's name. See zone_parking.h, zone_crowd.h and zone_traffic.h.
 *
 * Of its sensor's readings a zone remembers a bounded amount: some tens of bytes of a bay, two or three kilobytes of a counter; of a road
 * some 50 kB.
 */

struct zones;

// Borrows all three, and calls back `calendar` (which may be NULL: UTC). -ENOMEM.
int zones_create(const struct settings *settings, const struct sensors *sensors, const struct calendar *calendar,
                 struct zones **ret_zones);
void zones_destroy(struct zones *zones); // NULL is fine

// Takes a reading of that sensor into its zone, when it has one; after parking_take(). Puts `implausible` into what is not believed.
// `now_us` as in zone_parking.h.
enum zone_news zones_take(struct zones *zones, size_t sensor_index, struct reading *reading, int64_t now_us);

// What may leave the gateway of the sensor's own reading, after it was taken: see crowd_guard().
void zones_guard(const struct zones *zones, size_t sensor_index, struct reading *reading);

// The clock has been set: when a sensor was heard last that spoke before.
void zones_heard(struct zones *zones, size_t sensor_index, int64_t heard_us);

// Once a second.
void zones_tick(struct zones *zones, int64_t now_us);

// The next zone that has something to tell; false when there is none, or none yet. `clock_us` does not go back.
bool zones_report(struct zones *zones, int64_t clock_us, const struct settings_zone **ret_zone,
                  struct reading *ret_reading);

// What that zone told last was lost: it is reported again.
void zones_tell_again(struct zones *zones, const char *id);

// The next change of an alert.
bool zones_alert(struct zones *zones, const struct settings_zone **ret_zone, struct crowd_alert *ret_alert);

// After a restart: what was told of each zone's alert (CROWD_NORMAL: that there is none), whatever was kept.
void zones_alerted(struct zones *zones, enum crowd_level (*told)(void *context, const struct settings_zone *zone),
                   void *context);

// After a restart: the newest reading that was stored of that zone has that time. A road does not tell those minutes again.
void zones_told(struct zones *zones, const char *id, int64_t until_us);

// What the zones know, to be kept over a restart. What it holds of zones and sensors that are gone, or of another kind, is passed over.
// After it come the readings since, and a tick. -EBADMSG: these are not such bytes, and what was read up to there counts; -ENOMEM.
void zones_keep(const struct zones *zones, struct bytes *out);
int zones_restore(struct zones *zones, const uint8_t *data, size_t size);

// What its zone knows of that sensor, before a reading is taken, and as it was: for a reading that was refused, and comes again.
void zones_keep_sensor(const struct zones *zones, size_t sensor_index, struct bytes *out);
int zones_put_back(struct zones *zones, size_t sensor_index, struct view *view, int64_t now_us);
