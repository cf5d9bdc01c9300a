// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/raw.h"
#include <string.h>

static struct raw_pack pack;

static int clear(void **state)
{
    (void)state;
    raw_pack_clear(&pack);
    return 0;
}

static void a_new_value_is_empty_even_where_an_old_one_was(void **state)
{
    (void)state;
    struct raw_value *value = raw_pack_add(&pack);
    value->type = RAW_TEXT;
    value->text = "old";
    value->has_sum = true;
    raw_pack_clear(&pack);
    value = raw_pack_add(&pack);
    assert_string_equal(value->name, "");
    assert_string_equal(value->unit, "");
    assert_null(value->text);
    assert_int_equal(value->type, RAW_NONE);
    assert_false(value->has_sum);
    assert_int_equal(pack.count, 1);
}

static void a_full_pack_takes_no_more_values(void **state)
{
    (void)state;
    for (int i = 0; i < RAW_VALUES_MAX; i++)
        assert_non_null(raw_pack_add(&pack));
    assert_null(raw_pack_add(&pack));
    assert_int_equal(pack.count, RAW_VALUES_MAX);
}

static void a_copied_text_is_terminated_and_keeps_its_zeros(void **state)
{
    (void)state;
    const char *copy = raw_pack_copy(&pack, "a\0b-beyond", 3);
    assert_memory_equal(copy, "a\0b", 4);
    assert_string_equal(raw_pack_copy(&pack, NULL, 0), "");
}

static void the_arena_can_be_filled_to_its_last_byte_and_no_further(void **state)
{
    (void)state;
    static char text[RAW_ARENA_SIZE];
    memset(text, 'x', sizeof text);
    assert_null(raw_pack_copy(&pack, text, RAW_ARENA_SIZE));
    assert_null(raw_pack_copy(&pack, text, SIZE_MAX));
    assert_non_null(raw_pack_copy(&pack, text, RAW_ARENA_SIZE - 2));
    assert_null(raw_pack_copy(&pack, text, 1));
    assert_string_equal(raw_pack_copy(&pack, text, 0), "");
    assert_null(raw_pack_copy(&pack, text, 0));
    assert_int_equal(pack.arena_used, RAW_ARENA_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_value_is_empty_even_where_an_old_one_was, clear),
        cmocka_unit_test_setup(a_full_pack_takes_no_more_values, clear),
        cmocka_unit_test_setup(a_copied_text_is_terminated_and_keeps_its_zeros, clear),
        cmocka_unit_test_setup(the_arena_can_be_filled_to_its_last_byte_and_no_further, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
