// SPDX-License-Identifier: Apache-2.0
#include "bump_event.h"

#include <math.h>

#define STANDARD_GRAVITY 9.80665

enum { STDEV_HALF = SIGNAL_HZ / 8, REST = SIGNAL_HZ / 20, SMOOTHED = 2, SPIKE_AROUND = STDEV_HALF + SIGNAL_HZ / 8 };

static double smooth_at(struct signal *signal, size_t index)
{
    return (double)signal_at(signal, index)->smooth;
}

static double change(struct signal *signal, size_t index)
{
    if (index == 0 || index + 1 >= signal->ready)
        return 0;
    return fabs(smooth_at(signal, index + 1) - smooth_at(signal, index - 1));
}

static double deviation(struct signal *signal, size_t index)
{
    size_t first = index > STDEV_HALF ? index - STDEV_HALF : 0, end = index + STDEV_HALF + 1;
    double sum = 0, squares = 0, n = 0;
    for (; first < end && first < signal->ready; first++, n++) {
        double value = smooth_at(signal, first);
        sum += value;
        squares += value * value;
    }
    return n < STDEV_HALF ? 0 : sqrt(fmax(0, squares / n - sum * sum / n / n));
}

static double vertical_at(struct signal *signal, size_t index)
{
    return (double)signal_at(signal, index)->vertical;
}

// Where that of the signal is farthest from nothing.
static size_t strongest_of(struct signal *signal, double (*at)(struct signal *signal, size_t index), size_t first,
                           size_t end)
{
    size_t strongest = first;
    for (size_t i = first; i < end; i++)
        if (fabs(at(signal, i)) > fabs(at(signal, strongest)))
            strongest = i;
    return strongest;
}

struct sighting sight(struct signal *signal, size_t index, const struct bump_settings *settings, double level,
                      double speed_mps)
{
    double factor = speed_mps < settings->slow_mps ? settings->slow_factor : 1; // 1 for NAN
    double standout = settings->standout * level, peak = fabs(smooth_at(signal, index));
    double stdev = deviation(signal, index), step = change(signal, index);
    const struct {
        const char *name;
        double value, threshold, standout;
    } detectors[] = {
        {"z-peak", peak, settings->zpeak_mps2, standout},
        {"z-diff", step, settings->zdiff_mps2, standout},
        // Of noise, what lies in a quarter of a second deviates less than single moments do.
        {"stdev", stdev, settings->stdev_mps2, standout / 2},
        {"g-zero", (double)signal_at(signal, index)->depth, STANDARD_GRAVITY - settings->gzero_mps2, standout},
    };
    struct sighting found = {.strength_mps2 = fmax(peak, stdev), .standing_mps2 = fmax(fmax(peak, step), 2 * stdev)};
    double most = 1;
    for (size_t i = 0; i < sizeof detectors / sizeof *detectors; i++) {
        double ratio = detectors[i].value / fmax(detectors[i].threshold * factor, detectors[i].standout);
        if (ratio < most)
            continue;
        most = ratio;
        found.detector = detectors[i].name;
    }
    return found;
}

bool is_spike(struct signal *signal, size_t index, size_t reach, double part)
{
    enum { LENGTH = 2 * SPIKE_AROUND + 1 };
    double values[LENGTH], most = 0;
    if (index < SPIKE_AROUND || index + SPIKE_AROUND >= signal->ready)
        return false;
    size_t first = index - SPIKE_AROUND,
           strongest = strongest_of(signal, smooth_at, index - STDEV_HALF, index + STDEV_HALF + 1);
    size_t sharpest = strongest_of(signal, vertical_at, strongest - SMOOTHED, strongest + SMOOTHED + 1) - first;
    for (size_t i = 0; i < LENGTH; i++)
        values[i] = vertical_at(signal, first + i);
    double from = values[sharpest - reach - 1], to = values[sharpest + reach + 1];
    for (size_t i = 0; i <= 2 * reach; i++)
        values[sharpest - reach + i] = from + (to - from) * (double)(i + 1) / (double)(2 * reach + 2);
    for (size_t i = SMOOTHED; i + SMOOTHED < LENGTH; i++) {
        const double *v = &values[i];
        most = fmax(most, fabs(v[-2] + 2 * v[-1] + 3 * v[0] + 2 * v[1] + v[2]) / 9);
    }
    return most < part * fabs(smooth_at(signal, strongest));
}

// The first motion is the first half-wave that is a quarter of the strongest and no mere noise, and from which on there is no rest up to
// where the event was sighted.
static void find_first_motion(struct signal *signal, const struct extent *extent, double gate, struct measured *event)
{
    size_t onset = extent->index > STDEV_HALF ? extent->index - STDEV_HALF : 0;
    onset = onset > extent->first ? onset : extent->first;
    while (onset < event->strongest && fabs(smooth_at(signal, onset)) < event->strongest_mps2 / 2)
        onset++;
    size_t rest = 0;
    for (size_t i = onset; i-- > extent->first && rest <= REST;) {
        bool moves = fabs(smooth_at(signal, i)) >= gate;
        rest = moves ? 0 : rest + 1;
        onset = moves ? i : onset;
    }
    size_t extreme = onset;
    for (size_t i = onset; i < extent->end && smooth_at(signal, i) * smooth_at(signal, onset) > 0; i++)
        if (fabs(smooth_at(signal, i)) > fabs(smooth_at(signal, extreme)))
            extreme = i;
    event->onset = onset;
    event->extreme = extreme;
}

static void measure_size(struct signal *signal, const struct measured *measured, const struct bump_settings *settings,
                         struct bump_event *event)
{
    event->peak_mps2 = event->trough_mps2 = 0;
    for (size_t i = measured->onset; i <= measured->last; i++) {
        double vertical = (double)signal_at(signal, i)->vertical;
        event->peak_mps2 = fmax(event->peak_mps2, vertical);
        event->trough_mps2 = fmin(event->trough_mps2, vertical);
    }
    double most = fmax(event->peak_mps2, -event->trough_mps2);
    event->severity = 1 + (most >= settings->medium_mps2) + (most >= settings->heavy_mps2);
    event->duration_ms = (double)(measured->last - measured->onset + 1) * GRID_US / 1e3;
}

struct measured measure_event(struct signal *signal, const struct extent *extent, const struct bump_settings *settings,
                              struct bump_event *event)
{
    size_t strongest = strongest_of(signal, smooth_at, extent->first, extent->end), last = extent->end - 1;
    double most = fabs(smooth_at(signal, strongest));
    double gate = fmin(fmax(most / 4, 3 * extent->level), most * 0.6);
    struct measured measured = {.strongest = strongest, .strongest_mps2 = most};
    find_first_motion(signal, extent, gate, &measured);
    while (last > measured.extreme && fabs(smooth_at(signal, last)) < gate)
        last--;
    measured.last = last;
    measure_size(signal, &measured, settings, event);
    event->shape = smooth_at(signal, measured.extreme) > 0 ? BUMP_HUMP : BUMP_DIP;
    return measured;
}
