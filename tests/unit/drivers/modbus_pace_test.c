// SPDX-License-Identifier: Apache-2.0
#include "modbus_pace.h"

#include "check.h"

static const int64_t second = 1000000;

static void turns_keep_their_grid(void **state)
{
    (void)state;
    assert_int_equal(modbus_next_due(100, 10, 100), 110);
    assert_int_equal(modbus_next_due(100, 10, 105), 110);
    assert_int_equal(modbus_next_due(100, 10, 95), 110); // early
}

static void turns_that_are_over_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(modbus_next_due(100, 10, 110), 120);
    assert_int_equal(modbus_next_due(100, 10, 137), 140);
}

static void a_silent_device_is_asked_less_and_less_up_to_a_minute(void **state)
{
    (void)state;
    static const int64_t pauses[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    struct modbus_health health = {0};
    int64_t now = 1000 * second;
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        modbus_unanswered(&health, now);
        assert_int_equal(health.not_before_us - now, pauses[i] * second);
        now = health.not_before_us;
    }
    health.failures = 4000000000; // nothing overflows
    modbus_unanswered(&health, now);
    assert_int_equal(health.not_before_us - now, 60 * second);
}

static void what_was_no_answer_is_borne_twice(void **state)
{
    (void)state;
    struct modbus_health health = {0};
    modbus_garbled(&health, 5);
    modbus_garbled(&health, 6);
    assert_int_equal(modbus_due(7, &health), 7);
    modbus_garbled(&health, 7);
    assert_int_equal(modbus_due(7, &health), 7 + second);
    modbus_garbled(&health, 7);
    assert_int_equal(modbus_due(7, &health), 7 + 2 * second);
    modbus_unanswered(&health, 7);
    assert_int_equal(modbus_due(7, &health), 7 + 16 * second);
}

static void one_answer_ends_the_pause(void **state)
{
    (void)state;
    struct modbus_health health = {0};
    for (int i = 0; i < 5; i++)
        modbus_unanswered(&health, 0);
    modbus_answered(&health);
    assert_int_equal(modbus_due(5, &health), 5);
    modbus_unanswered(&health, 0);
    assert_int_equal(modbus_due(5, &health), second);
}

static void a_turn_that_is_later_than_the_pause_stays(void **state)
{
    (void)state;
    struct modbus_health health = {0};
    modbus_unanswered(&health, 0);
    assert_int_equal(modbus_due(10 * second, &health), 10 * second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_keep_their_grid),
        cmocka_unit_test(turns_that_are_over_are_left_out),
        cmocka_unit_test(a_silent_device_is_asked_less_and_less_up_to_a_minute),
        cmocka_unit_test(what_was_no_answer_is_borne_twice),
        cmocka_unit_test(one_answer_ends_the_pause),
        cmocka_unit_test(a_turn_that_is_later_than_the_pause_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
