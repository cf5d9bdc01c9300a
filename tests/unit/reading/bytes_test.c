// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/reading.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STORED_MAX = 16384 };

static struct reading example(void)
{
    return (struct reading){
        .kind = KIND_PARKING,
        .zone = "umeda-lot",
        .time_us = INT64_C(1793329445678901),
        .time_quality = TIME_SENSOR,
        .quality = QUALITY_RANGE,
        .unauthenticated = true,
        .values = {{.name = "occupied", .type = VALUE_BOOL, .boolean = true},
                   {.name = "state", .type = VALUE_TEXT, .text = "占有"},
                   {.name = "battery_v", .type = VALUE_NUMBER, .number = 3.61},
                   {.name = "in_total", .type = VALUE_INTEGER, .number = 9007199254740992.0},
                   {.name = "out_total", .type = VALUE_INTEGER, .number = 65540, .is_recounted = true, .raw = 4}},
        .value_count = 5,
        .refused = {"temperature_c", "rssi_dbm"},
        .refused_count = 2};
}

static void assert_same(const struct reading *a, const struct reading *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(a->zone, b->zone);
    assert_int_equal(a->time_us, b->time_us);
    assert_int_equal(a->time_quality, b->time_quality);
    assert_int_equal(a->quality, b->quality);
    assert_int_equal(a->unauthenticated, b->unauthenticated);
    assert_int_equal(a->value_count, b->value_count);
    assert_int_equal(a->refused_count, b->refused_count);
    for (size_t i = 0; i < a->value_count; i++) {
        assert_string_equal(a->values[i].name, b->values[i].name);
        assert_int_equal(a->values[i].type, b->values[i].type);
        assert_memory_equal(&a->values[i].number, &b->values[i].number, sizeof(double));
        assert_int_equal(a->values[i].boolean, b->values[i].boolean);
        assert_int_equal(a->values[i].is_recounted, b->values[i].is_recounted);
        if (a->values[i].is_recounted)
            assert_true(a->values[i].raw == b->values[i].raw);
        if (a->values[i].type == VALUE_TEXT)
            assert_string_equal(a->values[i].text, b->values[i].text);
    }
    for (size_t i = 0; i < a->refused_count; i++)
        assert_string_equal(a->refused[i], b->refused[i]);
}

static void assert_survives(const struct reading *reading)
{
    struct bytes stored;
    struct reading decoded;
    bytes_init(&stored, STORED_MAX);
    reading_encode(reading, &stored);
    assert_false(stored.overflow);
    assert_int_equal(reading_decode(stored.data, stored.used, &decoded), 0);
    assert_same(reading, &decoded);
    bytes_finish(&stored);
}

static void a_reading_comes_back_as_it_was(void **state)
{
    (void)state;
    struct reading reading = example();
    assert_survives(&reading);
}

static void the_extremes_come_back_as_they_were(void **state)
{
    (void)state;
    struct reading reading = {.kind = KIND_GENERIC, .zone = "", .time_us = INT64_MIN};
    assert_survives(&reading);
    char text[257];
    memset(text, 'x', 256);
    text[256] = '\0';
    for (int i = 0; i < READING_VALUES_MAX; i++)
        reading.values[reading.value_count++] = (struct value){.name = "detector", .type = VALUE_TEXT, .text = text};
    for (int i = 0; i < READING_REFUSED_MAX; i++)
        reading.refused[reading.refused_count++] = "confidence";
    reading.time_us = INT64_MAX;
    assert_survives(&reading);
    const double numbers[] = {-0.0, 5e-324, 1.7976931348623157e308, 0.1, -9007199254740991.0};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        reading.values[i] = (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = numbers[i]};
    assert_survives(&reading);
}

static void the_first_version_stays_readable(void **state)
{
    (void)state;
    static const char stored[] = "\x01\x02\x01\x03\x01" // version 1, crowd, corrected, range, unauthenticated
                                 "\x40\xe2\x01\0\0\0\0\0"
                                 "\x05plaza\0"
                                 "\x03"
                                 "\x06people\0\x03\0\0\0\0\0\0\x28\x40"
                                 "\x08occupied\0\x01\x01"
                                 "\x03los\0\x02\x01\0A\0"
                                 "\x01\x08in_total";
    struct reading reading;
    assert_int_equal(reading_decode((const uint8_t *)stored, sizeof stored, &reading), 0);
    assert_int_equal(reading.kind, KIND_CROWD);
    assert_int_equal(reading.time_quality, TIME_CORRECTED);
    assert_int_equal(reading.quality, QUALITY_RANGE);
    assert_true(reading.unauthenticated);
    assert_int_equal(reading.time_us, 123456);
    assert_string_equal(reading.zone, "plaza");
    assert_int_equal(reading.value_count, 3);
    assert_true(reading.values[0].number == 12);
    assert_true(reading.values[1].boolean);
    assert_string_equal(reading.values[2].text, "A");
    assert_string_equal(reading.refused[0], "in_total");
}

static void every_cut_is_noticed_and_so_is_every_addition(void **state)
{
    (void)state;
    struct bytes stored;
    struct reading reading = example(), decoded = {.value_count = 7};
    bytes_init(&stored, STORED_MAX);
    reading_encode(&reading, &stored);
    for (size_t size = 0; size < stored.used; size++) {
        uint8_t *cut = malloc(size ? size : 1); // of its own, so that reading past the end is seen
        memcpy(cut, stored.data, size);
        assert_int_equal(reading_decode(cut, size, &decoded), -EBADMSG);
        free(cut);
    }
    bytes_u8(&stored, 0);
    assert_int_equal(reading_decode(stored.data, stored.used, &decoded), -EBADMSG);
    assert_int_equal(decoded.value_count, 7); // untouched on failure
    bytes_finish(&stored);
}

static void another_version_is_told_apart_from_damage(void **state)
{
    (void)state;
    struct reading reading;
    assert_int_equal(reading_decode((const uint8_t *)"\x02", 1, &reading), -EPROTONOSUPPORT);
    assert_int_equal(reading_decode((const uint8_t *)"\xff", 1, &reading), -EPROTONOSUPPORT);
    assert_int_equal(reading_decode((const uint8_t *)"\x00", 1, &reading), -EBADMSG);
    assert_int_equal(reading_decode(NULL, 0, &reading), -EBADMSG);
}

static void bytes_that_no_encoder_writes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t at;
        uint8_t byte;
    } rows[] = {
        {"kind", 1, KIND_COUNT},
        {"time quality", 2, TIME_ESTIMATED + 1},
        {"quality", 3, QUALITY_CALIBRATING + 1},
        {"flags", 4, 2},
        {"zone's length, too long", 13, 6},
        {"zone's length, too short", 13, 4},
        {"a NUL in the zone", 15, 0},
        {"no UTF-8 in the zone", 15, 0xc3},
        {"number of values", 20, READING_VALUES_MAX + 1},
        {"a nameless value", 21, 0},
        {"type", 29, VALUE_INTEGER + 1},
        {"not a number", 37, 0x7f},
    };
    static const char good[] = "\x01\x02\x01\x03\x01\x40\xe2\x01\0\0\0\0\0\x05plaza\0\x01\x06people\0\x03"
                               "\0\0\0\0\0\0\xf0\x3f";
    struct reading reading;
    assert_int_equal(reading_decode((const uint8_t *)good, sizeof good, &reading), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bad[sizeof good];
        memcpy(bad, good, sizeof good);
        bad[rows[i].at] = rows[i].byte;
        if (reading_decode(bad, sizeof bad, &reading) != -EBADMSG)
            fail_msg("taken: %s", rows[i].what);
    }
}

static int decode_counts(int values, int refused)
{
    struct bytes stored;
    struct reading reading;
    bytes_init(&stored, STORED_MAX);
    bytes_append(&stored, "\x01\x02\x01\x03\x01\0\0\0\0\0\0\0\0\0", 15);
    bytes_u8(&stored, (uint8_t)values);
    for (int i = 0; i < values; i++)
        bytes_append(&stored, "\x02in\0\x01\x01", 6);
    bytes_u8(&stored, (uint8_t)refused);
    for (int i = 0; i < refused; i++)
        bytes_append(&stored, "\x02in", 4);
    int result = reading_decode(stored.data, stored.used, &reading);
    bytes_finish(&stored);
    return result;
}

static void more_than_a_reading_holds_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_counts(READING_VALUES_MAX, READING_REFUSED_MAX), 0);
    assert_int_equal(decode_counts(READING_VALUES_MAX + 1, 0), -EBADMSG);
    assert_int_equal(decode_counts(0, READING_REFUSED_MAX + 1), -EBADMSG);
    assert_int_equal(decode_counts(255, 255), -EBADMSG);
}

static void no_bytes_make_the_decoder_stumble(void **state)
{
    (void)state;
    struct bytes stored;
    struct reading reading = example(), decoded;
    unsigned seed = 20261122;
    bytes_init(&stored, STORED_MAX);
    reading_encode(&reading, &stored);
    for (int round = 0; round < 20000; round++) {
        size_t size = round % 2 ? stored.used : 2 + (size_t)rand_r(&seed) % 80;
        uint8_t *bytes = malloc(size);
        for (size_t i = 0; i < size; i++)
            bytes[i] = round % 2 ? stored.data[i] : (uint8_t)rand_r(&seed);
        bytes[0] = 1;
        bytes[1 + (size_t)rand_r(&seed) % (size - 1)] = (uint8_t)rand_r(&seed);
        if (!reading_decode(bytes, size, &decoded)) {
            assert_in_range(decoded.value_count, 0, READING_VALUES_MAX);
            for (size_t i = 0; i < decoded.value_count; i++)
                assert_true(strlen(decoded.values[i].name) > 0);
        }
        free(bytes);
    }
    bytes_finish(&stored);
}

static void what_could_not_be_read_back_is_not_written(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const struct reading bad[] = {
        {.zone = "", .values = {{.name = "battery_v", .number = NAN}}, .value_count = 1},
        {.zone = "", .values = {{.name = "battery_v", .number = -INFINITY}}, .value_count = 1},
        {.zone = "", .values = {{.name = name}}, .value_count = 1},
        {.zone = name},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes stored;
        bytes_init(&stored, STORED_MAX);
        reading_encode(&bad[i], &stored);
        assert_true(stored.overflow);
        bytes_finish(&stored);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reading_comes_back_as_it_was),
        cmocka_unit_test(the_extremes_come_back_as_they_were),
        cmocka_unit_test(the_first_version_stays_readable),
        cmocka_unit_test(every_cut_is_noticed_and_so_is_every_addition),
        cmocka_unit_test(another_version_is_told_apart_from_damage),
        cmocka_unit_test(bytes_that_no_encoder_writes_are_refused),
        cmocka_unit_test(more_than_a_reading_holds_is_refused),
        cmocka_unit_test(no_bytes_make_the_decoder_stumble),
        cmocka_unit_test(what_could_not_be_read_back_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
