// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "city/places.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * Vehicles in a street, and the places of their bumps. North and east are metres from one corner, time is from one day on.
 */

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define BEGIN_US (1790000000 * SECOND_US)
#define DEGREE_M 111195.0
#define LATITUDE 34.7
#define LONGITUDE 135.5

static struct places *places;
static char vehicles[100][12];

static inline int begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++)
        snprintf(vehicles[i], sizeof vehicles[i], "van-%zu", i);
    places = places_create(&places_usual, NULL);
    return places ? 0 : -1;
}

static inline int end(void **state)
{
    (void)state;
    places_destroy(places);
    return 0;
}

static inline void anew_with(uint32_t places_max)
{
    struct places_settings settings = places_usual;
    settings.places_max = places_max;
    places_destroy(places);
    places = places_create(&settings, NULL);
}

static inline void anew(void)
{
    anew_with(2000);
}

static inline struct places_event at(double north_m, double east_m, size_t vehicle, int64_t time_us)
{
    return (struct places_event){.time_us = BEGIN_US + time_us,
                                 .vehicle = vehicles[vehicle % 100],
                                 .latitude = LATITUDE + north_m / DEGREE_M,
                                 .longitude = LONGITUDE + east_m / DEGREE_M / cos(LATITUDE * 0.017453292519943295),
                                 .accuracy_m = 4,
                                 .hdop = NAN,
                                 .speed_mps = 8,
                                 .heading_deg = NAN,
                                 .severity = 2,
                                 .shape = PLACE_DIP};
}

static inline struct places_news take(struct places_event event)
{
    return places_take(places, &event);
}

// What a caller would save and read back, and no more.
static inline struct place saved_form(const struct place *place)
{
    struct place saved = {.id = place->id,
                          .is_told = place->is_told,
                          .base_latitude = place->base_latitude,
                          .base_longitude = place->base_longitude,
                          .earlier = place->earlier,
                          .hit_count = place->hit_count};
    memcpy(saved.hits, place->hits, place->hit_count * sizeof saved.hits[0]);
    return saved;
}
