// SPDX-License-Identifier: Apache-2.0
#include "place.h"

#include "place_on_earth.h"
#include <string.h>

static const double least_error_m = 1;

bool place_hit_precedes(const struct place_hit *one, const struct place_hit *other)
{
    if (one->time_us != other->time_us)
        return one->time_us < other->time_us;
    if (one->vehicle != other->vehicle)
        return one->vehicle < other->vehicle;
    return one->latitude != other->latitude ? one->latitude < other->latitude : one->longitude < other->longitude;
}

bool place_hit_is_same(const struct place_hit *one, const struct place_hit *other)
{
    return one->time_us == other->time_us && one->vehicle == other->vehicle;
}

bool place_has(const struct place *place, const struct place_hit *hit)
{
    for (size_t i = 0; i < place->hit_count; i++)
        if (place_hit_is_same(&place->hits[i], hit))
            return true;
    return false;
}

bool place_is_past(const struct place *place, const struct place_hit *hit)
{
    return place->earlier.hits > 0 && hit->time_us <= place->earlier.last_us;
}

// Whether the hit at that index goes on with the pass of an earlier one.
static bool is_of_pass_before(const struct place *place, size_t index, int64_t pass_us)
{
    const struct place_hit *hit = &place->hits[index];
    for (size_t i = index; i-- > 0 && hit->time_us - place->hits[i].time_us < pass_us;)
        if (place->hits[i].vehicle == hit->vehicle)
            return true;
    return false;
}

static bool is_of_pass_behind(const struct place *place, size_t index, int64_t pass_us)
{
    const struct place_hit *hit = &place->hits[index];
    for (size_t i = index + 1; i < place->hit_count && place->hits[i].time_us - hit->time_us < pass_us; i++)
        if (place->hits[i].vehicle == hit->vehicle)
            return true;
    return false;
}

static void sum_up(struct place_sums *sums, const struct place *place, const struct place_hit *hit, bool is_pass)
{
    double error_m = fmax(hit->error_m, least_error_m), weight = 1 / (error_m * error_m);
    sums->first_us = sums->hits && sums->first_us < hit->time_us ? sums->first_us : hit->time_us;
    sums->last_us = sums->last_us > hit->time_us ? sums->last_us : hit->time_us;
    sums->hits++;
    sums->passes += is_pass;
    sums->dips += hit->shape == PLACE_DIP;
    sums->humps += hit->shape == PLACE_HUMP;
    sums->weight += weight;
    sums->north += weight * (hit->latitude - place->base_latitude);
    sums->east += weight * place_degrees_east(place->base_longitude, hit->longitude);
    if (!isnan(hit->heading_deg)) {
        sums->cosine += cos(place_radian(hit->heading_deg));
        sums->sine += sin(place_radian(hit->heading_deg));
    }
    if (!isnan(hit->severity)) {
        sums->severities++;
        sums->severity += hit->severity;
    }
}

static enum place_shape shape_of(const struct place_sums *sums)
{
    uint64_t unknown = sums->hits - sums->dips - sums->humps;
    if (sums->dips > sums->humps && sums->dips >= unknown)
        return PLACE_DIP;
    return sums->humps > sums->dips && sums->humps >= unknown ? PLACE_HUMP : PLACE_UNKNOWN;
}

static double heading_of(const struct place_sums *sums)
{
    if (hypot(sums->cosine, sums->sine) < 1e-9)
        return NAN;
    double heading_deg = atan2(sums->sine, sums->cosine) / place_radian(1);
    return heading_deg < 0 ? heading_deg + 360 : heading_deg;
}

static void base_on(struct place *place, const struct place_hit *hit)
{
    place->base_latitude = hit->latitude;
    place->base_longitude = hit->longitude;
}

void place_work_out(struct place *place, const struct places_settings *settings)
{
    if (place->earlier.hits == 0)
        base_on(place, &place->hits[0]);
    struct place_sums sums = place->earlier;
    for (size_t i = 0; i < place->hit_count; i++)
        sum_up(&sums, place, &place->hits[i], !is_of_pass_before(place, i, settings->pass_us));
    place->latitude = place->base_latitude + sums.north / sums.weight;
    place->longitude = remainder(place->base_longitude + sums.east / sums.weight, 360);
    place->heading_deg = heading_of(&sums);
    place->severity = sums.severities ? sums.severity / (double)sums.severities : NAN;
    place->shape = shape_of(&sums);
    place->hit_total = sums.hits;
    place->passes = sums.passes;
    place->first_us = sums.first_us;
    place->last_us = sums.last_us;
    place->is_confirmed = place->passes >= settings->confirm_passes;
}

// The first hit goes into the sums. When its pass goes on, the next hit of it will be counted in its place.
static void fold_first(struct place *place, int64_t pass_us)
{
    if (place->earlier.hits == 0)
        base_on(place, &place->hits[0]);
    sum_up(&place->earlier, place, &place->hits[0], !is_of_pass_behind(place, 0, pass_us));
    place->hit_count--;
    memmove(&place->hits[0], &place->hits[1], place->hit_count * sizeof place->hits[0]);
}

void place_add(struct place *place, const struct place_hit *hit, const struct places_settings *settings)
{
    struct place_hit rest = *hit;
    size_t at = place->hit_count;
    if (at == PLACE_HITS_MAX && place_hit_precedes(hit, &place->hits[0])) {
        rest = place->hits[0];
        place->hits[0] = *hit;
        fold_first(place, settings->pass_us);
    } else if (at == PLACE_HITS_MAX) {
        fold_first(place, settings->pass_us);
    }
    at = place->hit_count;
    while (at > 0 && place_hit_precedes(&rest, &place->hits[at - 1]))
        at--;
    memmove(&place->hits[at + 1], &place->hits[at], (place->hit_count - at) * sizeof place->hits[0]);
    place->hits[at] = rest;
    place->hit_count++;
    place_work_out(place, settings);
}

// The sums of the other one, as from this one's base.
static void absorb_sums(struct place *place, const struct place *other)
{
    struct place_sums *sums = &place->earlier;
    const struct place_sums *more = &other->earlier;
    if (sums->hits == 0)
        base_on(place, &place->hits[0]);
    sums->first_us = sums->hits && sums->first_us < more->first_us ? sums->first_us : more->first_us;
    sums->last_us = sums->last_us > more->last_us ? sums->last_us : more->last_us;
    sums->hits += more->hits;
    sums->passes += more->passes;
    sums->dips += more->dips;
    sums->humps += more->humps;
    sums->weight += more->weight;
    sums->north += more->north + more->weight * (other->base_latitude - place->base_latitude);
    sums->east += more->east + more->weight * place_degrees_east(place->base_longitude, other->base_longitude);
    sums->cosine += more->cosine;
    sums->sine += more->sine;
    sums->severities += more->severities;
    sums->severity += more->severity;
}

void place_absorb(struct place *place, const struct place *other, const struct places_settings *settings)
{
    if (other->earlier.hits > 0)
        absorb_sums(place, other);
    for (size_t i = 0; i < other->hit_count; i++)
        place_add(place, &other->hits[i], settings);
    place->is_told |= other->is_told;
}

static bool agree(double heading_deg, double other_deg, double tolerance_deg)
{
    return isnan(heading_deg) || isnan(other_deg) || fabs(remainder(heading_deg - other_deg, 360)) <= tolerance_deg;
}

bool place_is_same(const struct place *one, const struct place *other, double metres, double heading_tolerance_deg)
{
    return one->is_confirmed && other->is_confirmed && !place_is_beyond(one->latitude, other->latitude, metres) &&
           place_distance_m(one->latitude, one->longitude, other->latitude, other->longitude) < metres &&
           agree(one->heading_deg, other->heading_deg, heading_tolerance_deg);
}

double place_distance_of(const struct place *place, const struct place_hit *hit, double heading_tolerance_deg)
{
    if (place_is_beyond(place->latitude, hit->latitude, hit->radius_m))
        return INFINITY;
    double metres = place_distance_m(place->latitude, place->longitude, hit->latitude, hit->longitude);
    if (metres > hit->radius_m || !agree(place->heading_deg, hit->heading_deg, heading_tolerance_deg))
        return INFINITY;
    return metres;
}

static bool hit_makes_sense(const struct place_hit *hit)
{
    return hit->time_us > 0 && place_is_one(hit->latitude, hit->longitude) && hit->error_m >= 0 &&
           hit->error_m <= PLACE_ERROR_MOST_M && hit->radius_m > 0 && hit->radius_m <= PLACE_RADIUS_MOST_M &&
           !isinf(hit->heading_deg) && !isinf(hit->severity);
}

bool place_makes_sense(const struct place *place)
{
    const struct place_sums *earlier = &place->earlier;
    if (place->hit_count == 0 || place->hit_count > PLACE_HITS_MAX || earlier->passes > earlier->hits ||
        earlier->dips + earlier->humps > earlier->hits)
        return false;
    if (earlier->hits > 0 &&
        !(place_is_one(place->base_latitude, place->base_longitude) && earlier->weight > 0 &&
          fabs(earlier->north) <= earlier->weight && fabs(earlier->east) <= 360 * earlier->weight &&
          isfinite(earlier->cosine) && isfinite(earlier->sine) && isfinite(earlier->severity)))
        return false;
    for (size_t i = 0; i < place->hit_count; i++)
        if (!hit_makes_sense(&place->hits[i]) || (i > 0 && !place_hit_precedes(&place->hits[i - 1], &place->hits[i])))
            return false;
    return true;
}
