// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "fall.h"

#define SECOND INT64_C(1000000)

static void it_tells_while_it_drains(void **state)
{
    (void)state;
    struct fall fall = {0};
    int64_t now_us = 0;
    assert_true(fall_seconds(&fall, now_us, 0) == 0);
    assert_true(fall_seconds(&fall, now_us, 7) == -1);
    for (; now_us < 3600 * SECOND; now_us += SECOND) // an outage: it only grows
        fall_sample(&fall, now_us, (uint64_t)(now_us / SECOND) * 10);
    assert_true(fall_seconds(&fall, now_us, 36000) == -1);
    for (int second = 0; second < 10; second++, now_us += SECOND) // connected: 1000/s go
        fall_sample(&fall, now_us, (uint64_t)(36000 - 1000 * second));
    double seconds = fall_seconds(&fall, now_us, 26000);
    assert_true(seconds > 25.9 && seconds < 26.1);
}

// It stood at one height before it fell: only the fall counts.
static void what_stood_still_is_no_part_of_the_fall(void **state)
{
    (void)state;
    struct fall fall = {0};
    int64_t now_us = 0;
    for (; now_us < 20 * SECOND; now_us += SECOND)
        fall_sample(&fall, now_us, 5000);
    double seconds = fall_seconds(&fall, now_us, 4000); // the last sample is of two seconds ago
    assert_true(seconds > 7.9 && seconds < 8.1);
}

static void what_grows_or_has_hardly_begun_is_not_known(void **state)
{
    (void)state;
    struct fall fall = {0};
    fall_sample(&fall, 0, 100);
    assert_true(fall_seconds(&fall, SECOND / 2, 50) == -1);
    assert_true(fall_seconds(&fall, 5 * SECOND, 100) == -1);
    assert_true(fall_seconds(&fall, 5 * SECOND, 101) == -1);
    assert_true(fall_seconds(&fall, 5 * SECOND, 0) == 0);
    assert_true(fall_seconds(&fall, 5 * SECOND, 50) == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_tells_while_it_drains),
        cmocka_unit_test(what_stood_still_is_no_part_of_the_fall),
        cmocka_unit_test(what_grows_or_has_hardly_begun_is_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
