// SPDX-License-Identifier: Apache-2.0
#include "outlet/outlet.h"

#include "check.h"
#include <math.h>
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
                                  .topic_prefix = "citygw/v1",
                                  .apikey = ""};
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
    mqtt.batch = BATCH_BACKLOG;
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] batch: ");
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

static void an_agent_needs_api_keys(void **state)
{
    struct settings_mqtt mqtt = mqtt_good();
    struct settings_extra extras[] = {{.origin = {"citygw.ini", 9}, .key = "apikey.parking", .value = "bays"}};
    (void)state;
    mqtt.format = FORMAT_IOTA_JSON;
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] apikey: this key is missing");
    mqtt.apikey = "a/b";
    expect_one(&mqtt, 1, FINDING_STOPS, "[mqtt] apikey: this cannot be an API key");
    mqtt.apikey = "all";
    mqtt.extras = extras;
    mqtt.extra_count = 1;
    struct findings findings = check(&mqtt, 1, NULL);
    assert_int_equal(findings.count, 0);
    extras[0].key = "apikey.bike";
    expect_one(&mqtt, 1, FINDING_STOPS, "citygw.ini:9: [mqtt] apikey.bike: there is no kind");
    extras[0].key = "apikey.parking";
    extras[0].value = "a=b";
    expect_one(&mqtt, 1, FINDING_STOPS, "citygw.ini:9: [mqtt] apikey.parking: this cannot be an API key");
    mqtt.format = FORMAT_CITYGW;
    expect_one(&mqtt, 1, FINDING_WARNING, "[mqtt] apikey: an API key has an effect");
}

static void every_kind_of_sensor_needs_one_and_bays_a_place(void **state)
{
    struct settings_mqtt mqtt = mqtt_good();
    struct settings_extra extras[] = {{.key = "apikey.parking", .value = "bays"}};
    struct settings_sensor sensors[] = {
        {.id = "bay-1", .kind = KIND_PARKING, .zone = "", .latitude = 1, .longitude = 2},
        {.id = "gate-1", .kind = KIND_CROWD, .zone = ""},
        {.id = "van-1", .kind = KIND_BUMP, .zone = "", .disabled = true}};
    struct settings_zone zones[] = {{.id = "lot", .kind = KIND_PARKING, .latitude = 1, .longitude = 2},
                                    {.id = "yard", .kind = KIND_PARKING, .latitude = NAN, .longitude = NAN},
                                    {.id = "plaza", .kind = KIND_CROWD, .latitude = NAN, .longitude = NAN}};
    struct settings settings = {.gateway = {.id = "umeda-01", .municipality = "271004"},
                                .mqtt = &mqtt,
                                .mqtt_count = 1,
                                .sensor = sensors,
                                .sensor_count = 3,
                                .zone = zones,
                                .zone_count = 3};
    struct findings findings = {0};
    (void)state;
    mqtt.format = FORMAT_IOTA_JSON;
    mqtt.extras = extras;
    mqtt.extra_count = 1;
    outlets_check(&settings, &findings);
    assert_int_equal(findings.count, 3);
    assert_non_null(strstr(findings.list[0].text, "apikey: sensors of kind crowd have no API key"));
    assert_non_null(strstr(findings.list[1].text, "format: 1 parking sensors (the first: bay-1) lack"));
    assert_non_null(strstr(findings.list[2].text, "format: [zone:yard] lacks latitude or longitude"));
    assert_int_equal(findings.warnings, 2);
    findings_finish(&findings);
}

static void formats_that_drain_in_order_say_so(void **state)
{
    static const struct key_line keys[] = {{"url", 8}, {"drain", 9}, {NULL, 0}};
    struct settings_mqtt mqtt = mqtt_good();
    (void)state;
    mqtt.format = FORMAT_NGSI_LD;
    mqtt.origin.keys = keys;
    expect_one(&mqtt, 1, FINDING_WARNING, "citygw.ini:9: [mqtt] drain: this format always drains in order");
    mqtt.drain = DRAIN_IN_ORDER;
    struct findings findings = check(&mqtt, 1, NULL);
    assert_int_equal(findings.count, 0);
}

static void two_formats_do_not_share_topics(void **state)
{
    struct settings_mqtt mqtt[] = {mqtt_good(), mqtt_good()};
    (void)state;
    mqtt[1].name = "urban-os";
    mqtt[1].client_id = "citygw-2";
    mqtt[1].format = FORMAT_NGSI_LD;
    expect_one(mqtt, 2, FINDING_STOPS, "[mqtt:urban-os] topic_prefix: another outlet writes");
    mqtt[1].topic_prefix = "citygw/ld";
    struct findings findings = check(mqtt, 2, NULL);
    assert_int_equal(findings.count, 0);
}

static void an_ngsi_ld_broker_is_checked_too(void **state)
{
    char long_one[258];
    struct settings_ngsi_ld broker = {.origin = {"citygw.ini", 3},
                                      .name = "orion",
                                      .url = "http://orion:1026",
                                      .tenant = "osaka",
                                      .service_path = "/umeda",
                                      .token_file = ""};
    struct settings settings = {
        .gateway = {.id = "umeda-01", .municipality = "271004"}, .ngsi_ld = &broker, .ngsi_ld_count = 1};
    struct findings findings = {0};
    (void)state;
    outlets_check(&settings, &findings);
    assert_int_equal(findings.count, 0);
    memset(long_one, 'a', sizeof long_one - 1);
    long_one[257] = '\0';
    broker.url = "http://orion?x";
    broker.tenant = "osaka\r\nX: y";
    broker.service_path = long_one;
    broker.token_file = "/nowhere/token";
    outlets_check(&settings, &findings);
    assert_int_equal(findings.stops, 4);
    findings_finish(&findings);
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
        cmocka_unit_test(an_agent_needs_api_keys),
        cmocka_unit_test(every_kind_of_sensor_needs_one_and_bays_a_place),
        cmocka_unit_test(formats_that_drain_in_order_say_so),
        cmocka_unit_test(two_formats_do_not_share_topics),
        cmocka_unit_test(an_ngsi_ld_broker_is_checked_too),
        cmocka_unit_test(an_address_that_settings_refused_is_told_by_settings_alone),
        cmocka_unit_test(a_secret_that_others_may_read_stops_the_start),
        cmocka_unit_test(an_unencrypted_password_is_warned_about_beyond_this_machine),
        cmocka_unit_test(two_outlets_with_one_client_id_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
