// SPDX-License-Identifier: Apache-2.0
#include "power_cut_lives.h"

/*
 * Power cuts while the oldest makes room, its events go forward, and the ledger is written.
 */

static void a_power_cut_loses_nothing_settled_while_the_oldest_makes_room(void **state)
{
    (void)state;
    cut_lives(&(struct kind){0, 20 << 10, true});
}

static void nor_when_syncs_fail_meanwhile(void **state)
{
    (void)state;
    cut_lives(&(struct kind){11, 24 << 10, true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_loses_nothing_settled_while_the_oldest_makes_room),
        cmocka_unit_test(nor_when_syncs_fail_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
