// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/places.h"
#include "dice.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EVENTS_MAX = 100000, SITES = 20, PASSES = 10, SAVED_MAX = 4000 };

static const int64_t second_us = 1000000, day_us = 86400 * 1000000LL, begin_us = 1790000000 * 1000000LL;
static const double degree_m = 111195, latitude_0 = 34.7, longitude_0 = 135.5;

static struct places *places;
static struct places_event events[EVENTS_MAX];
static size_t event_count;
static char vehicles[100][12];

static int begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < 100; i++)
        snprintf(vehicles[i], sizeof vehicles[i], "van-%zu", i);
    event_count = 0;
    places = places_create(&places_usual, NULL);
    return places ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    places_destroy(places);
    return 0;
}

static void anew(void)
{
    places_destroy(places);
    places = places_create(&places_usual, NULL);
}

static struct places_event at(double north_m, double east_m, size_t vehicle, int64_t time_us)
{
    return (struct places_event){.time_us = begin_us + time_us,
                                 .vehicle = vehicles[vehicle % 100],
                                 .latitude = latitude_0 + north_m / degree_m,
                                 .longitude = longitude_0 + east_m / degree_m / cos(latitude_0 * 0.017453292519943295),
                                 .accuracy_m = 4,
                                 .hdop = NAN,
                                 .speed_mps = 8,
                                 .heading_deg = NAN,
                                 .severity = 2,
                                 .shape = PLACE_DIP};
}

static struct places_news take(struct places_event event)
{
    return places_take(places, &event);
}

static void three_passes_confirm_a_place(void **state)
{
    (void)state;
    struct places_news news = take(at(0, 0, 1, second_us));
    assert_int_equal(news.verdict, PLACES_CANDIDATE);
    uint64_t id = news.place->id;
    assert_int_equal(take(at(6, 3, 2, day_us)).verdict, PLACES_CANDIDATE);
    news = take(at(-6, -3, 1, 2 * day_us));
    assert_int_equal(news.verdict, PLACES_CONFIRMED_NOW);
    assert_int_equal(news.place->id, id);
    assert_true(fabs(news.place->latitude - latitude_0) < 1e-9 && fabs(news.place->longitude - longitude_0) < 1e-9);
    assert_int_equal(news.place->passes, 3);
    assert_int_equal(news.place->first_us, begin_us + second_us);
    assert_int_equal(news.place->last_us, begin_us + 2 * day_us);
    assert_int_equal(news.place->shape, PLACE_DIP);
    assert_true(news.place->severity == 2);
    assert_true(isnan(news.place->heading_deg));
    assert_int_equal(take(at(2, 0, 3, 3 * day_us)).verdict, PLACES_CONFIRMED);
    assert_int_equal(take(at(2, 60, 3, 4 * day_us)).verdict, PLACES_CANDIDATE); // another place
    assert_int_equal(places_count(places), 2);
}

static void a_pass_is_one_vehicle_within_a_minute(void **state)
{
    (void)state;
    take(at(0, 0, 1, 0));
    take(at(0, 0, 1, 50 * second_us));
    struct places_news news = take(at(0, 0, 1, 100 * second_us)); // goes on with the second
    assert_int_equal(news.verdict, PLACES_CANDIDATE);
    assert_int_equal(news.place->passes, 1);
    assert_int_equal(news.place->hit_total, 3);
    assert_int_equal(take(at(0, 0, 2, 101 * second_us)).place->passes, 2);
    assert_int_equal(take(at(0, 0, 1, 160 * second_us)).verdict, PLACES_CONFIRMED_NOW);
}

static void a_repeated_event_counts_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct places_news news = take(at(0, 0, 1, 0));
        assert_int_equal(news.verdict, i ? PLACES_REPEATED : PLACES_CANDIDATE);
        assert_int_equal(news.place->hit_total, 1);
    }
    assert_int_equal(take(at(0, 0, 2, 0)).verdict, PLACES_CANDIDATE); // another vehicle at that time
    assert_int_equal(places_figures(places).repeated, 4);
}

static void repeats_are_known_after_any_number_of_hits(void **state)
{
    (void)state;
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < 200; i++) {
            struct places_event event = at(0, 0, i, (int64_t)i * day_us / 10);
            struct places_news news = places_take(places, &event);
            assert_int_equal(news.verdict == PLACES_REPEATED, round > 0);
            assert_int_equal(news.place->hit_total, round ? 200 : i + 1);
            assert_int_equal(news.place->passes, round ? 200 : i + 1);
        }
    uint32_t cursor = 0;
    assert_int_equal(places_next(places, &cursor)->first_us, begin_us);
}

static void the_carriageways_of_a_road_are_two_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct places_event event = at(0, i % 2 ? 8 : 0, i, (int64_t)i * day_us);
        event.heading_deg = i % 2 ? 178 + (double)i : fmod(357 + (double)i, 360);
        places_take(places, &event);
    }
    struct places_event unknown = at(0, 1, 9, 9 * day_us);
    assert_int_equal(places_count(places), 2);
    struct places_news news = take(unknown); // the nearest, when nothing tells
    assert_int_equal(news.place->hit_total, 5);
    assert_true(fabs(remainder(news.place->heading_deg, 360)) < 1);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct places_event bad[9];
    for (size_t i = 0; i < 9; i++)
        bad[i] = at(0, 0, 1, 0);
    bad[0].time_us = 0;
    bad[1].latitude = NAN;
    bad[2].longitude = 180.1;
    bad[3].latitude = -INFINITY;
    bad[4].vehicle = NULL;
    bad[5].accuracy_m = 1e300;
    bad[6].accuracy_m = NAN, bad[6].hdop = 99;
    bad[7].accuracy_m = INFINITY;
    bad[8].time_us = INT64_MIN;
    for (size_t i = 0; i < 9; i++) {
        struct places_news news = places_take(places, &bad[i]);
        assert_int_equal(news.verdict, PLACES_REFUSED);
        assert_null(news.place);
    }
    struct places_event odd = at(0, 0, 1, 0);
    odd.speed_mps = INFINITY, odd.heading_deg = 1e300, odd.severity = -INFINITY;
    odd.time_us = INT64_MAX;
    for (size_t i = 0; i < 5; i++, odd.time_us -= day_us, odd.longitude += 1e-5)
        assert_int_not_equal(places_take(places, &odd).verdict, PLACES_REFUSED);
    assert_int_equal(places_figures(places).refused, 9);
}

static void places_lie_across_the_antimeridian_and_at_the_poles(void **state)
{
    (void)state;
    static const double where[][2] = {{10, 180}, {10, -180}, {10, -179.99995}, {90, 0}, {90, 120}, {89.99999, -60}};
    for (size_t i = 0; i < 6; i++) {
        struct places_event event = at(0, 0, i, (int64_t)i * day_us);
        event.latitude = where[i][0], event.longitude = where[i][1];
        assert_int_equal(places_take(places, &event).verdict, i % 3 == 2 ? PLACES_CONFIRMED_NOW : PLACES_CANDIDATE);
    }
    assert_int_equal(places_count(places), 2);
}

static void ids_are_text_and_back(void **state)
{
    (void)state;
    char text[PLACE_ID_SIZE];
    uint64_t id = take(at(0, 0, 1, 0)).place->id, again = 0;
    places_id_text(id, text);
    assert_int_equal(strlen(text), 12);
    assert_true(places_id_parse(text, &again));
    assert_int_equal(again, id);
    assert_false(places_id_parse("0123456789AI", &again));
    assert_false(places_id_parse("0123456789A", &again));
    anew();
    assert_int_equal(take(at(0, 0, 7, day_us)).place->id, id); // where it is, and nothing else
    struct places_event back = at(0, 0, 7, 2 * day_us), forth = at(0, 0, 7, 3 * day_us);
    back.heading_deg = 180, forth.heading_deg = 0;
    places_take(places, &back);
    struct places_news news = places_take(places, &forth);
    assert_int_equal(news.place->hit_total, 1);
    assert_int_not_equal(news.place->id, id);
}

static void a_late_event_leaves_the_id_as_it_is(void **state)
{
    (void)state;
    uint64_t id = take(at(0, 0, 1, 5 * day_us)).place->id;
    take(at(1, 0, 2, 6 * day_us));
    struct places_news news = take(at(3, 4, 3, day_us));
    assert_int_equal(news.verdict, PLACES_CONFIRMED_NOW);
    assert_int_equal(news.place->id, id);
    assert_int_equal(news.place->first_us, begin_us + day_us);
    assert_int_equal(take(at(3, 4, 3, 2 * day_us)).verdict, PLACES_CONFIRMED);
    assert_int_equal(places_figures(places).late, 2);
}

static void a_place_that_nobody_hits_is_dropped(void **state)
{
    (void)state;
    take(at(0, 0, 1, 0));
    take(at(0, 500, 1, 10 * day_us));
    assert_int_equal(places_age(places, begin_us + 90 * day_us), 0);
    assert_int_equal(places_age(places, begin_us + 91 * day_us), 1);
    assert_int_equal(places_count(places), 1);
    assert_int_equal(take(at(0, 0, 1, 0)).place->hit_total, 1);
    assert_int_equal(places_figures(places).aged, 1);
}

static void the_unconfirmed_place_hit_least_recently_goes_for_another(void **state)
{
    (void)state;
    struct places_settings settings = places_usual;
    settings.places_max = 4;
    places_destroy(places);
    places = places_create(&settings, NULL);
    for (size_t i = 0; i < 3; i++)
        take(at(0, 0, i, (int64_t)i * day_us)); // confirmed, and the oldest
    for (size_t i = 1; i < 4; i++)
        take(at(0, 500 * (double)i, 1, (int64_t)(10 - i) * day_us));
    assert_int_equal(places_count(places), 4);
    take(at(0, 3000, 1, 20 * day_us));
    assert_int_equal(places_count(places), 4);
    assert_int_equal(places_figures(places).evicted, 1);
    assert_int_equal(take(at(0, 0, 9, 21 * day_us)).verdict, PLACES_CONFIRMED);
    assert_int_equal(take(at(0, 500, 9, 21 * day_us)).place->hit_total, 2);
    assert_int_equal(take(at(0, 1000, 9, 21 * day_us)).place->hit_total, 2);
    assert_int_equal(take(at(0, 1500, 9, 21 * day_us)).place->hit_total, 1); // this one had gone
    for (size_t i = 0; i < 100; i++)                                         // late ones, closely linked, without room
        take(at(25 * (double)(i % 7), 25 * (double)(i % 5), i, (int64_t)(1000 - i * 7 % 100) * second_us));
    assert_int_equal(places_count(places), 4);
}

static void a_known_object_has_its_kind(void **state)
{
    (void)state;
    static const char text[] = "latitude,longitude,kind,label\n34.7,135.5,hump,in front of the school\n";
    struct known *known = known_create(10);
    assert_int_equal(known_read(known, text, strlen(text), NULL, NULL), 1);
    places_destroy(places);
    places = places_create(&places_usual, known);
    for (size_t i = 0; i < 5; i++) {
        struct places_news news = take(at(8, 8, i, (int64_t)i * day_us));
        assert_int_equal(news.verdict, PLACES_KNOWN);
        assert_string_equal(news.object->kind, "hump");
        assert_int_equal(news.place->passes, i + 1);
        assert_false(news.place->is_told);
    }
    assert_int_equal(take(at(40, 0, 1, 0)).verdict, PLACES_CANDIDATE);
    assert_non_null(places_known(places, 34.7, 135.5001, 0));
    assert_null(places_known(places, 34.7, 135.501, 5));
    places_destroy(places);
    places = NULL;
    known_destroy(known);
}

// ---- what comes of many events, in whatever order

struct summary {
    size_t places, confirmed;
    uint64_t hits;
    double print; // of all centres and counts; ids are not in it
};

static int compare_doubles(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static struct summary summary_of(const struct places *which)
{
    static double prints[SAVED_MAX];
    struct summary summary = {0};
    uint32_t cursor = 0;
    const struct place *place;
    while ((place = places_next(which, &cursor))) {
        assert_true(summary.places < SAVED_MAX);
        prints[summary.places++] = place->latitude * 7 + place->longitude * 13 + (double)place->hit_total * 17 +
                                   (double)place->passes * 19 + (double)(place->last_us % 1000003) + place->severity;
        summary.confirmed += place->is_confirmed;
        summary.hits += place->hit_total;
    }
    qsort(prints, summary.places, sizeof *prints, compare_doubles);
    for (size_t i = 0; i < summary.places; i++)
        summary.print = summary.print * 1.000001 + prints[i];
    return summary;
}

static void same(struct summary one, struct summary other)
{
    assert_int_equal(one.places, other.places);
    assert_int_equal(one.confirmed, other.confirmed);
    assert_int_equal(one.hits, other.hits);
    assert_true(one.print == other.print);
}

static void add(struct places_event event)
{
    assert_true(event_count < EVENTS_MAX);
    events[event_count++] = event;
}

// Sites in a row, so far apart; each is passed ten times, at times in between each other, with positions that are off by sigma along
// each axis.
static void make_sites(double apart_m, double sigma_m, uint64_t seed)
{
    event_count = 0;
    for (size_t pass = 0; pass < PASSES; pass++)
        for (size_t site = 0; site < SITES; site++) {
            double north_m = apart_m * (double)site + sigma_m * dice_normal(&seed);
            struct places_event event = at(north_m, sigma_m * dice_normal(&seed), pass * 7 + site % 3,
                                           (int64_t)pass * day_us + (int64_t)site * 5 * second_us);
            event.accuracy_m = sigma_m;
            event.severity = 1 + (double)((pass + site) % 3);
            add(event);
        }
}

static void shuffle(uint64_t *seed)
{
    for (size_t i = event_count; i > 1; i--) {
        size_t other = (size_t)(dice_even(seed) * (double)i);
        struct places_event keep = events[i - 1];
        events[i - 1] = events[other];
        events[other] = keep;
    }
}

static void take_all(void)
{
    for (size_t i = 0; i < event_count; i++)
        places_take(places, &events[i]);
}

static void the_order_of_events_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (size_t set = 0; set < 10; set++) {
        make_sites(set % 2 ? 30 : 100, 3 + (double)(set % 3), set);
        anew();
        take_all();
        struct summary in_order = summary_of(places);
        assert_int_equal(places_figures(places).late, 0);
        for (size_t round = 0; round < 20; round++) {
            shuffle(&seed);
            anew();
            take_all();
            assert_int_equal(places_figures(places).rough, 0);
            same(summary_of(places), in_order);
        }
    }
}

static void doubled_events_change_nothing(void **state)
{
    (void)state;
    uint64_t seed = 12;
    make_sites(30, 5, 1);
    take_all();
    struct summary once = summary_of(places);
    take_all();
    same(summary_of(places), once);
    for (size_t i = 0; i < SITES * PASSES; i++)
        add(events[i]);
    shuffle(&seed);
    anew();
    take_all();
    same(summary_of(places), once);
    assert_int_equal(places_figures(places).repeated, SITES * PASSES);
}

// What a caller would save and read back, and no more.
static struct place saved_form(const struct place *place)
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

static void restart(void)
{
    struct places *next = places_create(&places_usual, NULL);
    const struct place *place;
    uint32_t cursor = 0;
    while ((place = places_next(places, &cursor))) {
        struct place saved = saved_form(place);
        assert_true(places_restore(next, &saved));
        assert_false(places_restore(next, &saved)); // it is there
    }
    places_destroy(places);
    places = next;
}

static size_t told_in(size_t from, size_t to)
{
    size_t told = 0;
    for (size_t i = from; i < to; i++)
        told += places_take(places, &events[i]).verdict == PLACES_CONFIRMED_NOW;
    return told;
}

static void a_restart_in_the_middle_changes_nothing(void **state)
{
    (void)state;
    make_sites(30, 4, 5);
    for (size_t i = 0; i < SITES * PASSES; i++) { // and one that is hit often
        struct places_event event = at(-500, 0, i, (int64_t)i * 3600 * second_us);
        add(event);
    }
    size_t told = told_in(0, event_count);
    struct summary whole = summary_of(places);
    for (size_t middle = 7; middle < event_count; middle += 67) {
        anew();
        size_t told_before = told_in(0, middle);
        restart();
        assert_int_equal(told_before + told_in(middle, event_count), told);
        same(summary_of(places), whole);
    }
}

static void damaged_places_are_not_restored(void **state)
{
    (void)state;
    struct place bad[9];
    for (size_t i = 0; i < 9; i++)
        bad[i] = saved_form(take(at(0, 0, 1, 0)).place);
    anew();
    bad[0].hit_count = 0;
    bad[1].hit_count = PLACE_HITS_MAX + 1;
    bad[2].hits[0].latitude = NAN;
    bad[3].hits[0].radius_m = INFINITY;
    bad[4].earlier = (struct place_sums){.hits = 3, .passes = 4, .weight = 1};
    bad[5].earlier = (struct place_sums){.hits = 3, .passes = 3, .weight = 0};
    bad[6].earlier = (struct place_sums){.hits = 3, .passes = 3, .weight = 1, .north = 1e9};
    bad[7].hit_count = 2;
    bad[8].id = 0;
    for (size_t i = 0; i < 9; i++)
        assert_false(places_restore(places, &bad[i]));
    assert_int_equal(places_count(places), 0);
}

// ---- how well places are told apart

struct found {
    size_t confirmed, strays, merged, missing;
    double worst_m;
};

static struct found look_at_sites(double apart_m)
{
    struct found found = {0};
    bool has[SITES] = {false};
    uint32_t cursor = 0;
    const struct place *place;
    while ((place = places_next(places, &cursor))) {
        double north_m = (place->latitude - latitude_0) * degree_m, off_m;
        size_t site = (size_t)fmin(fmax(round(north_m / apart_m), 0), SITES - 1);
        off_m = hypot(north_m - apart_m * (double)site, (place->longitude - longitude_0) * degree_m * 0.822);
        found.strays += !place->is_confirmed;
        if (!place->is_confirmed)
            continue;
        found.confirmed++;
        found.merged += place->hit_total > PASSES + PASSES / 2; // most of another one's, too
        has[site] = true;
        found.worst_m = fmax(found.worst_m, off_m);
    }
    for (size_t i = 0; i < SITES; i++)
        found.missing += !has[i];
    return found;
}

static struct found try_sites(double apart_m, double sigma_m)
{
    struct found sum = {0};
    for (uint64_t seed = 0; seed < 100; seed++) {
        make_sites(apart_m, sigma_m, seed);
        anew();
        take_all();
        struct found found = look_at_sites(apart_m);
        sum.confirmed += found.confirmed, sum.strays += found.strays, sum.merged += found.merged;
        sum.missing += found.missing;
        sum.worst_m = fmax(sum.worst_m, found.worst_m);
    }
    print_message("%2.0f m apart, off by %.0f m: of 2000 sites %zu confirmed, %zu merged, %zu missing, %zu strays, the "
                  "worst centre %.1f m off\n",
                  apart_m, sigma_m, sum.confirmed, sum.merged, sum.missing, sum.strays, sum.worst_m);
    return sum;
}

static void sites_are_found_and_told_apart(void **state)
{
    (void)state;
    for (double sigma_m = 3; sigma_m <= 5; sigma_m++)
        for (double apart_m = 30; apart_m <= 50; apart_m += 10) {
            struct found found = try_sites(apart_m, sigma_m);
            assert_int_equal(found.merged + found.missing, 0);
            assert_true(found.confirmed - 2000 <= (sigma_m < 5 ? 0 : 20));
        }
}

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void measure(const char *what, double sites, bool is_shuffled)
{
    uint64_t seed = 3;
    event_count = 0;
    for (size_t i = 0; i < EVENTS_MAX; i++) {
        size_t site = (size_t)(dice_even(&seed) * sites);
        add(at(100 * (double)(site / 300) + 4 * dice_normal(&seed), 100 * (double)(site % 300) + 4 * dice_normal(&seed),
               i, (int64_t)i * 60 * second_us));
    }
    if (is_shuffled)
        shuffle(&seed);
    anew();
    double start_s = cpu_s();
    take_all();
    struct places_figures figures = places_figures(places);
    print_message("100000 events, %s: %.1f us each; %zu places, %zu evicted, %zu late\n", what,
                  (cpu_s() - start_s) * 1e6 / EVENTS_MAX, places_count(places), (size_t)figures.evicted,
                  (size_t)figures.late);
}

static void a_hundred_thousand_events_take_little(void **state)
{
    (void)state;
    measure("5000 sites", 5000, false);
    measure("5000 sites, shuffled", 5000, true);
    measure("60000 sites", 60000, false);
    assert_true(places_count(places) <= places_usual.places_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(three_passes_confirm_a_place),
        TEST(a_pass_is_one_vehicle_within_a_minute),
        TEST(a_repeated_event_counts_once),
        TEST(repeats_are_known_after_any_number_of_hits),
        TEST(the_carriageways_of_a_road_are_two_places),
        TEST(nonsense_is_refused),
        TEST(places_lie_across_the_antimeridian_and_at_the_poles),
        TEST(ids_are_text_and_back),
        TEST(a_late_event_leaves_the_id_as_it_is),
        TEST(a_place_that_nobody_hits_is_dropped),
        TEST(the_unconfirmed_place_hit_least_recently_goes_for_another),
        TEST(a_known_object_has_its_kind),
        TEST(the_order_of_events_changes_nothing),
        TEST(doubled_events_change_nothing),
        TEST(a_restart_in_the_middle_changes_nothing),
        TEST(damaged_places_are_not_restored),
        TEST(sites_are_found_and_told_apart),
        TEST(a_hundred_thousand_events_take_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
