// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/ride.h"

/*
 * How rough is the road? Every 100 m that a vehicle travels get one number: how strongly its body shook, up and down, as if it had
 * driven at 10 m/s. It compares roads that one vehicle drove on, and one road over the years. It is not IRI, which an accelerometer cannot
 * give: suspension, tyres and load are in it, and two vehicles may be compared only after they drove the same road.
 *
 * The index is a root mean square in m/s2 of the vertical acceleration between 0.7 and 5 Hz. Vertical is along the gravity that the
 * sensor feels over some four seconds, so that its mounting changes nothing. Below the band are braking, bends and slopes; in it a
 * vehicle's body answers to the road; above it are wheels, engine and the mount, and what a slow sensor cannot see, so that sensors
 * of 20 and of 200 Hz measure the same.
 *
 * The mean square grows as a power of speed. For roads whose slope has a white spectrum (ISO 8608, waviness 2) the power is 1. In
 * traffic a power law holds, too (SmartRoadSense, Sensors 17(2):305), and a recorded car had 0.96. So the root mean square grows with
 * the square root of speed, and that is taken out; a fleet that measured another power may set it. The law is not exact, which is why the
 * mean speed comes with the index.
 *
 * Below `slowest_mps` nothing is measured: there engine and people shake more than the road. Standing still adds neither way nor
 * shaking. Where positions tell no speed, it comes from how far apart they are, over 20 m and more. After a gap in the samples the
 * filters begin anew and the next two seconds do not count. A segment ends early where the fix is lost or samples fail for three seconds.
 * It is given out when at least half of `segment_m` was measured, and forgotten otherwise.
 */

struct roughness_settings {
    double segment_m;     // 100
    double slowest_mps;   // 3
    double reference_mps; // 10: the speed that the index is for
    double speed_power;   // 1: how the mean square grows with speed
};

extern const struct roughness_settings roughness_usual;

enum roughness_doubt {          // bits
    ROUGHNESS_FEW_SAMPLES = 1,  // fewer than 50 that count
    ROUGHNESS_LOW_RATE = 2,     // less than 12.5 Hz: a part of the band is missing, and the index is too low or wrong
    ROUGHNESS_SPEED_GUESSED = 4 // some of the speed comes from positions
};

struct roughness_segment {
    int64_t start_us, end_us; // of the samples' clock
    double start_latitude, start_longitude, end_latitude, end_longitude;
    double length_m;   // travelled, up to a step longer than asked for
    double measured_m; // of it, fast enough and with samples that count
    double speed_mps;  // mean while measured
    double index_mps2;
    double rate_hz;
    size_t samples;  // that count
    unsigned doubts; // of enum roughness_doubt
};

// Called back from within the functions below, and may not call them.
typedef void roughness_sink(void *context, const struct roughness_segment *segment);

struct roughness_filter { // of second order
    double first, second;
};

struct roughness_sum { // of what was measured over some way
    double metres, seconds, squares, power;
    size_t samples;
};

// All of its state; a caller may read what is said to be for it, and copy or drop the whole at any time.
struct roughness {
    struct roughness_settings settings;
    roughness_sink *sink;
    void *context;
    uint64_t segments;   // for the caller: given out
    uint64_t forgotten;  // begun, and too little of it measured
    uint64_t refused;    // samples: not numbers, over 1000 m/s2, or not later than the one before
    uint64_t weightless; // samples that count for nothing since gravity is missing in them, or far from 9.8 m/s2

    int64_t time_us; // of the last sample
    bool has_time;
    double period_s;       // followed
    size_t filter_samples; // since the filters began
    double filter_s;
    double gravity[3];
    struct roughness_filter high, low;

    bool is_open; // the segment
    struct roughness_segment segment;
    struct roughness_sum sum;

    bool has_stretch; // between positions far enough apart to tell a speed
    double stretch_latitude, stretch_longitude, stretch_s;
    struct roughness_sum stretch;
};

// The settings are copied.
void roughness_init(struct roughness *roughness, const struct roughness_settings *settings, roughness_sink *sink,
                    void *context);

// The next sample of the ride, in the order of their times.
void roughness_take(struct roughness *roughness, const struct ride_sample *sample);

// Ends the segment, for when nothing more comes.
void roughness_flush(struct roughness *roughness);
