// SPDX-License-Identifier: Apache-2.0
#include "modbus_garage.h"

/*
 * What is asked, and when; and buses that come and go. What devices answer wrongly is in modbus_answer_test.c.
 */

static void fields_are_named_as_they_are_written_and_read_at_once(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(garage, "",
              "[sensor:s-a]\nkind = crowd\nsource = modbus:garage\naddress = 17\nmap.in_total = input:10  u32\n"
              "map.out_total = input:12 u32 swapped * 2 + 1\nmap.people = input:15 bit 0\nmap.in = input:10  u32\n");
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs >= 1);
    const struct seen *seen = &garage->seen[0];
    assert_int_equal(garage->told[false] + garage->told[true], 0); // a device that answers is no news
    assert_int_equal(seen->values, 3);                             // the field that feeds two quantities is read once
    assert_string_equal(seen->names[0], "input:10  u32");
    assert_string_equal(seen->names[1], "input:12 u32 swapped");
    assert_string_equal(seen->names[2], "input:15 bit 0");
    assert_true(seen->numbers[0] == 17010 * 65536.0 + 17011);
    assert_true(seen->numbers[1] == 17013 * 65536.0 + 17012);
    assert_true(seen->is_switch[2] && seen->numbers[2] == 1 && !seen->is_switch[0]);
    assert_int_equal(requests_of(&garage->devices, requests), 1);
    assert_int_equal(requests[0].address, 10);
    assert_int_equal(requests[0].count, 6);
}

static void each_table_is_read_by_its_own_function(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(garage, "",
              "[sensor:s-a]\nkind = generic\nsource = modbus:garage\naddress = 1\nmap.a_count = coil:3\n"
              "map.b_count = discrete:4\nmap.c_count = holding:5 u16\nmap.d_count = input:6 u16\n");
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs >= 1);
    const double expected[] = {1, 0, 1005, 1006};
    for (size_t i = 0; i < 4; i++)
        assert_true(garage->seen[0].numbers[i] == expected[i]);
    assert_int_equal(requests_of(&garage->devices, requests), 4);
    const uint8_t functions[] = {1, 2, 4, 3};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(requests[i].function, functions[i]);
}

static void no_more_registers_than_the_device_gives_are_read_at_once(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(
        garage, "",
        "[device:c]\nkind = generic\nregisters_per_read = 2\nmap.a_count = input:0 u32\nmap.b_count = input:2 u32\n" ON(
            "a", "1"));
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs >= 1);
    assert_int_equal(requests_of(&garage->devices, requests), 2);
    assert_int_equal(requests[0].count, 2);
    assert_int_equal(requests[1].address, 2);
}

static void a_dead_device_costs_the_others_one_timeout_and_ever_more_seldom(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    char sensors[2000];
    snprintf(sensors, sizeof sensors, "%s%s", counter,
             ON("a", "1") ON("b", "2") ON("c", "3") ON("d", "4") ON("e", "5"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 3, MUTE);
    open_bus(garage);
    wait_until(garage, figure(garage, TIMEOUTS) == 2);
    size_t packs = garage->seen[0].packs;
    wait_until(garage, garage->seen[0].packs > packs + 5);
    size_t count = requests_of(&garage->devices, requests), dead = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        if (requests[i].unit != 3)
            continue;
        dead++;
        assert_int_not_equal(requests[i + 1].unit, 3);
        // The device's thread may note late what was asked: surely before it was asked the one before was noted.
        assert_true(i > 0 && requests[i + 1].at_us - requests[i - 1].at_us >= TIMEOUT_MS * 1000);
        assert_true(requests[i + 1].at_us - requests[i].at_us <=
                    3 * TIMEOUT_MS * 1000);                 // instrumented, and on a busy machine
        for (size_t j = i + 1; j < count && j < i + 5; j++) // all others have their turn before it comes again
            assert_int_not_equal(requests[j].unit, 3);
    }
    assert_in_range(dead, 2, 3); // at once, after one second, after two more
    assert_int_equal(garage->seen[2].packs, 0);
    assert_int_equal(garage->told[false], 1);
    assert_non_null(strstr(garage->last_told[false].text, "s-c (unit 3) does not answer"));
    assert_int_equal(garage->failures, 0);
}

static void a_device_that_answers_again_is_told_and_read_as_often_as_before(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1"), MUTE);
    wait_until(garage, garage->told[false] == 1);
    atomic_fetch_add(&garage->ahead_us, 60000000); // while nothing is asked
    set_manner(&garage->devices, 1, GOOD);
    wait_until(garage, garage->told[true] == 1 && garage->seen[0].packs > 20);
    assert_non_null(strstr(garage->last_told[true].text, "s-a (unit 1) answers; 1 times"));
    assert_int_equal(garage->told[false], 1);
}

static void a_device_that_comes_and_goes_is_told_now_and_then(void **state)
{
    struct garage *garage = *state;
    begin(garage, "", ON("a", "1"), GOOD);
    for (int i = 1; i <= 5; i++) {
        double exceptions = figure(garage, EXCEPTIONS);
        size_t packs = garage->seen[0].packs;
        set_manner(&garage->devices, 1, REFUSES);
        wait_until(garage, figure(garage, EXCEPTIONS) > exceptions);
        set_manner(&garage->devices, 1, GOOD);
        wait_until(garage, garage->seen[0].packs > packs + 2);
    }
    assert_int_equal(garage->told[false], 1);
    assert_int_equal(garage->told[true], 0);
    atomic_fetch_add(&garage->ahead_us, 10000000);
    wait_until(garage, garage->told[true] == 1);
}

static void replug(struct garage *garage, bool asked)
{
    devices_end(&garage->devices);
    size_t failures = garage->failures;
    if (asked)
        wait_until(garage, garage->failures == failures + 1);
    devices_begin(&garage->devices);
    garage->settings->modbus[0].device = garage->devices.slave;
}

static void a_bus_that_is_gone_fails_once_and_can_be_opened_again(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    for (size_t round = 0; round < 3; round++) {
        size_t packs = garage->seen[0].packs;
        garage->close_in_failed = round % 2;
        open_bus(garage);
        wait_until(garage, garage->seen[0].packs > packs + 1);
        replug(garage, true);
        assert_non_null(strstr(garage->failed.text, "is gone (unplugged)"));
        for (int i = 0; i < 5; i++)
            uv_run(&garage->loop, UV_RUN_NOWAIT);
        assert_int_equal(garage->failures, round + 1);
    }
    double requests = figure(garage, REQUESTS);
    assert_true(requests >= 6); // two at least of each time that it was open
    open_bus(garage);
    wait_until(garage, figure(garage, REQUESTS) > requests); // counted on
}

static void a_bus_that_goes_between_two_questions_is_noticed(void **state)
{
    struct garage *garage = *state;
    configure(garage, "", "[device:c]\nkind = crowd\npoll = 1 h\nmap.in_total = input:10 u16\n" ON("a", "1"));
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs >= 1);
    replug(garage, true);
}

static void closing_does_not_wait_for_an_answer(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1") ON("b", "2"));
    configure(garage, "timeout = 10 s", sensors);
    set_manner(&garage->devices, 2, MUTE);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs >= 1);
    int64_t began_us = monotonic_us();
    garage->driver->close(garage->state);
    assert_in_range(monotonic_us() - began_us, 0, 5000000);
    garage->driver->close(garage->state); // fine
}

static void a_second_opener_is_refused(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    struct fault why = {""};
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    assert_int_equal(garage->driver->create(garage->settings, "garage", &garage->host, &garage->second, &why), 0);
    open_bus(garage);
    assert_int_equal(garage->driver->open(garage->second, &why), -EBUSY);
    assert_non_null(strstr(why.text, "in use"));
    garage->driver->close(garage->state);
    assert_int_equal(garage->driver->open(garage->second, &why), 0);
}

static void a_bus_without_sensors_or_port_is_no_trouble(void **state)
{
    struct garage *garage = *state;
    void *other = NULL;
    struct fault why = {""};
    configure(garage, "", "[sensor:s-a]\nkind = crowd\nsource = modbus:garage\naddress = 1\nmap.in = input:1 u16\n");
    garage->settings->sensor[0].disabled = true;
    assert_int_equal(garage->driver->create(garage->settings, "garage", &garage->host, &garage->second, &why), 0);
    assert_int_equal(garage->driver->open(garage->second, &why), 0);
    garage->driver->close(garage->second);
    garage->settings->modbus[0].device = "/dev/serial/by-path/none";
    assert_int_equal(garage->driver->open(garage->second, &why), -ENOENT);
    assert_non_null(strstr(why.text, "/dev/serial/by-path/none is not there"));
    assert_int_equal(garage->driver->create(garage->settings, "cellar", &garage->host, &other, &why), -ENOENT);
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_are_named_as_they_are_written_and_read_at_once),
        TEST(each_table_is_read_by_its_own_function),
        TEST(no_more_registers_than_the_device_gives_are_read_at_once),
        TEST(a_dead_device_costs_the_others_one_timeout_and_ever_more_seldom),
        TEST(a_device_that_answers_again_is_told_and_read_as_often_as_before),
        TEST(a_device_that_comes_and_goes_is_told_now_and_then),
        TEST(a_bus_that_is_gone_fails_once_and_can_be_opened_again),
        TEST(a_bus_that_goes_between_two_questions_is_noticed),
        TEST(closing_does_not_wait_for_an_answer),
        TEST(a_second_opener_is_refused),
        TEST(a_bus_without_sensors_or_port_is_no_trouble),
    };
    return cmocka_run_group_tests_name("modbus", tests, NULL, NULL);
}
