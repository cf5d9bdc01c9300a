// SPDX-License-Identifier: Apache-2.0
#include "iota_json.h"

#include "check.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *write(const struct outlet_record *record, const struct reading *reading, size_t expect_replaced)
{
    static char text[8192];
    struct bytes out;
    bytes_init(&out, sizeof text - 1);
    assert_int_equal(iota_json(record, reading, "k7f3", &out), expect_replaced);
    assert_false(out.overflow);
    memcpy(text, out.data, out.used);
    text[out.used] = '\0';
    bytes_finish(&out);
    return text;
}

static struct reading reading_of(enum kind kind)
{
    return (struct reading){.kind = kind, .zone = "", .time_us = INT64_C(1795316645678999)};
}

static void a_bay_is_one_flat_object(void **state)
{
    struct outlet_record record = {.sensor = "bay-0123", .seq = 1042};
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    reading.values[0] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true};
    reading.values[1] = (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = 3.61};
    reading.values[2] = (struct value){.name = "temperature_c", .type = VALUE_NUMBER, .number = NAN};
    reading.value_count = 3;
    assert_string_equal(write(&record, &reading, 0),
                        "{\"TimeInstant\":\"2026-11-22T03:04:05.678Z\",\"kind\":\"parking\",\"epoch\":\"k7f3\","
                        "\"seq\":1042,\"time_quality\":\"synced\",\"quality\":\"good\",\"backlog\":false,"
                        "\"authenticated\":true,\"status\":\"occupied\",\"occupied\":true,\"battery_v\":3.61}");
}

static void every_kind_is_written_in_the_vocabularys_names(void **state)
{
    struct outlet_record record = {.sensor = "x", .seq = 1};
    (void)state;
    for (int kind = KIND_BUMP; kind < KIND_COUNT; kind++) {
        struct reading reading = reading_of((enum kind)kind);
        char expected[400];
        reading.values[0] = (struct value){.name = "latitude", .type = VALUE_NUMBER, .number = 34.5};
        reading.values[1] = (struct value){.name = "in_total", .type = VALUE_INTEGER, .number = 4294967296.0};
        reading.values[2] = (struct value){.name = "shape", .type = VALUE_TEXT, .text = "dip"};
        reading.value_count = 3;
        snprintf(expected, sizeof expected,
                 "{\"TimeInstant\":\"2026-11-22T03:04:05.678Z\",\"kind\":\"%s\",\"epoch\":\"k7f3\",\"seq\":1,"
                 "\"time_quality\":\"synced\",\"quality\":\"good\",\"backlog\":false,\"authenticated\":true,"
                 "\"latitude\":34.5,\"in_total\":4294967296,\"shape\":\"dip\"%s}",
                 kind_names[kind],
                 kind == KIND_BUMP    ? ",\"confirmed\":false"
                 : kind == KIND_CROWD ? ",\"estimate\":false,\"implausible\":false,\"suppressed\":false"
                                      : "");
        assert_string_equal(write(&record, &reading, 0), expected);
    }
}

static void a_zone_has_no_status_of_a_bay_and_an_alert_says_what_it_is_about(void **state)
{
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    reading.values[0] = (struct value){.name = "occupied", .type = VALUE_INTEGER, .number = 3};
    reading.value_count = 1;
    const char *text = write(&(struct outlet_record){.sensor = "zone/lot", .seq = 1}, &reading, 0);
    assert_non_null(strstr(text, "\"kind\":\"parking\""));
    assert_null(strstr(text, "status"));
    text = write(&(struct outlet_record){.sensor = "alert/parking/bay-1", .seq = 1}, &reading, 0);
    assert_non_null(strstr(text, "\"kind\":\"parking\""));
    reading.kind = KIND_GENERIC;
    text = write(&(struct outlet_record){.sensor = "alert/gateway/disk", .seq = 1}, &reading, 0);
    assert_non_null(strstr(text, "\"kind\":\"gateway\""));
}

static void a_stream_is_a_device(void **state)
{
    char device[STREAM_SIZE];
    (void)state;
    assert_string_equal(iota_device("bay-1", device), "bay-1");
    assert_string_equal(iota_device("zone/lot", device), "zone:lot");
    assert_string_equal(iota_device("alert/crowd/plaza", device), "alert:crowd:plaza");
}

static void alerts_have_a_key_of_their_own_or_share_one(void **state)
{
    struct settings_extra extras[] = {{.key = "apikey.crowd", .value = "crowds"},
                                      {.key = "apikey.alert", .value = "alarms"}};
    struct settings_mqtt options = {.apikey = "all", .extras = extras, .extra_count = 2};
    (void)state;
    assert_string_equal(iota_apikey_of_alerts(&options), "alarms");
    options.extra_count = 1;
    assert_string_equal(iota_apikey_of_alerts(&options), "all");
    options.apikey = "";
    assert_string_equal(iota_apikey_of_alerts(&options), "crowds");
    options.extra_count = 0;
    assert_string_equal(iota_apikey_of_alerts(&options), "");
}

static void what_is_unusual_is_said(void **state)
{
    struct outlet_record record = {.sensor = "bay-1", .seq = UINT64_MAX, .late = true};
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    reading.quality = QUALITY_RANGE;
    reading.time_quality = TIME_ESTIMATED;
    reading.unauthenticated = true;
    reading.refused[0] = "battery_v";
    reading.refused[1] = "rssi_dbm";
    reading.refused_count = 2;
    assert_non_null(strstr(write(&record, &reading, 0),
                           "\"seq\":18446744073709551615,\"time_quality\":\"estimated\",\"quality\":\"range\","
                           "\"backlog\":true,\"authenticated\":false,\"refused\":[\"battery_v\",\"rssi_dbm\"]}"));
    record.replay = true;
    assert_non_null(strstr(write(&record, &reading, 0), "\"backlog\":false,"));
    assert_non_null(strstr(write(&record, &reading, 0), ",\"replay\":true}"));
}

static void what_orion_refuses_is_written_in_full_width(void **state)
{
    struct outlet_record record = {.sensor = "van-1", .seq = 1};
    struct reading reading = reading_of(KIND_BUMP);
    (void)state;
    reading.values[0] = (struct value){.name = "detector", .type = VALUE_TEXT, .text = "梅田 z=4;(<>)\"'\\\n\x7f 😀"};
    reading.value_count = 1;
    const char *text = write(&record, &reading, 10);
    assert_non_null(strstr(text, "\"detector\":\"梅田 z＝4；（＜＞）＂＇\\\\   😀\"}"));
    assert_null(strpbrk(text, "<>'=;()"));
}

static void a_text_that_is_no_utf8_does_not_spoil_the_message(void **state)
{
    struct outlet_record record = {.sensor = "van-1", .seq = 1};
    struct reading reading = reading_of(KIND_BUMP);
    (void)state;
    reading.values[0] = (struct value){.name = "detector", .type = VALUE_TEXT, .text = "a\xff=b"};
    reading.value_count = 1;
    assert_non_null(strstr(write(&record, &reading, 1), "\"detector\":\"a\xef\xbf\xbd＝b\"}"));
}

static void a_name_that_is_none_is_left_out_and_counted(void **state)
{
    struct outlet_record record = {.sensor = "x", .seq = 1};
    struct reading reading = reading_of(KIND_GENERIC);
    (void)state;
    reading.values[0] = (struct value){.name = "a b", .type = VALUE_NUMBER, .number = 1};
    reading.values[1] = (struct value){.name = "", .type = VALUE_NUMBER, .number = 1};
    reading.value_count = 2;
    reading.refused[0] = "x=y";
    reading.refused_count = 1;
    assert_non_null(strstr(write(&record, &reading, 2), "\"authenticated\":true,\"refused\":[]}"));
}

static void a_kind_has_its_own_api_key_or_the_common_one(void **state)
{
    struct settings_extra extras[] = {{.key = "apikey.parking", .value = "bays"}};
    struct settings_mqtt mqtt = {.apikey = "all", .extras = extras, .extra_count = 1};
    (void)state;
    assert_string_equal(iota_apikey(&mqtt, KIND_PARKING), "bays");
    assert_string_equal(iota_apikey(&mqtt, KIND_CROWD), "all");
    mqtt.apikey = "";
    assert_string_equal(iota_apikey(&mqtt, KIND_CROWD), "");
}

static void an_api_key_stands_in_a_topic_and_in_json(void **state)
{
    static const char *const bad[] = {"",    "a b", "a/b",   "a+",  "#",   "k=", "k'",
                                      "k\"", "鍵",  "a\x01", "a&b", "a?b", "a;b"};
    char long_one[130];
    (void)state;
    assert_true(iota_apikey_valid("4jggokgpepnvsb2uv4s40d59ov"));
    assert_true(iota_apikey_valid("a-b_c.d:e~f@g"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(iota_apikey_valid(bad[i]));
    }
    memset(long_one, 'a', sizeof long_one - 1);
    long_one[129] = '\0';
    assert_false(iota_apikey_valid(long_one));
    long_one[128] = '\0';
    assert_true(iota_apikey_valid(long_one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bay_is_one_flat_object),
        cmocka_unit_test(every_kind_is_written_in_the_vocabularys_names),
        cmocka_unit_test(a_zone_has_no_status_of_a_bay_and_an_alert_says_what_it_is_about),
        cmocka_unit_test(a_stream_is_a_device),
        cmocka_unit_test(alerts_have_a_key_of_their_own_or_share_one),
        cmocka_unit_test(what_is_unusual_is_said),
        cmocka_unit_test(what_orion_refuses_is_written_in_full_width),
        cmocka_unit_test(a_text_that_is_no_utf8_does_not_spoil_the_message),
        cmocka_unit_test(a_name_that_is_none_is_left_out_and_counted),
        cmocka_unit_test(a_kind_has_its_own_api_key_or_the_common_one),
        cmocka_unit_test(an_api_key_stands_in_a_topic_and_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
