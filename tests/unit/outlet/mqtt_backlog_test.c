// SPDX-License-Identifier: Apache-2.0
#include "mqtt_backlog.h"

#include "check.h"

#define RANGE(from, to) ((struct outlet_range){from, to})

static void assert_plan(struct backlog *backlog, const struct outlet_range *expected, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct outlet_range *range = backlog_next(backlog);
        assert_non_null(range);
        assert_int_equal(range->from, expected[i].from);
        assert_int_equal(range->to, expected[i].to);
        range->from = range->to; // read
    }
    assert_null(backlog_next(backlog));
}

static void a_plan_ends_where_the_live_lane_begins(void **state)
{
    struct backlog backlog = {0};
    struct outlet_range pending[] = {RANGE(3, 8), RANGE(20, 40), RANGE(50, UINT64_MAX)};
    (void)state;
    backlog_plan(&backlog, pending, 3, NULL, 0, 30);
    assert_plan(&backlog, (struct outlet_range[]){RANGE(3, 8), RANGE(20, 30)}, 2);
    backlog_plan(&backlog, pending, 3, NULL, 0, 50);
    assert_plan(&backlog, (struct outlet_range[]){RANGE(3, 8), RANGE(20, 40)}, 2);
    backlog_plan(&backlog, pending, 3, NULL, 0, 3);
    assert_plan(&backlog, NULL, 0);
}

static void what_is_under_way_is_not_planned(void **state)
{
    struct backlog backlog = {0};
    struct outlet_range pending[] = {RANGE(3, 10), RANGE(20, UINT64_MAX)};
    struct outlet_range busy[] = {RANGE(1, 2),  RANGE(3, 4),   RANGE(6, 7),  RANGE(7, 8),
                                  RANGE(9, 22), RANGE(25, 26), RANGE(29, 35)};
    (void)state;
    backlog_plan(&backlog, pending, 2, busy, 7, 32);
    assert_plan(&backlog, (struct outlet_range[]){RANGE(4, 6), RANGE(8, 9), RANGE(22, 25), RANGE(26, 29)}, 4);
    backlog_plan(&backlog, pending, 2, (struct outlet_range[]){RANGE(1, 100)}, 1, 32);
    assert_plan(&backlog, NULL, 0);
}

// Every set of eight numbers against every other.
static void no_number_is_planned_that_is_under_way_and_none_is_forgotten(void **state)
{
    (void)state;
    for (unsigned sets = 0; sets < 1 << 16; sets++) {
        struct outlet_range lists[2][OUTLET_RANGES_MAX];
        size_t counts[2] = {0};
        struct backlog backlog = {0};
        unsigned planned = 0;
        for (int list = 0; list < 2; list++) {
            for (uint64_t number = 0; number < 8; number++) {
                if (sets >> (8 * list + (int)number) & 1) {
                    lists[list][counts[list]++] = RANGE(number, number + 1);
                }
            }
        }
        backlog_plan(&backlog, lists[0], counts[0], lists[1], counts[1], 7);
        for (struct outlet_range *range; (range = backlog_next(&backlog)); range->from++) {
            planned |= 1U << range->from;
        }
        assert_int_equal(planned, sets & ~(sets >> 8) & 0x7f);
    }
}

static void what_does_not_fit_is_left_to_the_next_plan(void **state)
{
    struct backlog backlog = {0};
    struct outlet_range pending[] = {RANGE(0, UINT64_MAX)}, busy[BACKLOG_RANGES_MAX + 5];
    size_t count = 0;
    (void)state;
    for (uint64_t i = 0; i < BACKLOG_RANGES_MAX + 5; i++) {
        busy[i] = RANGE(2 * i + 1, 2 * i + 2);
    }
    backlog_plan(&backlog, pending, 1, busy, BACKLOG_RANGES_MAX + 5, 10000);
    for (struct outlet_range *range; (range = backlog_next(&backlog)); range->from++) {
        count++;
    }
    assert_int_equal(count, BACKLOG_RANGES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_ends_where_the_live_lane_begins),
        cmocka_unit_test(what_is_under_way_is_not_planned),
        cmocka_unit_test(no_number_is_planned_that_is_under_way_and_none_is_forgotten),
        cmocka_unit_test(what_does_not_fit_is_left_to_the_next_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
