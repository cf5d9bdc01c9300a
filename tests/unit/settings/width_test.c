// SPDX-License-Identifier: Apache-2.0
#include "width.h"
#include "check.h"

static void every_full_width_form_has_its_ascii_character(void **state)
{
    (void)state;
    char text[4] = "", folded[4], half;
    for (unsigned c = 0x21; c <= 0x7e; c++) {
        unsigned wide = 0xff00 + c - 0x20;
        text[0] = (char)(0xe0 | wide >> 12);
        text[1] = (char)(0x80 | (wide >> 6 & 0x3f));
        text[2] = (char)(0x80 | (wide & 0x3f));
        assert_ptr_equal(width_find(text, &half), text);
        assert_int_equal(half, c);
        assert_true(width_fold(text, folded));
        assert_int_equal(folded[0], c);
        assert_int_equal(folded[1], 0);
    }
}

static void other_characters_are_left_alone(void **state)
{
    (void)state;
    char half, folded[64];
    const char *const texts[] = {"umeda-01", "梅田", "ｱ", "。、", "￥", "", "\xef\xbc", "\xe3\x80"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_null(width_find(texts[i], &half));
        assert_false(width_fold(texts[i], folded));
        assert_string_equal(folded, texts[i]);
    }
}

static void a_text_may_be_folded_in_its_place(void **state)
{
    (void)state;
    char text[] = "［ａ　１］梅";
    assert_true(width_fold(text, text));
    assert_string_equal(text, "[a 1]梅");
}

static void japanese_takes_two_columns(void **state)
{
    (void)state;
    assert_int_equal(width_columns("abc"), 3);
    assert_int_equal(width_columns("範囲"), 4);
    assert_int_equal(width_columns("ＩＤ"), 4);
    assert_int_equal(width_columns("ｱｲ"), 2);
    assert_int_equal(width_columns("µ°"), 2);
    assert_int_equal(width_columns(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_full_width_form_has_its_ascii_character),
        cmocka_unit_test(other_characters_are_left_alone),
        cmocka_unit_test(a_text_may_be_folded_in_its_place),
        cmocka_unit_test(japanese_takes_two_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
