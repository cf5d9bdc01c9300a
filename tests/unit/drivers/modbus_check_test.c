// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "drivers/driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct findings findings;
static struct settings *settings;

static int clean(void **state)
{
    (void)state;
    findings_finish(&findings);
    findings = (struct findings){0};
    settings_destroy(settings);
    settings = NULL;
    return 0;
}

// What drivers_check() finds in sensors behind four lines of a bus.
static void check(const char *sensors)
{
    char path[] = "/tmp/citygw-check-XXXXXX", text[4000];
    int fd = mkstemp(path);
    int size = snprintf(text, sizeof text,
                        "[gateway]\nid = t\nmunicipality = 271004\n[modbus:lot]\ndevice = /dev/a\n%s", sensors);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, (size_t)size), size);
    close(fd);
    clean(NULL);
    assert_int_equal(settings_load(path, &findings, &settings), 0);
    unlink(path);
    if (findings.count)
        fail_msg("%s", findings.list[0].text);
    drivers_check(settings, &findings);
}

static void assert_found(size_t at, const char *said)
{
    assert_true(at < findings.count);
    if (findings.list[at].level != FINDING_DISABLES || !strstr(findings.list[at].text, said))
        fail_msg("%s; expected: %s", findings.list[at].text, said);
}

#define SENSOR(id) "[sensor:" id "]\nkind = crowd\nsource = modbus:lot\n"

static void a_sensor_as_it_should_be_gives_no_finding(void **state)
{
    (void)state;
    check(SENSOR("a") "address = 17\nmap.in_total = input:10 u32\n[sensor:b]\nsource = modbus:lot\naddress = 247\n"
                      "device = c\n[device:c]\nkind = crowd\nmap.people = discrete:1\nregisters_per_read = 1\n");
    assert_int_equal(findings.count, 0);
    assert_false(settings->sensor[0].disabled || settings->sensor[1].disabled);
}

static void a_unit_id_that_is_none_disables_the_sensor(void **state)
{
    (void)state;
    check(SENSOR("bay-1") "map.in = input:1 u16\n" SENSOR("b") "address = 254\nmap.in = input:1 u16\n");
    assert_int_equal(findings.count, 2);
    assert_found(0, ":6: [sensor:bay-1] address: \"bay-1\" is not the unit id of a Modbus device; expected 1 to 247");
    assert_found(1, ":13: [sensor:b] address: \"254\" is not the unit id");
    assert_true(settings->sensor[0].disabled && settings->sensor[1].disabled);
}

static void a_field_that_is_none_is_told_with_its_place(void **state)
{
    (void)state;
    check(SENSOR("a") "address = 1\nmap.people = input:1 u16\nmap.in = 3431/0/1\nmap.out = input:2 u33\n" SENSOR(
        "b") "address = 2\nmap.in = input:1 u16\n");
    assert_int_equal(findings.count, 2);
    assert_found(0, ":11: [sensor:a] map.in: \"3431/0/1\" cannot be read from a Modbus device; expected coil:N");
    assert_found(1, ":12: [sensor:a] map.out: \"input:2 u33\" cannot be read from a Modbus device; expected a type");
    assert_true(settings->sensor[0].disabled);
    assert_false(settings->sensor[1].disabled);
}

static void a_wrong_field_of_a_profile_disables_those_who_read_it(void **state)
{
    (void)state;
    check("[device:c]\nkind = crowd\nmap.people = input:1\nmap.in = input:2 u16\n" //
          "[sensor:a]\nsource = modbus:lot\naddress = 1\ndevice = c\n"
          "[sensor:b]\nsource = modbus:lot\naddress = 2\ndevice = c\nmap.people = input:1 s16\n"
          "[sensor:c]\nsource = coap\ndevice = c\n[coap]\nallow_plain = yes\n");
    assert_int_equal(findings.count, 1);
    assert_found(0, ":8: [sensor:a] device: [device:c] map.people: \"input:1\" cannot be read");
    assert_true(settings->sensor[0].disabled);
    assert_false(settings->sensor[1].disabled || settings->sensor[2].disabled);
}

static void only_a_running_total_can_begin_again(void **state)
{
    (void)state;
    check(SENSOR("a") "address = 1\nmap.in_total = input:1 u16 resets * 2\n"  //
          SENSOR("b") "address = 2\nmap.in_total = input:1 u16 resets + 5\n"  //
          SENSOR("c") "address = 3\nmap.in_total = input:1 u16 resets * -1\n" //
          SENSOR("d") "address = 4\nmap.people = input:1 u16 resets\n");
    assert_int_equal(findings.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_found(i, "resets is for a running total; expected a quantity such as in_total, no offset");
    assert_false(settings->sensor[0].disabled);
    assert_true(settings->sensor[1].disabled && settings->sensor[2].disabled && settings->sensor[3].disabled);
}

static void a_field_wider_than_a_read_is_refused(void **state)
{
    (void)state;
    check("[device:c]\nkind = crowd\nregisters_per_read = 1\nmap.people = input:1 u32\n"
          "[sensor:a]\nsource = modbus:lot\naddress = 1\ndevice = c\n");
    assert_int_equal(findings.count, 1);
    assert_found(0, "this takes 2 registers at once, but registers_per_read is 1");
}

static void a_sensor_without_anything_to_read_is_disabled(void **state)
{
    (void)state;
    check(SENSOR("a") "address = 1\n");
    assert_int_equal(findings.count, 1);
    assert_found(0, "[sensor:a] map.: nothing says what to read; expected a line such as map.in_total = input:10 u32");
    assert_true(settings->sensor[0].disabled);
}

static void an_id_that_is_a_table_would_hide_its_fields(void **state)
{
    (void)state;
    check(SENSOR("input") "address = 1\nmap.in = input:1 u16\n");
    assert_int_equal(findings.count, 1);
    assert_found(0, "[sensor:input]: a Modbus sensor cannot have this id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_sensor_as_it_should_be_gives_no_finding, clean),
        cmocka_unit_test_teardown(a_unit_id_that_is_none_disables_the_sensor, clean),
        cmocka_unit_test_teardown(a_field_that_is_none_is_told_with_its_place, clean),
        cmocka_unit_test_teardown(a_wrong_field_of_a_profile_disables_those_who_read_it, clean),
        cmocka_unit_test_teardown(only_a_running_total_can_begin_again, clean),
        cmocka_unit_test_teardown(a_field_wider_than_a_read_is_refused, clean),
        cmocka_unit_test_teardown(a_sensor_without_anything_to_read_is_disabled, clean),
        cmocka_unit_test_teardown(an_id_that_is_a_table_would_hide_its_fields, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
