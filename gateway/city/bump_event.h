// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bump_signal.h"
#include "city/bump.h"

/*
 * What is looked at around one moment of a signal: whether a detector sees an event there, and what the event is.
 */

struct sighting {
    const char *detector; // NULL: none sees anything
    double strength_mps2; // what must be more than what is left of the event before
    double standing_mps2; // what must be more than the road's own level so many times
};

// `level` is the road's own; `speed_mps` NAN when it is not known.
struct sighting sight(struct signal *signal, size_t index, const struct bump_settings *settings, double level,
                      double speed_mps);

// Whether what was seen around that moment is a single sample's, `reach` moments wide on either side: less than that part of its
// strength is left without it. A vehicle has too much mass for that.
bool is_spike(struct signal *signal, size_t index, size_t reach, double part);

// The moments that belong to the object that was sighted at `index`: from `first`, and before `end`.
struct extent {
    size_t first, index, end;
    double level;
};

struct measured {
    size_t onset, extreme, last; // of the first motion; and the last moment that belongs to the event
    size_t strongest;
    double strongest_mps2; // smoothed
};

// Fills in peak, trough, duration, severity and shape (as the first motion has it).
struct measured measure_event(struct signal *signal, const struct extent *extent, const struct bump_settings *settings,
                              struct bump_event *event);
