// SPDX-License-Identifier: Apache-2.0
#include "outlet/outlet.h"

#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct settings_mqtt mqtt_good(void)
{
    return (struct settings_mqtt){.origin = {"citygw.ini", 7},
                                  .name = "mqtt",
                                  .url = "mqtts://broker.example",
                                  .version = 5,
                                  .client_id = "citygw-1",
                                  .username = "",
                                  .password_file = "",
                                  .ca_file = "",
                                  .cert_file = "",
                                  .key_file = "",
                                  .topic_prefix = "citygw/v1"};
}

static struct settings_influxdb influxdb_good(void)
{
    return (struct settings_influxdb){.origin = {"citygw.ini", 20},
                                      .name = "influxdb",
                                      .api = 1,
                                      .database = "city",
                                      .url = "http://127.0.0.1:8086",
                                      .org = "",
                                      .bucket = "",
                                      .token_file = ""};
}

static struct findings check(struct settings_mqtt *mqtt, size_t count, struct settings_influxdb *influxdb)
{
    struct settings settings = {.gateway = {.id = "umeda-01", .municipality = "271004"},
                                .mqtt = mqtt,
                                .mqtt_count = count,
                                .influxdb = influxdb,
                                .influxdb_count = influxdb ? 1 : 0};
    struct findings findings = {0};
    outlets_check(&settings, &findings);
    return findings;
}

// Expects exactly one finding, of that level, that mentions the text.
static void expect_one(struct settings_mqtt *mqtt, size_t count, enum finding_level level, const char *text)
{
    struct findings findings = check(mqtt, count, NULL);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.list[0].level, level);
    if (!strstr(findings.list[0].text, text)) {
        fail_msg("\"%s\" does not mention \"%s\"", findings.list[0].text, text);
    }
    findings_finish(&findings);
}

static void outlets_that_are_right_have_no_finding(void **state)
{
    struct settings_mqtt mqtt = mqtt_good();
    struct settings_influxdb influxdb = influxdb_good();
    (void)state;
    struct findings findings = check(&mqtt, 1, &influxdb);
    assert_int_equal(findings.count, 0);
    findings_finish(&findings);
}

static void no_outlet_at_all_is_warned_about(void **state)
{
    (void)state;
    expect_one(NULL, 0, FINDING_WARNING, "no outlet");
}

static void each_mistake_is_one_finding_that_stops(void **state)
{
    struct settings_mqtt mqtt = mqtt_good();
    (void)state;
    mqtt.url = "http://broker";
    expect_one(&mqtt, 1, FINDING_STOPS, "citygw.ini:7: [mqtt] url: ");
    mqtt = mqtt_good();
    mqtt.format = FORMAT_NGSI_LD;
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] format: ");
    mqtt = mqtt_good();
    mqtt.topic_prefix = "city/#";
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] topic_prefix: ");
    mqtt = mqtt_good();
    mqtt.ca_file = "/nowhere/ca.pem";
    expect_one(&mqtt, 1, FINDING_STOPS, "/nowhere/ca.pem");
    mqtt = mqtt_good();
    mqtt.ca_file = "/";
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] ca_file: ");
    mqtt = mqtt_good();
    mqtt.username = "city";
    mqtt.password_file = "/nowhere/secret";
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] password_file: ");
}

static void an_address_that_settings_refused_is_told_by_settings_alone(void **state)
{
    struct settings_mqtt mqtt = mqtt_good();
    struct settings_influxdb influxdb = influxdb_good();
    (void)state;
    mqtt.url = "";
    influxdb.url = "";
    struct findings findings = check(&mqtt, 1, &influxdb);
    assert_int_equal(findings.count, 0);
    findings_finish(&findings);
}

static void a_secret_that_others_may_read_stops_the_start(void **state)
{
    struct settings_mqtt mqtt = mqtt_good();
    struct settings_influxdb influxdb = influxdb_good();
    char path[] = "/tmp/citygw-secret-XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "secret\n", 7), 7);
    close(fd);
    mqtt.username = "city";
    mqtt.password_file = path;
    influxdb.token_file = path;
    struct findings findings = check(&mqtt, 1, &influxdb);
    assert_int_equal(findings.count, 0);
    findings_finish(&findings);
    chmod(path, 0644);
    expect_one(&mqtt, 1, FINDING_STOPS, path);
    findings = check(NULL, 0, &influxdb);
    assert_int_equal(findings.stops, 1);
    findings_finish(&findings);
    mqtt = mqtt_good();
    mqtt.cert_file = path;
    mqtt.key_file = path;
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] key_file: ");
    unlink(path);
}

static void an_unencrypted_password_is_warned_about_beyond_this_machine(void **state)
{
    struct settings_mqtt mqtt = mqtt_good();
    char path[] = "/tmp/citygw-secret-XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "secret\n", 7), 7);
    close(fd);
    mqtt.username = "city";
    mqtt.password_file = path;
    mqtt.url = "mqtt://broker.example";
    expect_one(&mqtt, 1, FINDING_WARNING, "[mqtt] url: ");
    mqtt.url = "mqtt://127.0.0.1";
    struct findings findings = check(&mqtt, 1, NULL);
    assert_int_equal(findings.count, 0);
    findings_finish(&findings);
    mqtt.username = "";
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] username: ");
    unlink(path);
}

static void two_outlets_with_one_client_id_are_told_apart(void **state)
{
    struct settings_mqtt two[] = {mqtt_good(), mqtt_good()};
    (void)state;
    two[1].name = "second";
    expect_one(two, 2, FINDING_STOPS, "[mqtt:second] client_id: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlets_that_are_right_have_no_finding),
        cmocka_unit_test(no_outlet_at_all_is_warned_about),
        cmocka_unit_test(each_mistake_is_one_finding_that_stops),
        cmocka_unit_test(an_address_that_settings_refused_is_told_by_settings_alone),
        cmocka_unit_test(a_secret_that_others_may_read_stops_the_start),
        cmocka_unit_test(an_unencrypted_password_is_warned_about_beyond_this_machine),
        cmocka_unit_test(two_outlets_with_one_client_id_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
