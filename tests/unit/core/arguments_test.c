// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "arguments.h"
#include <errno.h>
#include <string.h>

static struct arguments *parsed(const char *text)
{
    struct arguments *arguments = NULL;
    assert_int_equal(arguments_parse(text, strlen(text), &arguments, NULL), 0);
    return arguments;
}

static void nothing_and_blanks_are_no_arguments(void **state)
{
    static const char *const texts[] = {"", "  \r\n\t", "{}", " { } \n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arguments *arguments = parsed(texts[i]);
        assert_false(arguments_have(arguments, "id"));
        arguments_finish(arguments);
    }
}

static void what_is_no_object_is_refused_with_its_line(void **state)
{
    static const char *const texts[] = {"[]", "1", "\"a\"", "null", "{", "{\"a\":1,\"a\":2}", "{\n\"a\":\nx}", "\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arguments *arguments = NULL;
        struct fault why = {""};
        assert_int_equal(arguments_parse(texts[i], strlen(texts[i]), &arguments, &why), -EINVAL);
        assert_non_null(strstr(why.text, "the arguments are no JSON"));
        assert_null(arguments);
    }
}

static void each_value_is_read_as_what_it_is_meant_to_be(void **state)
{
    (void)state;
    struct arguments *arguments =
        parsed("{\"t\":\"2026-11-22T03:04:05+09:00\",\"n\":7,\"s\":\"x\",\"z\":null,\"w\":-1}");
    struct fault why;
    int64_t time_us;
    uint64_t seq;
    const char *text = "";
    assert_int_equal(arguments_time(arguments, "t", &time_us, &why), 0);
    assert_int_equal(time_us, INT64_C(1795284245000000));
    assert_int_equal(arguments_seq(arguments, "n", &seq, &why), 0);
    assert_int_equal(seq, 7);
    assert_int_equal(arguments_text(arguments, "s", &text, &why), 0);
    assert_string_equal(text, "x");
    assert_int_equal(arguments_text(arguments, "z", &text, &why), 0);
    assert_null(text);
    assert_int_equal(arguments_text(arguments, "n", &text, &why), -EINVAL);
    assert_int_equal(arguments_time(arguments, "s", &time_us, &why), -EINVAL);
    assert_int_equal(arguments_time(arguments, "gone", &time_us, &why), -EINVAL);
    assert_int_equal(arguments_seq(arguments, "w", &seq, &why), -EINVAL);
    assert_non_null(strstr(why.text, "\"w\""));
    arguments_finish(arguments);
}

static void a_key_that_nobody_knows_is_named_with_those_that_are(void **state)
{
    static const char *const keys[] = {"from", "to"};
    struct arguments *arguments = parsed("{\"from\":1,\"id\":2,\"form\":3}");
    struct fault why = {""};
    (void)state;
    assert_int_equal(arguments_known(arguments, keys, 2, &why), -EINVAL);
    assert_string_equal(why.text, "\"form\" is not known; expected one of: from, to");
    arguments_finish(arguments);
    arguments = parsed("{\"to\":1,\"id\":[2]}");
    assert_int_equal(arguments_known(arguments, keys, 2, &why), 0);
    arguments_finish(arguments);
}

static void a_value_is_copied_as_it_came(void **state)
{
    struct bytes out;
    (void)state;
    bytes_init(&out, 256);
    struct arguments *arguments = parsed("{\"id\":{\"a\":[1, \"\\u00e9\\\"\"]}}");
    arguments_copy(arguments, "id", &out);
    arguments_copy(arguments, "gone", &out);
    assert_int_equal(out.used, strlen("{\"a\":[1,\"é\\\"\"]}"));
    assert_memory_equal(out.data, "{\"a\":[1,\"é\\\"\"]}", out.used);
    arguments_finish(arguments);
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_and_blanks_are_no_arguments),
        cmocka_unit_test(what_is_no_object_is_refused_with_its_line),
        cmocka_unit_test(each_value_is_read_as_what_it_is_meant_to_be),
        cmocka_unit_test(a_key_that_nobody_knows_is_named_with_those_that_are),
        cmocka_unit_test(a_value_is_copied_as_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
