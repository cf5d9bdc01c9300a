// SPDX-License-Identifier: Apache-2.0
#include "power_cut_lives.h"

/*
 * Power cuts where there is room for everything.
 */

static void a_power_cut_at_any_moment_loses_nothing_settled(void **state)
{
    (void)state;
    cut_lives(&(struct kind){0, 64 << 20, false});
}

static void nor_when_syncs_fail(void **state)
{
    (void)state;
    cut_lives(&(struct kind){13, 64 << 20, true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_at_any_moment_loses_nothing_settled),
        cmocka_unit_test(nor_when_syncs_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
