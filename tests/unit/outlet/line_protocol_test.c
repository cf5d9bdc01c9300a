// SPDX-License-Identifier: Apache-2.0
#include "line_protocol.h"
#include "check.h"
#include <math.h>
#include <string.h>

static const struct line_identity identity = {.gateway = "umeda-01", .municipality = "271004", .epoch = "k7f3"};

static struct reading plain_reading(void)
{
    return (struct reading){.kind = KIND_PARKING, .zone = "lot", .time_us = 1795316645678000};
}

static void assert_line(const struct reading *reading, const char *sensor, uint64_t seq, const char *expected)
{
    struct bytes out;
    bytes_init(&out, 65536);
    line_append(&identity, sensor, seq, reading, &out);
    bytes_char(&out, '\0');
    assert_false(out.overflow);
    assert_string_equal((const char *)out.data, expected);
    bytes_finish(&out);
}

static void a_reading_is_one_line_with_sorted_tags(void **state)
{
    (void)state;
    struct reading reading = plain_reading();
    reading.values[0] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true};
    reading.values[1] = (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = 3.61};
    reading.value_count = 2;
    assert_line(&reading, "bay-0123", 1042,
                "parking,gateway=umeda-01,municipality=271004,sensor=bay-0123,zone=lot "
                "epoch=\"k7f3\",seq=1042i,quality=\"good\",time_quality=\"synced\",occupied=true,battery_v=3.61 "
                "1795316645678000\n");
}

static void a_reading_without_values_or_zone_still_is_a_point(void **state)
{
    (void)state;
    struct reading reading = plain_reading();
    reading.zone = "";
    reading.quality = QUALITY_STALE;
    reading.time_quality = TIME_ESTIMATED;
    assert_line(&reading, "b", 1,
                "parking,gateway=umeda-01,municipality=271004,sensor=b,zone=- "
                "epoch=\"k7f3\",seq=1i,quality=\"stale\",time_quality=\"estimated\" 1795316645678000\n");
}

static void types_follow_the_vocabulary_and_not_the_number(void **state)
{
    (void)state;
    struct reading reading = plain_reading();
    reading.kind = KIND_CROWD;
    reading.values[0] = (struct value){.name = "people", .type = VALUE_INTEGER, .number = 12};
    reading.values[1] = (struct value){.name = "in_total", .type = VALUE_INTEGER, .number = 4503599627370497};
    reading.values[2] = (struct value){.name = "density_per_m2", .type = VALUE_NUMBER, .number = 2};
    reading.values[3] = (struct value){.name = "los", .type = VALUE_TEXT, .text = "B"};
    reading.value_count = 4;
    assert_line(&reading, "gate", 7,
                "crowd,gateway=umeda-01,municipality=271004,sensor=gate,zone=lot "
                "epoch=\"k7f3\",seq=7i,quality=\"good\",time_quality=\"synced\",people=12i,in_total=4503599627370497i,"
                "density_per_m2=2,los=\"B\" 1795316645678000\n");
}

static void numbers_that_the_protocol_lacks_are_left_out_or_bounded(void **state)
{
    (void)state;
    struct reading reading = plain_reading();
    reading.values[0] = (struct value){.name = "a", .type = VALUE_NUMBER, .number = NAN};
    reading.values[1] = (struct value){.name = "b", .type = VALUE_INTEGER, .number = INFINITY};
    reading.values[2] = (struct value){.name = "c", .type = VALUE_INTEGER, .number = 1e300};
    reading.values[3] = (struct value){.name = "d", .type = VALUE_INTEGER, .number = -1e300};
    reading.values[4] = (struct value){.name = "e", .type = VALUE_NUMBER, .number = 1e300};
    reading.values[5] = (struct value){.name = "f", .type = VALUE_NUMBER, .number = -0.0001};
    reading.value_count = 6;
    reading.time_us = -1;
    assert_line(&reading, "s", UINT64_MAX,
                "parking,gateway=umeda-01,municipality=271004,sensor=s,zone=lot "
                "epoch=\"k7f3\",seq=9223372036854775807i,quality=\"good\",time_quality=\"synced\","
                "c=9223372036854775807i,d=-9223372036854775808i,e=1e+300,f=-0.0001 -1\n");
}

static void no_text_breaks_out_of_its_place(void **state)
{
    (void)state;
    struct reading reading = plain_reading();
    reading.zone = "a,b=c d\ne\\";
    reading.values[0] = (struct value){.name = "state", .type = VALUE_TEXT, .text = "say \"hi\"\\\r\nx\x7f 駐車"};
    reading.values[1] = (struct value){.name = "odd, name=\\", .type = VALUE_BOOL};
    reading.values[2] = (struct value){.name = "empty", .type = VALUE_TEXT, .text = ""};
    reading.value_count = 3;
    assert_line(&reading, "s\\", 1,
                "parking,gateway=umeda-01,municipality=271004,sensor=s/,zone=a\\,b\\=c\\ d\\ e/ "
                "epoch=\"k7f3\",seq=1i,quality=\"good\",time_quality=\"synced\",state=\"say \\\"hi\\\"\\\\  x  駐車\","
                "odd\\,\\ name\\=/=false,empty=\"\" 1795316645678000\n");
}

static void a_reading_without_proof_of_who_is_marked(void **state)
{
    (void)state;
    struct reading reading = plain_reading();
    reading.unauthenticated = true;
    assert_line(&reading, "b", 1,
                "parking,gateway=umeda-01,municipality=271004,sensor=b,zone=lot epoch=\"k7f3\",seq=1i,quality=\"good\","
                "time_quality=\"synced\",authenticated=false 1795316645678000\n");
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    struct reading reading = plain_reading();
    struct bytes out;
    bytes_init(&out, 100);
    line_append(&identity, "bay-0123", 1, &reading, &out);
    assert_true(out.overflow);
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reading_is_one_line_with_sorted_tags),
        cmocka_unit_test(a_reading_without_values_or_zone_still_is_a_point),
        cmocka_unit_test(types_follow_the_vocabulary_and_not_the_number),
        cmocka_unit_test(numbers_that_the_protocol_lacks_are_left_out_or_bounded),
        cmocka_unit_test(no_text_breaks_out_of_its_place),
        cmocka_unit_test(a_reading_without_proof_of_who_is_marked),
        cmocka_unit_test(a_full_buffer_is_told),
    };
    return cmocka_run_group_tests_name("line_protocol", tests, NULL, NULL);
}
