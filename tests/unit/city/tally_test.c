// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "passage.h"
#include "zone_day.h"
#include <math.h>

static struct tally tally;
static struct passage passage;
static enum tally_kind kind;
static enum time_quality quality;

static int begin(void **state)
{
    (void)state;
    tally = (struct tally){0};
    passage = (struct passage){0};
    kind = TALLY_COUNTS;
    quality = TIME_SENSOR;
    return 0;
}

static bool take(double seconds, double value)
{
    struct reading reading = {.time_us = day_begins_us + (int64_t)(seconds * 1e6), .time_quality = quality};
    bool is_new = tally_take(&tally, kind, &reading, value, day_begins_us);
    if (is_new)
        passage_take(&passage, kind, &reading, value);
    return is_new;
}

static double sum(void)
{
    return tally_sum(&tally);
}

static double rate(void)
{
    return passage_per_minute(&passage, kind);
}

static void a_total_is_counted_from_where_it_stood(void **state)
{
    (void)state;
    kind = TALLY_TOTAL;
    take(20, 1000);
    take(30, 1010);
    assert_true(sum() == 10);
    take(10, 990); // late, and earlier than what was thought to be the first
    assert_true(sum() == 20);
    take(-5, 985); // before it is counted since
    assert_true(sum() == 25);
    take(-10, 980);
    assert_true(sum() == 25);
    take(-1, 987);
    assert_true(sum() == 23);
}

static void the_same_time_says_nothing_new(void **state)
{
    (void)state;
    kind = TALLY_TOTAL;
    take(10, 1000);
    take(20, 1005);
    assert_false(take(20, 1009));
    assert_true(sum() == 5);
    begin(NULL);
    assert_true(take(10, 3));
    assert_false(take(10, 4));
    assert_true(sum() == 3);
}

static void it_is_never_negative(void **state)
{
    (void)state;
    kind = TALLY_TOTAL;
    take(10, 1000);
    take(20, 900); // which no total of ours does
    assert_true(sum() == 0);
}

static void counts_of_the_last_64_readings_may_come_late(void **state)
{
    (void)state;
    for (int i = 0; i < TALLY_SEEN_MAX; i++)
        take(100 + 10 * i, 1);
    assert_true(sum() == TALLY_SEEN_MAX);
    assert_true(take(105, 1)); // the one of 100 is forgotten
    assert_false(take(104, 1));
    assert_false(take(100, 1)); // and not counted twice
    assert_false(take(110, 1));
    assert_true(sum() == TALLY_SEEN_MAX + 1);
    assert_true(take(-86400.0 * 3, 1)); // it lost its clock, and is before what is counted
    assert_true(sum() == TALLY_SEEN_MAX + 1);
}

static void our_own_clock_may_go_back(void **state)
{
    (void)state;
    quality = TIME_SYNCED;
    for (int i = 0; i < 100; i++)
        take(10000 + i, 1);
    assert_true(take(50, 1));
    assert_true(take(51, 1));
    assert_true(sum() == 102);
    begin(NULL);
    kind = TALLY_TOTAL;
    quality = TIME_SYNCED;
    take(10000, 5);
    take(10010, 8);
    take(50, 9);
    assert_true(sum() == 4);
}

static void it_begins_anew(void **state)
{
    (void)state;
    take(10, 3);
    tally_since(&tally);
    assert_true(sum() == 0);
    take(20, 2);
    assert_true(sum() == 2);
    kind = TALLY_TOTAL; // another device
    take(30, 700);
    take(40, 701);
    assert_true(sum() == 1);
}

static void a_rate_is_that_of_the_last_minute(void **state)
{
    (void)state;
    take(0, 5);
    assert_true(isnan(rate()));
    take(5, 5); // the same ten seconds
    assert_true(isnan(rate()));
    for (int i = 1; i <= 30; i++)
        take(10 * i, i <= 20 ? 100 : i);
    assert_true(rate() == 25 + 26 + 27 + 28 + 29 + 30);
    take(310, 31);
    assert_true(rate() == 26 + 27 + 28 + 29 + 30 + 31);
    take(1210, 450); // after a quarter of an hour
    assert_true(rate() == 30);
}

static void two_readings_close_together_are_no_rate(void **state)
{
    (void)state;
    kind = TALLY_TOTAL;
    take(9.9, 5);
    take(10.1, 6);
    assert_true(isnan(rate()));
    take(19.9, 7);
    assert_true(rate() == 12);
    quality = TIME_SYNCED;
    take(-50, 8); // our clock was set back
    assert_true(isnan(rate()));
    take(-20, 9);
    assert_true(rate() == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_total_is_counted_from_where_it_stood, begin),
        cmocka_unit_test_setup(the_same_time_says_nothing_new, begin),
        cmocka_unit_test_setup(it_is_never_negative, begin),
        cmocka_unit_test_setup(counts_of_the_last_64_readings_may_come_late, begin),
        cmocka_unit_test_setup(our_own_clock_may_go_back, begin),
        cmocka_unit_test_setup(it_begins_anew, begin),
        cmocka_unit_test_setup(a_rate_is_that_of_the_last_minute, begin),
        cmocka_unit_test_setup(two_readings_close_together_are_no_rate, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
