// SPDX-License-Identifier: Apache-2.0
#include "modbus_garage.h"

/*
 * Answers that are wrong, late, cut, slow, of somebody else, or a refusal.
 */

static void a_wrong_checksum_is_asked_again_and_refused(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1"), WRONG_CRC_ONCE);
    wait_until(garage, garage->seen[0].packs > 0 && garage->refusals[REFUSAL_CHECKSUM] > 0);
    assert_int_equal(garage->refusals[REFUSAL_CHECKSUM], 1);
    assert_true(figure(garage, CRC_ERRORS) == 1);
    assert_true(garage->seen[0].numbers[0] == 1010);
    assert_int_equal(garage->told[false], 0);
    assert_non_null(strstr(garage->refused.text, "s-a (unit 1)"));
}

static void checksums_that_stay_wrong_give_no_reading(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1") ON("b", "2"), WRONG_CRC);
    wait_until(garage, garage->refusals[REFUSAL_CHECKSUM] >= 4 && garage->seen[1].packs > 5);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_int_equal(garage->told[false], 1);
    assert_true(garage->seen[1].numbers[0] == 2010);
}

static void an_exception_is_told_and_what_else_was_read_is_taken(void **state)
{
    struct garage *garage = *state;
    configure(garage, "",
              "[device:c]\nkind = generic\npoll = 20 ms\nmap.a_count = discrete:3\nmap.b_count = holding:5 u16\n" ON(
                  "a", "7"));
    set_manner(&garage->devices, 7, REFUSES_REGISTERS);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs > 5);
    assert_int_equal(garage->seen[0].values, 1);
    assert_string_equal(garage->seen[0].names[0], "discrete:3");
    assert_true(figure(garage, EXCEPTIONS) >= 5);
    assert_int_equal(garage->told[false], 1);
    assert_non_null(
        strstr(garage->last_told[false].text, "s-a (unit 7) refuses holding:5, 1 of them, with exception 2"));
    size_t refused = 0;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        refused += garage->refusals[i];
    assert_int_equal(refused, 0);
}

static void a_device_that_refuses_gaps_is_read_without_them(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(garage, "",
              "[device:c]\nkind = generic\npoll = 20 ms\nmap.a_count = input:0 u16\nmap.b_count = input:3 u16\n" ON(
                  "a", "7"));
    set_manner(&garage->devices, 7, REFUSES_GAPS);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs > 3);
    assert_int_equal(garage->seen[0].values, 2);
    assert_true(garage->seen[0].numbers[1] == 7003);
    assert_true(figure(garage, EXCEPTIONS) == 1); // and it is remembered
    assert_int_equal(garage->told[false], 0);
    requests_of(&garage->devices, requests);
    assert_int_equal(requests[0].count, 4);
    assert_int_equal(requests[1].count, 1);
}

static void an_answer_of_another_unit_is_not_taken(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1"), WRONG_UNIT);
    wait_until(garage, garage->told[false] == 1);
    assert_true(figure(garage, FOREIGN) >= 1 && figure(garage, TIMEOUTS) >= 1);
    assert_int_equal(garage->seen[0].packs, 0);
}

static void a_late_answer_is_not_taken_for_the_next_ones(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1") ON("b", "2"), LATE);
    wait_until(garage, figure(garage, FOREIGN) >= 2 && garage->seen[1].packs > 3);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_true(garage->seen[1].numbers[0] == 2010);
    assert_true(figure(garage, TIMEOUTS) == figure(garage, FOREIGN)); // the other unit lost nothing by it
}

static void an_answer_that_came_after_its_time_is_thrown_away(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1"), TARDY);
    wait_until(garage, figure(garage, TIMEOUTS) == 2);
    assert_int_equal(garage->seen[0].packs, 0);
}

static void a_late_answer_of_another_length_is_not_taken(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1"), LATE_OTHER);
    wait_until(garage, figure(garage, FOREIGN) >= 1);
    assert_int_equal(garage->seen[0].packs, 0);
}

static void a_slow_answer_is_taken(void **state)
{
    struct garage *garage = *state;
    begin(garage, "timeout = 5 s", ON("a", "1"), SLOW);
    wait_until(garage, garage->seen[0].packs >= 3);
    assert_true(figure(garage, TIMEOUTS) == 0);
}

static void half_an_answer_is_refused(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1") ON("b", "2"), CUT);
    wait_until(garage, garage->refusals[REFUSAL_SYNTAX] > 0 && garage->seen[1].packs > 5);
    assert_true(figure(garage, GARBLED) >= 1);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_true(garage->seen[1].numbers[0] == 2010);
}

static void a_device_that_drips_its_answer_has_no_more_time_than_others(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    begin(garage, "", ON("a", "1"), DRIPS);
    wait_until(garage, garage->refusals[REFUSAL_SYNTAX] > 0);
    set_manner(&garage->devices, 1, GOOD);
    wait_until(garage, garage->seen[0].packs > 0); // what still dripped harmed no later answer
    assert_true(garage->seen[0].numbers[0] == 1010);
    requests_of(&garage->devices, requests);
    assert_in_range(requests[1].at_us - requests[0].at_us, TIMEOUT_MS * 1000, 3 * TIMEOUT_MS * 1000);
}

static void noise_before_an_answer_harms_that_one_alone(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1") ON("b", "2"), NOISY);
    wait_until(garage, garage->seen[1].packs > 5 && figure(garage, REQUESTS) > 7);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_true(garage->seen[1].numbers[0] == 2010);
    set_manner(&garage->devices, 1, GOOD);
    atomic_fetch_add(&garage->ahead_us, 60000000);
    wait_until(garage, garage->seen[0].packs >= 1);
    assert_true(garage->seen[0].numbers[0] == 1010);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_wrong_checksum_is_asked_again_and_refused),
        TEST(checksums_that_stay_wrong_give_no_reading),
        TEST(an_exception_is_told_and_what_else_was_read_is_taken),
        TEST(a_device_that_refuses_gaps_is_read_without_them),
        TEST(an_answer_of_another_unit_is_not_taken),
        TEST(a_late_answer_is_not_taken_for_the_next_ones),
        TEST(an_answer_that_came_after_its_time_is_thrown_away),
        TEST(a_late_answer_of_another_length_is_not_taken),
        TEST(a_slow_answer_is_taken),
        TEST(half_an_answer_is_refused),
        TEST(a_device_that_drips_its_answer_has_no_more_time_than_others),
        TEST(noise_before_an_answer_harms_that_one_alone),
    };
    return cmocka_run_group_tests_name("modbus answers", tests, NULL, NULL);
}
