// SPDX-License-Identifier: Apache-2.0
// The saved places and the table of known objects as an adversary would write them, and vehicles at the ends of the earth: the input is a
// table, a byte 0xFF (never in UTF-8), places without their sum, another 0xFF, and events.
#include "../../gateway/core/place_file.h"
#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void count_fault(void *context, size_t line, enum known_fault fault)
{
    size_t *lines = context;
    expect(line > 0 && fault < KNOWN_FAULT_COUNT, "a fault that is none");
    ++*lines;
}

static bool is_on_earth(double latitude, double longitude)
{
    return fabs(latitude) <= 90 && fabs(longitude) <= 180;
}

static void check_object(const struct known_object *object)
{
    expect(is_on_earth(object->latitude, object->longitude) && object->kind[0], "an object that is none");
    expect(object->radius_m >= 1 && object->radius_m <= 200, "a radius");
    for (const char *at = object->kind; *at; at++)
        expect((unsigned char)*at >= 0x20, "a kind that could forge a line");
}

static void check(const struct places *places)
{
    uint32_t cursor = 0;
    const struct place *place;
    while ((place = places_next(places, &cursor))) {
        expect(is_on_earth(place->latitude, place->longitude), "a place that is none");
        expect(place->passes <= place->hit_total && place->passes > 0, "more passes than hits");
        expect(isnan(place->heading_deg) || (place->heading_deg >= 0 && place->heading_deg <= 360), "a heading");
    }
}

static void read_places(struct places *places, const uint8_t *data, size_t size)
{
    struct bytes file;
    bytes_init(&file, 1 << 20);
    bytes_append(&file, data, size);
    bytes_u64(&file, fnv64(FNV_START, data, size));
    place_file_read(places, file.data, file.used);
    bytes_finish(&file);
}

// Written and read again they are the same.
static void read_again(const struct places *places, const struct places_settings *settings)
{
    struct places *again = places_create(settings, NULL);
    struct bytes file;
    bytes_init(&file, 1 << 20);
    place_file_write(places, &file);
    expect(!file.overflow && place_file_read(again, file.data, file.used) == 0, "not read again");
    if (places_count(again) != places_count(places))
        fprintf(stderr, "%zu %zu\n", places_count(again), places_count(places));
    expect(places_count(again) == places_count(places), "not as many");
    places_destroy(again);
    bytes_finish(&file);
}

static double draw_amount(struct view *view)
{
    static const double amounts[] = {0, 1, -1, 90, -90, 180, -180, 89.9999, 179.9999, 1e-9, 45, 360, 1e6, 1e308};
    uint8_t which = view_u8(view);
    return which < sizeof amounts / sizeof *amounts ? amounts[which] : which < 20 ? (double)NAN : 34.7 + which * 1e-5;
}

static void take(struct places *places, struct view *view)
{
    static const char *const vehicles[] = {"bus-1", "bus-2", "bus-3", ""};
    struct places_event event = {.vehicle = vehicles[view_u8(view) % 4],
                                 .time_us = INT64_C(1800000000000000) + (int16_t)view_u16(view) * INT64_C(1000000),
                                 .shape = (enum place_shape)(view_u8(view) % 3)};
    double *const amounts[] = {&event.latitude,  &event.longitude,   &event.accuracy_m, &event.hdop,
                               &event.speed_mps, &event.heading_deg, &event.severity};
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        *amounts[i] = draw_amount(view);
    struct places_news news = places_take(places, &event);
    expect(news.verdict < PLACES_VERDICT_COUNT, "a verdict");
    if (news.object)
        check_object(news.object);
    if (news.place)
        expect(news.place->id != 0, "no id");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *mark = memchr(data, 0xff, size), *end = data + size, *second = NULL;
    size_t faults = 0, table_size = mark ? (size_t)(mark - data) : size;
    struct places_settings settings = places_usual;
    settings.places_max = 20;
    struct known *known = known_create(50);
    struct places *places = places_create(&settings, known);
    expect(known && places, "no memory");
    size_t count = known_read(known, (const char *)data, table_size, count_fault, &faults);
    expect(count == known_count(known) && count <= 50, "how many");
    if (mark && (second = memmem(mark + 1, (size_t)(end - mark - 1), "\xff\xfe\xff", 3)))
        read_places(places, mark + 1, (size_t)(second - mark - 1));
    check(places);
    struct view view = {.data = second ? second + 3 : mark ? mark + 1 : end};
    view.left = (size_t)(end - view.data);
    while (view.left > 0 && !view.bad) {
        take(places, &view);
        if (view.left % 64 == 0)
            places_age(places, INT64_C(1800000000000000));
        check(places);
    }
    read_again(places, &settings);
    places_destroy(places);
    known_destroy(known);
    return 0;
}
