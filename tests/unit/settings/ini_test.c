// SPDX-License-Identifier: Apache-2.0
#include "ini.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>

static struct ini ini;
static struct ini_item item;

static enum ini_what first(const char *text)
{
    ini_begin(&ini, text, strlen(text));
    return ini_next(&ini, &item);
}

static void expect_key(const char *line, const char *key, const char *value)
{
    assert_int_equal(first(line), INI_KEY);
    assert_string_equal(item.key, key);
    assert_string_equal(item.value, value);
    assert_int_equal(ini_next(&ini, &item), INI_END);
}

static void expect_wrong(const char *line, enum ini_what what, const char *why)
{
    assert_int_equal(first(line), what);
    assert_string_equal(item.why.text, why);
}

static void a_key_and_its_value_are_trimmed(void **state)
{
    (void)state;
    expect_key("  id \t=  umeda-01 \t", "id", "umeda-01");
    expect_key("id=umeda-01", "id", "umeda-01");
    expect_key("id = a = b", "id", "a = b");
    expect_key("id =", "id", "");
}

static void full_width_blanks_at_the_ends_of_a_value_are_trimmed(void **state)
{
    (void)state;
    expect_key("name =　梅田　駅　", "name", "梅田　駅");
}

static void a_comment_begins_at_the_start_or_after_a_blank(void **state)
{
    (void)state;
    expect_key("; x = 1\n# y = 2\n  ; z = 3\nid = a ; b", "id", "a");
    expect_key("id = a\t# b", "id", "a");
    expect_key("id = a;b#c", "id", "a;b#c");
    expect_key("id = ; nothing", "id", "");
    expect_key("id =;x", "id", ";x");
}

static void quotes_keep_a_comment_and_blanks_in_a_value(void **state)
{
    (void)state;
    expect_key("name = \" a ; b # c \" ; d", "name", " a ; b # c ");
    expect_key("name = \"\"", "name", "");
    expect_key("name = 5\" pipe ; x", "name", "5\" pipe");
}

static void a_quote_that_is_not_closed_is_wrong(void **state)
{
    (void)state;
    expect_wrong("name = \"abc ; d", INI_WRONG,
                 "the value begins with a \" that is not closed; expected another \" at its end");
    expect_wrong("name = \"abc\" d", INI_WRONG, "text follows the closing \"; expected nothing more, or a comment");
}

static void an_indented_line_is_an_ordinary_line(void **state)
{
    (void)state;
    const char *text = "a = 1\n   b = 2\n";
    assert_int_equal(first(text), INI_KEY);
    assert_string_equal(item.value, "1");
    assert_int_equal(ini_next(&ini, &item), INI_KEY);
    assert_string_equal(item.key, "b");
    assert_int_equal(item.line, 2);
}

static void lines_end_with_lf_crlf_or_cr(void **state)
{
    (void)state;
    const char *text = "a=1\r\nb=2\rc=3\n\r\n\rd=4";
    const int lines[] = {1, 2, 3, 6};
    ini_begin(&ini, text, strlen(text));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ini_next(&ini, &item), INI_KEY);
        assert_int_equal(item.key[0], 'a' + (int)i);
        assert_int_equal(item.value[0], '1' + (int)i);
        assert_int_equal(item.value[1], '\0');
        assert_int_equal(item.line, lines[i]);
    }
    assert_int_equal(ini_next(&ini, &item), INI_END);
    assert_int_equal(ini_next(&ini, &item), INI_END);
}

static void a_section_may_have_blanks_and_a_comment(void **state)
{
    (void)state;
    assert_int_equal(first("  [ sensor:a ]  ; x"), INI_SECTION);
    assert_string_equal(item.section, "sensor:a");
}

static void wrong_sections_say_what_is_wrong(void **state)
{
    (void)state;
    expect_wrong("[sensor:a", INI_WRONG_SECTION, "this section is not closed; expected [section] with a ] at its end");
    assert_string_equal(item.section, "sensor:a");
    expect_wrong("[]", INI_WRONG_SECTION, "the section has no name; expected one such as [gateway]");
    expect_wrong("[a] b", INI_WRONG_SECTION, "text follows the ]; expected nothing more on this line");
}

static void wrong_lines_say_what_is_wrong(void **state)
{
    (void)state;
    expect_wrong("hello", INI_WRONG, "\"hello\" has no =; expected key = value");
    expect_wrong("hello ; a = b", INI_WRONG, "\"hello\" has no =; expected key = value");
    expect_wrong(" = b", INI_WRONG, "nothing stands before the =; expected key = value");
    expect_wrong("a\x01 = b", INI_WRONG, "a control character (\\x01) stands in this line; expected text");
    expect_wrong("a = \x1b[2J", INI_WRONG, "a control character (\\x1b) stands in this line; expected text");
}

static void full_width_characters_in_names_are_named(void **state)
{
    (void)state;
    expect_wrong("ｉd = a", INI_WRONG, "\"ｉ\" is a full-width character; expected \"i\" in half width");
    expect_wrong("id＝a", INI_WRONG, "\"＝\" is a full-width character; expected \"=\" in half width");
    expect_wrong("baud１ = 5", INI_WRONG, "\"１\" is a full-width character; expected \"1\" in half width");
    expect_wrong("id　= a", INI_WRONG, "a full-width blank stands here; expected an ordinary blank (half width)");
    expect_wrong("　id = a", INI_WRONG, "a full-width blank stands here; expected an ordinary blank (half width)");
    expect_wrong("；comment", INI_WRONG, "\"；\" is a full-width character; expected \";\" in half width");
}

static void a_full_width_section_tells_what_was_probably_meant(void **state)
{
    (void)state;
    expect_wrong("［gateway］", INI_WRONG_SECTION, "\"［\" is a full-width character; expected \"[\" in half width");
    assert_string_equal(item.section, "gateway");
    expect_wrong("[sensor：ｂay]", INI_WRONG_SECTION, "\"：\" is a full-width character; expected \":\" in half width");
    assert_string_equal(item.section, "sensor:bay");
    expect_wrong("[gateway］", INI_WRONG_SECTION, "\"］\" is a full-width character; expected \"]\" in half width");
    assert_string_equal(item.section, "gateway");
}

static void full_width_characters_in_a_value_stay(void **state)
{
    (void)state;
    expect_key("name = 梅田（北）＝Ａ", "name", "梅田（北）＝Ａ");
}

static void a_line_of_full_width_blanks_is_blank(void **state)
{
    (void)state;
    expect_key("　　\n　 \nid = a", "id", "a");
}

static void a_byte_order_mark_within_the_text_is_passed_over(void **state)
{
    (void)state;
    expect_key("\xef\xbb\xbf\n\xef\xbb\xbfid = a", "id", "a");
    assert_int_equal(first("a\xef\xbb\xbf = 1"), INI_KEY);
}

static void the_longest_line_is_taken_and_one_byte_more_is_wrong(void **state)
{
    (void)state;
    char *text = malloc(INI_LINE_MAX + 2);
    memset(text, 'x', INI_LINE_MAX + 2);
    memcpy(text, "k=", 2);
    text[INI_LINE_MAX] = '\0';
    assert_int_equal(first(text), INI_KEY);
    assert_int_equal(strlen(item.value), INI_LINE_MAX - 2);
    text[INI_LINE_MAX] = 'x';
    text[INI_LINE_MAX + 1] = '\0';
    expect_wrong(text, INI_WRONG, "this line is too long; expected at most 4096 bytes");
    free(text);
}

static void a_long_section_line_does_not_leave_its_keys_to_the_one_before(void **state)
{
    (void)state;
    char *text = calloc(1, INI_LINE_MAX + 100);
    memset(text, 'x', INI_LINE_MAX + 50);
    text[0] = '[';
    assert_int_equal(first(text), INI_WRONG_SECTION);
    assert_string_equal(item.section, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_and_its_value_are_trimmed),
        cmocka_unit_test(full_width_blanks_at_the_ends_of_a_value_are_trimmed),
        cmocka_unit_test(a_comment_begins_at_the_start_or_after_a_blank),
        cmocka_unit_test(quotes_keep_a_comment_and_blanks_in_a_value),
        cmocka_unit_test(a_quote_that_is_not_closed_is_wrong),
        cmocka_unit_test(an_indented_line_is_an_ordinary_line),
        cmocka_unit_test(lines_end_with_lf_crlf_or_cr),
        cmocka_unit_test(a_section_may_have_blanks_and_a_comment),
        cmocka_unit_test(wrong_sections_say_what_is_wrong),
        cmocka_unit_test(wrong_lines_say_what_is_wrong),
        cmocka_unit_test(full_width_characters_in_names_are_named),
        cmocka_unit_test(a_full_width_section_tells_what_was_probably_meant),
        cmocka_unit_test(full_width_characters_in_a_value_stay),
        cmocka_unit_test(a_line_of_full_width_blanks_is_blank),
        cmocka_unit_test(a_byte_order_mark_within_the_text_is_passed_over),
        cmocka_unit_test(the_longest_line_is_taken_and_one_byte_more_is_wrong),
        cmocka_unit_test(a_long_section_line_does_not_leave_its_keys_to_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
