// SPDX-License-Identifier: Apache-2.0
#include "reading/identifier.h"

#include "check.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void what_names_a_device_is_hidden_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"24:0a:c4:9b:01:7f", "…(17)"},
        {"24-0A-C4-9B-01-7F", "…(17)"},
        {"240a.c49b.017f", "…(14)"},
        {"240ac49b017f", "…(12)"},
        {"aa:bb:cc:dd:ee:ff", "…(17)"},
        {"probe_240ac49b017f_rssi", "probe_…(12)_rssi"},
        {"mac24:0a:c4:9b:01:7f:rssi", "m…(19):rssi"},
        {"x24:0a:c4:9b:01:7f", "x…(17)"},
        {"urn:dev:mac:0024befffe804ff1:battery_v", "urn:dev:mac:…(16):battery_v"},
        {"440101234567890", "…(15)"},
        {"imsi-440-10-1234567890", "imsi-…(17)"},
        {"+81 9012345678", "+81 …(10)"},
        {"550e8400-e29b-41d4-a716-446655440000", "…(36)"},
        {"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "…(64)"},
        {"\"n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\"", "\"…(44)\""},
        {"MFRGGZDFMZTWQ2LK3NWG23TPOI", "…(26)"},
        {"p_mfrggzdfmztwq2lk3nwg23tpoi_count", "p_…(26)_count"},
        {"two, 240ac49b017f and 240ac49b0180.", "two, …(12) and …(12)."},
        {"240ac49b017f:", "…(12):"},
        {"192.168.100.123.45:67", "…(21)"},
        {"x192.168.100.123:49152", "x…(21)"},
        // what is none
        {"", ""},
        {"people", "people"},
        {"3434/0/1", "3434/0/1"},
        {"temperature_c", "temperature_c"},
        {"facade_bed_c", "facade_bed_c"},
        {"deadbeef", "deadbeef"},
        {"123456789", "123456789"},
        {"2026-11-27T03:04:05", "2026-11-27T03:04:05"},
        {"127.0.0.1", "127.0.0.1"},
        {"from 192.168.100.123:49152, again", "from 192.168.100.123:49152, again"},
        {"(192.168.100.123)", "(192.168.100.123)"},
        {"the sensor bay-0123 of kind parking has no quantity for \"acceleration_x_mps3\"",
         "the sensor bay-0123 of kind parking has no quantity for \"acceleration_x_mps3\""},
        {"TemperatureSensorReading", "TemperatureSensorReading"},
        {"acceleration_x_mps2_of_axle_23", "acceleration_x_mps2_of_axle_23"},
        {"センサー bay-0123", "センサー bay-0123"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, "%s", rows[i].text);
        bool changes = strcmp(rows[i].text, rows[i].shown) != 0;
        assert_int_equal(identifier_within(text, strlen(text)), changes);
        assert_int_equal(identifier_hide(text, NULL, NULL) > 0, changes);
        assert_string_equal(text, rows[i].shown);
    }
}

static bool is_bay(const void *context, const char *found, size_t size)
{
    return strlen(context) == size && memcmp(context, found, size) == 0;
}

static void ours_may_be_shown(void **state)
{
    (void)state;
    char text[] = "the sensor 0024befffe804ff1 has no quantity for \"240ac49b017f\" (0024befffe804ff1)";
    assert_int_equal(identifier_hide(text, is_bay, "0024befffe804ff1"), 1);
    assert_string_equal(text, "the sensor 0024befffe804ff1 has no quantity for \"…(12)\" (0024befffe804ff1)");
}

// Whatever stands around it, in either case: no MAC address with any separator is left, and no text grows.
static void wherever_it_stands_nothing_of_it_is_left(void **state)
{
    (void)state;
    static const char *const around[] = {"", " ", "\"", "x", "mac", "be", "7", "_", ":", "-", "/", "梅", "n="};
    static const char separators[] = {'\0', ':', '-', '.', '_'};
    enum { AROUND = sizeof around / sizeof *around };
    for (size_t i = 0; i < AROUND * AROUND * sizeof separators * 2; i++) {
        char mac[24] = "", text[64];
        char separator = separators[i / 2 % sizeof separators];
        for (unsigned byte = 0; byte < 6; byte++)
            snprintf(mac + strlen(mac), sizeof mac - strlen(mac), i % 2 ? "%02X%.*s" : "%02x%.*s", 0x24 + 0x1b * byte,
                     separator && byte < 5, &separator);
        size_t which = i / 2 / sizeof separators;
        snprintf(text, sizeof text, "%s%s%s", around[which % AROUND], mac, around[which / AROUND]);
        size_t size = strlen(text);
        assert_int_equal(identifier_hide(text, NULL, NULL), 1);
        assert_true(strlen(text) <= size);
        assert_null(strstr(text, mac));
        assert_false(identifier_within(text, strlen(text)));
    }
}

static void a_number_that_long_is_no_count(void **state)
{
    (void)state;
    assert_true(identifier_number(440101234567890));
    assert_true(identifier_number(0x240ac49b017f));
    assert_true(identifier_number(9012345678));
    assert_false(identifier_number(4294967295));
    assert_false(identifier_number(-0.5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_names_a_device_is_hidden_and_nothing_else),
        cmocka_unit_test(ours_may_be_shown),
        cmocka_unit_test(wherever_it_stands_nothing_of_it_is_left),
        cmocka_unit_test(a_number_that_long_is_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
