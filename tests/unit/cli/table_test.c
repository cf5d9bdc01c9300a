// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include "base/messages.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>

static char *printed(const struct table *table, int indent)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    table_print(table, to, indent);
    fclose(to);
    return text;
}

static void a_japanese_character_takes_two_columns(void **state)
{
    (void)state;
    assert_int_equal(screen_width(""), 0);
    assert_int_equal(screen_width("abc"), 3);
    assert_int_equal(screen_width("梅田駅前 1番"), 12);
    assert_int_equal(screen_width("ｱｲｳ"), 3);      // half-width
    assert_int_equal(screen_width("か\u3099"), 2); // with a combining mark
    assert_int_equal(screen_width("é"), 1);
    assert_int_equal(screen_width("\xff\xe6\xa2"), 3); // not UTF-8
}

static void columns_stand_below_each_other_whatever_the_script(void **state)
{
    (void)state;
    struct table table;
    static const char *const cells[] = {"ID", "名前", "N", "bay-1", "梅田", "1042", "b2", "A", "7"};
    table_init(&table, 3, 1 << 2);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        table_cell(&table, cells[i]);
    char *text = printed(&table, 1);
    assert_string_equal(text, " ID     名前     N\n"
                              " bay-1  梅田  1042\n"
                              " b2     A        7\n");
    free(text);
    table_finish(&table);
}

static void lines_do_not_end_in_blanks_and_empty_columns_are_left_out(void **state)
{
    (void)state;
    struct table table;
    static const char *const cells[] = {"a", "", "c", "long", "", ""};
    table_init(&table, 3, 0);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        table_cell(&table, cells[i]);
    char *text = printed(&table, 0);
    assert_string_equal(text, "a     c\nlong\n");
    free(text);
    table_finish(&table);
}

static void a_row_cut_short_and_an_empty_table_are_printed_too(void **state)
{
    (void)state;
    struct table table;
    table_init(&table, 2, 0);
    char *text = printed(&table, 2);
    assert_string_equal(text, "");
    free(text);
    table_cell(&table, "x");
    table_cell(&table, "y");
    table_cell(&table, NULL);
    text = printed(&table, 0);
    assert_string_equal(text, "x  y\n\n");
    free(text);
    table_finish(&table);
}

static void what_could_move_the_cursor_is_escaped_and_long_cells_are_cut(void **state)
{
    (void)state;
    struct table table;
    char longest[2 * TABLE_CELL_MAX];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    table_init(&table, 1, 0);
    table_cell(&table, "a\x1b[2J\nb\xff");
    table_cell(&table, longest);
    table_cellf(&table, "%s", longest);
    char *text = printed(&table, 0);
    assert_memory_equal(text, "a\\x1b[2J\\x0ab\\xff\nxxx", 20);
    assert_true(strlen(text) < 3 * TABLE_CELL_MAX);
    free(text);
    table_finish(&table);
}

int main(void)
{
    messages_use(NULL); // sets a UTF-8 locale
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_japanese_character_takes_two_columns),
        cmocka_unit_test(columns_stand_below_each_other_whatever_the_script),
        cmocka_unit_test(lines_do_not_end_in_blanks_and_empty_columns_are_left_out),
        cmocka_unit_test(a_row_cut_short_and_an_empty_table_are_printed_too),
        cmocka_unit_test(what_could_move_the_cursor_is_escaped_and_long_cells_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
