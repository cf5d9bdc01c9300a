// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A vehicle's ride: acceleration of one device and positions of another become samples, one behind the other, each with its
 * time and with where it was. Nothing is believed of the rate: it is measured.
 *
 * Time is microseconds of a clock of the caller's that does not go back (boot time), the samples' too. Devices deliver in
 * batches, and many samples have one stamp, or stamps much nearer than the rate has it (less than half a period): they are spread
 * evenly from the first of these stamps to the first one of the next batch, so that a sample comes out once that is known. A device's own clock serves for the distances alone; where it stands is told by the reception, which it
 * is led towards by 2 % of the time that passes at most, so that its distances stay what they are. When it steps back, or leaps
 * forward, it is anchored anew, and the samples' time goes on.
 *
 * Between two positions a sample's own is interpolated. It waits for the second one for two seconds (of samples' time) at
 * most, and not at all without a first one that is still good.
 *
 * Every sample that goes in comes out, once, in its order. A ride takes some 60 kB and never more.
 */

struct ride;

// When something was measured, as far as that is known.
struct ride_stamp {
    int64_t received_us; // by the caller's clock
    int64_t device_us;   // by a clock of the device's own, wherever that begins
    bool has_device;
};

struct ride_acceleration { // m/s2, along the axes of the device
    double x, y, z;
};

struct ride_position { // NAN: not told
    double latitude, longitude;
    double speed_mps, heading_deg, hdop;
    double accuracy_m; // one standard deviation, horizontally
};

struct ride_sample {
    int64_t time_us; // later than that of the sample before
    struct ride_acceleration acceleration;
    bool has_position; // else there was no fix, or it is more than three seconds old
    struct ride_position position;
    int64_t position_age_us; // how far away in time the nearest fix is that it was made of
};

// Called back from within the functions below, and may not call them.
typedef void ride_sink(void *context, const struct ride_sample *sample);

struct ride_figures {
    uint64_t samples_in, samples_out;
    uint64_t duplicates; // stamps equal to the one before
    uint64_t backward;   // steps back of the device's clock
    uint64_t leaps;      // steps forward, of more than ten seconds that did not pass
    uint64_t gaps;       // where more than four samples are missing
    uint64_t repeated;   // accelerations equal to the one before
    uint64_t located;    // samples that came out with a position
    uint64_t fixes;      // positions that differ from the one before
    uint64_t no_fixes;   // reports that the receiver knows no position
    int64_t largest_gap_us;
    double rate_hz;      // 0: not known yet
    double jitter_us;    // how far stamps are from where the rate would have them, root mean square
    bool has_fix;        // the newest report was one
    int64_t last_fix_us; // when it was; 0: never
    size_t waiting;      // samples that went in and are not out yet
};

// NULL without memory.
struct ride *ride_create(ride_sink *sink, void *context);
void ride_destroy(struct ride *ride); // NULL is fine; what waits is not given out

void ride_accelerate(struct ride *ride, const struct ride_stamp *stamp, const struct ride_acceleration *acceleration);

// The time of the newest stamp: of a position that came with that acceleration.
int64_t ride_now(const struct ride *ride);

// A position of that time, which may be late or early by seconds; of two at one time the second counts. Without latitude and
// longitude it completes the newest one. Latitude and longitude 0 are no fix.
void ride_locate(struct ride *ride, int64_t time_us, const struct ride_position *position);

// The receiver says that it has no fix: samples from then on have no position.
void ride_no_fix(struct ride *ride, int64_t time_us);

// Gives out what waits; for when nothing more comes, soon or at all.
void ride_flush(struct ride *ride);

void ride_figures(const struct ride *ride, struct ride_figures *ret_figures);
