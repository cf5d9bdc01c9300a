// SPDX-License-Identifier: Apache-2.0
#include "reading/counter.h"

#include "check.h"

static const struct counter_kind plain, wide = {.wraps_at = 0x1p32}, word = {.wraps_at = 0x1p16},
                                        byte = {.wraps_at = 0x1p8}, after_each = {.resets = true},
                                        tens = {.wraps_at = 655360};

enum { S = 1, MINUTE = 60, HOUR = 3600 };

// One reading after the other: when, what the device says, and what the total is then.
struct row {
    int64_t after_s;
    double raw, total;
    enum counter_step step;
};

static void expect(const struct counter_kind *kind, const struct row *rows, size_t count)
{
    struct counter counter = {.quantity = "in_total"};
    int64_t time_us = INT64_C(1800000000000000);
    double before = 0;
    for (size_t i = 0; i < count; i++) {
        double total;
        time_us += rows[i].after_s * 1000000;
        enum counter_step step = counter_take(&counter, kind, rows[i].raw, time_us, false, &total);
        if (step != rows[i].step || total != rows[i].total || total < before)
            fail_msg("row %zu: step %d, total %.17g; expected %d, %.17g", i, (int)step, total, (int)rows[i].step,
                     rows[i].total);
        before = total;
    }
}

#define EXPECT(kind, ...)                                                                                              \
    do {                                                                                                               \
        static const struct row rows[] = {__VA_ARGS__};                                                                \
        expect(kind, rows, sizeof rows / sizeof *rows);                                                                \
    } while (0)

static void a_number_that_grows_is_its_total(void **state)
{
    (void)state;
    EXPECT(&plain, {0, 100, 100, COUNTER_WENT_ON}, {S, 100, 100, COUNTER_WENT_ON}, {S, 107, 107, COUNTER_WENT_ON},
           {S, 90000, 90000, COUNTER_WENT_ON});
}

static void a_counter_goes_on_through_the_end_of_its_width(void **state)
{
    (void)state;
    EXPECT(&word, {0, 65530, 65530, COUNTER_WENT_ON}, {10, 4, 65540, COUNTER_WRAPPED}, {10, 9, 65545, COUNTER_WENT_ON},
           {HOUR, 65500, 131036, COUNTER_WENT_ON}, {10, 0, 131072, COUNTER_WRAPPED});
    EXPECT(&wide, {0, 4294967290, 4294967290, COUNTER_WENT_ON}, {10, 6, 4294967302, COUNTER_WRAPPED});
    EXPECT(&tens, {0, 655350, 655350, COUNTER_WENT_ON}, {10, 20, 655380, COUNTER_WRAPPED}); // tens, by the map's factor
}

static void a_counter_that_was_without_power_adds_what_it_counted_since(void **state)
{
    (void)state;
    EXPECT(&plain, {0, 1000, 1000, COUNTER_WENT_ON}, {10, 3, 1003, COUNTER_BEGAN_AGAIN}, {10, 5, 1005, COUNTER_WENT_ON},
           {HOUR, 0, 1005, COUNTER_BEGAN_AGAIN}, {S, 1, 1006, COUNTER_WENT_ON});
    // Far from its end it did not wrap, however narrow it is.
    EXPECT(&word, {0, 30000, 30000, COUNTER_WENT_ON}, {10, 7, 30007, COUNTER_BEGAN_AGAIN});
    EXPECT(&byte, {0, 150, 150, COUNTER_WENT_ON}, {MINUTE, 5, 155, COUNTER_BEGAN_AGAIN},
           {MINUTE, 200, 350, COUNTER_WENT_ON}, {10, 3, 409, COUNTER_WRAPPED});
    // Nor is a wide one near its end when so much time does not explain it.
    EXPECT(&wide, {0, 4294900000, 4294900000, COUNTER_WENT_ON}, {10, 7, 4294900007, COUNTER_BEGAN_AGAIN});
    // After hours without a word nobody knows whether it wrapped: the smaller of the two.
    EXPECT(&word, {0, 60000, 60000, COUNTER_WENT_ON}, {10 * HOUR, 3000, 63000, COUNTER_BEGAN_AGAIN});
}

static void a_number_that_nobody_can_explain_adds_nothing(void **state)
{
    (void)state;
    // Another device, or one that went back to what it had saved an hour before.
    EXPECT(&plain, {0, 100000, 100000, COUNTER_WENT_ON}, {10, 50000, 100000, COUNTER_JUMPED},
           {10, 50002, 100002, COUNTER_WENT_ON});
    EXPECT(&plain, {0, 100000, 100000, COUNTER_WENT_ON}, {10 * HOUR, 99950, 100000, COUNTER_JUMPED});
    EXPECT(&word, {0, 100, 100, COUNTER_WENT_ON}, {S, 99, 100, COUNTER_JUMPED}, {S, 101, 102, COUNTER_WENT_ON});
}

static void a_wrong_number_in_between_counts_nothing(void **state)
{
    (void)state;
    EXPECT(&plain, {0, 123456, 123456, COUNTER_WENT_ON}, {S, 8, 123464, COUNTER_BEGAN_AGAIN}, // half a line
           {S, 123459, 123464, COUNTER_WENT_ON}, {S, 123470, 123475, COUNTER_WENT_ON});
    EXPECT(&plain, {0, 5000, 5000, COUNTER_WENT_ON}, {S, 0, 5000, COUNTER_BEGAN_AGAIN}, {S, 0, 5000, COUNTER_WENT_ON},
           {S, 5001, 5001, COUNTER_WENT_ON}, {S, 9001, 9001, COUNTER_WENT_ON});
    EXPECT(&plain, {0, 100000, 100000, COUNTER_WENT_ON}, {S, 50000, 100000, COUNTER_JUMPED},
           {S, 100003, 100003, COUNTER_WENT_ON}, {S, 100004, 100004, COUNTER_WENT_ON});
}

static void it_counts_no_farther_than_a_double_does(void **state)
{
    (void)state;
    EXPECT(&plain, {0, 0x1p53, 0x1p53, COUNTER_WENT_ON}, {S, 12, 0x1p53, COUNTER_JUMPED},
           {S, 13, 0x1p53, COUNTER_JUMPED});
}

static void a_counter_that_begins_again_with_each_reading_is_added_up(void **state)
{
    (void)state;
    EXPECT(&after_each, {0, 3, 3, COUNTER_WENT_ON}, {10, 0, 3, COUNTER_WENT_ON}, {10, 5, 8, COUNTER_WENT_ON},
           {10, 5, 13, COUNTER_WENT_ON}, {10, 2, 15, COUNTER_WENT_ON});
}

static void a_reading_that_comes_late_moves_nothing(void **state)
{
    (void)state;
    struct counter counter = {.quantity = "in_total"};
    double total;
    counter_take(&counter, &plain, 10, 1000000, true, &total);
    counter_take(&counter, &plain, 30, 3000000, true, &total);
    assert_int_equal(counter_take(&counter, &plain, 20, 2000000, true, &total), COUNTER_WENT_ON);
    assert_true(total == 20); // as it was then
    counter_take(&counter, &plain, 31, 4000000, true, &total);
    assert_true(total == 31);
    // A time of years ahead was wrong, and what follows is not late for years.
    counter_take(&counter, &plain, 31, INT64_C(90) * 365 * 86400 * 1000000, true, &total);
    counter_take(&counter, &plain, 31, 4000000, true, &total);
    assert_true(total == 31 && counter.time_us == 4000000);
    // Began again, and one from before arrives: what the total was then is not known any more, but not more than now.
    counter_take(&counter, &plain, 1, 5000000, true, &total);
    counter_take(&counter, &plain, 30, 3000000, true, &total);
    assert_true(total == 32);
    counter_take(&counter, &plain, 2, 6000000, true, &total);
    assert_true(total == 33);
}

static void a_clock_that_is_set_back_does_not_stop_a_counter(void **state)
{
    (void)state;
    EXPECT(&plain, {0, 100, 100, COUNTER_WENT_ON}, {-HOUR, 105, 105, COUNTER_WENT_ON},
           {S, 3, 108, COUNTER_BEGAN_AGAIN});
}

static void another_device_goes_on_where_the_first_one_was(void **state)
{
    (void)state;
    static const double totals[] = {500, 0};
    for (size_t i = 0; i < 2; i++) {
        struct counter counter = {.raw = 7, .total = totals[i], .begun = true, .replaced = true};
        double total;
        counter_take(&counter, &plain, 80000, 1000000, false, &total);
        assert_true(total == totals[i]);
        counter_take(&counter, &plain, 80004, 2000000, false, &total);
        assert_true(total == totals[i] + 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_that_grows_is_its_total),
        cmocka_unit_test(a_counter_goes_on_through_the_end_of_its_width),
        cmocka_unit_test(a_counter_that_was_without_power_adds_what_it_counted_since),
        cmocka_unit_test(a_number_that_nobody_can_explain_adds_nothing),
        cmocka_unit_test(a_wrong_number_in_between_counts_nothing),
        cmocka_unit_test(it_counts_no_farther_than_a_double_does),
        cmocka_unit_test(a_counter_that_begins_again_with_each_reading_is_added_up),
        cmocka_unit_test(a_reading_that_comes_late_moves_nothing),
        cmocka_unit_test(a_clock_that_is_set_back_does_not_stop_a_counter),
        cmocka_unit_test(another_device_goes_on_where_the_first_one_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
