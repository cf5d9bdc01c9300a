// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/json.h"
#include <math.h>
#include <string.h>

static struct bytes out;
static struct json json;

static int begin(void **state)
{
    (void)state;
    bytes_init(&out, 4096);
    json_begin(&json, &out);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    bytes_finish(&out);
    return 0;
}

static void assert_written(const char *expected)
{
    assert_false(out.overflow);
    assert_int_equal(out.used, strlen(expected));
    assert_memory_equal(out.data, expected, out.used);
}

static void commas_stand_between_values_and_nowhere_else(void **state)
{
    (void)state;
    json_object_begin(&json);
    json_key_text(&json, "a", "x");
    json_key(&json, "b");
    json_array_begin(&json);
    json_signed(&json, -1);
    json_object_begin(&json);
    json_object_end(&json);
    json_array_begin(&json);
    json_array_end(&json);
    json_null_value(&json);
    json_array_end(&json);
    json_key_bool(&json, "c", true);
    json_object_end(&json);
    assert_written("{\"a\":\"x\",\"b\":[-1,{},[],null],\"c\":true}");
}

static void text_is_escaped_and_broken_text_is_mended(void **state)
{
    (void)state;
    json_array_begin(&json);
    json_text(&json, "a\"b\\c\n\x01梅");
    json_text_n(&json, "x\xff\xe6\xa2y", 5);
    json_text(&json, NULL);
    json_array_end(&json);
    assert_written("[\"a\\\"b\\\\c\\u000a\\u0001梅\",\"x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy\",null]");
}

static void numbers_that_json_cannot_say_become_null(void **state)
{
    (void)state;
    json_array_begin(&json);
    json_number(&json, NAN);
    json_number(&json, -INFINITY);
    json_number(&json, 0.1);
    json_unsigned(&json, UINT64_MAX);
    json_array_end(&json);
    assert_written("[null,null,0.1,18446744073709551615]");
}

static void too_much_is_an_overflow_and_not_half_a_document(void **state)
{
    (void)state;
    struct bytes small;
    struct json writer;
    bytes_init(&small, 8);
    json_begin(&writer, &small);
    json_text(&writer, "longer than eight bytes");
    assert_true(small.overflow);
    bytes_finish(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commas_stand_between_values_and_nowhere_else, begin, finish),
        cmocka_unit_test_setup_teardown(text_is_escaped_and_broken_text_is_mended, begin, finish),
        cmocka_unit_test_setup_teardown(numbers_that_json_cannot_say_become_null, begin, finish),
        cmocka_unit_test(too_much_is_an_overflow_and_not_half_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
