// SPDX-License-Identifier: Apache-2.0
#include "city/places.h"

#include "base/number.h"
#include "place.h"
#include "place_grid.h"
#include "place_on_earth.h"
#include <stdlib.h>
#include <string.h>

enum { REBUILD_MAX = 32, REBUILD_HITS_MAX = REBUILD_MAX * PLACE_HITS_MAX + 1, SALTS = 32 };

static const double link_m = 80, same_m = 15, delay_s = 0.2, most_speed_mps = 70;

const struct places_settings places_usual = {.least_radius_m = 10,
                                             .heading_tolerance_deg = 60,
                                             .confirm_passes = 3,
                                             .pass_us = 60 * 1000000LL,
                                             .forget_us = 90 * 86400 * 1000000LL,
                                             .places_max = 10000};

const char *const places_verdict_names[PLACES_VERDICT_COUNT] = {
    [PLACES_REFUSED] = "refused",     [PLACES_REPEATED] = "repeated",
    [PLACES_CANDIDATE] = "candidate", [PLACES_CONFIRMED_NOW] = "confirmed now",
    [PLACES_CONFIRMED] = "confirmed", [PLACES_KNOWN] = "known"};

// A hit while places are put together again, and the name of the place that it was in.
struct loose {
    struct place_hit hit;
    uint64_t id;
    bool has_id, is_told;
    uint32_t which; // place it has come to; UINT32_MAX: none yet
};

struct places {
    struct places_settings settings;
    const struct known *known;
    struct place_grid *grid;
    struct place *list; // a place without hits is free
    int64_t *turns;     // whose turn it is to go: the least of them; INT64_MAX where a place is free
    uint32_t *unused;
    uint32_t unused_count;
    struct loose loose[REBUILD_HITS_MAX];
    size_t loose_count;
    int64_t forgotten_us; // what was before is gone
    struct places_figures figures;
};

struct places *places_create(const struct places_settings *settings, const struct known *known)
{
    uint32_t max = settings->places_max;
    if (max == 0 || max > 10000000 || !(settings->least_radius_m > 0) || settings->least_radius_m > PLACE_RADIUS_MOST_M)
        return NULL;
    struct places *places = calloc(1, sizeof *places);
    if (!places)
        return NULL;
    places->settings = *settings;
    places->known = known;
    places->grid = place_grid_create(max);
    places->list = calloc(max, sizeof *places->list);
    places->turns = malloc(max * sizeof *places->turns);
    places->unused = malloc(max * sizeof *places->unused);
    if (!places->grid || !places->list || !places->turns || !places->unused) {
        places_destroy(places);
        return NULL;
    }
    while (places->unused_count < max) {
        places->turns[places->unused_count] = INT64_MAX;
        places->unused[places->unused_count] = max - 1 - places->unused_count;
        places->unused_count++;
    }
    return places;
}

void places_destroy(struct places *places)
{
    if (!places)
        return;
    place_grid_destroy(places->grid);
    free(places->list);
    free(places->turns);
    free(places->unused);
    free(places);
}

size_t places_count(const struct places *places)
{
    return places->settings.places_max - places->unused_count;
}

struct places_figures places_figures(const struct places *places)
{
    return places->figures;
}

// Confirmed places go after all others.
static void settle(struct places *places, uint32_t which)
{
    static const int64_t after_all = INT64_MAX / 2;
    const struct place *place = &places->list[which];
    int64_t last_us = place->last_us < after_all ? place->last_us : after_all - 1;
    places->turns[which] = place->is_confirmed ? after_all + last_us : last_us;
    place_grid_put(places->grid, which, place->latitude, place->longitude);
}

static void drop(struct places *places, uint32_t which)
{
    place_grid_take(places->grid, which);
    places->list[which] = (struct place){0};
    places->turns[which] = INT64_MAX;
    places->unused[places->unused_count++] = which;
}

static void evict(struct places *places)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < places->settings.places_max; i++)
        if (places->turns[i] < places->turns[first])
            first = i;
    drop(places, first);
    places->figures.evicted++;
}

// An id is of a metre, and the place that has it lies near there.
static bool has_id(const struct places *places, uint64_t id, double latitude, double longitude)
{
    struct place_grid_walk walk;
    uint32_t which;
    place_grid_begin(places->grid, latitude, longitude, 4 * PLACE_RADIUS_MOST_M, &walk);
    while (place_grid_next(&walk, &which))
        if (places->list[which].id == id)
            return true;
    return false;
}

static uint64_t new_id(const struct places *places, const struct place_hit *hit)
{
    unsigned salt = 0;
    while (salt < SALTS - 1 && has_id(places, place_id_of(hit, salt), hit->latitude, hit->longitude))
        salt++;
    return place_id_of(hit, salt);
}

// The nearest place that the hit may belong to; UINT32_MAX: none. The earlier one of equals, so that the order in memory is nothing.
static uint32_t nearest(const struct places *places, const struct place_hit *hit)
{
    uint32_t found = UINT32_MAX, which;
    double least_m = INFINITY;
    struct place_grid_walk walk;
    place_grid_begin(places->grid, hit->latitude, hit->longitude, hit->radius_m, &walk);
    while (place_grid_next(&walk, &which)) {
        const struct place *place = &places->list[which];
        double metres = place_distance_of(place, hit, places->settings.heading_tolerance_deg);
        bool is_nearer = metres < least_m;
        if (metres == least_m && found != UINT32_MAX)
            is_nearer = place->first_us < places->list[found].first_us;
        if (isfinite(metres) && is_nearer) {
            found = which;
            least_m = metres;
        }
    }
    return found;
}

static uint32_t same_as(const struct places *places, uint32_t which)
{
    const struct place *place = &places->list[which];
    struct place_grid_walk walk;
    uint32_t other;
    place_grid_begin(places->grid, place->latitude, place->longitude, same_m, &walk);
    while (place_grid_next(&walk, &other))
        if (other != which &&
            place_is_same(place, &places->list[other], same_m, places->settings.heading_tolerance_deg))
            return other;
    return UINT32_MAX;
}

// A place that has become the same as another goes on in the earlier one of them, which is returned.
static uint32_t unite(struct places *places, uint32_t which)
{
    uint32_t other = same_as(places, which);
    if (other == UINT32_MAX)
        return which;
    bool is_earlier = places->list[which].first_us < places->list[other].first_us;
    uint32_t stays = is_earlier ? which : other, goes = is_earlier ? other : which;
    struct place gone = places->list[goes];
    drop(places, goes);
    for (size_t i = 0; i < places->loose_count; i++)
        if (places->loose[i].which == goes)
            places->loose[i].which = stays;
    place_absorb(&places->list[stays], &gone, &places->settings);
    settle(places, stays);
    places->figures.united++;
    return stays;
}

// Adds the hit to the place that it belongs to, or begins one, without an id.
static uint32_t assign(struct places *places, const struct place_hit *hit)
{
    uint32_t which = nearest(places, hit);
    if (which == UINT32_MAX) {
        if (places->unused_count == 0)
            evict(places);
        which = places->unused[--places->unused_count];
        places->list[which] = (struct place){0};
    }
    place_add(&places->list[which], hit, &places->settings);
    settle(places, which);
    return places->list[which].is_confirmed ? unite(places, which) : which;
}

static void loosen(struct places *places, uint32_t which)
{
    const struct place *place = &places->list[which];
    for (size_t i = 0; i < place->hit_count; i++)
        places->loose[places->loose_count++] = (struct loose){
            .hit = place->hits[i], .id = place->id, .has_id = true, .is_told = place->is_told, .which = UINT32_MAX};
    drop(places, which);
}

static bool is_linked(const struct place *place, const struct place_hit *hit)
{
    return !place_is_beyond(place->latitude, hit->latitude, link_m) &&
           place_distance_m(place->latitude, place->longitude, hit->latitude, hit->longitude) < link_m;
}

static bool loosen_one_around(struct places *places, const struct place_hit *hit)
{
    struct place_grid_walk walk;
    uint32_t which;
    place_grid_begin(places->grid, hit->latitude, hit->longitude, link_m, &walk);
    while (place_grid_next(&walk, &which)) {
        const struct place *place = &places->list[which];
        if (place->earlier.hits == 0 && is_linked(place, hit)) {
            loosen(places, which);
            return true;
        }
    }
    return false;
}

// Takes apart all places that are linked with the first loose hit, over others.
static void loosen_around(struct places *places)
{
    size_t taken = 0;
    for (size_t i = 0; i < places->loose_count; i++)
        while (loosen_one_around(places, &places->loose[i].hit)) {
            taken++;
            if (taken == REBUILD_MAX) {
                places->figures.rough++;
                return;
            }
        }
}

static int compare_loose(const void *one, const void *other)
{
    const struct loose *a = one, *b = other;
    return place_hit_precedes(&a->hit, &b->hit) ? -1 : place_hit_precedes(&b->hit, &a->hit);
}

// A place has the id that its hits had: of the earliest of them whose id no other place has taken. Else it gets one of its own.
static void name_again(struct places *places)
{
    uint64_t taken[REBUILD_MAX];
    size_t taken_count = 0;
    for (size_t i = 0; i < places->loose_count; i++) {
        const struct loose *loose = &places->loose[i];
        struct place *place = &places->list[loose->which];
        size_t t = 0;
        while (t < taken_count && taken[t] != loose->id)
            t++;
        if (!loose->has_id || place->id != 0 || t < taken_count || !place_has(place, &loose->hit))
            continue;
        place->id = taken[taken_count++] = loose->id;
        place->is_told = loose->is_told;
    }
    for (size_t i = 0; i < places->loose_count; i++) {
        struct place *place = &places->list[places->loose[i].which];
        if (place->hit_count > 0 && place->id == 0)
            place->id = new_id(places, &place->hits[0]);
    }
}

// The hit is late: all around it is put together again, in the order of time. Returns its place.
static uint32_t rebuild(struct places *places, const struct place_hit *late)
{
    uint32_t of_late = UINT32_MAX;
    places->loose[0] = (struct loose){.hit = *late, .which = UINT32_MAX};
    places->loose_count = 1;
    places->figures.late++;
    loosen_around(places);
    qsort(places->loose, places->loose_count, sizeof places->loose[0], compare_loose);
    for (size_t i = 0; i < places->loose_count; i++)
        places->loose[i].which = assign(places, &places->loose[i].hit);
    name_again(places);
    for (size_t i = 0; i < places->loose_count; i++)
        if (place_hit_is_same(&places->loose[i].hit, late))
            of_late = places->loose[i].which;
    places->loose_count = 0;
    return of_late;
}

struct around {
    uint32_t repeated; // the place that has the hit already; UINT32_MAX: none
    bool is_late;      // a place near enough has later ones
};

static struct around look_around(const struct places *places, const struct place_hit *hit)
{
    struct around around = {.repeated = UINT32_MAX};
    struct place_grid_walk walk;
    uint32_t which;
    place_grid_begin(places->grid, hit->latitude, hit->longitude, link_m, &walk);
    while (place_grid_next(&walk, &which)) {
        const struct place *place = &places->list[which];
        if (place_has(place, hit))
            around.repeated = which;
        if (place->earlier.hits == 0 && place_hit_precedes(hit, &place->hits[place->hit_count - 1]))
            around.is_late |= is_linked(place, hit);
    }
    uint32_t mine = nearest(places, hit);
    if (mine != UINT32_MAX && place_is_past(&places->list[mine], hit))
        around.repeated = mine;
    return around;
}

static double radius_of(const struct places *places, double error_m, double speed_mps)
{
    double way_m = speed_mps > 0 ? fmin(speed_mps, most_speed_mps) * delay_s : 0;
    return fmin(places->settings.least_radius_m + error_m + way_m, PLACE_RADIUS_MOST_M);
}

static bool take_hit(const struct places *places, const struct places_event *event, struct place_hit *ret_hit)
{
    double error_m = place_error_m(event->accuracy_m, event->hdop);
    if (event->time_us <= 0 || !event->vehicle || !place_is_one(event->latitude, event->longitude) ||
        error_m > PLACE_ERROR_MOST_M)
        return false;
    *ret_hit = (struct place_hit){.time_us = event->time_us,
                                  .vehicle = fnv64(FNV_START, event->vehicle, strlen(event->vehicle)),
                                  .latitude = event->latitude,
                                  .longitude = event->longitude,
                                  .error_m = error_m,
                                  .radius_m = radius_of(places, error_m, event->speed_mps),
                                  .heading_deg = isfinite(event->heading_deg) ? event->heading_deg : NAN,
                                  .severity = isfinite(event->severity) ? event->severity : NAN,
                                  .shape = event->shape};
    return true;
}

const struct known_object *places_known(const struct places *places, double latitude, double longitude, double error_m)
{
    return places->known ? known_find(places->known, latitude, longitude, error_m) : NULL;
}

// How far off the centre may be that the hits give.
static double centre_error_m(const struct place *place, const struct place_hit *hit)
{
    return hit->error_m / sqrt((double)place->hit_total);
}

static struct places_news news_of(struct places *places, uint32_t which, const struct place_hit *hit)
{
    struct place *place = &places->list[which];
    if (!place_has(place, hit) && !place_is_past(place, hit))
        return (struct places_news){.verdict = PLACES_CANDIDATE}; // there was no room for it
    const struct known_object *object =
        places_known(places, place->latitude, place->longitude, centre_error_m(place, hit));
    struct places_news news = {.verdict = PLACES_CANDIDATE, .place = place, .object = object};
    if (object)
        news.verdict = PLACES_KNOWN;
    else if (place->is_confirmed)
        news.verdict = place->is_told ? PLACES_CONFIRMED : PLACES_CONFIRMED_NOW;
    place->is_told |= news.verdict == PLACES_CONFIRMED_NOW;
    return news;
}

static struct places_news repeated(struct places *places, uint32_t which, const struct place_hit *hit)
{
    const struct place *place = which == UINT32_MAX ? NULL : &places->list[which];
    struct places_news news = {.verdict = PLACES_REPEATED, .place = place};
    if (place)
        news.object = places_known(places, place->latitude, place->longitude, centre_error_m(place, hit));
    places->figures.repeated++;
    return news;
}

struct places_news places_take(struct places *places, const struct places_event *event)
{
    struct place_hit hit;
    uint32_t which;
    places->figures.events++;
    if (!take_hit(places, event, &hit)) {
        places->figures.refused++;
        return (struct places_news){.verdict = PLACES_REFUSED};
    }
    struct around around = look_around(places, &hit);
    if (around.repeated != UINT32_MAX || hit.time_us < places->forgotten_us)
        return repeated(places, around.repeated, &hit);
    if (around.is_late) {
        which = rebuild(places, &hit);
    } else {
        which = assign(places, &hit);
        if (places->list[which].id == 0)
            places->list[which].id = new_id(places, &hit);
    }
    return news_of(places, which, &hit);
}

size_t places_age(struct places *places, int64_t now_us)
{
    size_t before = places_count(places);
    places->forgotten_us = now_us - places->settings.forget_us;
    for (uint32_t i = 0; i < places->settings.places_max; i++)
        if (places->list[i].hit_count > 0 && places->list[i].last_us < places->forgotten_us)
            drop(places, i);
    places->figures.aged += before - places_count(places);
    return before - places_count(places);
}

const struct place *places_next(const struct places *places, uint32_t *cursor)
{
    while (*cursor < places->settings.places_max) {
        const struct place *place = &places->list[(*cursor)++];
        if (place->hit_count > 0)
            return place;
    }
    return NULL;
}

bool places_restore(struct places *places, const struct place *place)
{
    if (places->unused_count == 0 || place->id == 0 || !place_makes_sense(place))
        return false;
    struct place copy = *place;
    place_work_out(&copy, &places->settings);
    if (!place_is_one(copy.latitude, copy.longitude) || has_id(places, copy.id, copy.latitude, copy.longitude))
        return false;
    uint32_t which = places->unused[--places->unused_count];
    places->list[which] = copy;
    settle(places, which);
    return true;
}
