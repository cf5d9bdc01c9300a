// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "meter.h"

static void the_rate_is_that_of_the_last_minutes(void **state)
{
    (void)state;
    struct meter meter = {0};
    double readings, bytes;
    meter_rates(&meter, 5000000, 10, 100, &readings, &bytes);
    assert_true(readings == 0 && bytes == 0);
    uint64_t total = 0;
    for (int64_t second = 0; second <= 600; second++) {
        total += second < 300 ? 100 : 10; // busy for five minutes, then calm
        meter_sample(&meter, second * 1000000, total, total * 200);
    }
    meter_rates(&meter, 600 * 1000000LL, total, total * 200, &readings, &bytes);
    assert_true(readings > 9.9 && readings < 10.1);
    assert_true(bytes > 1980 && bytes < 2020);
}

static void nothing_is_said_before_a_second_has_passed(void **state)
{
    (void)state;
    struct meter meter = {0};
    double readings, bytes;
    meter_sample(&meter, 1000000, 0, 0);
    meter_rates(&meter, 1500000, 100, 100, &readings, &bytes);
    assert_true(readings == 0);
    meter_rates(&meter, 3000000, 100, 100, &readings, &bytes);
    assert_true(readings == 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_that_of_the_last_minutes),
        cmocka_unit_test(nothing_is_said_before_a_second_has_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
