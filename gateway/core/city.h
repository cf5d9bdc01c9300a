// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "buffer/buffer.h"
#include "city/alerts.h"
#include "city/gateway_health.h"
#include "hold.h"
#include "reading/sensors.h"
#include "roads.h"
#include <jansson.h>

/*
 * Where the city room meets the gateway: the readings of a pack go through it before they are stored, and what it makes of them (zones,
 * alerts) is stored after them, as readings of streams of their own. What it knows outlives a restart as part of the file of
 * where the sensors stand (standing.h): as of some reading, and those after it are read back.
 */

struct city;

struct city_options {
    const struct clock *clock;
    const struct settings *settings;
    const struct sensors *sensors;
    struct buffer *buffer;
    const struct hold *hold;
    void (*made)(void *context, uint32_t stream); // loop: there is a new stream of what was derived
    // A reading of that sensor was made of its samples, and will be stored. It is valid during the call.
    void (*told)(void *context, const struct sensor *sensor, const struct reading *reading);
    void *context;
};

// Borrows what `options` points to. -ENOMEM.
int city_create(const struct city_options *options, struct city **ret_city, struct fault *why);
void city_destroy(struct city *city); // NULL is fine

// Whether the sensors are well, by all that they say, also where it is left out afterwards. Sets the readings' quality.
void city_hear(struct city *city, struct normalised_pack *pack, bool clock_synchronised);
// What the readings, with a bay's state in them, mean to their zones, before they are stored. Marks what is not believed, and leaves out
// what may not be told. A text that it adds lives until the next call.
void city_take(struct city *city, struct normalised_pack *pack);
// The readings of the last city_take were not stored, and whoever sent them sends them again: no zone has counted them.
void city_undo(struct city *city);

// Loop, at the end of a turn, and once a second: stores what there is to tell. Returns whether anything was stored.
bool city_turn(struct city *city);
void city_tick(struct city *city, bool clock_synchronised);

// A sample of a vehicle's ride, in boot time (see vehicle.h); and what is undecided of all rides.
void city_sample(struct city *city, const struct sensor *sensor, const struct ride_sample *sample);
void city_flush(struct city *city);

// Now and then: what is known of the gateway itself.
void city_facts(struct city *city, const struct gateway_facts *facts, bool clock_synchronised);

/* Over a restart. */

// How often an alert began, changed or ended: what is saved should follow them soon.
uint64_t city_alerts_told(const struct city *city);

// A JSON object; the caller owns it. NULL without memory.
json_t *city_save(const struct city *city);
// The places of roads, which are too many for it: see place_file.h. Appends, at most CITY_PLACES_MAX bytes; none: there are none to keep.
enum { CITY_PLACES_MAX = ROADS_KEPT_MAX };
void city_save_places(const struct city *city, struct bytes *out);

// What another start saved, or NULL; what is no such thing is passed over.
void city_restore(struct city *city, const json_t *saved);
int city_restore_places(struct city *city, const uint8_t *data, size_t size); // -EBADMSG
// After it: each stored reading since then, of that sensor, and when it was stored.
void city_recall(struct city *city, const struct sensor *sensor, const struct reading *reading, int64_t stored_us);
// After them: alerts whose newest stored reading, which may be newer than what was saved, says something else are told anew.
void city_begin(struct city *city);
// Another device is in the old one's place: what was wrong with that is over.
void city_forget(struct city *city, const struct sensor *sensor);

/* For status and metrics. */

struct city_figures {
    size_t alerts;
    uint64_t alerts_refused; // that found no room
    uint64_t derived, derived_dropped;
    struct roads_figures roads;
};

void city_figures(const struct city *city, struct city_figures *ret_figures);
const struct alert *city_alert(const struct city *city, size_t index); // NULL: that was all
// The last reading, as stored, of the zone with that number in the settings; empty: none since the start.
const struct bytes *city_zone(const struct city *city, size_t index);
