// SPDX-License-Identifier: Apache-2.0
#include "mqtt_url.h"

#include "check.h"
#include <errno.h>
#include <string.h>

static void good_addresses_are_taken_apart(void **state)
{
    static const struct {
        const char *text, *library;
        bool loopback;
    } good[] = {
        {"mqtt://127.0.0.1", "tcp://127.0.0.1:1883", true},
        {"mqtts://broker.example", "ssl://broker.example:8883", false},
        {"mqtts://broker.example:443/", "ssl://broker.example:443", false},
        {"mqtt://[::1]:1884", "tcp://[::1]:1884", true},
        {"mqtt://localhost", "tcp://localhost:1883", true},
        {"mqtt://127.evil.example", "tcp://127.evil.example:1883", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct mqtt_url url;
        struct fault why;
        char text[300];
        assert_int_equal(mqtt_url_parse(good[i].text, &url, &why), 0);
        mqtt_url_library(&url, text, sizeof text);
        assert_string_equal(text, good[i].library);
        assert_int_equal(mqtt_url_is_loopback(&url), good[i].loopback);
    }
}

static void bad_addresses_are_refused(void **state)
{
    static const char *const bad[] = {
        "",           "broker",       "http://broker",      "mqtt:/broker", "mqtt://",
        "mqtt://:1",  "mqtt://a:0",   "mqtt://a:65536",     "mqtt://a:1x",  "mqtt://a:",
        "mqtt://a/b", "mqtt://[::1",  "mqtt://[zz]:1",      "mqtt://a b",   "mqtt://a\n",
        "MQTT://a",   "mqtt://a?x=1", "mqtt://[127.0.0.1]", "mqtt://-a",    "mqtt://a#b",
    };
    char longest[400] = "mqtt://";
    struct mqtt_url url = {.port = 7};
    (void)state;
    memset(longest + 7, 'a', 300);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fault why = {""};
        assert_int_equal(mqtt_url_parse(bad[i], &url, &why), -EINVAL);
        assert_true(why.text[0]);
    }
    assert_int_equal(mqtt_url_parse(longest, &url, NULL), -EINVAL);
    assert_int_equal(url.port, 7); // untouched
}

static void a_password_in_the_address_is_refused_and_not_repeated(void **state)
{
    struct mqtt_url url;
    struct fault why = {""};
    (void)state;
    assert_int_equal(mqtt_url_parse("mqtt://city:hunter2@broker", &url, &why), -EINVAL);
    assert_null(strstr(why.text, "hunter2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_are_taken_apart),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(a_password_in_the_address_is_refused_and_not_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
