// SPDX-License-Identifier: Apache-2.0
#include "place_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static double number_of(const json_t *list, size_t index)
{
    const json_t *value = json_array_get(list, index);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static json_t *save_hit(const struct place_hit *hit)
{
    char vehicle[24];
    snprintf(vehicle, sizeof vehicle, "%016" PRIx64, hit->vehicle);
    return json_pack("[I,s,o,o,o,o,o,o,i]", (json_int_t)hit->time_us, vehicle, number(hit->latitude),
                     number(hit->longitude), number(hit->error_m), number(hit->radius_m), number(hit->heading_deg),
                     number(hit->severity), (int)hit->shape);
}

static json_t *save_sums(const struct place_sums *sums)
{
    return json_pack("[I,I,I,I,I,o,o,o,o,o,o,I,I]", (json_int_t)sums->hits, (json_int_t)sums->passes,
                     (json_int_t)sums->dips, (json_int_t)sums->humps, (json_int_t)sums->severities,
                     number(sums->weight), number(sums->north), number(sums->east), number(sums->cosine),
                     number(sums->sine), number(sums->severity), (json_int_t)sums->first_us, (json_int_t)sums->last_us);
}

json_t *place_file_save(const struct places *places)
{
    json_t *list = json_array();
    uint32_t cursor = 0;
    const struct place *place;
    while ((place = places_next(places, &cursor))) {
        char id[PLACE_ID_SIZE];
        json_t *hits = json_array();
        places_id_text(place->id, id);
        for (size_t i = 0; i < place->hit_count; i++)
            json_array_append_new(hits, save_hit(&place->hits[i]));
        json_array_append_new(list, json_pack("{s:s,s:b,s:[f,f],s:o,s:o}", "id", id, "told", place->is_told, "base",
                                              place->base_latitude, place->base_longitude, "earlier",
                                              save_sums(&place->earlier), "hits", hits));
    }
    return list;
}

static uint64_t count_of(const json_t *list, size_t index)
{
    json_int_t count = json_integer_value(json_array_get(list, index));
    return count > 0 ? (uint64_t)count : 0;
}

static void take_sums(const json_t *list, struct place_sums *ret)
{
    *ret = (struct place_sums){.hits = count_of(list, 0),
                               .passes = count_of(list, 1),
                               .dips = count_of(list, 2),
                               .humps = count_of(list, 3),
                               .severities = count_of(list, 4),
                               .weight = number_of(list, 5),
                               .north = number_of(list, 6),
                               .east = number_of(list, 7),
                               .cosine = number_of(list, 8),
                               .sine = number_of(list, 9),
                               .severity = number_of(list, 10),
                               .first_us = json_integer_value(json_array_get(list, 11)),
                               .last_us = json_integer_value(json_array_get(list, 12))};
}

static void take_hit(const json_t *list, struct place_hit *ret)
{
    const char *vehicle = json_string_value(json_array_get(list, 1));
    *ret = (struct place_hit){.time_us = json_integer_value(json_array_get(list, 0)),
                              .vehicle = vehicle ? strtoull(vehicle, NULL, 16) : 0,
                              .latitude = number_of(list, 2),
                              .longitude = number_of(list, 3),
                              .error_m = number_of(list, 4),
                              .radius_m = number_of(list, 5),
                              .heading_deg = number_of(list, 6),
                              .severity = number_of(list, 7),
                              .shape = (enum place_shape)json_integer_value(json_array_get(list, 8))};
}

static void take_place(struct places *places, const json_t *entry)
{
    struct place place = {0};
    const json_t *hits = json_object_get(entry, "hits"), *base = json_object_get(entry, "base");
    const char *id = json_string_value(json_object_get(entry, "id"));
    size_t count = json_array_size(hits);
    if (!id || !places_id_parse(id, &place.id) || count > PLACE_HITS_MAX)
        return;
    place.is_told = json_is_true(json_object_get(entry, "told"));
    place.base_latitude = number_of(base, 0);
    place.base_longitude = number_of(base, 1);
    take_sums(json_object_get(entry, "earlier"), &place.earlier);
    for (size_t i = 0; i < count; i++)
        take_hit(json_array_get(hits, i), &place.hits[i]);
    place.hit_count = count;
    places_restore(places, &place);
}

void place_file_restore(struct places *places, const json_t *saved)
{
    for (size_t i = 0; i < json_array_size(saved); i++)
        take_place(places, json_array_get(saved, i));
}
