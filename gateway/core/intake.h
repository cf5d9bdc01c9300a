// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include "city/frames.h"
#include "drivers/driver.h"
#include "moments.h"
#include "reading/sensors.h"

/*
 * The way in: a driver's pack becomes readings, and the readings become one append to the buffer, whole or not at all.
 * It also remembers each sensor's last reading, for screens.
 */

struct account;
struct city;
struct standing;
struct hold;
struct source;
struct unknowns;
struct vehicles;

struct sensor_live {
    uint32_t stream;
    struct bytes last; // the newest reading, as stored: one that came late is not the last
    // Its time, but not later than when it came: a clock that was ahead must not seem the newest for hours.
    int64_t last_us;
    int64_t last_boot_us; // when a reading was taken last; 0: none since start
    struct moments moments;
    uint64_t readings;
    struct frames frames;    // by the numbers that it gives them
    const char **quantities; // those that were ever seen; names of the vocabulary
    size_t quantity_count;
    struct bytes waiting; // what was merged and is not stored yet; see fast.h
    bool waits_as_rest;   // see struct normalised
    bool is_leaving;      // it is in the pack that is being stored
    int64_t waiting_boot_us;
    const struct source *waits_for;
};

struct intake {
    const struct clock *clock;
    const struct sensors *sensors;
    struct buffer *buffer;
    struct sensor_live *live; // by sensor index
    struct normalised_pack *pack, *spare;
    struct bytes stored;
    bool took, clock_asked, clock_synchronised; // in this turn of the loop
    uint64_t taken_bytes;                       // what the readings taken since the start need in the buffer, about
    bool stopping;                              // packs are refused as if full
    bool quantities_changed;                    // a sensor showed a quantity for the first time
    const struct hold *hold;                    // readings of an unset clock wait there
    struct account *account;                    // that counts what is refused; NULL: none
    struct city *city;                          // what readings mean; NULL: nobody asks
    struct standing *standing;                  // of each sensor, beyond its last reading; NULL: none
    struct unknowns *unknowns;                  // senders that no section names
    struct vehicles *vehicles;                  // that have raw acceleration; NULL: it is stored
};

// Also reads the end of the buffer back, to know which times and quantities its sensors had.
int intake_init(struct intake *intake, const struct clock *clock, const struct sensors *sensors, struct buffer *buffer,
                struct fault *why);
void intake_finish(struct intake *intake);

// Ends a turn of the loop, within which the kernel is asked only once whether the clock is synchronised. Also to be called
// before anything acts on a clock that has just been set. Returns whether a pack was taken since the last call.
bool intake_turn(struct intake *intake);

// Whether it is kept as one; what a device said beside its samples is not.
bool intake_is_event(const struct normalised *one);

// Shows a stored reading as the sensor's last, unless it came late.
void intake_keep_last(struct intake *intake, struct sensor_live *live, const struct reading *reading,
                      const void *stored, size_t size);

// A reading was made of that sensor's samples, and is stored by another way: shows it.
void intake_note(struct intake *intake, const struct sensor *sensor, const struct reading *reading);

// Stores what waits of that source (see fast.h).
void intake_flush(struct intake *intake, struct source *source);

// The verdict on a pack; a taken one is settled later through buffer_settled with the source as owner. Counts refusals.
enum refusal intake_take(struct intake *intake, struct source *source, const struct driver_pack *pack,
                         struct fault *why);
