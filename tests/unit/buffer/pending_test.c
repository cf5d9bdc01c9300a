// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "pending.h"
#include <string.h>

enum { NUMBERS = 400 };

static uint64_t draw(uint64_t *random, uint64_t below)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (*random >> 33) % below;
}

static void everything_is_pending_at_first(void **state)
{
    (void)state;
    struct buffer_pending pending = pending_from(7);
    assert_true(pending_fits(&pending));
    assert_int_equal(pending_lowest(&pending), 7);
    assert_int_equal(pending_open(&pending), 7);
    struct buffer_range range;
    assert_false(pending_first(&pending, 1, 7, &range));
    assert_true(pending_first(&pending, 1, 9, &range));
    assert_int_equal(range.from, 7);
    assert_int_equal(range.to, 9);
}

static void what_is_acknowledged_in_the_middle_leaves_both_sides(void **state)
{
    (void)state;
    struct buffer_pending pending = pending_from(1);
    assert_true(pending_done(&pending, 10, 20));
    assert_false(pending_done(&pending, 10, 20));
    assert_false(pending_done(&pending, 15, 15));
    assert_int_equal(pending.count, 2);
    assert_int_equal(pending.ranges[0].to, 10);
    assert_int_equal(pending_open(&pending), 20);
    assert_true(pending_done(&pending, 5, 30));
    assert_int_equal(pending.count, 2);
    assert_int_equal(pending.ranges[0].to, 5);
    assert_int_equal(pending_open(&pending), 30);
    assert_true(pending_done(&pending, 0, 30));
    assert_int_equal(pending.count, 1);
}

// Against a list of flags, as long as no ranges are joined.
static void it_is_the_set_that_it_says(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int round = 0; round < 200; round++) {
        bool done[NUMBERS] = {true};
        struct buffer_pending pending = pending_from(1);
        for (int step = 0; step < 60; step++) {
            uint64_t from = draw(&random, NUMBERS), to = from + draw(&random, step % 9 ? 12 : 100);
            to = to < NUMBERS ? to : NUMBERS;
            pending_done(&pending, from, to);
            for (uint64_t i = from; i < to; i++)
                done[i] = true;
            assert_true(pending_fits(&pending));
        }
        for (uint64_t i = 0; i < NUMBERS; i++) {
            struct buffer_range range;
            assert_int_equal(pending_first(&pending, i, i + 1, &range), !done[i]);
        }
    }
}

static void one_range_too_many_joins_the_two_with_the_least_between_them(void **state)
{
    (void)state;
    struct buffer_pending pending = pending_from(1);
    // A gap of 10 each, but one of 3.
    for (uint64_t i = 0; i < BUFFER_RANGES_MAX; i++)
        assert_true(pending_done(&pending, 100 + i * 100, 100 + i * 100 + (i == 20 ? 3 : 10)));
    assert_int_equal(pending.count, BUFFER_RANGES_MAX + 1);
    assert_true(pending_done(&pending, 50000, 50010));
    assert_int_equal(pending.count, BUFFER_RANGES_MAX + 1);
    assert_true(pending_fits(&pending));
    struct buffer_range range;
    assert_true(pending_first(&pending, 2100, 2103, &range)); // is sent again
    assert_false(pending_first(&pending, 50000, 50010, &range));
    assert_false(pending_first(&pending, 2000, 2010, &range));
    assert_false(pending_first(&pending, 2200, 2210, &range));
    // The new one may be the smallest itself.
    pending_done(&pending, 60000, 60001);
    assert_true(pending_first(&pending, 60000, 60001, &range));
    assert_int_equal(pending.count, BUFFER_RANGES_MAX + 1);
}

static void joining_never_takes_a_number_out(void **state)
{
    (void)state;
    uint64_t random = 7;
    struct buffer_pending pending = pending_from(1);
    bool done[5000] = {true};
    for (int step = 0; step < 3000; step++) {
        uint64_t from = draw(&random, 4990), to = from + draw(&random, 10);
        pending_done(&pending, from, to);
        for (uint64_t i = from; i < to; i++)
            done[i] = true;
        assert_true(pending_fits(&pending));
    }
    struct buffer_range range;
    for (uint64_t i = 0; i < 5000; i++)
        assert_true(done[i] || pending_first(&pending, i, i + 1, &range));
}

static void what_is_no_such_set_is_told(void **state)
{
    (void)state;
    struct buffer_pending pending = {.count = 0};
    assert_false(pending_fits(&pending));
    pending = (struct buffer_pending){{{1, 5}}, 1}; // not open
    assert_false(pending_fits(&pending));
    pending = (struct buffer_pending){{{1, 5}, {5, UINT64_MAX}}, 2}; // touching
    assert_false(pending_fits(&pending));
    pending = (struct buffer_pending){{{5, 5}, {6, UINT64_MAX}}, 2}; // empty
    assert_false(pending_fits(&pending));
    pending = (struct buffer_pending){{{0, 5}, {6, UINT64_MAX}}, 2};
    assert_false(pending_fits(&pending));
    pending = pending_from(1);
    pending.count = BUFFER_RANGES_MAX + 2;
    assert_false(pending_fits(&pending));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_pending_at_first),
        cmocka_unit_test(what_is_acknowledged_in_the_middle_leaves_both_sides),
        cmocka_unit_test(it_is_the_set_that_it_says),
        cmocka_unit_test(one_range_too_many_joins_the_two_with_the_least_between_them),
        cmocka_unit_test(joining_never_takes_a_number_out),
        cmocka_unit_test(what_is_no_such_set_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
