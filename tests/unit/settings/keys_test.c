// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "table.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct bytes out;
static struct fault why;

static int setup(void **state)
{
    (void)state;
    bytes_init(&out, 100000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bytes_finish(&out);
    return 0;
}

static const char *printed(const char *section)
{
    bytes_clear(&out);
    assert_int_equal(settings_print_keys(section, &out, &why), 0);
    bytes_char(&out, '\0');
    assert_false(out.overflow);
    return (const char *)out.data;
}

static void every_key_is_printed_with_its_help(void **state)
{
    (void)state;
    const char *text = printed(NULL);
    for (const struct section_type *type = section_types; type->type; type++)
        assert_non_null(strstr(text, type->label));
    for (const struct key *key = keys; key->section; key++) {
        assert_non_null(strstr(text, key->name));
        assert_non_null(strstr(text, key->help));
    }
}

static void a_key_shows_type_default_and_range(void **state)
{
    (void)state;
    assert_non_null(strstr(printed("buffer"),
                           "\n  commit_interval     duration            100 ms                      0 s..10 s\n"));
    assert_non_null(
        strstr(printed("mqtt"), "\n  version             choice              5                           5 | 3.1.1\n"));
    assert_non_null(
        strstr(printed("gateway"),
               "\n  id                  id                  (required)                  1 to 32 of a-z 0-9 -\n"));
}

static void one_section_is_printed_alone(void **state)
{
    (void)state;
    const char *text = printed("sensor");
    assert_int_equal(strncmp(text, "[sensor:ID]  ", 13), 0);
    assert_null(strstr(text, "[mqtt]"));
    assert_non_null(strstr(printed("[Sensor:bay-1]"), "stale_after"));
}

static void an_unknown_section_names_the_nearest(void **state)
{
    (void)state;
    bytes_clear(&out);
    assert_int_equal(settings_print_keys("senser", &out, &why), -ENOENT);
    assert_string_equal(why.text,
                        "there is no section \"senser\", perhaps \"sensor\" is meant; `citygw keys` lists all");
    assert_int_equal(settings_print_keys("", &out, &why), -ENOENT);
    assert_int_equal(out.used, 0);
}

static void what_is_not_built_yet_is_marked(void **state)
{
    (void)state;
    assert_non_null(strstr(printed("http"), "certificate for TLS (not built yet)\n"));
}

// Every key here is read by the code that it is for. A key that nothing reads yet carries KEY_LATER, so that it warns.
// clang-format off
static const char *const built[] = {
    "gateway id", "gateway municipality", "gateway language", "gateway timezone", "gateway include",
    "gateway status_interval", "gateway clock_wait", "gateway known_objects", "buffer min_autonomy", "mqtt max_rate", "mqtt apikey", "mqtt apikey.", "zone category",
    "buffer path", "buffer max_size", "buffer max_age", "buffer keep_delivered", "buffer commit_interval",
    "buffer when_full",
    "mqtt url", "mqtt version", "mqtt client_id", "mqtt username", "mqtt password_file", "mqtt ca_file",
    "mqtt cert_file", "mqtt key_file", "mqtt topic_prefix", "mqtt format", "mqtt drain", "mqtt backlog_rate",
    "mqtt start",
    "mqtt keep_alive", "mqtt in_flight", "mqtt batch",
    "influxdb url", "influxdb api", "influxdb database", "influxdb org", "influxdb bucket", "influxdb token_file",
    "ngsi-ld url", "ngsi-ld tenant", "ngsi-ld service_path", "ngsi-ld context", "ngsi-ld token_file", "ngsi-ld start",
    "influxdb batch_lines", "influxdb flush_interval", "influxdb gzip", "influxdb start", "influxdb drain",
    "coap listen", "coap allow_plain", "coap max_body", "coap rate_limit", "coap dtls_listen", "coap psk_file",
    "http listen", "http token_file", "http socket",
    "serial device", "serial baud", "serial parity", "serial stop_bits", "serial rs485", "serial codec", "serial columns", "serial separator",
    "serial report_interval",
    "modbus device", "modbus baud", "modbus parity", "modbus stop_bits", "modbus rs485", "modbus timeout",
    "device kind", "device codec", "device poll", "device registers_per_read", "device map.",
    "zone kind", "zone name", "zone capacity", "zone latitude", "zone longitude", "zone bands", "zone area", "zone width", "zone limits",
    "zone hold", "zone min_count", "zone almost_full", "zone reset", "zone reset_to",
    "sensor out_of_service", "sensor counts", "sensor estimate", "sensor private_area", "sensor frozen_after", "sensor stuck_after",
    "sensor battery_low", "sensor battery_low_v", "sensor battery_days", "sensor bump.",
    "sensor kind", "sensor source", "sensor address", "sensor device", "sensor codec", "sensor psk_identity", "sensor zone", "sensor name",
    "sensor latitude", "sensor longitude", "sensor position", "sensor stale_after", "sensor report", "sensor heartbeat", "sensor occupied_below", "sensor free_above", "sensor hold", "sensor map.", "sensor range.",
};
// clang-format on

static bool is_built(const char *name)
{
    for (size_t i = 0; i < sizeof built / sizeof *built; i++)
        if (strcmp(built[i], name) == 0)
            return true;
    return false;
}

static void a_key_is_built_or_warns_that_it_is_not(void **state)
{
    (void)state;
    size_t found = 0;
    for (const struct key *key = keys; key->section; key++) {
        char name[80];
        snprintf(name, sizeof name, "%s %s", key->section, key->name);
        if (section_type_find(key->section, strlen(key->section))->later) {
            assert_false(is_built(name)); // its section warns
            continue;
        }
        found += is_built(name);
        if (is_built(name) == !!(key->flags & KEY_LATER))
            fail_msg("%s: is it read by anything? Then it stands in the list above, otherwise it has KEY_LATER", name);
    }
    assert_int_equal(found, sizeof built / sizeof *built);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_printed_with_its_help), cmocka_unit_test(a_key_shows_type_default_and_range),
        cmocka_unit_test(one_section_is_printed_alone),       cmocka_unit_test(an_unknown_section_names_the_nearest),
        cmocka_unit_test(what_is_not_built_yet_is_marked),    cmocka_unit_test(a_key_is_built_or_warns_that_it_is_not),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
