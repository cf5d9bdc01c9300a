// SPDX-License-Identifier: Apache-2.0
#include "places_street.h"

static void three_passes_confirm_a_place(void **state)
{
    (void)state;
    struct places_news news = take(at(0, 0, 1, SECOND_US));
    assert_int_equal(news.verdict, PLACES_CANDIDATE);
    uint64_t id = news.place->id;
    assert_int_equal(take(at(6, 3, 2, DAY_US)).verdict, PLACES_CANDIDATE);
    news = take(at(-6, -3, 1, 2 * DAY_US));
    assert_int_equal(news.verdict, PLACES_CONFIRMED_NOW);
    assert_int_equal(news.place->id, id);
    assert_true(fabs(news.place->latitude - LATITUDE) < 1e-9 && fabs(news.place->longitude - LONGITUDE) < 1e-9);
    assert_int_equal(news.place->passes, 3);
    assert_int_equal(news.place->first_us, BEGIN_US + SECOND_US);
    assert_int_equal(news.place->last_us, BEGIN_US + 2 * DAY_US);
    assert_int_equal(news.place->shape, PLACE_DIP);
    assert_true(news.place->severity == 2);
    assert_true(isnan(news.place->heading_deg));
    assert_int_equal(take(at(2, 0, 3, 3 * DAY_US)).verdict, PLACES_CONFIRMED);
    assert_int_equal(take(at(2, 60, 3, 4 * DAY_US)).verdict, PLACES_CANDIDATE); // another place
    assert_int_equal(places_count(places), 2);
}

static void good_positions_and_what_most_say_count(void **state)
{
    (void)state;
    struct places_event good = at(0, 0, 1, 0), bad = at(10, 0, 2, DAY_US);
    good.accuracy_m = 1, good.severity = NAN, good.shape = PLACE_HUMP;
    bad.accuracy_m = 3, bad.shape = PLACE_HUMP, bad.heading_deg = 350;
    assert_true(isnan(places_take(places, &good).place->severity));
    const struct place *place = places_take(places, &bad).place;
    assert_true(fabs((place->latitude - LATITUDE) * DEGREE_M - 1) < 0.001); // nine times the weight
    assert_true(place->severity == 2);
    assert_int_equal(place->shape, PLACE_HUMP);
    bad.time_us += DAY_US, bad.severity = 3, bad.shape = PLACE_DIP, bad.heading_deg = 20;
    place = places_take(places, &bad).place;
    assert_true(place->severity == 2.5);
    assert_int_equal(place->shape, PLACE_HUMP);
    assert_true(fabs(place->heading_deg - 5) < 1e-9);
}

static void a_pass_is_one_vehicle_within_a_minute(void **state)
{
    (void)state;
    take(at(0, 0, 1, 0));
    take(at(0, 0, 1, 50 * SECOND_US));
    struct places_news news = take(at(0, 0, 1, 100 * SECOND_US)); // goes on with the second
    assert_int_equal(news.verdict, PLACES_CANDIDATE);
    assert_int_equal(news.place->passes, 1);
    assert_int_equal(news.place->hit_total, 3);
    assert_int_equal(take(at(0, 0, 2, 101 * SECOND_US)).place->passes, 2);
    assert_int_equal(take(at(0, 0, 1, 160 * SECOND_US)).verdict, PLACES_CONFIRMED_NOW);
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
            struct places_event event = at(0, 0, i, (int64_t)i * DAY_US / 10);
            struct places_news news = places_take(places, &event);
            assert_int_equal(news.verdict == PLACES_REPEATED, round > 0);
            assert_int_equal(news.place->hit_total, round ? 200 : i + 1);
            assert_int_equal(news.place->passes, round ? 200 : i + 1);
        }
    uint32_t cursor = 0;
    assert_int_equal(places_next(places, &cursor)->first_us, BEGIN_US);
}

static void the_carriageways_of_a_road_are_two_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct places_event event = at(0, i % 2 ? 8 : 0, i, (int64_t)i * DAY_US);
        event.heading_deg = i % 2 ? 178 + (double)i : fmod(357 + (double)i, 360);
        places_take(places, &event);
    }
    struct places_event unknown = at(0, 1, 9, 9 * DAY_US);
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
    for (size_t i = 0; i < 5; i++, odd.time_us -= DAY_US, odd.longitude += 1e-5)
        assert_int_not_equal(places_take(places, &odd).verdict, PLACES_REFUSED);
    assert_int_equal(places_figures(places).refused, 9);
}

static void places_lie_across_the_antimeridian_and_at_the_poles(void **state)
{
    (void)state;
    static const double where[][2] = {{10, 180}, {10, -180}, {10, -179.99995}, {90, 0}, {90, 120}, {89.99999, -60}};
    for (size_t i = 0; i < 6; i++) {
        struct places_event event = at(0, 0, i, (int64_t)i * DAY_US);
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
    for (const char *c = text; *c; c++)
        again = again << 5 |
                (uint64_t)(strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", *c) - "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    assert_int_equal(again, id);
    anew();
    assert_int_equal(take(at(0, 0, 7, DAY_US)).place->id, id); // where it is, and nothing else
    struct places_event back = at(0, 0, 7, 2 * DAY_US), forth = at(0, 0, 7, 3 * DAY_US);
    back.heading_deg = 180, forth.heading_deg = 0;
    places_take(places, &back);
    struct places_news news = places_take(places, &forth);
    assert_int_equal(news.place->hit_total, 1);
    assert_int_not_equal(news.place->id, id);
}

static void a_late_event_leaves_the_id_as_it_is(void **state)
{
    (void)state;
    uint64_t id = take(at(0, 0, 1, 5 * DAY_US)).place->id;
    take(at(1, 0, 2, 6 * DAY_US));
    struct places_news news = take(at(3, 4, 3, DAY_US));
    assert_int_equal(news.verdict, PLACES_CONFIRMED_NOW);
    assert_int_equal(news.place->id, id);
    assert_int_equal(news.place->first_us, BEGIN_US + DAY_US);
    assert_int_equal(take(at(3, 4, 3, 2 * DAY_US)).verdict, PLACES_CONFIRMED);
    assert_int_equal(places_figures(places).late, 2);
}

static void many_hits(size_t count)
{
    for (size_t i = 0; i < count; i++)
        take(at(0, 0, i, (int64_t)(10 + i) * DAY_US));
}

static void a_late_event_at_a_place_of_many_hits_counts_if_it_can_be_told(void **state)
{
    (void)state;
    many_hits(20);
    struct places_news news = take(at(0, 0, 50, 28 * DAY_US + SECOND_US));
    assert_int_equal(news.verdict, PLACES_CONFIRMED);
    assert_int_equal(news.place->hit_total, 21);
    assert_int_equal(news.place->last_us, BEGIN_US + 29 * DAY_US);
    assert_int_equal(take(at(0, 0, 50, 28 * DAY_US + SECOND_US)).verdict, PLACES_REPEATED);
    assert_int_equal(take(at(0, 0, 50, 5 * DAY_US)).verdict, PLACES_REPEATED);
    assert_int_equal(take(at(0, 0, 5, 15 * DAY_US)).verdict, PLACES_REPEATED); // really
    uint32_t cursor = 0;
    assert_int_equal(places_next(places, &cursor)->hit_total, 21);
}

static void a_pass_counts_once_however_many_hits_follow(void **state)
{
    (void)state;
    for (size_t i = 0; i < 40; i++) { // each vehicle hits twice, with another one in between
        take(at(0, 0, 2 * i, (int64_t)i * 100 * SECOND_US));
        take(at(0, 0, 2 * i + 1, (int64_t)i * 100 * SECOND_US + 10 * SECOND_US));
        struct places_news news = take(at(0, 0, 2 * i, (int64_t)i * 100 * SECOND_US + 20 * SECOND_US));
        assert_int_equal(news.place->hit_total, 3 * (i + 1));
        assert_int_equal(news.place->passes, 2 * (i + 1));
    }
}

static void two_places_that_turn_out_to_be_one_go_on_as_the_earlier(void **state)
{
    (void)state;
    static const double north_m[] = {17, 17, 12, 11};
    static const enum places_verdict expected[] = {PLACES_CANDIDATE, PLACES_CANDIDATE, PLACES_CONFIRMED_NOW,
                                                   PLACES_CONFIRMED};
    many_hits(20);
    uint32_t cursor = 0;
    uint64_t id = places_next(places, &cursor)->id;
    for (size_t i = 0; i < 4; i++) {
        struct places_news news = take(at(north_m[i], 0, i, (int64_t)(40 + i) * DAY_US));
        assert_int_equal(places_count(places), i < 3 ? 2 : 1);
        assert_int_equal(news.verdict, expected[i]);
        if (i == 3) {
            assert_int_equal(news.place->id, id);
            assert_int_equal(news.place->hit_total, 24);
            assert_int_equal(news.place->passes, 24);
            assert_true(fabs((news.place->latitude - LATITUDE) * DEGREE_M - 57.0 / 24) < 0.01);
        }
    }
    assert_int_equal(take(at(17, 0, 1, 41 * DAY_US)).verdict, PLACES_REPEATED);
    assert_int_equal(places_figures(places).united, 1);
}

static void a_fast_or_blurred_position_may_lie_farther_off(void **state)
{
    (void)state;
    struct places_event event = at(0, 0, 1, 0);
    places_take(places, &event);
    static const struct {
        double north_m, accuracy_m, hdop, speed_mps;
        bool is_same;
    } cases[] = {{11.5, 1, NAN, 0, false},   {10.5, 1, NAN, 0, true}, {11.5, 1, NAN, 30, true},
                 {17, NAN, 1, 10, false},    {17, NAN, 2, 10, true},  {14.5, NAN, NAN, NAN, true},
                 {16, NAN, NAN, NAN, false}, {39, 90, NAN, 60, true}, {41, 90, NAN, 60, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        anew();
        places_take(places, &event);
        struct places_event other = at(cases[i].north_m, 0, 2, DAY_US);
        other.accuracy_m = cases[i].accuracy_m, other.hdop = cases[i].hdop, other.speed_mps = cases[i].speed_mps;
        places_take(places, &other);
        assert_int_equal(places_count(places), cases[i].is_same ? 1 : 2);
    }
}

static void a_place_that_nobody_hits_is_dropped(void **state)
{
    (void)state;
    take(at(0, 0, 1, 0));
    take(at(0, 500, 1, 10 * DAY_US));
    assert_int_equal(places_age(places, BEGIN_US + 90 * DAY_US), 0);
    assert_int_equal(places_age(places, BEGIN_US + 91 * DAY_US), 1);
    assert_int_equal(places_count(places), 1);
    struct places_news news = take(at(0, 0, 1, 0)); // comes again
    assert_int_equal(news.verdict, PLACES_REPEATED);
    assert_null(news.place);
    assert_int_equal(take(at(0, 0, 1, 91 * DAY_US)).place->hit_total, 1);
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
        take(at(0, 0, i, (int64_t)i * DAY_US)); // confirmed, and the oldest
    for (size_t i = 1; i < 4; i++)
        take(at(0, 500 * (double)i, 1, (int64_t)(10 - i) * DAY_US));
    assert_int_equal(places_count(places), 4);
    take(at(0, 3000, 1, 20 * DAY_US));
    assert_int_equal(places_count(places), 4);
    assert_int_equal(places_figures(places).evicted, 1);
    assert_int_equal(take(at(0, 0, 9, 21 * DAY_US)).verdict, PLACES_CONFIRMED);
    assert_int_equal(take(at(0, 500, 9, 21 * DAY_US)).place->hit_total, 2);
    assert_int_equal(take(at(0, 1000, 9, 21 * DAY_US)).place->hit_total, 2);
    assert_int_equal(take(at(0, 1500, 9, 21 * DAY_US)).place->hit_total, 1); // this one had gone
    for (size_t i = 0; i < 100; i++)                                         // late ones, closely linked, without room
        take(at(25 * (double)(i % 7), 25 * (double)(i % 5), i, (int64_t)(1000 - i * 7 % 100) * SECOND_US));
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
        struct places_news news = take(at(8, 8, i, (int64_t)i * DAY_US));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(three_passes_confirm_a_place),
        TEST(good_positions_and_what_most_say_count),
        TEST(a_pass_is_one_vehicle_within_a_minute),
        TEST(a_repeated_event_counts_once),
        TEST(repeats_are_known_after_any_number_of_hits),
        TEST(the_carriageways_of_a_road_are_two_places),
        TEST(nonsense_is_refused),
        TEST(places_lie_across_the_antimeridian_and_at_the_poles),
        TEST(ids_are_text_and_back),
        TEST(a_late_event_leaves_the_id_as_it_is),
        TEST(a_late_event_at_a_place_of_many_hits_counts_if_it_can_be_told),
        TEST(a_pass_counts_once_however_many_hits_follow),
        TEST(two_places_that_turn_out_to_be_one_go_on_as_the_earlier),
        TEST(a_fast_or_blurred_position_may_lie_farther_off),
        TEST(a_place_that_nobody_hits_is_dropped),
        TEST(the_unconfirmed_place_hit_least_recently_goes_for_another),
        TEST(a_known_object_has_its_kind),
        TEST(damaged_places_are_not_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
