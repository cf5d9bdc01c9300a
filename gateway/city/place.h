// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/places.h"

#define PLACE_RADIUS_MOST_M 40.0
#define PLACE_ERROR_MOST_M 100.0

/*
 * One place and its hits. All that follows from the hits is worked out anew in the order of time whenever one is added, so that it is
 * the same to the last bit, whatever order they came in.
 */

// The order of time. Of one time they are in the order of vehicles, and of places, so that it is always the same.
bool place_hit_precedes(const struct place_hit *one, const struct place_hit *other);

bool place_hit_is_same(const struct place_hit *one, const struct place_hit *other);

bool place_has(const struct place *place, const struct place_hit *hit);

// Whether the place may have had that hit, and remembers nothing so old one by one.
bool place_is_past(const struct place *place, const struct place_hit *hit);

void place_add(struct place *place, const struct place_hit *hit, const struct places_settings *settings);

// Whether they are one place after all: both confirmed, nearer than metres, and of one direction as far as that is known.
bool place_is_same(const struct place *one, const struct place *other, double metres, double heading_tolerance_deg);

// Takes in all hits of the other one.
void place_absorb(struct place *place, const struct place *other, const struct places_settings *settings);

// Works out what follows from the hits.
void place_work_out(struct place *place, const struct places_settings *settings);

// In metres, when the hit may belong to the place; INFINITY otherwise.
double place_distance_of(const struct place *place, const struct place_hit *hit, double heading_tolerance_deg);

bool place_makes_sense(const struct place *place);

uint64_t place_id_of(const struct place_hit *hit, unsigned salt);
