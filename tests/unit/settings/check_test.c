// SPDX-License-Identifier: Apache-2.0
#include "loaded.h"

#define PORT "[serial:kerb]\ndevice = /dev/ttyUSB0\n" // lines 4 and 5 after GATEWAY

static void a_sensor_without_its_port_is_disabled_with_a_reason(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(PORT "[sensor:a]\nkind = crowd\nsource = serial:kreb\n"
                                                   "[sensor:b]\nkind = crowd\nsource = serial:kerb\n");
    assert_only(
        &loaded, FINDING_DISABLES,
        "c.ini:8: [sensor:a] source: there is no section [serial:kreb], perhaps \"kerb\" is meant; expected the ID "
        "of a [serial:ID]");
    assert_true(loaded.settings->sensor[0].disabled);
    assert_string_equal(loaded.settings->sensor[0].disabled_reason,
                        "source: there is no section [serial:kreb], perhaps \"kerb\" is meant; expected the ID of a "
                        "[serial:ID]");
    assert_false(loaded.settings->sensor[1].disabled);
    assert_int_equal(loaded.settings->sensor[1].source_type, SOURCE_SERIAL);
    assert_string_equal(loaded.settings->sensor[1].source_name, "kerb");
    unload(&loaded);
}

static void a_sensor_of_a_disabled_port_is_disabled(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(PORT "baud = fast\n[sensor:a]\nkind = crowd\nsource = serial:kerb\n");
    assert_found(&loaded, FINDING_DISABLES,
                 "c.ini:6: [serial:kerb] baud: \"fast\" cannot be read; expected a whole number");
    assert_found(&loaded, FINDING_DISABLES,
                 "c.ini:9: [sensor:a] source: section [serial:kerb] is wrong; expected it to be put right first");
    assert_true(loaded.settings->serial[0].disabled);
    assert_true(loaded.settings->sensor[0].disabled);
    assert_int_equal(loaded.findings.count, 2);
    unload(&loaded);
}

static void references_care_for_case(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[zone:plaza]\nkind = crowd\n[sensor:a]\nkind = crowd\nzone = Plaza\n");
    assert_only(
        &loaded, FINDING_DISABLES,
        "c.ini:8: [sensor:a] zone: there is no section [zone:Plaza], perhaps \"plaza\" is meant; expected the ID of "
        "a [zone:ID]");
    unload(&loaded);
}

static void a_sensor_without_its_zone_is_disabled(void **state)
{
    (void)state;
    expect_only("[sensor:a]\nkind = crowd\nzone = nowhere\n", FINDING_DISABLES,
                "c.ini:6: [sensor:a] zone: there is no section [zone:nowhere]; expected the ID of a [zone:ID]");
}

static void a_wrong_zone_disables_itself_alone(void **state)
{
    (void)state;
    struct loaded loaded =
        load_after_gateway("[zone:z]\nkind = crowd\narea = big\n[sensor:a]\nkind = crowd\nzone = z\n");
    assert_int_equal(loaded.findings.count, 1);
    assert_true(loaded.settings->zone[0].disabled);
    assert_false(loaded.settings->sensor[0].disabled);
    unload(&loaded);
}

static void a_wrong_profile_disables_its_sensors(void **state)
{
    (void)state;
    struct loaded loaded =
        load_after_gateway("[device:d]\nkind = crowds\n[sensor:a]\ndevice = d\n[sensor:b]\nkind = crowd\n");
    assert_true(loaded.settings->device[0].disabled);
    assert_true(loaded.settings->sensor[0].disabled);
    assert_false(loaded.settings->sensor[1].disabled);
    unload(&loaded);
}

static void a_sensor_takes_its_kind_from_its_profile(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[device:d]\nkind = traffic\n[sensor:a]\ndevice = d\n");
    assert_nothing_found(&loaded);
    assert_int_equal(loaded.settings->sensor[0].kind, KIND_TRAFFIC);
    unload(&loaded);
    expect_only("[sensor:a]\n", FINDING_DISABLES,
                "c.ini:4: [sensor:a] kind: this key is missing; expected what the sensor measures, such as parking");
}

static void an_address_given_twice_names_both_lines_and_disables_the_second(void **state)
{
    (void)state;
    struct loaded loaded =
        load_after_gateway("[sensor:a]\nkind = crowd\naddress = x\n[sensor:b]\nkind = crowd\naddress = x\n"
                           "[sensor:c]\nkind = crowd\nsource = sim\naddress = x\n");
    assert_only(
        &loaded, FINDING_DISABLES,
        "c.ini:9: [sensor:b] address: this address belongs already to [sensor:a] in line 6; expected each address "
        "once");
    assert_false(loaded.settings->sensor[0].disabled);
    assert_true(loaded.settings->sensor[1].disabled);
    assert_false(loaded.settings->sensor[2].disabled); // of another source
    unload(&loaded);
}

static void an_id_that_is_anothers_address_is_found(void **state)
{
    (void)state;
    expect_only(
        "[sensor:a]\nkind = crowd\naddress = b\n[sensor:b]\nkind = crowd\n", FINDING_DISABLES,
        "c.ini:7: [sensor:b] address: this address belongs already to [sensor:a] in line 6; expected each address "
        "once");
}

static void addresses_of_two_files_name_both_files(void **state)
{
    (void)state;
    const struct test_file files[] = {
        {"c.ini", GATEWAY "include = d/*.ini\n[sensor:a]\nkind = crowd\naddress = x\n", 0},
        {"d/b.ini", "[sensor:b]\nkind = crowd\naddress = x\n", 0},
        {0}};
    struct loaded loaded = load_files(files);
    assert_only(
        &loaded, FINDING_DISABLES,
        "d/b.ini:3: [sensor:b] address: this address belongs already to [sensor:a] in line 7 of c.ini; expected "
        "each address once");
    unload(&loaded);
}

static void outlets_with_one_name_name_both_lines(void **state)
{
    (void)state;
    expect_only("[mqtt:city]\nurl = mqtt://127.0.0.1\n[influxdb:city]\nurl = http://127.0.0.1\n", FINDING_STOPS,
                "c.ini:6: [influxdb:city]: the outlet name \"city\" belongs already to [mqtt:city] in line 4; expected "
                "another name");
    expect_only(
        "[mqtt]\nurl = mqtt://127.0.0.1\n[influxdb:mqtt]\nurl = http://127.0.0.1\n", FINDING_STOPS,
        "c.ini:6: [influxdb:mqtt]: the outlet name \"mqtt\" belongs already to [mqtt] in line 4; expected another "
        "name");
}

static void several_outlets_of_a_type_have_names_and_client_ids(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[mqtt]\nurl = mqtt://127.0.0.1\n[mqtt:two]\nurl = mqtt://127.0.0.1\n"
                                              "[mqtt:three]\nurl = mqtt://127.0.0.1\nclient_id = own\n");
    assert_nothing_found(&loaded);
    assert_int_equal(loaded.settings->mqtt_count, 3);
    assert_string_equal(loaded.settings->mqtt[1].client_id, "citygw-271004-umeda-01-two");
    assert_string_equal(loaded.settings->mqtt[2].client_id, "own");
    unload(&loaded);
}

static void http_beyond_loopback_needs_a_token(void **state)
{
    (void)state;
    expect_only(
        "[http]\nlisten = 0.0.0.0:8088\n", FINDING_STOPS,
        "c.ini:5: [http] listen: 0.0.0.0:8088 can be reached from other machines; expected token_file to be set, or "
        "127.0.0.1");
    expect_nothing("[http]\nlisten = 127.5.0.1:8088\n");
    expect_nothing("[http]\nlisten = [::1]:8088\n");
}

static void a_password_over_plain_mqtt_to_another_machine_warns(void **state)
{
    (void)state;
    expect_only("[mqtt]\nusername = u\npassword_file = p\nurl = mqtt://broker.example\n", FINDING_WARNING,
                "c.ini:7: [mqtt] url: user name and password go unencrypted to another machine; better mqtts://");
    expect_nothing("[mqtt]\nusername = u\npassword_file = p\nurl = mqtt://localhost\n");
    expect_nothing("[mqtt]\nusername = u\npassword_file = p\nurl = mqtts://broker.example\n");
    expect_nothing("[mqtt]\nurl = mqtt://broker.example\n");
}

static void a_certificate_needs_its_key(void **state)
{
    (void)state;
    expect_only("[mqtt]\nurl = mqtts://b\ncert_file = a\n", FINDING_STOPS,
                "c.ini:6: [mqtt] cert_file: only one of the two is given; expected cert_file and key_file");
    expect_nothing("[mqtt]\nurl = mqtts://b\ncert_file = a\nkey_file = b\n");
}

static void influxdb_v2_needs_a_bucket(void **state)
{
    (void)state;
    expect_only("[influxdb]\nurl = http://127.0.0.1\napi = v2\n", FINDING_STOPS,
                "c.ini:4: [influxdb] bucket: this key is missing; expected the bucket that api = v2 writes to");
    expect_nothing("[influxdb]\nurl = http://127.0.0.1\napi = v2\nbucket = b\n");
}

static void half_a_position_warns(void **state)
{
    (void)state;
    expect_only("[sensor:a]\nkind = crowd\nlatitude = 34.5\n", FINDING_WARNING,
                "c.ini:6: [sensor:a] latitude: this is half a position; expected latitude and longitude");
    expect_nothing("[sensor:a]\nkind = crowd\nlatitude = 34.5\nlongitude = 135.5\n");
}

static void the_distances_of_a_bay_are_checked(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[sensor:a]\nkind = parking\noccupied_below = 80 cm\n");
    assert_int_equal(loaded.findings.count, 0);
    assert_true(loaded.settings->sensor[0].occupied_below_m == 0.8);
    assert_true(loaded.settings->sensor[0].free_above_m == 1);
    assert_int_equal(loaded.settings->sensor[0].hold_us, 0); // it posts when it is sure
    unload(&loaded);
    loaded = load_after_gateway(PORT "codec = a02yyuw\n"
                                     "[sensor:a]\nkind = parking\nsource = serial:kerb\noccupied_below = 80 cm\n");
    assert_int_equal(loaded.findings.count, 0);
    assert_int_equal(loaded.settings->sensor[0].hold_us, 2000000);
    unload(&loaded);
    expect_nothing("[sensor:a]\nkind = parking\noccupied_below = 1 m\nfree_above = 1 m\nhold = 0 s\n");
    expect_only("[sensor:a]\nkind = parking\noccupied_below = 1 m\nfree_above = 0.9 m\n", FINDING_DISABLES,
                "c.ini:7: [sensor:a] free_above: it is nearer than occupied_below; expected the same or more");
    expect_only("[sensor:a]\nkind = crowd\noccupied_below = 1 m\n", FINDING_DISABLES,
                "c.ini:6: [sensor:a] occupied_below: only a bay is occupied; expected kind = parking");
    expect_only("[sensor:a]\nkind = parking\nfree_above = 1 m\n", FINDING_DISABLES,
                "c.ini:6: [sensor:a] free_above: it says nothing alone; expected occupied_below, too");
}

static void an_observed_resource_keeps_its_uri(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[sensor:a]\nkind = crowd\nsource = coap://10.0.0.5/people\n");
    assert_int_equal(loaded.findings.count, 0);
    assert_int_equal(loaded.settings->sensor[0].source_type, SOURCE_COAP_OBSERVE);
    assert_string_equal(loaded.settings->sensor[0].source_name, "coap://10.0.0.5/people");
    assert_false(loaded.settings->sensor[0].disabled);
    unload(&loaded);
}

static void sensors_may_share_a_gpsd(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[sensor:a]\nkind = bump\nsource = gpsd://localhost:2947\n"
                                              "[sensor:b]\nkind = bump\nsource = gpsd://localhost:2947\n");
    assert_int_equal(loaded.findings.count, 0);
    assert_int_equal(loaded.settings->sensor[1].source_type, SOURCE_GPSD);
    assert_string_equal(loaded.settings->sensor[1].source_name, "gpsd://localhost:2947");
    unload(&loaded);
}

static void a_coap_sensor_without_a_server_warns(void **state)
{
    (void)state;
    expect_only("[coap]\nlisten =\n[sensor:a]\nkind = crowd\n", FINDING_WARNING,
                "c.ini:6: [sensor:a] source: [coap] listen is empty; nothing will arrive");
}

static void an_ngsi_ld_outlet_has_a_name_and_an_address(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[ngsi-ld:orion]\nurl = https://orion.example\ntenant = osaka\n"
                                              "service_path = /umeda\nstart = oldest\n");
    assert_int_equal(loaded.findings.count, 0);
    assert_int_equal(loaded.settings->ngsi_ld_count, 1);
    assert_string_equal(loaded.settings->ngsi_ld[0].name, "orion");
    assert_string_equal(loaded.settings->ngsi_ld[0].tenant, "osaka");
    assert_string_equal(loaded.settings->ngsi_ld[0].service_path, "/umeda");
    assert_string_equal(loaded.settings->ngsi_ld[0].context, "");
    assert_int_equal(loaded.settings->ngsi_ld[0].start, START_OLDEST);
    unload(&loaded);
}

static void another_room_can_disable_a_sensor(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[sensor:a]\nkind = crowd\n");
    struct settings_sensor *sensor = loaded.settings->sensor;
    settings_disable_sensor(loaded.settings, sensor, &loaded.findings, sensor->origin, "map.x", "no %s; expected one",
                            "x");
    settings_disable_sensor(loaded.settings, sensor, &loaded.findings, sensor->origin, NULL, "second");
    assert_found(&loaded, FINDING_DISABLES, "c.ini:4: [sensor:a] map.x: no x; expected one");
    assert_found(&loaded, FINDING_DISABLES, "c.ini:4: [sensor:a]: second");
    assert_true(sensor->disabled);
    assert_string_equal(sensor->disabled_reason, "map.x: no x; expected one");
    unload(&loaded);
}

static void an_address_given_twice_to_coap_stops(void **state)
{
    (void)state;
    expect_only("[coap]\nlisten = 127.0.0.1:5683 [::1]:5683 127.0.0.1:5683\n", FINDING_STOPS,
                "c.ini:5: [coap] listen: 127.0.0.1:5683 is given twice; expected each address once");
    expect_only("[coap]\nlisten = [::1]:5683 [0:0::1]:5683\n", FINDING_STOPS,
                "c.ini:5: [coap] listen: [0:0::1]:5683 is given twice; expected each address once");
    expect_only("[coap]\nlisten = 127.0.0.1:5683\ndtls_listen = [::1]:5684 127.0.0.1:5683\n", FINDING_STOPS,
                "c.ini:6: [coap] dtls_listen: 127.0.0.1:5683 is given twice; expected each address once");
    expect_nothing("[coap]\nlisten = 127.0.0.1:5683 127.0.0.1:5685 127.0.0.2:5683 [::1]:5683\n");
}

static void refusing_when_full_without_an_outlet_warns(void **state)
{
    (void)state;
    expect_only(
        "[buffer]\nwhen_full = refuse\n", FINDING_WARNING,
        "c.ini:5: [buffer] when_full: no outlet takes readings away, so a full buffer refuses every further one; "
        "expected an [mqtt] or [influxdb] section");
    expect_nothing("[buffer]\nwhen_full = refuse\n[mqtt]\nurl = mqtt://127.0.0.1\n");
    expect_nothing("[buffer]\nwhen_full = refuse\n[influxdb]\nurl = http://127.0.0.1\n");
}

static void what_makes_a_sensor_ill_has_its_defaults(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[sensor:a]\nkind = parking\n[sensor:b]\nkind = environment\n"
                                              "[sensor:c]\nkind = environment\nstuck_after = 0 s\nstale_after = 0 s\n"
                                              "battery_low_v = 3500 mV\n[device:d]\nkind = environment\n"
                                              "[sensor:e]\ndevice = d\n");
    const struct settings_sensor *sensors = loaded.settings->sensor;
    assert_int_equal(loaded.findings.count, 0);
    assert_int_equal(sensors[0].stuck_after_us, 0);
    assert_true(sensors[0].frozen_after_us == INT64_C(86400000000));
    assert_true(sensors[0].battery_low_pct == 15 && sensors[0].battery_low_v == 0);
    assert_true(sensors[0].battery_days_us == 30 * INT64_C(86400000000));
    assert_true(sensors[1].stuck_after_us == INT64_C(86400000000));
    assert_int_equal(sensors[2].stuck_after_us, 0);
    assert_int_equal(sensors[2].stale_after_us, 0);
    assert_true(sensors[2].battery_low_v == 3.5);
    assert_true(sensors[3].stuck_after_us == INT64_C(86400000000));
    unload(&loaded);
}

static void limits_that_healthy_sensors_pass_are_told(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[sensor:a]\nkind = crowd\nstuck_after = 59 min\nfrozen_after = 1 "
                                              "s\nbattery_low = 20 %\nbattery_low_v = 3.2 V\n");
    assert_found(
        &loaded, FINDING_WARNING,
        "c.ini:6: [sensor:a] stuck_after: this is so short that healthy sensors will be reported; expected 1 h "
        "or more, or 0 s");
    assert_found(&loaded, FINDING_WARNING,
                 "c.ini:7: [sensor:a] frozen_after: this is so short that healthy sensors will be reported; expected 1 "
                 "h or more, or 0 s");
    assert_found(&loaded, FINDING_WARNING,
                 "c.ini:8: [sensor:a] battery_low: this is not looked at where battery_low_v is given; expected "
                 "one of the two");
    unload(&loaded);
    expect_only("[sensor:a]\nkind = crowd\nbattery_low = 99 %\n", FINDING_DISABLES,
                "c.ini:6: [sensor:a] battery_low: \"99 %\" is out of range; expected 0 %..90 %");
    expect_only(
        "[sensor:a]\nkind = crowd\nbattery_low = 3.3 V\n", FINDING_DISABLES,
        "c.ini:6: [sensor:a] battery_low: the unit of \"3.3 V\" is not known; expected a percentage such as 15 %");
    expect_only("[sensor:a]\nkind = crowd\nbattery_low_v = 3.3\n", FINDING_DISABLES,
                "c.ini:6: [sensor:a] battery_low_v: \"3.3\" has no unit; expected a voltage such as 3.3 V");
}

static void a_buffer_too_small_for_its_sensors_warns(void **state)
{
    (void)state;
    expect_only(
        "[buffer]\nmax_size = 1 MB\n[sensor:a]\nkind = crowd\nstale_after = 2 s\n", FINDING_WARNING,
        "c.ini:5: [buffer] max_size: this holds about 2.2 h of readings even if every sensor reports only once per "
        "stale_after; min_autonomy wants 24.0 h");
    expect_nothing("[buffer]\nmax_size = 1 MB\nmin_autonomy = 2 h\n[sensor:a]\nkind = crowd\nstale_after = 2 s\n");
    expect_nothing("[buffer]\nmax_size = 1 MB\n[sensor:a]\nkind = crowd\nstale_after = 30 s\n");
    expect_nothing("[buffer]\nmax_size = 1 MB\n[sensor:a]\nkind = crowd\nstale_after = 0 s\n"); // who knows
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sensor_without_its_port_is_disabled_with_a_reason),
        cmocka_unit_test(a_sensor_of_a_disabled_port_is_disabled),
        cmocka_unit_test(references_care_for_case),
        cmocka_unit_test(a_sensor_without_its_zone_is_disabled),
        cmocka_unit_test(a_wrong_zone_disables_itself_alone),
        cmocka_unit_test(a_wrong_profile_disables_its_sensors),
        cmocka_unit_test(a_sensor_takes_its_kind_from_its_profile),
        cmocka_unit_test(an_address_given_twice_names_both_lines_and_disables_the_second),
        cmocka_unit_test(an_id_that_is_anothers_address_is_found),
        cmocka_unit_test(addresses_of_two_files_name_both_files),
        cmocka_unit_test(outlets_with_one_name_name_both_lines),
        cmocka_unit_test(several_outlets_of_a_type_have_names_and_client_ids),
        cmocka_unit_test(http_beyond_loopback_needs_a_token),
        cmocka_unit_test(a_password_over_plain_mqtt_to_another_machine_warns),
        cmocka_unit_test(a_certificate_needs_its_key),
        cmocka_unit_test(influxdb_v2_needs_a_bucket),
        cmocka_unit_test(half_a_position_warns),
        cmocka_unit_test(the_distances_of_a_bay_are_checked),
        cmocka_unit_test(an_observed_resource_keeps_its_uri),
        cmocka_unit_test(sensors_may_share_a_gpsd),
        cmocka_unit_test(a_coap_sensor_without_a_server_warns),
        cmocka_unit_test(an_ngsi_ld_outlet_has_a_name_and_an_address),
        cmocka_unit_test(another_room_can_disable_a_sensor),
        cmocka_unit_test(an_address_given_twice_to_coap_stops),
        cmocka_unit_test(refusing_when_full_without_an_outlet_warns),
        cmocka_unit_test(what_makes_a_sensor_ill_has_its_defaults),
        cmocka_unit_test(limits_that_healthy_sensors_pass_are_told),
        cmocka_unit_test(a_buffer_too_small_for_its_sensors_warns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
