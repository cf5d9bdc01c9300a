// SPDX-License-Identifier: Apache-2.0
#include "citygw_json.h"

#include "check.h"
#include <math.h>
#include <string.h>

static const char *write(const struct outlet_record *record, const struct reading *reading)
{
    static char text[8192];
    struct bytes out;
    bytes_init(&out, sizeof text - 1);
    citygw_json(record, reading, "k7f3", &out);
    assert_false(out.overflow);
    memcpy(text, out.data, out.used);
    text[out.used] = '\0';
    bytes_finish(&out);
    return text;
}

static struct reading parking(void)
{
    return (struct reading){.kind = KIND_PARKING,
                            .zone = "",
                            .time_us = INT64_C(1795316645678000),
                            .time_quality = TIME_SYNCED,
                            .quality = QUALITY_GOOD};
}

static void a_reading_looks_as_promised(void **state)
{
    struct outlet_record record = {.sensor = "bay-0123", .seq = 1042};
    struct reading reading = parking();
    (void)state;
    reading.values[0] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true};
    reading.values[1] = (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = 3.61};
    reading.values[2] = (struct value){.name = "temperature_c", .type = VALUE_NUMBER, .number = 18.5};
    reading.value_count = 3;
    assert_string_equal(write(&record, &reading),
                        "{\"sensor\":\"bay-0123\",\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":1042,"
                        "\"time\":\"2026-11-22T03:04:05.678Z\",\"time_quality\":\"synced\",\"quality\":\"good\","
                        "\"values\":{\"occupied\":true,\"battery_v\":3.61,\"temperature_c\":18.5}}");
}

static void what_is_unusual_is_said(void **state)
{
    struct outlet_record record = {.sensor = "bay-1", .seq = 1, .late = true};
    struct reading reading = parking();
    (void)state;
    reading.quality = QUALITY_RANGE;
    reading.time_quality = TIME_ESTIMATED;
    reading.unauthenticated = true;
    reading.refused[0] = "battery_v";
    reading.refused[1] = "rssi_dbm";
    reading.refused_count = 2;
    const char *text = write(&record, &reading);
    assert_non_null(strstr(text, "\"time_quality\":\"estimated\",\"quality\":\"range\",\"values\":{},"
                                 "\"refused\":[\"battery_v\",\"rssi_dbm\"],\"backlog\":true,\"authenticated\":false}"));
}

static void values_of_every_type_are_written_plainly(void **state)
{
    struct outlet_record record = {.sensor = "gate", .seq = UINT64_C(18446744073709551615)};
    struct reading reading = parking();
    (void)state;
    reading.kind = KIND_CROWD;
    reading.values[0] = (struct value){.name = "in_total", .type = VALUE_INTEGER, .number = 4294967296.0};
    reading.values[1] = (struct value){.name = "net", .type = VALUE_INTEGER, .number = -3};
    reading.values[2] = (struct value){.name = "huge", .type = VALUE_INTEGER, .number = 1e300};
    reading.values[3] = (struct value){.name = "tenth", .type = VALUE_NUMBER, .number = 0.1};
    reading.values[4] = (struct value){.name = "none", .type = VALUE_NUMBER, .number = NAN};
    reading.values[5] = (struct value){.name = "los", .type = VALUE_TEXT, .text = "A\"\\\x01梅"};
    reading.value_count = 6;
    const char *text = write(&record, &reading);
    assert_non_null(strstr(text, "\"seq\":18446744073709551615,"));
    assert_non_null(strstr(text, "{\"in_total\":4294967296,\"net\":-3,\"huge\":1e+300,\"tenth\":0.1,\"none\":null,"
                                 "\"los\":\"A\\\"\\\\\\u0001梅\"}}"));
}

static void a_text_that_is_no_utf8_does_not_spoil_the_message(void **state)
{
    struct outlet_record record = {.sensor = "gate", .seq = 1};
    struct reading reading = parking();
    (void)state;
    reading.values[0] = (struct value){.name = "los", .type = VALUE_TEXT, .text = "a\xff\xc3"};
    reading.value_count = 1;
    const char *text = write(&record, &reading);
    assert_null(strchr(text, '\xff'));
    assert_non_null(strstr(text, "\xef\xbf\xbd"));
}

static void a_reading_too_large_for_its_buffer_is_noticed(void **state)
{
    struct outlet_record record = {.sensor = "bay-1", .seq = 1};
    struct reading reading = parking();
    struct bytes out;
    (void)state;
    bytes_init(&out, 40);
    citygw_json(&record, &reading, "k7f3", &out);
    assert_true(out.overflow);
    assert_true(out.used <= 40);
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reading_looks_as_promised),
        cmocka_unit_test(what_is_unusual_is_said),
        cmocka_unit_test(values_of_every_type_are_written_plainly),
        cmocka_unit_test(a_text_that_is_no_utf8_does_not_spoil_the_message),
        cmocka_unit_test(a_reading_too_large_for_its_buffer_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
