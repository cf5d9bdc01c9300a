// SPDX-License-Identifier: Apache-2.0
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// How long a fix is good, how long before the next one a vehicle leaves it at the earliest, and how near in time what completes a
// fix must be.
static const int64_t good_us = 3 * 1000000LL, leave_us = 2 * 1000000LL, complete_us = 1500000LL;

const struct fix *track_newest(const struct track *track)
{
    return track->count ? &track->fixes[track->count - 1] : NULL;
}

static double either(double preferred, double other)
{
    return isnan(preferred) ? other : preferred;
}

// What `more` tells besides the place counts; what it does not tell stays.
static void complete(struct ride_position *position, const struct ride_position *more)
{
    position->speed_mps = either(more->speed_mps, position->speed_mps);
    position->heading_deg = either(more->heading_deg, position->heading_deg);
    position->hdop = either(more->hdop, position->hdop);
    position->accuracy_m = either(more->accuracy_m, position->accuracy_m);
}

// The place of the first fix after that time.
static size_t place_after(const struct track *track, int64_t time_us)
{
    size_t place = track->count;
    while (place > 0 && track->fixes[place - 1].time_us > time_us)
        place--;
    return place;
}

static void insert(struct track *track, const struct fix *fix)
{
    size_t place = place_after(track, fix->time_us);
    if (place > 0 && track->fixes[place - 1].time_us == fix->time_us) {
        track->fixes[place - 1] = *fix;
        return;
    }
    if (track->count == TRACK_MAX) {
        if (place == 0)
            return; // older than all that is remembered
        place--;
        track->count--;
        memmove(track->fixes, track->fixes + 1, track->count * sizeof *track->fixes);
    }
    memmove(track->fixes + place + 1, track->fixes + place, (track->count - place) * sizeof *track->fixes);
    track->fixes[place] = *fix;
    track->count++;
}

static bool is_place(const struct ride_position *position)
{
    return fabs(position->latitude) <= 90 && fabs(position->longitude) <= 180;
}

static bool is_same_place(const struct ride_position *one, const struct ride_position *other)
{
    return one->latitude == other->latitude && one->longitude == other->longitude;
}

void track_lose(struct track *track, int64_t time_us)
{
    const struct fix *newest = track_newest(track);
    track->lost_count++;
    if (!newest || !newest->is_lost || time_us < newest->time_us)
        insert(track, &(struct fix){.time_us = time_us, .seen_us = time_us, .is_lost = true});
}

void track_add(struct track *track, int64_t time_us, const struct ride_position *position)
{
    struct fix *newest = track->count ? &track->fixes[track->count - 1] : NULL;
    bool goes_on = newest && !newest->is_lost && time_us >= newest->time_us;
    if (isnan(position->latitude) || isnan(position->longitude)) {
        if (newest && !newest->is_lost && llabs(time_us - newest->seen_us) <= complete_us)
            complete(&newest->at, position);
        return;
    }
    if (!is_place(position) || (position->latitude == 0 && position->longitude == 0)) {
        track_lose(track, time_us);
        return;
    }
    if (goes_on && is_same_place(&newest->at, position)) {
        newest->seen_us = time_us > newest->seen_us ? time_us : newest->seen_us;
        complete(&newest->at, position);
        return;
    }
    track->fix_count++;
    insert(track, &(struct fix){.time_us = time_us, .seen_us = time_us, .at = *position});
}

static double between(double one, double other, double part)
{
    return isnan(one) || isnan(other) ? either(one, other) : one + (other - one) * part;
}

// Over the shorter way round the circle; the result lies in [low, low + 360).
static double around(double one, double other, double part, double low)
{
    if (isnan(one) || isnan(other))
        return either(one, other);
    double way = remainder(other - one, 360);
    double angle = fmod(one + way * part - low, 360);
    return low + (angle < 0 ? angle + 360 : angle);
}

static double worse(double one, double other)
{
    return isnan(one) || isnan(other) ? either(one, other) : fmax(one, other);
}

static struct ride_position mix(const struct ride_position *one, const struct ride_position *other, double part)
{
    return (struct ride_position){.latitude = between(one->latitude, other->latitude, part),
                                  .longitude = around(one->longitude, other->longitude, part, -180),
                                  .speed_mps = between(one->speed_mps, other->speed_mps, part),
                                  .heading_deg = around(one->heading_deg, other->heading_deg, part, 0),
                                  .hdop = worse(one->hdop, other->hdop),
                                  .accuracy_m = worse(one->accuracy_m, other->accuracy_m)};
}

static int64_t age_after(const struct fix *fix, int64_t time_us)
{
    return time_us > fix->seen_us ? time_us - fix->seen_us : 0;
}

static void find_between(const struct fix *before, const struct fix *after, int64_t time_us,
                         struct ride_sample *ret_sample)
{
    int64_t from_us = after->time_us - leave_us > before->time_us ? after->time_us - leave_us : before->time_us;
    double part = time_us <= from_us ? 0 : (double)(time_us - from_us) / (double)(after->time_us - from_us);
    int64_t age_us = age_after(before, time_us), ahead_us = after->time_us - time_us;
    ret_sample->has_position = true;
    ret_sample->position = mix(&before->at, &after->at, part);
    ret_sample->position_age_us = age_us < ahead_us ? age_us : ahead_us;
}

bool track_find(const struct track *track, int64_t time_us, struct ride_sample *ret_sample)
{
    size_t place = place_after(track, time_us);
    const struct fix *before = place > 0 ? &track->fixes[place - 1] : NULL;
    const struct fix *after = place < track->count ? &track->fixes[place] : NULL;
    ret_sample->has_position = false;
    if (!before || before->is_lost)
        return false;
    if (after && !after->is_lost && after->time_us - before->seen_us <= good_us) {
        find_between(before, after, time_us, ret_sample);
        return false;
    }
    ret_sample->position_age_us = age_after(before, time_us);
    ret_sample->has_position = ret_sample->position_age_us <= good_us;
    ret_sample->position = before->at;
    return ret_sample->has_position && !after;
}
