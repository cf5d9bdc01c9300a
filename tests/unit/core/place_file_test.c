// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"
#include "place_file.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct places *places, *others;
static struct bytes out, again;

static int begin_with(uint32_t max)
{
    struct places_settings settings = places_usual;
    settings.places_max = max;
    places = places_create(&settings, NULL);
    others = places_create(&settings, NULL);
    bytes_init(&out, 8 << 20);
    bytes_init(&again, 8 << 20);
    return places && others ? 0 : -1;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(100);
}

static int begin_large(void **state)
{
    (void)state;
    return begin_with(4000);
}

static int end(void **state)
{
    (void)state;
    places_destroy(places);
    places_destroy(others);
    bytes_finish(&out);
    bytes_finish(&again);
    return 0;
}

static void hit(struct places *at, size_t place, size_t time, double heading_deg)
{
    char vehicle[24];
    snprintf(vehicle, sizeof vehicle, "van-%zu", time % 7);
    places_take(at, &(struct places_event){.time_us = INT64_C(1800000000000000) + (int64_t)time * 61000000,
                                           .vehicle = vehicle,
                                           .latitude = 34 + 0.002 * (double)(place / 100),
                                           .longitude = 135 + 0.002 * (double)(place % 100),
                                           .accuracy_m = time % 2 ? 3 : (double)NAN,
                                           .hdop = NAN,
                                           .speed_mps = 10,
                                           .heading_deg = heading_deg,
                                           .severity = time % 3 ? 2 : (double)NAN,
                                           .shape = (enum place_shape)(time % 3)});
}

// The same bytes come of it, so it is the same.
static void assert_comes_back(void)
{
    place_file_write(places, &out);
    assert_false(out.overflow);
    assert_int_equal(place_file_read(others, out.data, out.used), 0);
    assert_int_equal(places_count(others), places_count(places));
    place_file_write(others, &again);
    assert_int_equal(again.used, out.used);
    uint32_t cursor = 0;
    const struct place *place;
    while ((place = places_next(places, &cursor))) {
        uint32_t other = 0;
        const struct place *same;
        while ((same = places_next(others, &other)) && same->id != place->id)
            continue;
        assert_non_null(same);
        assert_memory_equal(&same->latitude, &place->latitude, sizeof same->latitude);
        assert_memory_equal(&same->severity, &place->severity, sizeof same->severity);
        assert_int_equal(same->passes, place->passes);
        assert_int_equal(same->hit_total, place->hit_total);
        assert_int_equal(same->shape, place->shape);
        assert_int_equal(same->is_told, place->is_told);
        assert_int_equal(same->first_us, place->first_us);
    }
}

static void places_come_back_as_they_were(void **state)
{
    (void)state;
    for (size_t place = 0; place < 30; place++)
        for (size_t time = 0; time < place; time++) // more than are remembered one by one, too
            hit(places, place, place + 40 * time, place % 2 ? 90 : (double)NAN);
    assert_int_equal(places_count(places), 29);
    assert_comes_back();
    size_t before = out.used;
    hit(others, 20, 20 + 40 * 19, NAN); // what it knows counts once
    bytes_clear(&again);
    place_file_write(others, &again);
    assert_int_equal(again.used, before);
}

static void none_are_none(void **state)
{
    (void)state;
    assert_comes_back();
    assert_int_equal(places_count(others), 0);
}

static void as_many_as_there_can_be_have_their_bound(void **state)
{
    (void)state;
    for (size_t time = 0; time < 20; time++)
        for (size_t place = 0; place < 4000; place++)
            hit(places, place, 8 * time, 90);
    assert_int_equal(places_count(places), 4000);
    assert_comes_back();
    assert_true(out.used > (size_t)4000 * PLACE_BYTES_MAX * 9 / 10);
    assert_true(out.used <= 16 + (size_t)4000 * PLACE_BYTES_MAX);
}

static void what_is_damaged_is_none_of_it(void **state)
{
    (void)state;
    for (size_t place = 0; place < 3; place++)
        hit(places, place, place, 90);
    place_file_write(places, &out);
    for (size_t size = 0; size < out.used; size++)
        assert_int_equal(place_file_read(others, out.data, size), -EBADMSG);
    for (size_t at = 0; at < out.used; at++) {
        out.data[at] ^= 0x40;
        assert_int_equal(place_file_read(others, out.data, out.used), -EBADMSG);
        out.data[at] ^= 0x40;
    }
    assert_int_equal(places_count(others), 0);
    assert_int_equal(place_file_read(others, out.data, out.used), 0);
    assert_int_equal(places_count(others), 3);
}

// Bytes that somebody made, with the sum that they should have.
static void read_forged(size_t at, const void *data, size_t size)
{
    struct bytes forged;
    bytes_init(&forged, 1 << 20);
    bytes_append(&forged, out.data, out.used - 8);
    memcpy(forged.data + at, data, size);
    bytes_u64(&forged, fnv64(FNV_START, forged.data, forged.used));
    assert_int_equal(place_file_read(others, forged.data, forged.used), 0);
    place_file_write(others, &again); // and all is sound
    assert_false(again.overflow);
    bytes_clear(&again);
    bytes_finish(&forged);
}

static void what_makes_no_sense_is_passed_over(void **state)
{
    (void)state;
    enum {
        ID = 8,
        SUMS = ID + 8 + 1 + 16,
        COUNT = SUMS + 13 * 8,
        TIME = COUNT + 1,
        LATITUDE = TIME + 16,
        ERROR = LATITUDE + 16,
        SHAPE = TIME + 64
    };
    static const double numbers[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 91};
    static const int64_t times[] = {0, -1, INT64_MIN, INT64_MAX};
    static const uint8_t counts[] = {0, PLACE_HITS_MAX + 1, 255}, shape = 200;
    static const uint32_t many = UINT32_MAX;
    hit(places, 1, 1, 90);
    place_file_write(places, &out);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        read_forged(LATITUDE, &numbers[i], 8);
        assert_int_equal(places_count(others), 0);
    }
    read_forged(ERROR, &numbers[3], 8);
    read_forged(ERROR, &numbers[0], 8);
    for (size_t i = 0; i < 3; i++)
        read_forged(TIME, &times[i], 8);
    for (size_t i = 0; i < sizeof counts; i++)
        read_forged(COUNT, &counts[i], 1);
    read_forged(ID, &times[0], 8);
    assert_int_equal(places_count(others), 0);
    read_forged(4, &many, 4); // there are not as many: what there is counts
    assert_int_equal(places_count(others), 1);
    read_forged(SHAPE, &shape, 1); // it is there already
    assert_int_equal(places_count(others), 1);
    for (size_t i = 0; i < 5; i++) // huge sums of one with another id
        read_forged(SUMS + 8 * i, &times[3], 8);
    read_forged(TIME, &times[3], 8);
    hit(others, 1, 9, 90); // goes on
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places_come_back_as_they_were, begin, end),
        cmocka_unit_test_setup_teardown(none_are_none, begin, end),
        cmocka_unit_test_setup_teardown(as_many_as_there_can_be_have_their_bound, begin_large, end),
        cmocka_unit_test_setup_teardown(what_is_damaged_is_none_of_it, begin, end),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_is_passed_over, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
