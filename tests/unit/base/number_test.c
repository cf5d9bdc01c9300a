// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_text(double value, const char *expected)
{
    char text[NUMBER_TEXT_SIZE];
    assert_int_equal(number_text(value, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void numbers_have_their_shortest_text(void **state)
{
    (void)state;
    assert_text(0, "0");
    assert_text(-0.0, "-0");
    assert_text(0.1, "0.1");
    assert_text(18.5, "18.5");
    assert_text(-40, "-40");
    assert_text(3.61, "3.61");
    assert_text(135.4959, "135.4959");
    assert_text(0.1 + 0.2, "0.30000000000000004");
    assert_text(9007199254740993.0, "9007199254740992");
    assert_text(1e300, "1e+300");
    assert_text(1e15, "1e+15");
}

static void every_number_reads_back_the_same(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        double value, back;
        memcpy(&value, &seed, sizeof value);
        if (!isfinite(value))
            continue;
        char text[NUMBER_TEXT_SIZE];
        size_t size = number_text(value, text);
        assert_true(number_parse(text, size, &back));
        assert_memory_equal(&value, &back, sizeof value);
    }
    const double edges[] = {DBL_MAX, DBL_MIN, DBL_TRUE_MIN, DBL_EPSILON, 123456789012345.678};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        char text[NUMBER_TEXT_SIZE];
        number_text(edges[i], text);
        assert_true(strtod(text, NULL) == edges[i]);
    }
}

static void numbers_with_few_decimals_are_written_as_they_were_meant(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 100000; i++) {
        char meant[NUMBER_TEXT_SIZE];
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned long long whole = (seed >> 20) % (i % 2 ? 100 : 99999999999), part = (seed >> 8) % 10000;
        int size = snprintf(meant, sizeof meant, "-%llu.%04llu", whole, part);
        while (meant[size - 1] == '0')
            meant[--size] = '\0';
        if (meant[size - 1] != '.')
            assert_text(strtod(meant, NULL), meant);
    }
    assert_text(0.0001, "0.0001");
    assert_text(1e-5, "1e-05");
}

static void only_whole_finite_decimals_are_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    " 1",  "1 ", "0x10", "inf", "nan", "1e400",
                                      "1,5", "--1", ".",  "e5",   "1e",  "１"};
    double value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(number_parse(bad[i], strlen(bad[i]), &value));
    assert_true(value == 7);
    assert_true(number_parse("-12.5e1", 7, &value) && value == -125);
    assert_false(number_parse("1\0", 2, &value));
}

static void integers_keep_to_their_bounds(void **state)
{
    (void)state;
    int64_t value = 7;
    assert_true(integer_parse("65535", 5, 1, 65535, &value) && value == 65535);
    assert_false(integer_parse("65536", 5, 1, 65535, &value));
    assert_false(integer_parse("1.0", 3, 1, 65535, &value));
    assert_false(integer_parse("-", 1, -5, 5, &value));
    assert_false(integer_parse("99999999999999999999", 20, INT64_MIN, INT64_MAX, &value));
    assert_true(integer_parse("-3", 2, -5, 5, &value) && value == -3);
}

// RFC 3720, appendix B.4.
static void crc32c_agrees_with_its_standard(void **state)
{
    (void)state;
    uint8_t data[32] = {0};
    assert_int_equal(crc32c(0, data, 32), 0x8a9136aa);
    memset(data, 0xff, 32);
    assert_int_equal(crc32c(0, data, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        data[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, data, 32), 0x46dd794e);
    assert_int_equal(crc32c(crc32c(0, data, 5), data + 5, 27), 0x46dd794e);
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_their_shortest_text),
        cmocka_unit_test(every_number_reads_back_the_same),
        cmocka_unit_test(numbers_with_few_decimals_are_written_as_they_were_meant),
        cmocka_unit_test(only_whole_finite_decimals_are_numbers),
        cmocka_unit_test(integers_keep_to_their_bounds),
        cmocka_unit_test(crc32c_agrees_with_its_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
