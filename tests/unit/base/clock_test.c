// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/clock.h"
#include <string.h>

static void times_are_written_in_utc_with_three_or_six_decimals(void **state)
{
    (void)state;
    char text[UTC_TEXT_SIZE];
    assert_string_equal(utc_text(1700000000000000, text), "2023-11-14T22:13:20.000Z");
    assert_string_equal(utc_text(1700000000678000, text), "2023-11-14T22:13:20.678Z");
    assert_string_equal(utc_text(1700000000678001, text), "2023-11-14T22:13:20.678001Z");
    assert_string_equal(utc_text_ms(1700000000678001, text), "2023-11-14T22:13:20.678Z");
    assert_string_equal(utc_text_ms(1700000000678999, text), "2023-11-14T22:13:20.678Z");
    assert_string_equal(utc_text_ms(-1, text), "1969-12-31T23:59:59.999Z");
    assert_string_equal(utc_text_ms(INT64_MAX, text), "9999-12-31T23:59:59.775Z");
    assert_int_equal(strlen(utc_text_ms(INT64_MIN + 1000, text)), 24);
    assert_string_equal(utc_text(-1, text), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(utc_text(INT64_MAX, text), "9999-12-31T23:59:59.775807Z");
    assert_int_equal(strlen(utc_text(INT64_MIN, text)), 27);
}

static void times_are_read_with_any_zone_and_refused_when_impossible(void **state)
{
    (void)state;
    int64_t time_us = 7;
    assert_int_equal(utc_parse("2023-11-14T22:13:20.678Z", &time_us), 0);
    assert_int_equal(time_us, 1700000000678000);
    assert_int_equal(utc_parse("2023-11-15T07:13:20+09:00", &time_us), 0);
    assert_int_equal(time_us, 1700000000000000);
    assert_int_equal(utc_parse("2023-11-14T22:13:20.123456789Z", &time_us), 0);
    assert_int_equal(time_us, 1700000000123456);
    static const char *const bad[] = {"",
                                      "2023-11-14",
                                      "2023-11-14T22:13:20",
                                      "2023-13-14T22:13:20Z",
                                      "2023-04-31T00:00:00Z",
                                      "2023-11-14T24:13:20Z",
                                      "2023-11-14T22:13:20Zx",
                                      "20231114T221320Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(utc_parse(bad[i], &time_us) < 0);
}

static void the_boot_id_is_the_same_twice(void **state)
{
    (void)state;
    uint8_t one[16], two[16], none[16] = {0};
    clock_boot_id(one);
    clock_boot_id(two);
    assert_memory_equal(one, two, 16);
    assert_memory_not_equal(one, none, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_written_in_utc_with_three_or_six_decimals),
        cmocka_unit_test(times_are_read_with_any_zone_and_refused_when_impossible),
        cmocka_unit_test(the_boot_id_is_the_same_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
