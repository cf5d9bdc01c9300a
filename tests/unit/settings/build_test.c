// SPDX-License-Identifier: Apache-2.0
#include "loaded.h"
#include <math.h>
#include <stdlib.h>

#define MQTT "[mqtt]\nurl = mqtt://127.0.0.1\n"   // lines 4 and 5 after GATEWAY
#define SENSOR "[sensor:bay-1]\nkind = parking\n" // the same

static void the_smallest_configuration_has_every_default(void **state)
{
    (void)state;
    struct loaded loaded = load_text(GATEWAY);
    assert_nothing_found(&loaded);
    const struct settings *settings = loaded.settings;
    assert_string_equal(settings->gateway.language, "ja");
    assert_string_equal(settings->gateway.timezone, "Asia/Tokyo");
    assert_int_equal(settings->gateway.status_interval_us, 300000000);
    assert_int_equal(settings->gateway.clock_wait_us, 120000000);
    assert_string_equal(settings->buffer.path, "/var/lib/citygw/buffer");
    assert_int_equal(settings->buffer.max_size_bytes, 2000000000);
    assert_int_equal(settings->buffer.max_age_us, INT64_C(2592000000000));
    assert_int_equal(settings->buffer.keep_delivered_us, INT64_C(86400000000));
    assert_int_equal(settings->buffer.commit_interval_us, 100000);
    assert_int_equal(settings->buffer.when_full, FULL_DROP_OLDEST);
    assert_false(settings->coap.present);
    assert_string_equal(settings->coap.listen, "0.0.0.0:5683 [::]:5683");
    assert_false(settings->coap.allow_plain);
    assert_int_equal(settings->coap.max_body_bytes, 8000);
    assert_true(settings->coap.rate_limit == 20);
    assert_false(settings->coap.limits_loopback);
    assert_string_equal(settings->http.listen, "127.0.0.1:8088");
    assert_string_equal(settings->http.socket, "/run/citygw/http.sock");
    assert_string_equal(settings->http.token_file, "");
    assert_int_equal(settings->buffer.origin.line, 0);
    assert_string_equal(settings->buffer.origin.file, "c.ini");
    assert_int_equal(settings->gateway.origin.line, 1);
    unload(&loaded);
}

static void an_outlet_has_its_defaults(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(MQTT "[influxdb:city]\nurl = http://[::1]:8086\n");
    assert_nothing_found(&loaded);
    const struct settings_mqtt *mqtt = loaded.settings->mqtt;
    assert_int_equal(loaded.settings->mqtt_count, 1);
    assert_string_equal(mqtt->name, "mqtt");
    assert_string_equal(mqtt->client_id, "citygw-271004-umeda-01-mqtt");
    assert_string_equal(mqtt->topic_prefix, "citygw/v1");
    assert_int_equal(mqtt->version, 5);
    assert_true(mqtt->backlog_rate == 500);
    assert_int_equal(mqtt->max_rate_bytes, 0);
    assert_int_equal(mqtt->keep_alive_us, 60000000);
    assert_int_equal(mqtt->in_flight, 100);
    assert_string_equal(mqtt->username, "");
    assert_int_equal(mqtt->origin.line, 4);
    const struct settings_influxdb *influxdb = loaded.settings->influxdb;
    assert_string_equal(influxdb->name, "city");
    assert_int_equal(influxdb->api, 1);
    assert_string_equal(influxdb->database, "city");
    assert_int_equal(influxdb->batch_lines, 5000);
    assert_true(influxdb->gzip);
    unload(&loaded);
}

static void a_sensor_has_its_defaults(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(SENSOR);
    assert_nothing_found(&loaded);
    const struct settings_sensor *sensor = loaded.settings->sensor;
    assert_string_equal(sensor->id, "bay-1");
    assert_string_equal(sensor->address, "bay-1");
    assert_string_equal(sensor->source, "coap");
    assert_int_equal(sensor->source_type, SOURCE_COAP);
    assert_string_equal(sensor->source_name, "");
    assert_true(isnan(sensor->latitude) && isnan(sensor->longitude));
    assert_int_equal(sensor->stale_after_us, INT64_C(1800000000));
    assert_false(sensor->report_changes);
    assert_false(sensor->disabled);
    assert_string_equal(sensor->disabled_reason, "");
    unload(&loaded);
}

static void sections_and_keys_do_not_care_for_case_and_values_do(void **state)
{
    (void)state;
    struct loaded loaded =
        load_text("[GateWay]\nID = umeda-01\nMunicipality = 271004\n[SENSOR:Bay-1]\nKIND = parking\n");
    assert_nothing_found(&loaded);
    assert_string_equal(loaded.settings->sensor[0].id, "Bay-1");
    unload(&loaded);
    expect_only("[sensor:a]\nkind = Parking\n", FINDING_DISABLES,
                "c.ini:5: [sensor:a] kind: \"Parking\" is not known, perhaps \"parking\" is meant; expected one of: "
                "parking | bump | crowd | traffic | environment | generic");
}

static void an_empty_value_is_the_default(void **state)
{
    (void)state;
    struct loaded loaded =
        load_after_gateway(MQTT "max_rate =\nin_flight =\nclient_id = ; x\n[sensor:a]\nkind = crowd\n"
                                "latitude =\nstale_after =\n");
    assert_nothing_found(&loaded);
    assert_int_equal(loaded.settings->mqtt[0].in_flight, 100);
    assert_true(isnan(loaded.settings->sensor[0].latitude));
    unload(&loaded);
}

static void an_empty_listen_switches_off(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[coap]\nlisten =\n[http]\nlisten =\n");
    assert_nothing_found(&loaded);
    assert_true(loaded.settings->coap.present);
    assert_string_equal(loaded.settings->coap.listen, "");
    assert_string_equal(loaded.settings->http.listen, "");
    unload(&loaded);
}

static void a_bool_leaves_its_neighbours_alone(void **state)
{
    (void)state;
    struct loaded loaded =
        load_after_gateway("[coap]\nallow_plain = yes\n[influxdb]\nurl = http://127.0.0.1\nstart = oldest\n"
                           "drain = in-order\ngzip = off\n[sensor:a]\nkind = generic\nheartbeat = 10 min\n"
                           "report = changes\n");
    assert_int_equal(loaded.findings.warnings, 0);
    assert_true(loaded.settings->coap.allow_plain);
    assert_int_equal(loaded.settings->coap.max_body_bytes, 8000);
    assert_false(loaded.settings->influxdb[0].gzip);
    assert_int_equal(loaded.settings->influxdb[0].start, START_OLDEST);
    assert_int_equal(loaded.settings->influxdb[0].drain, DRAIN_IN_ORDER);
    assert_true(loaded.settings->sensor[0].report_changes);
    assert_int_equal(loaded.settings->sensor[0].heartbeat_us, 600000000);
    assert_int_equal(loaded.settings->sensor[0].kind, KIND_GENERIC);
    unload(&loaded);
}

static void blanks_around_the_name_of_a_section_do_not_matter(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[ Sensor : bay-1 ]\nkind = parking\n");
    assert_nothing_found(&loaded);
    assert_string_equal(loaded.settings->sensor[0].id, "bay-1");
    unload(&loaded);
}

static void required_keys_are_asked_for(void **state)
{
    (void)state;
    struct loaded loaded = load_text("[gateway]\nid =\n[mqtt]\n[serial:a]\n");
    assert_found(&loaded, FINDING_STOPS, "c.ini:2: [gateway] id: this key is missing; expected 1 to 32 of a-z 0-9 -");
    assert_found(&loaded, FINDING_STOPS,
                 "c.ini:1: [gateway] municipality: this key is missing; expected a code such as 271004");
    assert_found(&loaded, FINDING_STOPS,
                 "c.ini:3: [mqtt] url: this key is missing; expected an address such as mqtt://HOST:1883 or "
                 "http://HOST:8086");
    assert_found(&loaded, FINDING_DISABLES,
                 "c.ini:4: [serial:a] device: this key is missing; expected the path of a file");
    unload(&loaded);
}

static void a_missing_gateway_section_is_told(void **state)
{
    (void)state;
    struct loaded loaded = load_text("[buffer]\n");
    assert_only(&loaded, FINDING_STOPS,
                "c.ini:1: [gateway]: this section is missing; expected it with id and municipality");
    unload(&loaded);
}

static void an_unknown_key_names_the_nearest(void **state)
{
    (void)state;
    expect_only(
        MQTT "usrname = x\n", FINDING_STOPS,
        "c.ini:6: [mqtt] usrname: this key is not known, perhaps \"username\" is meant; `citygw keys mqtt` lists "
        "them");
    expect_only(SENSOR "maps.occupied = x\n", FINDING_DISABLES,
                "c.ini:6: [sensor:bay-1] maps.occupied: this key is not known, perhaps \"map.\" is meant; `citygw keys "
                "sensor` lists them");
    expect_only(SENSOR "xyzzyplugh = x\n", FINDING_DISABLES,
                "c.ini:6: [sensor:bay-1] xyzzyplugh: this key is not known; `citygw keys sensor` lists them");
}

static void an_unknown_section_stops_and_names_the_nearest(void **state)
{
    (void)state;
    expect_only("[senser:a]\nkind = parking\n", FINDING_STOPS,
                "c.ini:4: [senser:a]: this section is not known, perhaps [sensor] is meant; `citygw keys` lists them");
    expect_only("[xyzzyplugh]\n", FINDING_STOPS,
                "c.ini:4: [xyzzyplugh]: this section is not known; `citygw keys` lists them");
}

static void names_of_sections_are_checked(void **state)
{
    (void)state;
    expect_only("[sensor]\nkind = parking\n", FINDING_DISABLES,
                "c.ini:4: [sensor]: the section has no name; expected [sensor:ID]");
    expect_only("[sensor:]\nkind = parking\n", FINDING_DISABLES,
                "c.ini:4: [sensor]: the section has no name; expected [sensor:ID]");
    expect_only(
        "[sensor:梅田]\nkind = parking\n", FINDING_DISABLES,
        "c.ini:4: [sensor:梅田]: the name is wrong; expected 1 to 64 of A-Z a-z 0-9 _ . - (names for people go into "
        "the key `name`)");
    expect_only("[buffer:x]\n", FINDING_STOPS, "c.ini:4: [buffer:x]: this section takes no name; expected [buffer]");
}

static void a_section_given_twice_names_both_lines(void **state)
{
    (void)state;
    expect_only(SENSOR "[sensor:BAY-1]\nkind = crowd\n", FINDING_DISABLES,
                "c.ini:6: [sensor:BAY-1]: this section stands already in line 4; expected it once");
    struct loaded loaded = load_after_gateway("[gateway]\n");
    assert_only(&loaded, FINDING_STOPS, "c.ini:4: [gateway]: this section stands already in line 1; expected it once");
    unload(&loaded);
}

static void a_key_given_twice_names_both_lines(void **state)
{
    (void)state;
    expect_only(SENSOR "name = a\nNAME = b\n", FINDING_DISABLES,
                "c.ini:7: [sensor:bay-1] NAME: this key stands already in line 6; expected it once");
    expect_only(SENSOR "map.occupied = a\nmap.occupied = b\n", FINDING_DISABLES,
                "c.ini:7: [sensor:bay-1] map.occupied: this key stands already in line 6; expected it once");
}

static void a_key_before_any_section_stops(void **state)
{
    (void)state;
    struct loaded loaded = load_text("id = a\n" GATEWAY);
    assert_only(&loaded, FINDING_STOPS,
                "c.ini:1: id: this key stands before any section; expected a line such as [gateway] above it");
    unload(&loaded);
}

static void a_wrong_line_disables_its_sensor_alone(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(SENSOR "hello\n[sensor:bay-2]\nkind = parking\n");
    assert_only(&loaded, FINDING_DISABLES, "c.ini:6: [sensor:bay-1]: \"hello\" has no =; expected key = value");
    assert_int_equal(loaded.settings->sensor_count, 2);
    assert_true(loaded.settings->sensor[0].disabled);
    assert_string_equal(loaded.settings->sensor[0].disabled_reason, "\"hello\" has no =; expected key = value");
    assert_false(loaded.settings->sensor[1].disabled);
    assert_int_equal(loaded.findings.disabled, 1);
    assert_int_equal(loaded.findings.stops, 0);
    unload(&loaded);
}

static void a_wrong_line_in_an_outlet_stops(void **state)
{
    (void)state;
    expect_only(MQTT "hello\n", FINDING_STOPS, "c.ini:6: [mqtt]: \"hello\" has no =; expected key = value");
}

static void keys_after_an_unclosed_section_do_not_land_in_the_one_before(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(SENSOR "[sensor:bay-2\nname = x\nkind = crowd\n");
    assert_only(&loaded, FINDING_DISABLES,
                "c.ini:6: [sensor:bay-2]: this section is not closed; expected [section] with a ] at its end");
    assert_string_equal(loaded.settings->sensor[0].name, "");
    assert_false(loaded.settings->sensor[0].disabled);
    assert_true(loaded.settings->sensor[1].disabled);
    unload(&loaded);
}

static void a_full_width_section_is_an_error_at_its_own_level(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("［sensor：ｂay-1］\nkind = parking\n");
    assert_only(&loaded, FINDING_DISABLES,
                "c.ini:4: [sensor:bay-1]: \"［\" is a full-width character; expected \"[\" in half width");
    assert_true(loaded.settings->sensor[0].disabled);
    unload(&loaded);
}

static void a_full_width_key_disables_its_sensor(void **state)
{
    (void)state;
    expect_only(SENSOR "ｎame = a\n", FINDING_DISABLES,
                "c.ini:6: [sensor:bay-1]: \"ｎ\" is a full-width character; expected \"n\" in half width");
    expect_only(SENSOR "name＝a\n", FINDING_DISABLES,
                "c.ini:6: [sensor:bay-1]: \"＝\" is a full-width character; expected \"=\" in half width");
}

static void full_width_digits_in_a_number_are_taken_with_a_warning(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(SENSOR "stale_after = １０　min\n");
    assert_only(&loaded, FINDING_WARNING,
                "c.ini:6: [sensor:bay-1] stale_after: full-width digits are read as \"10 min\"; better in half width");
    assert_int_equal(loaded.settings->sensor[0].stale_after_us, 600000000);
    unload(&loaded);
    loaded = load_text("[gateway]\nid = a\nmunicipality = ２７１００４　大阪市\n");
    assert_int_equal(loaded.findings.warnings, 1);
    assert_string_equal(loaded.settings->gateway.municipality, "271004");
    assert_string_equal(loaded.settings->gateway.municipality_name, "大阪市");
    unload(&loaded);
}

static void what_is_not_built_yet_warns_unless_it_is_the_default(void **state)
{
    (void)state;
    expect_nothing(MQTT "format = citygw\nbacklog_rate = 30000/min\nmax_rate =\nbatch = no\ndrain = in-order\n");
    expect_nothing("[coap]\nrate_limit = 20/s\npsk_file = /etc/citygw/coap-psk.ini\n");
    expect_nothing("[buffer]\nmin_autonomy = 1440 min\n");
    expect_nothing(MQTT "format = ngsi-ld\n");
    expect_nothing(MQTT "format = iota-json\napikey = x\napikey.parking = y\n");
    expect_nothing("[zone:a]\nkind = parking\ncategory = offStreet\n");
    expect_only(SENSOR "bump.zpeak = 4 m/s2\n", FINDING_WARNING,
                "c.ini:6: [sensor:bay-1] bump.zpeak: this is not built yet and has no effect so far");
}

static void a_key_that_nothing_reads_warns_when_it_is_set(void **state)
{
    (void)state;
    static const char *const set[] = {
        "[zone:a]\nkind = parking\ncapacity = 50\n", "[zone:a]\nkind = crowd\narea = 100 m2\n",
        "[zone:a]\nkind = crowd\nwidth = 4 m\n", "[zone:a]\nkind = crowd\nname = plaza\n"};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        struct loaded loaded = load_after_gateway(set[i]);
        if (loaded.findings.warnings != 1 || loaded.findings.count != 1)
            print_message("%s", set[i]);
        assert_int_equal(loaded.findings.warnings, 1);
        assert_int_equal(loaded.findings.count, 1);
        assert_non_null(strstr(loaded.findings.list[0].text, ": this is not built yet and has no effect so far"));
        unload(&loaded);
    }
    expect_nothing("[device:a]\nkind = crowd\npoll = 5 s\nmap.in_total = x\n");
}

static void open_keys_are_kept(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway(
        "[sensor:a]\nkind = crowd\nMAP.People = n * -0.5 - 3 1\nrange.people = -1.5 .. 20\n"
        "bump.zpeak = 4 m/s2\n[device:d]\nkind = crowd\nmap.in_total = input:10 u32 swapped * 0.1 Cel\n"
        "map.out_total = input:12 u32\n");
    const struct settings_sensor *sensor = loaded.settings->sensor;
    assert_int_equal(loaded.findings.stops + loaded.findings.disabled, 0);
    assert_int_equal(sensor->map_count, 1);
    assert_string_equal(sensor->maps[0].quantity, "people");
    assert_string_equal(sensor->maps[0].field, "n");
    assert_true(sensor->maps[0].factor == -0.5 && sensor->maps[0].offset == -3);
    assert_string_equal(sensor->maps[0].unit, "1");
    assert_int_equal(sensor->maps[0].origin.line, 6);
    assert_true(sensor->ranges[0].low == -1.5 && sensor->ranges[0].high == 20);
    assert_string_equal(sensor->extras[0].key, "bump.zpeak");
    assert_string_equal(sensor->extras[0].value, "4 m/s2");
    const struct settings_map *maps = loaded.settings->device[0].maps;
    assert_int_equal(loaded.settings->device[0].map_count, 2);
    assert_string_equal(maps[0].field, "input:10 u32 swapped");
    assert_true(maps[0].factor == 0.1);
    assert_string_equal(maps[0].unit, "Cel");
    assert_string_equal(maps[1].field, "input:12 u32");
    assert_string_equal(maps[1].unit, "");
    unload(&loaded);
}

static void a_register_is_several_words_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field, *unit;
        double factor;
    } cases[] = {
        {"input:10 u32", "input:10 u32", "", 1},
        {"input:10 u32 swapped", "input:10 u32 swapped", "", 1},
        {"holding:8 s16 Cel", "holding:8 s16", "Cel", 1},
        {"holding:8 s16 * 0.1 Cel", "holding:8 s16", "Cel", 0.1},
        {"input:1 bit 4", "input:1 bit 4", "", 1},
        {"discrete:1", "discrete:1", "", 1},
        {"coil:3 * -1 + 1", "coil:3", "", -1},
        {"input:10 s", "input:10", "s", 1},
        {"input:x u32", "input:x", "u32", 1},
        {"inputs:1 u32", "inputs:1", "u32", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "[sensor:a]\nkind = crowd\nmap.people = %s\n[device:d]\nkind = crowd\nmap.in = %s\n", cases[i].text,
                 cases[i].text);
        struct loaded loaded = load_after_gateway(text);
        const struct settings_map *map = loaded.settings->sensor[0].maps;
        assert_int_equal(loaded.settings->sensor[0].map_count, 1);
        assert_string_equal(map->field, cases[i].field);
        assert_string_equal(map->unit, cases[i].unit);
        assert_true(map->factor == cases[i].factor);
        if (i < 8) // a profile's other fields may have any words
            assert_string_equal(loaded.settings->device[0].maps[0].field, cases[i].field);
        unload(&loaded);
    }
}

static void a_wrong_map_or_range_is_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"map.x = a * b",    "map.x = a * 0",     "map.x = a + 1 * 2",  "map.x = * 2",
                                 "map.x = a b c",    "map.x =",           "map. = a",           "map.x y = a",
                                 "range.x = 5",      "range.x = 5..",     "range.x = 5..1",     "range.x = a..b",
                                 "range.x = 1..1",   "range.x =",         "range.x = ..",       "map.x = a *",
                                 "range.x = 1..nan", "map.x = a * 1e999", "map.x = a * 1e308",  "map.x = a * 1.1e15",
                                 "map.x = a + 1e16", "map.x = a - 1e308", "range.x = -1e16..0", "range.x = 0..1e308"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[200];
        snprintf(text, sizeof text, SENSOR "%s\n", wrong[i]);
        struct loaded loaded = load_after_gateway(text);
        if (loaded.findings.disabled != 1)
            print_message("taken: %s\n", wrong[i]);
        assert_int_equal(loaded.findings.disabled, 1);
        assert_true(loaded.settings->sensor[0].disabled);
        unload(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_configuration_has_every_default),
        cmocka_unit_test(an_outlet_has_its_defaults),
        cmocka_unit_test(a_sensor_has_its_defaults),
        cmocka_unit_test(sections_and_keys_do_not_care_for_case_and_values_do),
        cmocka_unit_test(an_empty_value_is_the_default),
        cmocka_unit_test(an_empty_listen_switches_off),
        cmocka_unit_test(a_bool_leaves_its_neighbours_alone),
        cmocka_unit_test(blanks_around_the_name_of_a_section_do_not_matter),
        cmocka_unit_test(required_keys_are_asked_for),
        cmocka_unit_test(a_missing_gateway_section_is_told),
        cmocka_unit_test(an_unknown_key_names_the_nearest),
        cmocka_unit_test(an_unknown_section_stops_and_names_the_nearest),
        cmocka_unit_test(names_of_sections_are_checked),
        cmocka_unit_test(a_section_given_twice_names_both_lines),
        cmocka_unit_test(a_key_given_twice_names_both_lines),
        cmocka_unit_test(a_key_before_any_section_stops),
        cmocka_unit_test(a_wrong_line_disables_its_sensor_alone),
        cmocka_unit_test(a_wrong_line_in_an_outlet_stops),
        cmocka_unit_test(keys_after_an_unclosed_section_do_not_land_in_the_one_before),
        cmocka_unit_test(a_full_width_section_is_an_error_at_its_own_level),
        cmocka_unit_test(a_full_width_key_disables_its_sensor),
        cmocka_unit_test(full_width_digits_in_a_number_are_taken_with_a_warning),
        cmocka_unit_test(what_is_not_built_yet_warns_unless_it_is_the_default),
        cmocka_unit_test(a_key_that_nothing_reads_warns_when_it_is_set),
        cmocka_unit_test(open_keys_are_kept),
        cmocka_unit_test(a_register_is_several_words_wherever_it_stands),
        cmocka_unit_test(a_wrong_map_or_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
