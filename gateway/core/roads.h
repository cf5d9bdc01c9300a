// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "city/places.h"
#include "city/ride.h"
#include "derived.h"
#include "reading/sensors.h"

/*
 * What the rides of vehicles tell of the roads: bumps, each judged by what is known of its place, and how rough each hundred metres are.
 * Both become readings of the vehicle's sensor: a bump is an event, a stretch of road is not. From within a `private_area` nothing
 * is told, and no reading keeps a position there.
 */

struct roads;

struct roads_options {
    const struct clock *clock;
    const struct settings *settings;
    const struct sensors *sensors;
    struct derived *derived;
    // A reading of that sensor was made, and will be stored. It is valid during the call.
    void (*made)(void *context, const struct sensor *sensor, const struct reading *reading);
    void *context;
};

// Reads the known objects; what is wrong with their file is logged. -ENOMEM.
int roads_create(const struct roads_options *options, struct roads **ret_roads, struct fault *why);
void roads_destroy(struct roads *roads); // NULL is fine

// A sample of a ride, in boot time (see vehicle.h).
void roads_take(struct roads *roads, const struct sensor *sensor, const struct ride_sample *sample,
                bool clock_synchronised);
// What is still undecided of all rides.
void roads_flush(struct roads *roads);
// Once a second: places that nobody hit for long are forgotten, once a day and once the clock is set after a start.
void roads_tick(struct roads *roads, bool clock_synchronised);

// Whether it is a bump that a device found by itself within its private area: of that nothing is told.
bool roads_hides(const struct sensor *sensor, const struct reading *reading);
// Takes a position within the sensor's private area out of its reading.
void roads_guard(const struct sensor *sensor, struct reading *reading);

// What a device says of a bump that it found by itself, and where, is judged by what is known of the place, too, and the reading then tells that,
// with `place` as one of its texts. The same bump once more counts once.
void roads_meet(struct roads *roads, const struct sensor *sensor, struct reading *reading, char place[PLACE_ID_SIZE]);

// The places, over a restart (see place_file.h). Without vehicles there is nothing to keep.
enum { ROADS_KEPT_MAX = 8 << 20 };
void roads_keep(const struct roads *roads, struct bytes *out);
int roads_restore(struct roads *roads, const uint8_t *data, size_t size); // -EBADMSG
// After it: each stored reading since then, of that sensor. A bump that the places know already counts once.
void roads_recall(struct roads *roads, const struct sensor *sensor, const struct reading *reading);

struct roads_figures {
    uint64_t bumps, stretches, private_samples;
    uint64_t forgotten; // stretches that ended with less than half of them measured
    uint64_t unsound;   // samples that make no roughness: not numbers, over 1000 m/s2, or not later than the one before
    size_t places, confirmed, known;
    // Of the places: those forgotten for want of room; bumps without a position that is good enough; bumps that came late and
    // had the places around put together again, and of these those with too much around for all of it.
    uint64_t evicted, refused, late, rough;
};

void roads_figures(const struct roads *roads, struct roads_figures *ret_figures);
