// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "samples.h"
#include "zone_day.h"
#include <math.h>

static struct samples samples;

static int begin(void **state)
{
    (void)state;
    samples = (struct samples){0};
    return 0;
}

static void say(int64_t time_us, double value)
{
    samples_take(&samples, samples_key(samples_who("radar-1"), time_us), value);
}

static void the_median_is_the_middle_or_the_mean_of_both_middles(void **state)
{
    (void)state;
    static const double values[] = {7, 1, 5, 100, 3}, medians[] = {7, 4, 5, 6, 5};
    assert_true(isnan(samples_median(&samples)));
    for (int i = 0; i < 5; i++) {
        say(i * S, values[i]);
        assert_true(samples_median(&samples) == medians[i]);
    }
}

static void what_comes_twice_is_there_once(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        say(i % 9 * S, i % 9);
    assert_int_equal(samples.count, 9);
    assert_true(samples_median(&samples) == 4);
    samples_take(&samples, samples_key(samples_who("radar-2"), 0), 4);
    assert_int_equal(samples.count, 10); // another sensor's
}

static void of_too_many_the_same_stay_in_any_order_and_they_are_fair(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    uint64_t seed = 3;
    struct samples first;
    for (int i = 0; i < COUNT; i++)
        say(i * S, i);
    first = samples;
    assert_int_equal(first.count, SAMPLES_MAX);
    // 256 of 5000: the median's standard deviation is 5000 / (2 * 16).
    assert_true(fabs(samples_median(&first) - COUNT / 2.0) < 3 * COUNT / 32.0);
    for (int round = 0; round < 20; round++) {
        int order[COUNT];
        begin(NULL);
        for (int i = 0; i < COUNT; i++)
            order[i] = i;
        for (int i = COUNT - 1; i > 0; i--) {
            int other = (int)draw_below(&seed, i + 1), kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        for (int i = 0; i < COUNT; i++) {
            say(order[i] * S, order[i]);
            if (draw_below(&seed, 3) == 0)
                say(order[draw_below(&seed, i + 1)] * S, -1); // once more: what it says then does not count
        }
        assert_memory_equal(&samples, &first, sizeof samples);
    }
}

static void they_are_kept_and_what_is_no_such_thing_is_refused(void **state)
{
    (void)state;
    struct bytes bytes;
    struct samples back = {0};
    bytes_init(&bytes, 1 << 16);
    for (int i = 0; i < 300; i++)
        say(i * S, 0.5 * i);
    keep_samples(&(struct keep){.out = &bytes}, &samples);
    struct view view = {.data = bytes.data, .left = bytes.used};
    keep_samples(&(struct keep){.in = &view}, &back);
    assert_true(!view.bad && view.left == 0);
    assert_memory_equal(&samples, &back, sizeof samples);
    memcpy(bytes.data + 4 + 16, bytes.data + 4, 16); // the first key twice
    view = (struct view){.data = bytes.data, .left = bytes.used};
    keep_samples(&(struct keep){.in = &view}, &back);
    assert_true(view.bad);
    bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_median_is_the_middle_or_the_mean_of_both_middles, begin),
        cmocka_unit_test_setup(what_comes_twice_is_there_once, begin),
        cmocka_unit_test_setup(of_too_many_the_same_stay_in_any_order_and_they_are_fair, begin),
        cmocka_unit_test_setup(they_are_kept_and_what_is_no_such_thing_is_refused, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
