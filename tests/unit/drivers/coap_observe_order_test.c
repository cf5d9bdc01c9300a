// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "coap_observe_order.h"

static const int64_t second_us = 1000000;

static void the_first_is_always_fresh(void **state)
{
    (void)state;
    struct observe_order order = {0};
    assert_true(order_is_fresh(&order, 0, 0));
    assert_true(order_is_fresh(&order, 0xffffff, 0));
}

static void later_numbers_are_fresh_and_earlier_ones_are_not(void **state)
{
    (void)state;
    struct observe_order order = {0};
    order_take(&order, 100, 0);
    assert_true(order_is_fresh(&order, 101, 0));
    assert_true(order_is_fresh(&order, 100 + (1 << 23) - 1, 0));
    assert_false(order_is_fresh(&order, 100, 0)); // a copy
    assert_false(order_is_fresh(&order, 99, 0));
    assert_false(order_is_fresh(&order, 100 + (1 << 23), 0));
}

static void numbers_go_round_at_24_bits(void **state)
{
    (void)state;
    struct observe_order order = {0};
    order_take(&order, 0xfffffe, 0);
    assert_true(order_is_fresh(&order, 0xffffff, 0));
    assert_true(order_is_fresh(&order, 0, 0));
    order_take(&order, 1, 0);
    assert_false(order_is_fresh(&order, 0xffffff, 0));
}

static void after_128_seconds_numbers_say_nothing(void **state)
{
    (void)state;
    struct observe_order order = {0};
    order_take(&order, 100, 0);
    assert_false(order_is_fresh(&order, 5, 128 * second_us));
    assert_true(order_is_fresh(&order, 5, 128 * second_us + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_is_always_fresh),
        cmocka_unit_test(later_numbers_are_fresh_and_earlier_ones_are_not),
        cmocka_unit_test(numbers_go_round_at_24_bits),
        cmocka_unit_test(after_128_seconds_numbers_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
