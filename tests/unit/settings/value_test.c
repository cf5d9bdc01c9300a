// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "value.h"
#include <stdio.h>
#include <string.h>

static struct settings_memory *memory;
static struct value value;
static struct fault why;

static int setup(void **state)
{
    (void)state;
    memory = memory_create();
    return memory ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    memory_destroy(memory);
    return 0;
}

static int parse(const char *section, const char *name, const char *text)
{
    const char *suffix;
    const struct key *key = key_find(section, name, &suffix);
    assert_non_null(key);
    return value_parse(key, text, memory, &value, &why);
}

static void expect_integer(const char *section, const char *name, const char *text, int64_t expected)
{
    if (parse(section, name, text) != 0)
        fail_msg("%s: %s", text, why.text);
    assert_int_equal(value.integer, expected);
}

static void expect_number(const char *section, const char *name, const char *text, double expected)
{
    if (parse(section, name, text) != 0)
        fail_msg("%s: %s", text, why.text);
    assert_true(value.number == expected);
}

static void expect_text(const char *section, const char *name, const char *text, const char *expected)
{
    if (parse(section, name, text) != 0)
        fail_msg("%s: %s", text, why.text);
    assert_string_equal(value.text, expected);
}

static void expect_refused(const char *section, const char *name, const char *text, const char *expected)
{
    if (parse(section, name, text) == 0)
        fail_msg("taken: %s", text);
    assert_string_equal(why.text, expected);
}

static void expect_all_refused(const char *section, const char *name, const char *const *texts)
{
    for (; *texts; texts++)
        if (parse(section, name, *texts) == 0)
            fail_msg("taken: %s = %s", name, *texts);
}

#define DURATION_EXPECTED "; expected a duration such as 200 ms, 5 s, 10 min, 24 h or 30 d"

static void durations_become_microseconds(void **state)
{
    (void)state;
    expect_integer("buffer", "commit_interval", "200 ms", 200000);
    expect_integer("buffer", "commit_interval", "200ms", 200000);
    expect_integer("buffer", "commit_interval", "1.5 s", 1500000);
    expect_integer("buffer", "commit_interval", "0.1 s", 100000);
    expect_integer("buffer", "commit_interval", "7 us", 7);
    expect_integer("buffer", "commit_interval", "7 µs", 7);
    expect_integer("buffer", "max_age", "10 min", 600000000);
    expect_integer("buffer", "max_age", "24 h", INT64_C(86400000000));
    expect_integer("buffer", "max_age", "30 d", INT64_C(2592000000000));
}

static void only_zero_needs_no_unit(void **state)
{
    (void)state;
    expect_integer("buffer", "commit_interval", "0", 0);
    expect_integer("buffer", "commit_interval", "0 s", 0);
    expect_refused("buffer", "commit_interval", "5", "\"5\" has no unit" DURATION_EXPECTED);
    expect_refused("buffer", "max_size", "5", "\"5\" has no unit; expected a size such as 64 kB, 500 MB or 2 GB");
}

static void wrong_durations_are_refused(void **state)
{
    (void)state;
    expect_refused("buffer", "commit_interval", "5 sec", "the unit of \"5 sec\" is not known" DURATION_EXPECTED);
    expect_refused("buffer", "commit_interval", "soon", "\"soon\" cannot be read" DURATION_EXPECTED);
    expect_refused("buffer", "commit_interval", "11 s", "\"11 s\" is out of range; expected 0 s..10 s");
    expect_refused("buffer", "commit_interval", "-1 s", "\"-1 s\" is out of range; expected 0 s..10 s");
    expect_refused("buffer", "max_age", "999999999999999999 d",
                   "\"999999999999999999 d\" is too large" DURATION_EXPECTED);
    const char *const wrong[] = {"s",     "1 m",   "1 S", "1 s 2 ms", "1,5 s", "0x5 s",
                                 "1e3 s", "- 5 s", "-5",  "nan s",    NULL};
    expect_all_refused("buffer", "commit_interval", wrong);
}

static void sizes_become_bytes(void **state)
{
    (void)state;
    expect_integer("coap", "max_body", "64 B", 64);
    expect_integer("coap", "max_body", "8 kB", 8000);
    expect_integer("coap", "max_body", "8 KB", 8000);
    expect_integer("coap", "max_body", "8 KiB", 8192);
    expect_integer("buffer", "max_size", "2 GB", 2000000000);
    expect_integer("buffer", "max_size", "2 GiB", INT64_C(2147483648));
    expect_integer("buffer", "max_size", "1.5 MB", 1500000);
    const char *const wrong[] = {"8 k", "8", "8 kb/s", "kB", "63 B", "65 kB", "-8 kB", NULL};
    expect_all_refused("coap", "max_body", wrong);
}

static void rates_are_per_second(void **state)
{
    (void)state;
    expect_number("mqtt", "backlog_rate", "500/s", 500);
    expect_number("mqtt", "backlog_rate", "30 /min", 0.5);
    expect_integer("mqtt", "max_rate", "64 kB/s", 64000);
    const char *const wrong_rates[] = {"500", "/s", "500 s", "0", "-1/s", NULL};
    expect_all_refused("mqtt", "backlog_rate", wrong_rates);
    const char *const wrong_byte_rates[] = {"64 kB", "/s", "64/s", "kB/s", "64 kB/min", "2 GB/s", NULL};
    expect_all_refused("mqtt", "max_rate", wrong_byte_rates);
}

static void integers_have_their_range(void **state)
{
    (void)state;
    expect_integer("mqtt", "in_flight", "1", 1);
    expect_integer("mqtt", "in_flight", "65535", 65535);
    expect_refused("mqtt", "in_flight", "65536", "\"65536\" is out of range; expected 1..65535");
    expect_refused("mqtt", "in_flight", "ten", "\"ten\" cannot be read; expected a whole number");
    const char *const wrong[] = {"0", "-1", "1.5", "1 0", "99999999999999999999", "0x10", NULL};
    expect_all_refused("mqtt", "in_flight", wrong);
}

static void yes_and_no_have_several_names(void **state)
{
    (void)state;
    const char *const yes[] = {"yes", "true", "on", "1", "Yes", "TRUE"};
    const char *const no[] = {"no", "false", "off", "0", "No"};
    for (size_t i = 0; i < 6; i++)
        expect_integer("influxdb", "gzip", yes[i], 1);
    for (size_t i = 0; i < 5; i++)
        expect_integer("influxdb", "gzip", no[i], 0);
    expect_refused("influxdb", "gzip", "maybe", "\"maybe\" cannot be used here; expected yes or no");
}

static void positions_lengths_and_areas_are_read(void **state)
{
    (void)state;
    expect_number("zone", "latitude", "34.702500", 34.7025);
    expect_number("zone", "width", "4 m", 4);
    expect_number("zone", "width", "150 cm", 1.5);
    expect_number("zone", "area", "100 m2", 100);
    expect_number("zone", "area", "100 m²", 100);
    expect_number("zone", "area", "100㎡", 100);
    expect_refused("zone", "latitude", "90.1", "\"90.1\" is out of range; expected -90..90");
    expect_refused("zone", "longitude", "34°42'",
                   "\"34°42'\" cannot be read; expected decimal degrees such as 34.702500");
    const char *const wrong[] = {"100", "100 m", "0 m2", "-1 m2", NULL};
    expect_all_refused("zone", "area", wrong);
}

static void lists_of_numbers_rise(void **state)
{
    (void)state;
    assert_int_equal(parse("zone", "limits", "2 4  5"), 0);
    assert_int_equal(value.count, 3);
    assert_true(value.numbers[0] == 2 && value.numbers[1] == 4 && value.numbers[2] == 5);
    const char *const wrong[] = {"4 2", "2 2", "1 2 3 4 5", "2,4", "2 x", "-1 2", "2 101", NULL};
    expect_all_refused("zone", "limits", wrong);
}

static void gateway_ids_are_small_letters(void **state)
{
    (void)state;
    expect_text("gateway", "id", "umeda-01", "umeda-01");
    expect_text("gateway", "id", "abcdefghijklmnopqrstuvwxyz-01234", "abcdefghijklmnopqrstuvwxyz-01234");
    expect_refused("gateway", "id", "Umeda", "\"Umeda\" cannot be used here; expected 1 to 32 of a-z 0-9 -");
    const char *const wrong[] = {"a_b", "a b", "梅田", "a/b", "abcdefghijklmnopqrstuvwxyz-012345", NULL};
    expect_all_refused("gateway", "id", wrong);
}

static void urls_are_checked(void **state)
{
    (void)state;
    expect_text("mqtt", "url", "mqtts://broker.example:8883", "mqtts://broker.example:8883");
    expect_text("mqtt", "url", "mqtt://[::1]", "mqtt://[::1]");
    expect_text("mqtt", "url", "mqtt://192.168.0.2:1883/", "mqtt://192.168.0.2:1883/");
    expect_text("influxdb", "url", "https://db.example/influx?x=1", "https://db.example/influx?x=1");
    expect_refused("mqtt", "url", "http://broker.example",
                   "\"http://broker.example\" begins with \"http://\"; expected one of: mqtt mqtts");
    expect_refused("mqtt", "url", "mqtt://broker/x", "\"mqtt://broker/x\" has a path; expected mqtt://HOST:PORT");
    const char *const wrong[] = {"broker.example", "mqtt://",          "mqtt://a:0",  "mqtt://a:65536",
                                 "mqtt://a:1x",    "mqtt://a b",       "mqtt://[::1", "mqtt://::1",
                                 "mqtt://1.2.3",   "mqtt://999.1.1.1", "mqtt://-a",   "mqtt://a:",
                                 "://a",           "mqtt:/a",          "mqtt://a\\b", "mqtt://ａ",
                                 "MQTT://broker",  "mqtt://[::1]x:5",  "mqtt://[a]",  NULL};
    expect_all_refused("mqtt", "url", wrong);
}

static void a_password_in_a_url_is_refused_and_not_shown(void **state)
{
    (void)state;
    expect_refused("mqtt", "url", "mqtt://user:secret@broker",
                   "the address holds a user name; expected it in keys of its own, the password or token in a file");
}

static void addresses_are_checked_and_tidied(void **state)
{
    (void)state;
    expect_text("coap", "listen", "0.0.0.0:5683   [::]:5683", "0.0.0.0:5683 [::]:5683");
    expect_text("coap", "listen", "localhost:5683", "127.0.0.1:5683");
    expect_text("http", "listen", "[::1]:8088", "[::1]:8088");
    expect_refused("http", "listen", "8088",
                   "\"8088\" cannot be used here; expected an address such as 127.0.0.1:8088");
    const char *const wrong[] = {
        "127.0.0.1",     "127.0.0.1:0", "::1:80", "host.example:80", "1:2:3", ":80", "127.0.0.1:80 127.0.0.1:81",
        "127.0.0.1:80;", NULL};
    expect_all_refused("http", "listen", wrong);
}

static void sources_are_checked(void **state)
{
    (void)state;
    const char *const good[] = {"coap",
                                "sim",
                                "serial:kerb",
                                "modbus:garage",
                                "coap://10.0.0.5/people",
                                "coap://[fe80::1]:5683/x?y=1",
                                "gpsd://localhost",
                                "gpsd://[::1]:2947"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        expect_text("sensor", "source", good[i], good[i]);
    expect_refused("sensor", "source", "serial",
                   "\"serial\" cannot be used here; expected coap, serial:ID, modbus:ID, coap://HOST/PATH, "
                   "coaps://HOST/PATH, gpsd://HOST:PORT or sim");
    const char *const wrong[] = {
        "serial:", "serial: kerb", "serial:a/b",       "coap:",       "coap://", "http://a/b", "Sim",
        "gpsd",    "gpsd://",      "gpsd://a/dev/gps", "gpsd://me@a", NULL};
    expect_all_refused("sensor", "source", wrong);
}

static void topics_and_time_zones_are_checked(void **state)
{
    (void)state;
    expect_text("mqtt", "topic_prefix", "city/大阪", "city/大阪");
    const char *const wrong[] = {"a/+", "#", "/a", "a/", "a b", "$SYS", "a//b", NULL};
    expect_all_refused("mqtt", "topic_prefix", wrong);
    expect_text("gateway", "timezone", "America/Port-au-Prince", "America/Port-au-Prince");
    const char *const wrong_zones[] = {"../../etc/passwd", "/etc/localtime", "a b", NULL};
    expect_all_refused("gateway", "timezone", wrong_zones);
}

static void choices_name_the_nearest(void **state)
{
    (void)state;
    expect_integer("mqtt", "version", "3.1.1", 3);
    expect_integer("influxdb", "api", "v2", 2);
    expect_text("zone", "category", "offStreet", "offStreet");
    expect_refused("serial", "parity", "nome",
                   "\"nome\" is not known, perhaps \"none\" is meant; expected one of: none | even | odd");
    expect_refused("gateway", "language", "français", "\"français\" is not known; expected one of: ja | en");
}

static void every_default_can_be_read_and_lies_in_its_range(void **state)
{
    (void)state;
    for (const struct key *key = keys; key->section; key++)
        if (key->fallback && value_parse(key, key->fallback, memory, &value, &why) != 0)
            fail_msg("%s %s: %s", key->section, key->name, why.text);
}

static void every_row_belongs_to_a_section_and_has_help(void **state)
{
    (void)state;
    for (const struct key *key = keys; key->section; key++) {
        const struct section_type *type = section_type_find(key->section, strlen(key->section));
        const char *suffix;
        assert_non_null(type);
        assert_non_null(key->help);
        assert_ptr_equal(key_find(key->section, key->name, &suffix), key);
        assert_true(key->size == 0 || key->offset + key->size <= type->size);
        assert_true((key->type == TYPE_CHOICE || key->type == TYPE_CHOICE_TEXT) == (key->choices != NULL));
        assert_false(key->fallback && (key->flags & KEY_REQUIRED));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_become_microseconds),
        cmocka_unit_test(only_zero_needs_no_unit),
        cmocka_unit_test(wrong_durations_are_refused),
        cmocka_unit_test(sizes_become_bytes),
        cmocka_unit_test(rates_are_per_second),
        cmocka_unit_test(integers_have_their_range),
        cmocka_unit_test(yes_and_no_have_several_names),
        cmocka_unit_test(positions_lengths_and_areas_are_read),
        cmocka_unit_test(lists_of_numbers_rise),
        cmocka_unit_test(gateway_ids_are_small_letters),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(a_password_in_a_url_is_refused_and_not_shown),
        cmocka_unit_test(addresses_are_checked_and_tidied),
        cmocka_unit_test(sources_are_checked),
        cmocka_unit_test(topics_and_time_zones_are_checked),
        cmocka_unit_test(choices_name_the_nearest),
        cmocka_unit_test(every_default_can_be_read_and_lies_in_its_range),
        cmocka_unit_test(every_row_belongs_to_a_section_and_has_help),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
