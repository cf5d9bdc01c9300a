// SPDX-License-Identifier: Apache-2.0
#include "places_street.h"

#include "dice.h"
#include <stdlib.h>
#include <time.h>

enum { EVENTS_MAX = 100000, SITES = 20, PASSES = 10, SAVED_MAX = 20000 };

static struct places_event events[EVENTS_MAX];
static size_t event_count;

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
                                           (int64_t)pass * DAY_US + (int64_t)site * 5 * SECOND_US);
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
        struct places_event event = at(-500, 0, i, (int64_t)i * 3600 * SECOND_US);
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
        double north_m = (place->latitude - LATITUDE) * DEGREE_M, off_m;
        size_t site = (size_t)fmin(fmax(round(north_m / apart_m), 0), SITES - 1);
        off_m = hypot(north_m - apart_m * (double)site, (place->longitude - LONGITUDE) * DEGREE_M * 0.822);
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

// ---- more than the promise covers: many hits of a place, and places all over a street

// Events anywhere within so many metres, in any direction, some of them late by up to a day.
static void make_disorder(size_t count, double metres, uint64_t seed)
{
    event_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct places_event event =
            at(metres * dice_even(&seed), metres * dice_even(&seed), (size_t)(dice_even(&seed) * 9),
               (int64_t)i * 600 * SECOND_US - (int64_t)(dice_even(&seed) * (double)DAY_US));
        event.heading_deg = dice_even(&seed) < 0.3 ? NAN : 360 * dice_even(&seed);
        event.accuracy_m = dice_even(&seed) < 0.3 ? NAN : 30 * dice_even(&seed);
        add(event);
    }
}

static void ids_are_unique_and_counts_right(void)
{
    uint32_t cursor = 0;
    const struct place *place;
    uint64_t hits = 0;
    static uint64_t ids[SAVED_MAX];
    size_t count = 0;
    while ((place = places_next(places, &cursor))) {
        assert_int_not_equal(place->id, 0);
        for (size_t i = 0; i < count; i++)
            assert_int_not_equal(place->id, ids[i]);
        ids[count++] = place->id;
        hits += place->hit_total;
        assert_true(place->passes > 0 && place->passes <= place->hit_total && place->first_us <= place->last_us);
        assert_true(place->hit_total == place->hit_count + place->earlier.hits);
        assert_true(place->latitude > 34.69 && place->latitude < 34.71);
    }
    struct places_figures figures = places_figures(places);
    assert_int_equal(count, places_count(places));
    if (figures.evicted + figures.aged == 0)
        assert_int_equal(hits, figures.events - figures.repeated - figures.refused);
}

static void disorder_does_no_harm(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        struct places_settings settings = places_usual;
        settings.places_max = seed % 2 ? 10000 : 20;
        make_disorder(1000, seed % 3 ? 250 : 60, seed);
        places_destroy(places);
        places = places_create(&settings, NULL);
        for (size_t i = 0; i < event_count; i++) {
            struct places_news news = places_take(places, &events[i]);
            assert_true(news.place || settings.places_max == 20);
            assert_true(!news.place || news.place->hit_count > 0);
            if (news.place && news.verdict != PLACES_REPEATED)
                assert_true(news.place->last_us >= events[i].time_us && news.place->first_us <= events[i].time_us);
        }
        ids_are_unique_and_counts_right();
        if (seed % 2)
            restart();
        places_age(places, BEGIN_US + places_usual.forget_us + 5 * DAY_US);
        take_all();
        places_age(places, BEGIN_US + places_usual.forget_us + 5 * DAY_US);
        assert_true(places_count(places) <= settings.places_max);
        if (seed % 2 == 0)
            ids_are_unique_and_counts_right();
    }
}

static size_t confirmed_places(void)
{
    return summary_of(places).confirmed;
}

// What the order changes where too much comes together: of so many confirmed places, by how many the number differs.
static void compare_orders(const char *what)
{
    uint64_t seed = 21;
    anew();
    take_all();
    size_t in_order = confirmed_places(), worst = 0;
    uint64_t hits = summary_of(places).hits, fewest = hits;
    for (size_t round = 0; round < 3; round++) {
        shuffle(&seed);
        anew();
        take_all();
        size_t confirmed = confirmed_places();
        worst = (size_t)fmax((double)worst, fabs((double)confirmed - (double)in_order));
        fewest = summary_of(places).hits < fewest ? summary_of(places).hits : fewest;
    }
    print_message(
        "%s: %zu confirmed in order, up to %zu more or fewer in another; %zu hits, %zu at least; rough %zu of "
        "%zu\n",
        what, in_order, worst, (size_t)hits, (size_t)fewest, (size_t)places_figures(places).rough, event_count);
    assert_true((double)worst <= 0.1 * (double)in_order);
}

static void the_order_changes_little_where_too_much_comes_together(void **state)
{
    (void)state;
    event_count = 0;
    uint64_t seed = 31;
    for (size_t i = 0; i < 4000; i++)
        add(at(50 * (double)(i % 100) + 4 * dice_normal(&seed), 4 * dice_normal(&seed), i / 7,
               (int64_t)i * 600 * SECOND_US));
    compare_orders("100 sites with 40 hits each");
    make_disorder(1500, 1000, 3);
    compare_orders("1500 events all over a square kilometre");
    make_disorder(800, 220, 3);
    compare_orders("800 events all over a twentieth of it");
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
               i, (int64_t)i * 60 * SECOND_US));
    }
    if (is_shuffled)
        shuffle(&seed);
    anew_with(places_usual.places_max);
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
        TEST(the_order_of_events_changes_nothing),
        TEST(doubled_events_change_nothing),
        TEST(a_restart_in_the_middle_changes_nothing),
        TEST(sites_are_found_and_told_apart),
        TEST(disorder_does_no_harm),
        TEST(the_order_changes_little_where_too_much_comes_together),
        TEST(a_hundred_thousand_events_take_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
