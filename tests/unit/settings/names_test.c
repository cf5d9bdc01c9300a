// SPDX-License-Identifier: Apache-2.0
#include "names.h"
#include "check.h"
#include <string.h>

enum { MANY = 3000 };

static void many_names_are_each_found_again(void **state)
{
    (void)state;
    static int values[MANY];
    struct settings_memory *memory = memory_create();
    struct names names;
    assert_int_equal(names_init(&names, memory, MANY), 0);
    for (int i = 0; i < MANY; i++)
        assert_null(names_put(&names, memory_printf(memory, "sensor:%d", i), &values[i]));
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(names_get(&names, memory_printf(memory, "sensor:%d", i)), &values[i]);
    assert_null(names_get(&names, "sensor:3000"));
    memory_destroy(memory);
}

static void the_first_stays_under_a_name(void **state)
{
    (void)state;
    int first, second;
    struct settings_memory *memory = memory_create();
    struct names names;
    assert_int_equal(names_init(&names, memory, 0), 0);
    assert_null(names_get(&names, "a"));
    assert_null(names_put(&names, "a", &first));
    assert_ptr_equal(names_put(&names, "a", &second), &first);
    assert_ptr_equal(names_get(&names, "a"), &first);
    assert_null(names_get(&names, "A"));
    memory_destroy(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_names_are_each_found_again),
        cmocka_unit_test(the_first_stays_under_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
