// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "drivers/modbus_scan.h"
#include "modbus_device.h"

static struct scan_finding found;
static struct devices devices;

enum { UNIT = 17 };

struct wire {
    uint8_t raw[256];
    size_t size;
};

static void put(struct wire *wire, const void *bytes, size_t size)
{
    memcpy(wire->raw + wire->size, bytes, size);
    wire->size += size;
}

static void put_answer(struct wire *wire, unsigned unit, unsigned value)
{
    uint8_t frame[16] = {(uint8_t)unit, 4, 2, (uint8_t)(value >> 8), (uint8_t)value};
    put(wire, frame, seal(frame, 5));
}

static enum scan_verdict judged(const struct wire *wire)
{
    modbus_scan_judge(UNIT, wire->raw, wire->size, &found);
    assert_int_equal(found.unit, UNIT);
    assert_int_equal(found.raw_size, wire->size < SCAN_RAW_MAX ? wire->size : SCAN_RAW_MAX);
    assert_memory_equal(found.raw, wire->raw, found.raw_size);
    return found.verdict;
}

static void silence_and_an_answer(void **state)
{
    (void)state;
    struct wire wire = {.size = 0};
    assert_int_equal(judged(&wire), SCAN_SILENT);
    put_answer(&wire, UNIT, 0xabcd);
    assert_int_equal(judged(&wire), SCAN_ANSWER);
    assert_int_equal(found.value, 0xabcd);
    assert_true(!found.disturbed && !found.echo && found.foreign == -1);
}

static void an_exception_proves_the_unit(void **state)
{
    (void)state;
    struct wire wire = {.size = 0};
    uint8_t frame[8] = {UNIT, 0x84, 2};
    put(&wire, frame, seal(frame, 3));
    assert_int_equal(judged(&wire), SCAN_EXCEPTION);
    assert_int_equal(found.exception, 2);
}

static void garbage_is_no_answer(void **state)
{
    (void)state;
    struct wire wire = {.size = 0};
    put(&wire, "\x00\xf8\x80\xff\x00\x7f\x01", 7);
    assert_int_equal(judged(&wire), SCAN_GARBAGE);
    struct wire cut = {.size = 0};
    put_answer(&cut, UNIT, 1);
    cut.size = 4;
    assert_int_equal(judged(&cut), SCAN_GARBAGE);
}

static void two_answers_are_two_devices(void **state)
{
    (void)state;
    struct wire both = {.size = 0}, mixed = {.size = 0};
    put_answer(&both, UNIT, 1);
    put_answer(&both, UNIT, 2);
    assert_int_equal(judged(&both), SCAN_TWO);
    assert_true(found.two_whole);
    put_answer(&mixed, UNIT, 1);
    mixed.raw[4] |= 0x70; // both drove the line
    assert_int_equal(judged(&mixed), SCAN_TWO);
    assert_false(found.two_whole);
}

static void another_unit_is_told(void **state)
{
    (void)state;
    struct wire wire = {.size = 0};
    put_answer(&wire, 9, 1);
    assert_int_equal(judged(&wire), SCAN_FOREIGN);
    assert_int_equal(found.foreign, 9);
    put_answer(&wire, UNIT, 5);
    assert_int_equal(judged(&wire), SCAN_ANSWER);
    assert_true(found.foreign == 9 && found.value == 5);
}

static void noise_around_an_answer_is_told(void **state)
{
    (void)state;
    struct wire wire = {.size = 0};
    put(&wire, "\xff\xfe", 2);
    put_answer(&wire, UNIT, 5);
    assert_int_equal(judged(&wire), SCAN_ANSWER);
    assert_true(found.disturbed);
}

static void an_echo_is_no_answer(void **state)
{
    (void)state;
    struct wire wire = {.size = 0};
    uint8_t asked[8] = {UNIT, 4, 0, 0, 0, 1};
    put(&wire, asked, seal(asked, 6));
    assert_int_equal(judged(&wire), SCAN_SILENT);
    assert_true(found.echo);
    put_answer(&wire, UNIT, 5);
    assert_int_equal(judged(&wire), SCAN_ANSWER);
    assert_true(found.echo && !found.disturbed);
}

static void any_bytes_are_judged(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (size_t round = 0; round < 20000; round++) {
        struct wire wire = {.size = round % 80};
        for (size_t i = 0; i < wire.size; i++)
            wire.raw[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
        if (wire.size)
            assert_int_not_equal(judged(&wire), SCAN_SILENT);
        assert_false(wire.size && scan_is_there(found.verdict));
    }
}

static void ask(struct modbus_scan *scan, unsigned unit)
{
    assert_int_equal(modbus_scan_ask(scan, unit, &found), 0);
}

// A clock that stands while a request waits for its device, so that no timeout depends on how soon that gets to run.
static int64_t idle_us(const struct clock *clock)
{
    static int64_t before_us, sum_us;
    static bool was_idle;
    (void)clock;
    struct pollfd unread = {.fd = devices.master, .events = POLLIN};
    bool idle = poll(&unread, 1, 0) == 0 && !atomic_load(&devices.busy);
    int64_t now_us = monotonic_us();
    sum_us += was_idle && idle ? now_us - before_us : 0;
    before_us = now_us;
    was_idle = idle;
    return sum_us;
}

static struct modbus_scan *open_scan(const char *device)
{
    static const struct clock clock = {.boot_us = idle_us};
    struct settings_modbus bus = {.device = device, .baud = 115200, .stop_bits = 1, .timeout_us = 60000};
    struct modbus_scan *scan = NULL;
    struct fault why = {""};
    if (modbus_scan_open(&bus, &clock, &scan, &why) != 0)
        fail_msg("%s", why.text);
    return scan;
}

static void devices_with_faults_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        enum manner manner;
        enum scan_verdict verdict;
        bool disturbed;
    } rows[] = {
        {GOOD, SCAN_ANSWER, false},   {MUTE, SCAN_SILENT, false},          {REFUSES, SCAN_EXCEPTION, false},
        {WRONG_CRC, SCAN_TWO, false}, {WRONG_CRC_ONCE, SCAN_ANSWER, true}, {CUT, SCAN_GARBAGE, false},
        {NOISY, SCAN_ANSWER, true},   {WRONG_UNIT, SCAN_FOREIGN, false},
    };
    memset(&devices, 0, sizeof devices);
    devices_begin(&devices);
    struct modbus_scan *scan = open_scan(devices.slave);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_manner(&devices, i + 1, rows[i].manner);
        ask(scan, i + 1);
        assert_int_equal(found.verdict, rows[i].verdict);
        assert_int_equal(found.disturbed, rows[i].disturbed);
    }
    modbus_scan_close(scan);
    devices_end(&devices);
}

static void a_late_answer_is_its_own_units(void **state)
{
    (void)state;
    memset(&devices, 0, sizeof devices);
    set_manner(&devices, 5, LATE);
    set_manner(&devices, 7, MUTE);
    devices_begin(&devices);
    struct modbus_scan *scan = open_scan(devices.slave);
    ask(scan, 5);
    assert_int_equal(found.verdict, SCAN_SILENT);
    ask(scan, 6);
    assert_int_equal(found.verdict, SCAN_ANSWER);
    assert_true(found.value == 6000 && found.foreign == 5);
    ask(scan, 5);
    ask(scan, 7); // the late one's answer is not its own
    assert_int_equal(found.verdict, SCAN_SILENT);
    assert_int_equal(found.foreign, 5);
    modbus_scan_close(scan);
    devices_end(&devices);
}

static void only_one_input_register_is_ever_read(void **state)
{
    (void)state;
    static struct request requests[KEPT];
    memset(&devices, 0, sizeof devices);
    devices_begin(&devices);
    struct modbus_scan *scan = open_scan(devices.slave);
    for (unsigned unit = 1; unit <= 4; unit++)
        ask(scan, unit);
    modbus_scan_close(scan);
    size_t count = requests_of(&devices, requests);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        assert_true(requests[i].function == 4 && requests[i].address == 0 && requests[i].count == 1);
    devices_end(&devices);
}

static void a_port_that_goes_is_told(void **state)
{
    (void)state;
    memset(&devices, 0, sizeof devices);
    devices_begin(&devices);
    struct modbus_scan *scan = open_scan(devices.slave);
    devices_end(&devices);
    assert_true(modbus_scan_ask(scan, 1, &found) < 0);
    modbus_scan_close(scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_and_an_answer),
        cmocka_unit_test(an_exception_proves_the_unit),
        cmocka_unit_test(garbage_is_no_answer),
        cmocka_unit_test(two_answers_are_two_devices),
        cmocka_unit_test(another_unit_is_told),
        cmocka_unit_test(noise_around_an_answer_is_told),
        cmocka_unit_test(an_echo_is_no_answer),
        cmocka_unit_test(any_bytes_are_judged),
        cmocka_unit_test(devices_with_faults_are_told_apart),
        cmocka_unit_test(a_late_answer_is_its_own_units),
        cmocka_unit_test(only_one_input_register_is_ever_read),
        cmocka_unit_test(a_port_that_goes_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
