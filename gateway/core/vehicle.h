// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "city/ride.h"
#include "drivers/driver.h"
#include "reading/sensors.h"

/*
 * Vehicles: the sensors of kind bump whose source says acceleration. That is not stored reading by reading, but becomes the samples of
 * a ride (see city/ride.h), together with the positions that the sensor's own source says, or the one that its `position` names. The
 * times of samples are boot time.
 */

struct vehicles;

// Takes the samples of all vehicles, in the order of each.
typedef void vehicle_consumer(void *context, const struct sensor *sensor, const struct ride_sample *sample);

struct vehicle_figures {
    const char *sensor; // its id
    struct ride_figures ride;
    uint64_t incomplete;     // accelerations that lacked an axis, or had one outside its range, and made no sample
    int64_t position_age_us; // since the newest fix; -1: none
};

// Borrows all. -ENOMEM.
int vehicles_create(const struct settings *settings, const struct sensors *sensors, const struct clock *clock,
                    struct vehicles **ret_vehicles);
// All that follows does nothing for NULL.
void vehicles_destroy(struct vehicles *vehicles);

// From now on samples go there; NULL: nowhere, they are only counted.
void vehicles_consume(struct vehicles *vehicles, vehicle_consumer *consumer, void *context);

// Takes the position out of a pack, for the vehicles whose `position` names its source. True: nobody else is to have the pack, because
// no sensor has that source.
bool vehicles_locate(struct vehicles *vehicles, const char *source, const struct driver_pack *pack);

// Takes acceleration and angular rates out of the pack's readings; those that hold nothing else leave it, and what is left of others
// is marked as a rest. Returns how many accelerations it took; they become samples with vehicles_settle().
size_t vehicles_take(struct vehicles *vehicles, struct normalised_pack *pack, int64_t received_us);
// The pack was taken, or it was refused, and whoever sent it may send it again: then it was no ride.
void vehicles_settle(struct vehicles *vehicles, bool taken);

// Ends a turn of the loop, within which everything is received at one time.
void vehicles_turn(struct vehicles *vehicles);

// Once a second: what waits goes, where nothing has come for a second.
void vehicles_tick(struct vehicles *vehicles);
void vehicles_flush(struct vehicles *vehicles); // all of it

// The vehicles that have said something or whose section names a position. False after the last one.
bool vehicles_figures(const struct vehicles *vehicles, size_t index, struct vehicle_figures *ret_figures);
size_t vehicles_most(const struct vehicles *vehicles); // how many there can be
