// SPDX-License-Identifier: Apache-2.0
#include "loaded.h"

// How much a configuration may hold, and what is said beyond that.

#define SENSOR "[sensor:bay-1]\nkind = parking\n" // lines 4 and 5 after GATEWAY

static void an_id_may_be_64_long_and_not_65(void **state)
{
    (void)state;
    char text[200];
    for (int size = 64; size <= 65; size++) {
        snprintf(text, sizeof text, "[sensor:%0*d]\nkind = crowd\n", size, 7);
        struct loaded loaded = load_after_gateway(text);
        assert_int_equal(loaded.settings->sensor_count, size == 64);
        assert_int_equal(loaded.findings.disabled, size == 65);
        unload(&loaded);
    }
}

static void numbers_up_to_1e15_may_stand_in_a_map_and_a_range(void **state)
{
    (void)state;
    expect_nothing(SENSOR "map.x = a * -1e15 - 1e15\nrange.x = -1e15..1e15\n");
    expect_only(SENSOR "range.x = 0..1e308\n", FINDING_DISABLES,
                "c.ini:6: [sensor:bay-1] range.x: \"0..1e308\" is out of range; expected numbers from -1e15 to 1e15");
}

static void more_keys_of_a_kind_than_allowed_are_refused(void **state)
{
    (void)state;
    char text[8000] = SENSOR;
    for (int i = 0; i < 65; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "map.q%d = f%d\n", i, i);
    struct loaded loaded = load_after_gateway(text);
    assert_only(&loaded, FINDING_DISABLES,
                "c.ini:70: [sensor:bay-1] map.q64: there are too many of these keys; expected at most 64");
    assert_int_equal(loaded.settings->sensor[0].map_count, 64);
    assert_string_equal(loaded.settings->sensor[0].maps[63].field, "f63");
    unload(&loaded);
}

static void a_section_is_bounded(void **state)
{
    (void)state;
    struct bytes text;
    bytes_init(&text, 100000);
    bytes_text(&text, GATEWAY SENSOR);
    for (int i = 0; i < 400; i++)
        bytes_printf(&text, "k%d = 1\n", i);
    struct loaded loaded = load_bytes((const char *)text.data, text.used);
    assert_found(&loaded, FINDING_DISABLES,
                 "c.ini:261: [sensor:bay-1]: the section is too long; expected at most 256 keys");
    bytes_finish(&text);
    unload(&loaded);
}

static void the_number_of_sections_is_bounded(void **state)
{
    (void)state;
    struct bytes text;
    bytes_init(&text, 1000000);
    bytes_text(&text, GATEWAY);
    for (int i = 0; i < SECTIONS_MAX + 5; i++)
        bytes_printf(&text, "[sensor:a%d]\nkind=crowd\n", i);
    struct loaded loaded = load_bytes((const char *)text.data, text.used);
    assert_only(&loaded, FINDING_STOPS, "c.ini:16386: there are too many sections; expected at most 8192");
    assert_int_equal(loaded.settings->sensor_count, SECTIONS_MAX - 1);
    assert_string_equal(loaded.settings->sensor[SECTIONS_MAX - 2].id, "a8190");
    bytes_finish(&text);
    unload(&loaded);
}

static void hostile_text_in_a_finding_is_escaped_and_bounded(void **state)
{
    (void)state;
    char text[4000] = "[sensor:a]\nkind = ";
    memset(text + strlen(text), 'x', 3000);
    struct loaded loaded = load_after_gateway(text);
    assert_int_equal(loaded.findings.count, 1);
    assert_true(strlen(loaded.findings.list[0].text) < 400);
    assert_non_null(strstr(loaded.findings.list[0].text, "expected one of"));
    unload(&loaded);
    loaded = load_after_gateway("[sensor:\u202Ea]\nkind = crowd\n");
    assert_int_equal(loaded.findings.count, 1);
    assert_null(strstr(loaded.findings.list[0].text, "\u202E"));
    unload(&loaded);
    loaded = load_after_gateway("[sensor:a]\nkind = \"\xc2\x9b[2J\"\n");
    assert_int_equal(loaded.findings.count, 1);
    assert_null(strstr(loaded.findings.list[0].text, "\xc2\x9b"));
    unload(&loaded);
}

static void a_thousand_findings_are_kept_and_the_rest_counted(void **state)
{
    (void)state;
    struct bytes text;
    bytes_init(&text, 1000000);
    bytes_text(&text, GATEWAY);
    for (int i = 0; i < 1200; i++)
        bytes_printf(&text, "[sensor:a%d]\n", i);
    struct loaded loaded = load_bytes((const char *)text.data, text.used);
    assert_int_equal(loaded.findings.count, FINDINGS_MAX);
    assert_int_equal(loaded.findings.dropped, 200);
    assert_int_equal(loaded.findings.disabled, 1200);
    bytes_finish(&text);
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_may_be_64_long_and_not_65),
        cmocka_unit_test(numbers_up_to_1e15_may_stand_in_a_map_and_a_range),
        cmocka_unit_test(more_keys_of_a_kind_than_allowed_are_refused),
        cmocka_unit_test(a_section_is_bounded),
        cmocka_unit_test(the_number_of_sections_is_bounded),
        cmocka_unit_test(hostile_text_in_a_finding_is_escaped_and_bounded),
        cmocka_unit_test(a_thousand_findings_are_kept_and_the_rest_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
