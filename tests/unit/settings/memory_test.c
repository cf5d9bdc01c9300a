// SPDX-License-Identifier: Apache-2.0
#include "memory.h"
#include "check.h"
#include <string.h>

static struct settings_memory *memory;

static int setup(void **state)
{
    (void)state;
    memory = memory_create();
    return memory ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    memory_destroy(memory);
    return 0;
}

static void what_is_taken_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    for (size_t size = 1; size < 50000; size = size * 3 + 1) {
        char *piece = memory_take(memory, size);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % sizeof(double), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 0xff, size);
    }
}

static void a_list_keeps_its_items_while_it_grows(void **state)
{
    (void)state;
    int *list = NULL;
    for (int i = 0; i < 1000; i++) {
        list = memory_grow(memory, list, (size_t)i, sizeof *list);
        assert_non_null(list);
        list[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
}

static void texts_are_copied_and_terminated(void **state)
{
    (void)state;
    assert_string_equal(memory_text(memory, "umeda-01", 5), "umeda");
    assert_string_equal(memory_text(memory, "x", 0), "");
    assert_string_equal(memory_printf(memory, "%s-%d", "a", 5), "a-5");
    assert_string_equal(memory_printf(memory, "%s", ""), "");
    assert_false(memory_failed(memory));
}

static void what_cannot_be_taken_is_remembered(void **state)
{
    (void)state;
    assert_null(memory_take(memory, SIZE_MAX / 2));
    assert_true(memory_failed(memory));
    assert_string_equal(memory_text(memory, "still", 5), "still");
    assert_true(memory_failed(memory));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_zeroed_aligned_and_apart),
        cmocka_unit_test(a_list_keeps_its_items_while_it_grows),
        cmocka_unit_test(texts_are_copied_and_terminated),
        cmocka_unit_test(what_cannot_be_taken_is_remembered),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
