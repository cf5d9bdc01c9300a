// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/ride.h"
#include "settings/settings.h"

/*
 * Where a vehicle's ride goes over a bump: samples in, events out. An event is a candidate, never "a pothole"; it carries what was
 * measured, by which detector and with which settings, so that a city may judge anew.
 *
 * Samples are brought to 100 Hz, whatever the device's rate. Gravity is the mean of some seconds, as a vector, and what counts
 * is the acceleration along it: how the device is mounted changes nothing. Where the device takes gravity away itself, it is the axis
 * along which it shakes most, and shapes are unknown. Four detectors of the literature look at it, smoothed over
 * 50 ms: z-peak, z-diff, stdev(z) and g-zero (Mednis et al., DCOSS 2011), with lower thresholds below 25 km/h (two regimes: Mohan et
 * al., Nericell, SenSys 2008). Beside its threshold, an event must stand out from what the road itself does, in the seconds before
 * and after: a worn road is not a row of bumps. What follows within a vehicle's length or two is the same object's.
 *
 * An event comes out some six seconds after it happened (of the samples' time). A gap in the samples ends the signal, and another
 * begins behind it. A detector takes some 110 kB and never more; nothing is allocated for a sample.
 */

struct bump;

struct bump_settings {
    double zpeak_mps2, zdiff_mps2, stdev_mps2, gzero_mps2;
    double standout; // how many times the road's own level
    double speed_min_mps, slow_mps, slow_factor;
    double apart_m, refractory_s, gnss_delay_s;
    double medium_mps2, heavy_mps2; // where severity 2 and 3 begin
};

enum bump_shape { BUMP_UNKNOWN, BUMP_DIP, BUMP_HUMP, BUMP_SHAPE_COUNT };
extern const char *const bump_shape_names[BUMP_SHAPE_COUNT]; // "unknown", ...

enum { BUMP_SUMMARY_MAX = 240 };

struct bump_event {
    int64_t time_us;               // of the samples' clock: the middle of the first motion
    double peak_mps2, trough_mps2; // along gravity, without it, upward positive
    double duration_ms;
    double speed_mps, heading_deg, latitude, longitude, hdop, accuracy_m; // NAN: not known
    int severity;                                                         // 1 light, 2 medium, 3 heavy
    enum bump_shape shape;                                                // by the first motion; unknown below 45 Hz
    const char *detector;                                                 // "z-peak", "z-diff", "stdev", "g-zero"
    const char *settings; // "zpeak=2.5 zdiff=2 ...", in m, s and their like; lives as long as the detector
};

// Called back from within the functions below, and may not call them.
typedef void bump_sink(void *context, const struct bump_event *event);

// NULL without memory. The settings are copied.
struct bump *bump_create(const struct bump_settings *settings, bump_sink *sink, void *context);
void bump_destroy(struct bump *bump); // NULL is fine; what waits is not given out

// Takes the next sample. Without a position its speed is not known: then no speed is too low, and the higher thresholds hold. Of a position
// every part may be NAN. A sample without a finite acceleration is none.
void bump_take(struct bump *bump, const struct ride_sample *sample);

// Decides upon all that was taken, and ends the signal. More samples may follow, of any time.
void bump_flush(struct bump *bump);

/* The settings: one table for INI, `citygw keys sensor` and `--set`. */

void bump_settings_default(struct bump_settings *ret_settings);

// Sets one of them, such as "zpeak" or "bump.zpeak" to "4 m/s2"; a number alone is in the key's own unit. -ENOENT for an unknown key,
// -EINVAL for a value that cannot be read or is out of range.
int bump_settings_set(struct bump_settings *settings, const char *key, const char *value, struct fault *why);

// Those of a sensor's section (`bump.*`), over the defaults. 0, or that of the first that is wrong, which *ret_extra then is.
int bump_settings_read(const struct settings_sensor *sensor, struct bump_settings *ret_settings,
                       const struct settings_extra **ret_extra, struct fault *why);

// Disables each sensor whose `bump.*` is wrong, and says why.
void bump_check(struct settings *settings, struct findings *findings);

// "zpeak=2.5 zdiff=2 ...", every setting in its own unit.
void bump_settings_summary(const struct bump_settings *settings, char ret_text[BUMP_SUMMARY_MAX]);

// A row of the table as it is shown: its name with the prefix, default and range with the unit. False when there are no more.
struct bump_key {
    char name[32], fallback[32], range[48];
    const char *help; // N_()
};
bool bump_settings_key(size_t index, struct bump_key *ret_key);
