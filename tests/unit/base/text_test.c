// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/text.h"
#include <string.h>

static void ids_are_one_to_sixty_four_plain_characters(void **state)
{
    (void)state;
    char longest[66];
    memset(longest, 'a', sizeof longest);
    assert_true(text_is_id("bay-0123", 8));
    assert_true(text_is_id("A.b_c-9", 7));
    assert_true(text_is_id(longest, 64));
    assert_false(text_is_id(longest, 65));
    assert_false(text_is_id("", 0));
    assert_false(text_is_id("a/b", 3));
    assert_false(text_is_id("a+", 2));
    assert_false(text_is_id("a\0b", 3));
    assert_false(text_is_id("ä", 2));
}

static void malformed_utf8_is_told_from_well_formed(void **state)
{
    (void)state;
    static const char *const good[] = {"", "plain", "梅田駅前", "\xf0\x9f\x9a\x97", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",     "\xc0\xaf", "\xc1\x81", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
        "\xf5\x80", "\xe6\xa2", "\xff"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(text_is_utf8(bad[i], strlen(bad[i])));
    for (size_t i = 0; i < 40; i++) { // wherever it stands
        char text[40];
        memset(text, 'x', sizeof text);
        text[i] = '\xff';
        assert_false(text_is_utf8(text, sizeof text));
        assert_true(text_is_utf8(text, i));
    }
}

static void the_nearest_word_is_what_was_meant(void **state)
{
    (void)state;
    static const char *const words[] = {"parking", "bump", "crowd", "max_size", "max_age"};
    assert_string_equal(text_nearest("parkng", words, 5), "parking");
    assert_string_equal(text_nearest("PARKING", words, 5), "parking");
    assert_string_equal(text_nearest("prakign", words, 5), "parking");
    assert_string_equal(text_nearest("max_sise", words, 5), "max_size");
    assert_null(text_nearest("temperature", words, 5));
    assert_null(text_nearest("", words, 5));
}

static void control_bytes_and_broken_text_are_made_visible(void **state)
{
    (void)state;
    char out[64];
    assert_string_equal(text_escape("a\nb\x1b[0m\x7f", 8, out, sizeof out), "a\\x0ab\\x1b[0m\\x7f");
    assert_string_equal(text_escape("\xff梅", 4, out, sizeof out), "\\xff梅");
    assert_string_equal(text_escape("\xc2\x9b", 2, out, sizeof out), "\\xc2\\x9b");
}

static void long_text_is_cut_at_a_characters_border(void **state)
{
    (void)state;
    char out[12];
    assert_string_equal(text_escape("12345678901", 11, out, sizeof out), "12345678901");
    assert_string_equal(text_escape("123456789012", 12, out, sizeof out), "12345678...");
    assert_string_equal(text_escape("梅田駅前", 12, out, sizeof out), "梅田...");
    char tiny[2];
    assert_string_equal(text_escape("梅", 3, tiny, sizeof tiny), ".");
}

static void marks_that_turn_or_hide_text_are_made_visible(void **state)
{
    (void)state;
    char out[64];
    assert_string_equal(text_escape("a\u202Eb", 5, out, sizeof out), "a\\xe2\\x80\\xaeb");
    static const char *const marks[] = {"\u061C", "\u200B", "\u200F", "\u2028", "\u202A",
                                        "\u202E", "\u2066", "\u2069", "\uFEFF"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        text_escape(marks[i], strlen(marks[i]), out, sizeof out);
        assert_int_equal(out[0], '\\');
        assert_int_equal(strlen(out), 4 * strlen(marks[i]));
    }
    static const char neighbours[] = "\u061B\u200A\u2010\u2027\u202F\u2065\u206A\uFEFE";
    assert_string_equal(text_escape(neighbours, strlen(neighbours), out, sizeof out), neighbours);
}

static void plain_text_has_no_controls_and_no_non_characters(void **state)
{
    static const char *const plain[] = {"", "citygw/v1", "\u5927\u962a", "\u00a0", "\ufffd", "\U0001f6b2"};
    static const char *const other[] = {"\n",      "a\x7f", "\xc2\x85", "\ufdd0", "\xef\xbf\xbf", "\xf0\x9f\xbf\xbe",
                                        "\x1b[0m", "\xff",  "a\xc3"};
    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_true(text_is_plain(plain[i], strlen(plain[i])));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(text_is_plain(other[i], strlen(other[i])));
    assert_false(text_is_plain("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_has_no_controls_and_no_non_characters),
        cmocka_unit_test(ids_are_one_to_sixty_four_plain_characters),
        cmocka_unit_test(malformed_utf8_is_told_from_well_formed),
        cmocka_unit_test(the_nearest_word_is_what_was_meant),
        cmocka_unit_test(control_bytes_and_broken_text_are_made_visible),
        cmocka_unit_test(marks_that_turn_or_hide_text_are_made_visible),
        cmocka_unit_test(long_text_is_cut_at_a_characters_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
