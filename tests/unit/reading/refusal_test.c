// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/reading.h"
#include "reading/refusal.h"
#include <string.h>

static void every_gate_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < REFUSAL_COUNT; a++) {
        assert_non_null(refusal_name((enum refusal)a));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(refusal_name((enum refusal)a), refusal_name((enum refusal)b));
    }
    assert_string_equal(refusal_name(REFUSAL_UNKNOWN_SENSOR), "unknown_sensor");
}

static void a_gate_that_is_none_is_still_a_text(void **state)
{
    (void)state;
    assert_string_equal(refusal_name(REFUSAL_COUNT), "unknown");
    assert_string_equal(refusal_name((enum refusal) - 1), "unknown");
}

static void bumps_are_events_and_parking_and_crowds_are_states(void **state)
{
    (void)state;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        assert_int_equal(kind_is_event((enum kind)kind), kind == KIND_BUMP);
        assert_int_equal(kind_is_state((enum kind)kind), kind == KIND_PARKING || kind == KIND_CROWD);
    }
}

static void qualities_are_named_as_consumers_know_them(void **state)
{
    (void)state;
    assert_string_equal(time_quality_names[TIME_SYNCED], "synced");
    assert_string_equal(time_quality_names[TIME_ESTIMATED], "estimated");
    assert_string_equal(quality_names[QUALITY_GOOD], "good");
    assert_string_equal(quality_names[QUALITY_CALIBRATING], "calibrating");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_gate_has_a_name_of_its_own),
        cmocka_unit_test(a_gate_that_is_none_is_still_a_text),
        cmocka_unit_test(bumps_are_events_and_parking_and_crowds_are_states),
        cmocka_unit_test(qualities_are_named_as_consumers_know_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
