// SPDX-License-Identifier: Apache-2.0
#include "municipality.h"
#include "check.h"
#include <string.h>

static char code[MUNICIPALITY_DIGITS + 1];
static const char *name;
static struct fault why;

static void expect_good(const char *text, const char *expected_code, const char *expected_name)
{
    assert_int_equal(municipality_parse(text, code, &name, &why), 0);
    assert_string_equal(code, expected_code);
    assert_string_equal(name, expected_name);
}

static void expect_refused(const char *text, const char *expected)
{
    assert_true(municipality_parse(text, code, &name, &why) < 0);
    assert_string_equal(why.text, expected);
}

static void the_name_is_filled_in_for_osaka(void **state)
{
    (void)state;
    expect_good("271004", "271004", "大阪市");
    expect_good("273830", "273830", "千早赤阪村");
    expect_good("270008", "270008", "大阪府");
}

static void the_name_may_follow_after_any_blank(void **state)
{
    (void)state;
    expect_good("271004 大阪市", "271004", "大阪市");
    expect_good("271004　大阪市", "271004", "大阪市");
    expect_good("271403\t堺市", "271403", "堺市");
}

static void all_of_osaka_have_a_right_check_digit(void **state)
{
    (void)state;
    const char *codes[] = {"271004", "271403", "272027", "272035", "272043", "272051", "272060", "272078", "272086",
                           "272094", "272108", "272116", "272124", "272132", "272141", "272159", "272167", "272175",
                           "272183", "272191", "272205", "272213", "272221", "272230", "272248", "272256", "272264",
                           "272272", "272281", "272299", "272302", "272311", "272329", "273015", "273210", "273228",
                           "273414", "273619", "273627", "273660", "273813", "273821", "273830"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        assert_int_equal(municipality_parse(codes[i], code, &name, &why), 0);
        assert_true(strlen(name) > 0);
    }
}

static void elsewhere_any_name_is_taken(void **state)
{
    (void)state;
    expect_good("011002 札幌市", "011002", "札幌市"); // its sum is below 11
    expect_good("131016", "131016", "");
    expect_good("271021 大阪市都島区", "271021", "大阪市都島区"); // a ward
}

static void a_wrong_check_digit_names_the_right_one(void **state)
{
    (void)state;
    expect_refused("271005", "the check digit of 271005 should be 4; expected 271004");
    expect_refused("271005 大阪市", "the check digit of 271005 should be 4; expected 271004");
}

static void a_missing_check_digit_is_told(void **state)
{
    (void)state;
    expect_refused("27100", "the code \"27100\" lacks its check digit; expected 271004");
}

static void another_name_is_refused(void **state)
{
    (void)state;
    expect_refused("271004 堺市", "271004 is not \"堺市\"; expected 大阪市");
    expect_refused("271004 Osaka", "271004 is not \"Osaka\"; expected 大阪市");
}

static void a_name_alone_tells_its_code(void **state)
{
    (void)state;
    expect_refused("大阪市", "the code is missing; expected 271004 大阪市");
    expect_refused("Osaka", "\"Osaka\" does not begin with a code; expected six digits such as 271004");
    expect_refused("2710041", "\"2710041\" does not begin with a code; expected six digits such as 271004");
}

static void no_prefecture_has_a_number_beyond_47(void **state)
{
    (void)state;
    expect_refused("481009", "no prefecture has the number 48; expected a code from 01 to 47, such as 271004");
    expect_refused("000001", "no prefecture has the number 00; expected a code from 01 to 47, such as 271004");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_is_filled_in_for_osaka),
        cmocka_unit_test(the_name_may_follow_after_any_blank),
        cmocka_unit_test(all_of_osaka_have_a_right_check_digit),
        cmocka_unit_test(elsewhere_any_name_is_taken),
        cmocka_unit_test(a_wrong_check_digit_names_the_right_one),
        cmocka_unit_test(a_missing_check_digit_is_told),
        cmocka_unit_test(another_name_is_refused),
        cmocka_unit_test(a_name_alone_tells_its_code),
        cmocka_unit_test(no_prefecture_has_a_number_beyond_47),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
