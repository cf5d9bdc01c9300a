// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city.h"
#include "city/health.h"
#include "city/zones.h"
#include "derived.h"

/*
 * What the parts of city.h share: what happens now (city.c), and what is known over a restart (city_memory.c).
 */

#define CITY_DENSITY "density" // the condition of a zone's

struct city {
    struct city_options options;
    struct zones *zones;
    struct health *health; // by sensor index
    struct alerts *alerts;
    uint64_t alerts_told;
    struct gateway_health gateway;
    struct derived derived;
    struct bytes *zone_readings; // of each zone of the settings: its last one, as stored
    struct roads *roads;
    char places[PACK_READINGS_MAX][PLACE_ID_SIZE]; // that the last pack's readings tell
    struct { // what zones knew of the last pack's sensors before it, one behind the other in `bytes`
        struct bytes bytes;
        size_t sensors[PACK_READINGS_MAX], begins[PACK_READINGS_MAX];
        size_t count;
    } undo;
    // By sensor index: when it was heard last while the clock was not set, in boot time; 0: it was not.
    int64_t *unset_boot_us;
    bool clock_synchronised;
    int64_t began_boot_us, ahead_us; // at the start: the boot time, and how far the wall clock was ahead of it
    bool looked;                     // for what there is to tell, since the last reading
};

// Stores what the alert is now; NULL: that is no news.
void city_tell_alert(struct city *city, const struct alert *alert);

// What the alert of that stream is now, which is in the table, or over; NULL: the stream is none of an alert.
const struct alert *city_alert_of(const struct city *city, const char *stream, struct alert *ret_over);

// What there is to tell goes to what waits to be stored.
void city_look(struct city *city);
