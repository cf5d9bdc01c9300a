// SPDX-License-Identifier: Apache-2.0
#include "city/ride.h"

#include "anchor.h"
#include "pace.h"
#include "track.h"
#include <stdlib.h>
#include <string.h>

/*
 * The way of a sample: `batch` holds those that were delivered together until the next ones tell how to spread them; `queue` those
 * whose time is known, until it is known where they were.
 */

enum { BATCH_MAX = 256, QUEUE_MAX = 1024, PERIOD_GUESSED_US = 1000 };

static const int64_t patience_us = 2 * 1000000LL;

struct queued {
    int64_t time_us;
    struct ride_acceleration acceleration;
};

struct ride {
    ride_sink *sink;
    void *context;
    struct anchor anchor;
    struct pace pace;
    struct track track;
    struct ride_acceleration last;
    struct ride_acceleration batch[BATCH_MAX];
    size_t batch_count;
    size_t stamp_samples;    // of the newest stamp, also those that had to leave the batch early
    int64_t batch_us;        // when the batch begins
    int64_t batch_length_us; // by its stamps, from the first to the newest
    struct queued queue[QUEUE_MAX];
    size_t first, queued;
    int64_t spread_us; // the time of the last sample that got one
    bool has_spread;
    struct ride_figures figures;
};

struct ride *ride_create(ride_sink *sink, void *context)
{
    struct ride *ride = calloc(1, sizeof *ride);
    if (!ride)
        return NULL;
    ride->sink = sink;
    ride->context = context;
    return ride;
}

void ride_destroy(struct ride *ride)
{
    free(ride);
}

int64_t ride_now(const struct ride *ride)
{
    return ride->anchor.time_us;
}

static int64_t period(const struct ride *ride)
{
    return (int64_t)pace_period_us(&ride->pace);
}

static void give_out(struct ride *ride, struct ride_sample *sample)
{
    sample->acceleration = ride->queue[ride->first].acceleration;
    ride->first = (ride->first + 1) % QUEUE_MAX;
    ride->queued--;
    ride->figures.samples_out++;
    ride->figures.located += sample->has_position;
    ride->sink(ride->context, sample);
}

// Gives out what need not wait any more, until at most that many are left.
static void release(struct ride *ride, size_t most)
{
    while (ride->queued) {
        int64_t time_us = ride->queue[ride->first].time_us;
        struct ride_sample sample = {.time_us = time_us};
        bool may_wait = track_find(&ride->track, time_us, &sample);
        if (may_wait && ride->queued <= most && ride->spread_us - time_us <= patience_us)
            return;
        give_out(ride, &sample);
    }
}

static void enqueue(struct ride *ride, int64_t time_us, const struct ride_acceleration *acceleration)
{
    if (ride->queued == QUEUE_MAX)
        release(ride, QUEUE_MAX - 1);
    ride->queue[(ride->first + ride->queued) % QUEUE_MAX] = (struct queued){time_us, *acceleration};
    ride->queued++;
    ride->spread_us = time_us;
    ride->has_spread = true;
}

// Spreads the first `count` samples of the batch from its beginning over span_us. Where time has got ahead of the stamps, it
// waits for them by shorter steps, of half a period at least.
static void spread(struct ride *ride, size_t count, int64_t end_us)
{
    int64_t from_us = ride->batch_us, half_us = period(ride) / 2;
    int64_t earliest_us = ride->spread_us + (half_us > 0 ? half_us : 1);
    bool is_ahead = ride->has_spread && from_us < earliest_us;
    if (is_ahead)
        from_us = earliest_us;
    int64_t span_us = end_us - from_us, n = (int64_t)count;
    if (is_ahead && span_us < n * half_us)
        span_us = n * half_us;
    if (span_us < n)
        span_us = n;
    for (int64_t i = 0; i < n; i++)
        enqueue(ride, from_us + span_us * i / n, &ride->batch[i]);
    ride->batch_us = ride->spread_us; // what is left of the batch goes on from there
    ride->batch_count -= count;
    memmove(ride->batch, ride->batch + count, ride->batch_count * sizeof *ride->batch);
}

static int64_t end_of_batch(const struct ride *ride, size_t count)
{
    int64_t period_us = period(ride);
    return ride->batch_us + (int64_t)count * (period_us > 0 ? period_us : PERIOD_GUESSED_US);
}

static bool is_gap(struct ride *ride, int64_t spacing_us)
{
    if (!pace_take(&ride->pace, spacing_us, ride->stamp_samples))
        return false;
    ride->figures.gaps++;
    if (spacing_us > ride->figures.largest_gap_us)
        ride->figures.largest_gap_us = spacing_us;
    return true;
}

// A new stamp. When the next batch begins with it, the samples of this one lie between the two, but not all over a gap or a step of
// the clock.
static void end_stamp(struct ride *ride, enum anchor_step step, int64_t spacing_us)
{
    int64_t end_us = ride->anchor.time_us, full_us = end_of_batch(ride, ride->batch_count);
    bool is_broken = step != ANCHOR_ON || is_gap(ride, spacing_us);
    ride->figures.backward += step == ANCHOR_BACK;
    ride->figures.leaps += step == ANCHOR_LEAP;
    ride->batch_length_us += spacing_us;
    ride->stamp_samples = 0;
    if (!is_broken && pace_is_together(&ride->pace, spacing_us, ride->batch_length_us))
        return;
    spread(ride, ride->batch_count, is_broken && full_us < end_us ? full_us : end_us);
    ride->batch_length_us = 0;
}

static void count_in(struct ride *ride, const struct ride_acceleration *now)
{
    const struct ride_acceleration *last = &ride->last;
    if (ride->figures.samples_in++)
        ride->figures.repeated += now->x == last->x && now->y == last->y && now->z == last->z;
    ride->last = *now;
}

void ride_accelerate(struct ride *ride, const struct ride_stamp *stamp, const struct ride_acceleration *acceleration)
{
    int64_t spacing_us = 0;
    count_in(ride, acceleration);
    enum anchor_step step = anchor_take(&ride->anchor, stamp, period(ride), &spacing_us);
    ride->figures.duplicates += step == ANCHOR_SAME;
    if (step != ANCHOR_SAME && step != ANCHOR_FIRST)
        end_stamp(ride, step, spacing_us);
    if (ride->batch_count == BATCH_MAX)
        spread(ride, BATCH_MAX / 2, end_of_batch(ride, BATCH_MAX / 2));
    else if (!ride->batch_count)
        ride->batch_us = ride->anchor.time_us;
    ride->batch[ride->batch_count++] = *acceleration;
    ride->stamp_samples++;
    release(ride, QUEUE_MAX);
}

void ride_locate(struct ride *ride, int64_t time_us, const struct ride_position *position)
{
    track_add(&ride->track, time_us, position);
    release(ride, QUEUE_MAX);
}

void ride_no_fix(struct ride *ride, int64_t time_us)
{
    track_lose(&ride->track, time_us);
    release(ride, QUEUE_MAX);
}

void ride_flush(struct ride *ride)
{
    if (ride->batch_count)
        spread(ride, ride->batch_count, end_of_batch(ride, ride->batch_count));
    release(ride, 0);
}

void ride_figures(const struct ride *ride, struct ride_figures *ret_figures)
{
    const struct fix *newest = track_newest(&ride->track);
    double period_us = pace_period_us(&ride->pace);
    *ret_figures = ride->figures;
    ret_figures->rate_hz = period_us > 0 ? 1e6 / period_us : 0;
    ret_figures->jitter_us = pace_jitter_us(&ride->pace);
    ret_figures->fixes = ride->track.fix_count;
    ret_figures->no_fixes = ride->track.lost_count;
    ret_figures->has_fix = newest && !newest->is_lost;
    ret_figures->last_fix_us = newest && !newest->is_lost ? newest->seen_us : 0;
    ret_figures->waiting = ride->batch_count + ride->queued;
}
