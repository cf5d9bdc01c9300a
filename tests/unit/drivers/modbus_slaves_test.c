// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "drivers/modbus_slaves.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// The played devices are asked byte by byte, over a socket pair.

struct lot {
    int ours, theirs;
    struct settings_map maps[4];
    struct settings_sensor sensors[2];
    struct settings settings;
    struct modbus_slaves *slaves;
    struct raw_pack report;
};

static struct settings_map map(const char *quantity, const char *field, double factor, double offset)
{
    return (struct settings_map){.quantity = quantity, .field = field, .unit = "", .factor = factor, .offset = offset};
}

static int set_up(void **state)
{
    struct lot *lot = calloc(1, sizeof *lot);
    int ends[2];
    struct fault why = {""};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    lot->ours = ends[0];
    lot->theirs = ends[1];
    lot->maps[0] = map("in_total", "input:2 u32", 1, 0);
    lot->maps[1] = map("people", "holding:0 s16", 0.5, 10);
    lot->maps[2] = map("occupied", "discrete:1", 1, 0);
    lot->maps[3] = map("out_total", "input:10 u16", 1, 0);
    for (int i = 0; i < 2; i++)
        lot->sensors[i] = (struct settings_sensor){.id = i ? "b" : "a",
                                                   .source_type = SOURCE_MODBUS,
                                                   .source_name = "lot",
                                                   .address = i ? "17/b" : "17/a",
                                                   .device = "",
                                                   .maps = &lot->maps[3 * i],
                                                   .map_count = i ? 1 : 3};
    lot->settings = (struct settings){.sensor = lot->sensors, .sensor_count = 2};
    if (modbus_slaves_create(&lot->settings, "lot", &lot->slaves, &why) != 0)
        fail_msg("%s", why.text);
    *state = lot;
    return 0;
}

static int tear_down(void **state)
{
    struct lot *lot = *state;
    modbus_slaves_destroy(lot->slaves);
    close(lot->ours);
    close(lot->theirs);
    free(lot);
    return 0;
}

static size_t crc_end(uint8_t *frame, size_t size)
{
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= frame[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
    }
    frame[size] = (uint8_t)crc;
    frame[size + 1] = (uint8_t)(crc >> 8);
    return size + 2;
}

// Sends six bytes and their CRC; the answer without its own is to be as expected.
static void ask(struct lot *lot, const char *question, const char *expected, size_t size)
{
    uint8_t frame[8], answer[260], wanted[260];
    memcpy(frame, question, 6);
    assert_int_equal(write(lot->ours, frame, crc_end(frame, 6)), 8);
    assert_int_equal(modbus_slaves_serve(lot->slaves, lot->theirs), size > 0);
    ssize_t got = read(lot->ours, answer, sizeof answer);
    if (size == 0) {
        assert_int_equal(got, -1);
        return;
    }
    memcpy(wanted, expected, size);
    assert_int_equal(got, crc_end(wanted, size));
    assert_memory_equal(answer, wanted, size + 2);
}

static void reports_are_found_in_the_mapped_registers(void **state)
{
    struct lot *lot = *state;
    raw_pack_clear(&lot->report);
    raw_pack_number(&lot->report, "in_total", "", 0x12345);
    raw_pack_number(&lot->report, "people", "", 9); // (9 - 10) / 0.5
    raw_pack_bool(&lot->report, "occupied", true);
    modbus_slaves_put(lot->slaves, &lot->settings, &lot->sensors[0], &lot->report);
    ask(lot, "\x11\x04\x00\x02\x00\x02", "\x11\x04\x04\x00\x01\x23\x45", 7);
    ask(lot, "\x11\x03\x00\x00\x00\x01", "\x11\x03\x02\xff\xfe", 5);
    ask(lot, "\x11\x02\x00\x01\x00\x01", "\x11\x02\x01\x01", 4);
}

static void what_no_report_gives_counts_up(void **state)
{
    struct lot *lot = *state;
    raw_pack_clear(&lot->report);
    modbus_slaves_put(lot->slaves, &lot->settings, &lot->sensors[1], &lot->report);
    ask(lot, "\x11\x04\x00\x0a\x00\x01", "\x11\x04\x02\x00\x01", 5);
    modbus_slaves_put(lot->slaves, &lot->settings, &lot->sensors[1], &lot->report);
    ask(lot, "\x11\x04\x00\x0a\x00\x01", "\x11\x04\x02\x00\x02", 5);
}

static void what_is_not_there_is_refused_and_nobody_writes(void **state)
{
    struct lot *lot = *state;
    ask(lot, "\x11\x04\x00\x0b\x00\x01", "\x11\x84\x02", 3);
    ask(lot, "\x11\x06\x00\x00\x00\x01", "\x11\x86\x01", 3);
    ask(lot, "\x12\x04\x00\x02\x00\x02", NULL, 0);
}

static void a_request_may_come_in_pieces_and_behind_noise(void **state)
{
    struct lot *lot = *state;
    uint8_t frame[8] = "\x11\x02\x00\x01\x00\x01", answer[16];
    crc_end(frame, 6);
    assert_int_equal(write(lot->ours, "\xff\x11\x04", 3), 3);
    assert_int_equal(write(lot->ours, frame, 5), 5);
    assert_int_equal(modbus_slaves_serve(lot->slaves, lot->theirs), 0);
    assert_int_equal(write(lot->ours, frame + 5, 3), 3);
    assert_int_equal(modbus_slaves_serve(lot->slaves, lot->theirs), 1);
    assert_int_equal(read(lot->ours, answer, sizeof answer), 6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reports_are_found_in_the_mapped_registers),
        TEST(what_no_report_gives_counts_up),
        TEST(what_is_not_there_is_refused_and_nobody_writes),
        TEST(a_request_may_come_in_pieces_and_behind_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
