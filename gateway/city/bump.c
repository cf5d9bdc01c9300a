// SPDX-License-Identifier: Apache-2.0
#include "city/bump.h"

#include "bump_event.h"
#include "bump_level.h"
#include <math.h>
#include <stdlib.h>

/*
 * The moment that is decided upon lies some seconds behind the newest one, between two stretches whose levels are known:
 *
 *      |<------ before: 6 s ------>|  |  |<- after: 3 s ->|           (nearer moments are left out: an event is no roughness)
 *                                   decided                newest
 */

enum {
    NEAR = SIGNAL_HZ * 3 / 10,
    AROUND = SIGNAL_HZ,
    NEAR_BEFORE = SIGNAL_HZ / 4,
    NEAR_AFTER = SIGNAL_AFTER - 3 * SIGNAL_HZ,
    ONSET_BEFORE = SIGNAL_HZ * 3 / 10, // how far before a sighting its event may have begun
    SWING = SIGNAL_HZ / 2,
    APART_MIN = SIGNAL_HZ / 5,
    APART_MAX = 3 * SIGNAL_HZ,
    COURSE_M = 5
};

static const double tail_most = 1.2;  // heavier than noise has it
static const double patch_part = 0.7; // of what an event stands out by
// What a bump has left of its strength without one of its samples: at least, and when it just stands out.
static const double spike_part = 0.4, just_part = 0.65;
static const double shape_period_us = 1e6 / 45, ringing_us = 1e6;
static const int64_t backward_us = 1000000, metres_per_degree = 111195;

const char *const bump_shape_names[BUMP_SHAPE_COUNT] = {
    [BUMP_UNKNOWN] = "unknown", [BUMP_DIP] = "dip", [BUMP_HUMP] = "hump"};

// Which way a vehicle goes whose receiver does not tell.
struct course {
    double latitude, longitude, heading_deg;
};

struct bump {
    struct bump_settings settings;
    char summary[BUMP_SUMMARY_MAX];
    bump_sink *sink;
    void *context;
    struct grid grid;
    struct signal signal;
    struct level before, after;
    size_t decided; // moments of the signal
    struct course course;
    int64_t quiet_until_us; // what comes before then belongs to the last event
    int64_t last_us;        // when that was strongest
    double last_mps2;
};

static const struct course no_course = {NAN, NAN, NAN};

struct bump *bump_create(const struct bump_settings *settings, bump_sink *sink, void *context)
{
    struct bump *bump = calloc(1, sizeof *bump);
    if (!bump)
        return NULL;
    bump->settings = *settings;
    bump_settings_summary(settings, bump->summary);
    bump->sink = sink;
    bump->context = context;
    bump->course = no_course;
    bump->quiet_until_us = INT64_MIN;
    return bump;
}

void bump_destroy(struct bump *bump)
{
    free(bump);
}

static double level(const struct bump *bump)
{
    double usual = level_of(&bump->before, LEVEL_TWO_THIRDS);
    double before = fmax(usual, fmin(level_of(&bump->before, LEVEL_TAIL), usual * tail_most));
    return fmax(before, level_of(&bump->after, LEVEL_HALF));
}

static double level_between(struct signal *signal, size_t first, size_t end)
{
    struct level level = {.count = 0};
    for (; first < end && first < signal->ready; first++)
        level_add(&level, signal_at(signal, first)->bin);
    return level_of(&level, LEVEL_HALF);
}

// A patch of a worn road lasts for some seconds, and is as rough on either side of a moment in it.
static bool is_in_patch(struct bump *bump, size_t index, double standing_mps2)
{
    size_t near = index > NEAR ? index - NEAR : 0, far = index > NEAR + AROUND ? index - NEAR - AROUND : 0;
    double before = level_between(&bump->signal, far, near);
    double after = level_between(&bump->signal, index + NEAR, index + NEAR + AROUND);
    return standing_mps2 < bump->settings.standout * patch_part * fmin(before, after);
}

// How many moments belong to one object.
static size_t apart(const struct bump *bump, double speed_mps)
{
    double seconds = isnan(speed_mps) ? bump->settings.refractory_s
                                      : bump->settings.apart_m / fmax(speed_mps, bump->settings.apart_m * 0.1);
    return (size_t)fmin(fmax(seconds * SIGNAL_HZ, APART_MIN), APART_MAX);
}

// Where the vehicle was is told by a position that comes later.
static void put_forward(struct bump_event *event, double delay_s)
{
    double way_m = event->speed_mps * delay_s, heading = event->heading_deg * M_PI / 180;
    double metres_per_longitude = (double)metres_per_degree * cos(event->latitude * M_PI / 180);
    if (isnan(way_m) || isnan(heading) || !(metres_per_longitude > 1))
        return;
    event->latitude += way_m * cos(heading) / (double)metres_per_degree;
    event->longitude = remainder(event->longitude + way_m * sin(heading) / metres_per_longitude, 360);
}

static void locate(const struct bump *bump, const struct ride_position *position, struct bump_event *event)
{
    event->speed_mps = position->speed_mps;
    event->heading_deg = position->heading_deg;
    event->latitude = position->latitude;
    event->longitude = position->longitude;
    event->hdop = position->hdop;
    event->accuracy_m = position->accuracy_m;
    put_forward(event, bump->settings.gnss_delay_s);
}

// An event is no roughness: the stretch before later moments is without it.
static void leave_out(struct bump *bump, size_t first, size_t end)
{
    if (first + NEAR_BEFORE < bump->decided)
        first = bump->decided - NEAR_BEFORE; // what lies before is in the stretch already
    for (; first < end && first < bump->signal.ready; first++)
        signal_at(&bump->signal, first)->is_event = true;
}

static void report(struct bump *bump, const struct sighting *sighting, size_t index, double speed_mps)
{
    struct signal *signal = &bump->signal;
    size_t length = apart(bump, speed_mps), first = index > ONSET_BEFORE ? index - ONSET_BEFORE : 0;
    struct extent extent = {.first = first, .index = index, .end = index + length, .level = level(bump)};
    struct bump_event event = {.detector = sighting->detector, .settings = bump->summary};
    while (extent.first < index && signal_time(signal, extent.first) < bump->quiet_until_us)
        extent.first++;
    if (extent.end > signal->ready)
        extent.end = signal->ready;
    struct measured measured = measure_event(signal, &extent, &bump->settings, &event);
    if (!(bump->grid.period_us <= shape_period_us) || signal_at(signal, index)->is_linear)
        event.shape = BUMP_UNKNOWN;
    event.time_us = (signal_time(signal, measured.onset) + signal_time(signal, measured.extreme)) / 2;
    locate(bump, &signal_at(signal, (measured.onset + measured.extreme) / 2)->position, &event);
    leave_out(bump, measured.onset, measured.onset + (length > SWING ? length : SWING));
    bump->quiet_until_us = signal_time(signal, measured.onset + length);
    bump->last_us = signal_time(signal, measured.strongest);
    bump->last_mps2 = measured.strongest_mps2;
    bump->sink(bump->context, &event);
}

// A vehicle goes on swinging behind an object. What is weaker than that is no event.
static double left_of_last(const struct bump *bump, int64_t time_us)
{
    return bump->last_mps2 * exp(-(double)(time_us - bump->last_us) / ringing_us);
}

// Above 45 Hz a bump is more than one sample, and all the more so the less it stands out.
static bool is_one_sample(struct bump *bump, size_t index, double standing_mps2)
{
    double period_us = bump->grid.period_us, least_mps2 = bump->settings.standout * level(bump);
    double part = fmax(spike_part, just_part * least_mps2 / standing_mps2);
    return period_us <= shape_period_us &&
           is_spike(&bump->signal, index, (size_t)ceil(period_us * 0.95 / GRID_US), part);
}

static void decide(struct bump *bump, size_t index)
{
    struct signal *signal = &bump->signal;
    int64_t time_us = signal_time(signal, index);
    double speed_mps = signal_at(signal, index)->position.speed_mps;
    if (time_us < bump->quiet_until_us || speed_mps < bump->settings.speed_min_mps)
        return;
    struct sighting found = sight(signal, index, &bump->settings, level(bump), speed_mps);
    if (found.detector && found.strength_mps2 >= left_of_last(bump, time_us) &&
        !is_in_patch(bump, index, found.standing_mps2) && !is_one_sample(bump, index, found.standing_mps2))
        report(bump, &found, index, speed_mps);
}

static void count(struct level *level, const struct moment *moment, void (*change)(struct level *level, uint8_t bin))
{
    if (!moment->is_event)
        change(level, moment->bin);
}

// The stretches move on by the moment that was decided upon.
static void move_on(struct bump *bump)
{
    struct signal *signal = &bump->signal;
    size_t decided = bump->decided++;
    if (decided >= NEAR_BEFORE)
        count(&bump->before, signal_at(signal, decided - NEAR_BEFORE), level_add);
    if (decided >= SIGNAL_BEFORE)
        count(&bump->before, signal_at(signal, decided - SIGNAL_BEFORE), level_remove);
    if (decided + NEAR_AFTER < signal->ready)
        level_remove(&bump->after, signal_at(signal, decided + NEAR_AFTER)->bin);
}

static void decide_due(struct bump *bump, bool is_last)
{
    struct signal *signal = &bump->signal;
    while (signal_ready(signal, is_last)) {
        size_t newest = signal->ready - 1;
        if (newest >= bump->decided + NEAR_AFTER)
            level_add(&bump->after, signal_at(signal, newest)->bin);
        if (signal->ready <= bump->decided + SIGNAL_AFTER)
            continue;
        decide(bump, bump->decided);
        move_on(bump);
    }
    while (is_last && bump->decided < signal->ready) {
        decide(bump, bump->decided);
        move_on(bump);
    }
}

// Heads where the positions do, once they are some metres apart.
static void follow_course(struct course *course, struct ride_position *position)
{
    if (isnan(position->latitude) || isnan(position->longitude))
        return;
    double north_m = (position->latitude - course->latitude) * (double)metres_per_degree;
    double east_m = remainder(position->longitude - course->longitude, 360) * (double)metres_per_degree *
                    cos(position->latitude * M_PI / 180);
    double way_m = hypot(north_m, east_m);
    if (!(way_m < COURSE_M)) { // also the first
        double heading_deg = way_m < 100 * COURSE_M ? atan2(east_m, north_m) * 180 / M_PI : NAN;
        *course =
            (struct course){position->latitude, position->longitude, heading_deg < 0 ? heading_deg + 360 : heading_deg};
    }
    if (isnan(position->heading_deg))
        position->heading_deg = course->heading_deg;
}

static void take_moment(void *context, int64_t time_us, const double axes[3], const struct ride_position *position)
{
    struct bump *bump = context;
    struct ride_position known = *position;
    follow_course(&bump->course, &known);
    signal_take(&bump->signal, time_us, axes, &known);
    decide_due(bump, false);
}

static void end_signal(struct bump *bump)
{
    decide_due(bump, true);
    grid_break(&bump->grid);
    signal_break(&bump->signal);
    bump->before = bump->after = (struct level){.count = 0};
    bump->decided = 0;
    bump->course = no_course;
}

void bump_flush(struct bump *bump)
{
    end_signal(bump);
    bump->quiet_until_us = INT64_MIN;
    bump->last_mps2 = 0;
}

static bool is_finite(const struct ride_acceleration *a)
{
    static const double most = 1e5;
    return fabs(a->x) < most && fabs(a->y) < most && fabs(a->z) < most;
}

void bump_take(struct bump *bump, const struct ride_sample *sample)
{
    struct ride_sample taken = *sample;
    int64_t last_us = bump->grid.last.time_us;
    if (!is_finite(&taken.acceleration))
        return;
    if (bump->grid.begun && taken.time_us < last_us - backward_us)
        bump_flush(bump);
    else if (bump->grid.begun && taken.time_us <= last_us)
        taken.time_us = last_us + 1;
    if (grid_is_gap(&bump->grid, &taken))
        end_signal(bump);
    grid_take(&bump->grid, &taken, take_moment, bump);
}
