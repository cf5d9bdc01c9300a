// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "corrections.h"

static void what_was_corrected_once_stays(void **state)
{
    (void)state;
    struct corrections table = {.count = 0};
    assert_int_equal(corrections_end(&table), 0);
    assert_true(corrections_add(&table, 1, &(struct correction){1, 10, 1000}));
    assert_false(corrections_add(&table, 1, &(struct correction){2, 10, 5000}));
    assert_true(corrections_add(&table, 1, &(struct correction){5, 20, 5000}));
    assert_int_equal(corrections_end(&table), 20);
    assert_int_equal(corrections_apply(&table, 9, 7), 1007);
    assert_int_equal(corrections_apply(&table, 10, 7), 5007);
    assert_int_equal(corrections_apply(&table, 20, 7), 0);
    assert_int_equal(corrections_apply(&table, 10, INT64_MAX), 0);
}

static void what_nobody_can_read_any_more_is_forgotten(void **state)
{
    (void)state;
    struct corrections table = {.count = 0};
    corrections_add(&table, 1, &(struct correction){1, 10, 1000});
    corrections_add(&table, 1, &(struct correction){10, 20, 2000});
    assert_false(corrections_add(&table, 30, &(struct correction){20, 30, 3000}));
    assert_true(corrections_add(&table, 15, &(struct correction){20, 30, 3000}));
    assert_int_equal(table.count, 2);
    assert_int_equal(corrections_apply(&table, 15, 1), 2001);
}

static void of_too_many_the_newest_stay(void **state)
{
    (void)state;
    struct corrections table = {.count = 0};
    for (uint64_t i = 0; i < 100; i++)
        assert_true(corrections_add(&table, 1, &(struct correction){1 + i, 2 + i, 1000}));
    assert_int_equal(table.count, CORRECTIONS_MAX);
    assert_int_equal(corrections_apply(&table, 100, 1), 1001);
    assert_int_equal(corrections_apply(&table, 100 - CORRECTIONS_MAX, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_corrected_once_stays),
        cmocka_unit_test(what_nobody_can_read_any_more_is_forgotten),
        cmocka_unit_test(of_too_many_the_newest_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
