// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "coap_limit.h"
#include <string.h>

#define SECOND INT64_C(1000000)

static enum limit_result take(struct limit *limit, unsigned client, int64_t now_us, unsigned *ret_wait_s)
{
    return limit_take(limit, &client, sizeof client, now_us, ret_wait_s);
}

static unsigned take_until_refused(struct limit *limit, unsigned client, int64_t now_us)
{
    unsigned taken = 0, wait_s;
    while (take(limit, client, now_us, &wait_s) == LIMIT_FINE)
        taken++;
    return taken;
}

static void a_burst_and_then_the_rate(void **state)
{
    (void)state;
    struct limit *limit = limit_create(20);
    assert_int_equal(take_until_refused(limit, 1, 0), 40);
    assert_int_equal(take_until_refused(limit, 1, SECOND), 20);
    assert_int_equal(take_until_refused(limit, 1, 100 * SECOND), 40);
    limit_destroy(limit);
}

static void a_slow_rate_has_a_burst_too_and_says_when(void **state)
{
    (void)state;
    struct limit *limit = limit_create(0.01);
    unsigned wait_s = 0;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(take(limit, 1, 0, &wait_s), LIMIT_FINE);
    assert_int_equal(take(limit, 1, 0, &wait_s), LIMIT_REFUSE);
    assert_int_equal(wait_s, 100);
    assert_int_equal(take(limit, 1, 99 * SECOND + 1, &wait_s), LIMIT_REFUSE);
    assert_int_equal(wait_s, 1);
    assert_int_equal(take(limit, 1, 100 * SECOND, &wait_s), LIMIT_FINE);
    limit_destroy(limit);
}

static void it_is_told_once_a_second(void **state)
{
    (void)state;
    struct limit *limit = limit_create(1);
    unsigned wait_s;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(take(limit, 1, 0, &wait_s), LIMIT_FINE);
    assert_int_equal(take(limit, 1, 0, &wait_s), LIMIT_REFUSE);
    assert_int_equal(take(limit, 1, SECOND - 1, &wait_s), LIMIT_SILENT);
    assert_int_equal(take(limit, 2, 0, &wait_s), LIMIT_FINE); // another one's business
    assert_int_equal(take(limit, 1, SECOND, &wait_s), LIMIT_FINE);
    assert_int_equal(take(limit, 1, SECOND, &wait_s), LIMIT_REFUSE);
    limit_destroy(limit);
}

static void many_clients_are_held_apart_and_a_flood_is_counted(void **state)
{
    (void)state;
    struct limit *limit = limit_create(1);
    unsigned wait_s;
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(take_until_refused(limit, i, 0), 10);
    uint64_t before = limit_evicted(limit);
    for (unsigned i = 0; i < 100000; i++)
        take(limit, 10000 + i, 0, &wait_s);
    assert_true(limit_evicted(limit) > before);
    limit_destroy(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_the_rate),
        cmocka_unit_test(a_slow_rate_has_a_burst_too_and_says_when),
        cmocka_unit_test(it_is_told_once_a_second),
        cmocka_unit_test(many_clients_are_held_apart_and_a_flood_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
