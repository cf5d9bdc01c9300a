// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "dice.h"
#include "place_grid.h"
#include "place_on_earth.h"
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 400 };

static struct place_grid *grid;
static double latitudes[ITEMS], longitudes[ITEMS];
static bool is_there[ITEMS];

static int begin(void **state)
{
    (void)state;
    memset(is_there, 0, sizeof is_there);
    grid = place_grid_create(ITEMS);
    return grid ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    place_grid_destroy(grid);
    return 0;
}

static void put(uint32_t item, double latitude, double longitude)
{
    latitudes[item] = latitude, longitudes[item] = longitude;
    is_there[item] = true;
    place_grid_put(grid, item, latitude, longitude);
}

// Along the great circle, which holds at the poles as well.
static double true_distance_m(double latitude, double longitude, double other_latitude, double other_longitude)
{
    double a = place_radian(latitude), b = place_radian(other_latitude);
    double north = sin((b - a) / 2), east = sin(place_radian(other_longitude - longitude) / 2);
    return 2 * 6371000 * asin(sqrt(north * north + cos(a) * cos(b) * east * east));
}

// All that are near are met, none twice, and none that is not there.
static void check_around(double latitude, double longitude, double radius_m)
{
    bool is_met[ITEMS] = {false};
    struct place_grid_walk walk;
    uint32_t item;
    place_grid_begin(grid, latitude, longitude, radius_m, &walk);
    while (place_grid_next(&walk, &item)) {
        assert_true(is_there[item]);
        assert_false(is_met[item]);
        is_met[item] = true;
    }
    for (uint32_t i = 0; i < ITEMS; i++)
        if (is_there[i] && true_distance_m(latitude, longitude, latitudes[i], longitudes[i]) <= radius_m)
            assert_true(is_met[i]);
}

static double within(double longitude)
{
    return remainder(longitude, 360);
}

static void all_that_is_near_is_met_wherever_it_is(void **state)
{
    (void)state;
    static const double centres[][2] = {{34.7, 135.5}, {0, 0},      {0, 180},         {-33, -180}, {70, 179.9999},
                                        {90, 10},      {-90, -170}, {89.999, 179.99}, {-89.99, 0}};
    uint64_t seed = 1;
    for (size_t c = 0; c < sizeof centres / sizeof *centres; c++) {
        double spread = 0.003, width = spread / fmax(cos(place_radian(centres[c][0])), spread / 180);
        for (uint32_t i = 0; i < ITEMS; i++)
            put(i, fmax(-90, fmin(90, centres[c][0] + spread * (2 * dice_even(&seed) - 1))),
                within(centres[c][1] + width * (2 * dice_even(&seed) - 1)));
        for (size_t i = 0; i < 200; i++)
            check_around(fmax(-90, fmin(90, centres[c][0] + spread * (2 * dice_even(&seed) - 1))),
                         within(centres[c][1] + width * (2 * dice_even(&seed) - 1)), 1 + 200 * dice_even(&seed));
    }
}

static void what_is_taken_or_moved_is_not_met_there(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (size_t round = 0; round < 5000; round++) {
        uint32_t item = (uint32_t)(dice_even(&seed) * ITEMS);
        if (dice_even(&seed) < 0.4) {
            place_grid_take(grid, item);
            is_there[item] = false;
        } else {
            put(item, 34.7 + 0.005 * dice_even(&seed), 135.5 + 0.005 * dice_even(&seed));
        }
        if (round % 50 == 0)
            check_around(34.7025, 135.5025, 150);
    }
}

static void places_far_apart_are_not_met(void **state)
{
    (void)state;
    struct place_grid_walk walk;
    uint32_t item;
    put(0, 34.7, 135.5);
    put(1, 34.8, 135.5);
    put(2, 34.7, -44.5);
    place_grid_begin(grid, 34.7, 135.5, 50, &walk);
    assert_true(place_grid_next(&walk, &item));
    assert_int_equal(item, 0);
    assert_false(place_grid_next(&walk, &item));
}

static void distances_are_those_of_the_earth(void **state)
{
    (void)state;
    assert_true(fabs(place_distance_m(34.7, 135.5, 34.701, 135.5) - 111.195) < 0.01);
    assert_true(fabs(place_distance_m(60, 179.9995, 60, -179.9995) - 55.6) < 0.1);
    for (double latitude = -80; latitude <= 80; latitude += 20)
        assert_true(fabs(place_distance_m(latitude, 10, latitude + 0.001, 10.001) /
                             true_distance_m(latitude, 10, latitude + 0.001, 10.001) -
                         1) < 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_is_near_is_met_wherever_it_is, begin, end),
        cmocka_unit_test_setup_teardown(what_is_taken_or_moved_is_not_met_there, begin, end),
        cmocka_unit_test_setup_teardown(places_far_apart_are_not_met, begin, end),
        cmocka_unit_test(distances_are_those_of_the_earth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
