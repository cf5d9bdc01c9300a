// SPDX-License-Identifier: Apache-2.0
#include "checked_settings.h"

#include "serial_name.h"

static void sensors_that_plain_coap_shuts_out_are_warned_about(void **state)
{
    (void)state;
    static const char sensor[] = "[sensor:a]\nkind = crowd\nsource = coap\n";
    static const struct {
        const char *coap;
        size_t findings;
    } cases[] = {{"", 1},
                 {"[coap]\nlisten = 127.0.0.1:5683 192.0.2.1:5683\n", 1},
                 {"[coap]\nlisten = 127.0.0.1:5683 [::1]:5683\n", 0},
                 {"[coap]\nallow_plain = yes\n", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct settings *settings = load_with_coap(sensor, cases[i].coap);
        drivers_check(settings, &findings);
        assert_int_equal(findings.count, cases[i].findings);
        if (findings.count)
            assert_found(0, FINDING_WARNING, "allow_plain");
        clean(NULL);
        settings_destroy(settings);
    }
    struct settings *settings = load_with_coap("[sensor:a]\nkind = crowd\nsource = sim\n", "");
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 0);
    settings_destroy(settings);
}

static void observed_resources_are_bounded_and_have_one_identity(void **state)
{
    (void)state;
    static char text[400 * 80];
    size_t used = 0;
    for (int i = 0; i < 205; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "[sensor:s%d]\nkind = crowd\nsource = coap://127.0.0.1/%d\n", i, i);
    for (int i = 0; i < 5; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "[sensor:t%d]\nkind = crowd\nsource = coap://127.0.0.1/0\n", i);
    struct settings *settings = load(text);
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 5);
    assert_found(0, FINDING_DISABLES, "more than 200 resources");
    assert_false(settings->sensor[199].disabled || settings->sensor[205].disabled);
    assert_true(settings->sensor[200].disabled && settings->sensor[204].disabled);
    settings_destroy(settings);
    clean(NULL);

    char keys[] = "/tmp/citygw-keys-XXXXXX", coap[120];
    static const char pairs[] = "[psk]\na = 00112233\nb = 44556677\n";
    int fd = mkstemp(keys);
    assert_int_equal(write(fd, pairs, sizeof pairs - 1), sizeof pairs - 1);
    close(fd);
    snprintf(coap, sizeof coap, "[coap]\nlisten =\npsk_file = %s\n", keys);
    settings = load_with_coap("[sensor:s]\nkind = crowd\nsource = coaps://127.0.0.1/x\npsk_identity = a\n"
                              "[sensor:t]\nkind = crowd\nsource = coaps://127.0.0.1/x\npsk_identity = b\n"
                              "[sensor:u]\nkind = crowd\nsource = coaps://127.0.0.1/x\npsk_identity = a\n"
                              "[sensor:v]\nkind = crowd\nsource = coaps://127.0.0.1/x\npsk_identity = c\n",
                              coap);
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 2);
    assert_found(0, FINDING_DISABLES, "[sensor:s] asks the same resource as a; expected the same psk_identity");
    assert_found(1, FINDING_DISABLES, "has no key for it");
    settings_destroy(settings);
    unlink(keys);
}

static void an_efento_sensor_needs_its_serial_number(void **state)
{
    (void)state;
    struct settings *settings = load("[sensor:a]\nkind = environment\ncodec = efento\naddress = 282C02424EED\n"
                                     "[sensor:b]\nkind = environment\ncodec = efento\n"
                                     "[sensor:c]\nkind = environment\ncodec = efento\naddress = 282c02424eed\n");
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 2);
    assert_found(0, FINDING_DISABLES, "[sensor:a] address: expected the serial number");
    assert_found(1, FINDING_DISABLES, "[sensor:b] address: expected the serial number");
    settings_destroy(settings);
}

static void a_file_of_keys_does_not_depend_on_the_folder(void **state)
{
    (void)state;
    struct settings *settings =
        load_with_coap("[sensor:a]\nkind = crowd\n", "[coap]\nlisten = 127.0.0.1:5683\npsk_file = psk.ini\n");
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 1);
    assert_found(0, FINDING_STOPS,
                 "\"psk.ini\" depends on where the gateway is started; expected a path that begins with /");
    settings_destroy(settings);
}

static void a_port_as_it_should_be_gives_no_finding(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/a", "senml", 3), port("gate", "/dev/b", "text", 7)};
    struct settings_sensor sensors[] = {sensor_of("kerb"), sensor_of("gate")};
    check(serial, 2, sensors, 2);
    assert_int_equal(findings.count, 0);
    assert_false(serial[0].disabled || serial[1].disabled);
}

static void senml_is_merged_only_where_the_ini_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *codec, *line;
        int64_t us;
    } rows[] = {
        {"senml", "", 0},
        {"senml", "report_interval = 1 s\n", 1000000},
        {"senml", "report_interval = 5 s\n", 5000000},
        {"text", "", 1000000},
        {"ld2450", "report_interval = 0 s\n", 0},
        {"ld2450", "", 1000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char ini[300];
        snprintf(ini, sizeof ini,
                 "[serial:kerb]\ndevice = /dev/a\ncodec = %s\n%s[sensor:a]\nkind = crowd\nsource = serial:kerb\n",
                 rows[i].codec, rows[i].line);
        struct settings *settings = load(ini);
        drivers_check(settings, &findings);
        assert_int_equal(settings->serial[0].report_interval_us, rows[i].us);
        settings_destroy(settings);
    }
}

static void a_port_whose_name_may_change_is_warned_about(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/ttyUSB0", "senml", 3),
                                       port("gate", "/dev/serial/by-id/x", "senml", 7),
                                       port("ours", "/dev/ttyS0", "senml", 9)};
    struct settings_sensor sensors[] = {sensor_of("kerb"), sensor_of("gate"), sensor_of("ours")};
    check(serial, 3, sensors, 3);
    assert_int_equal(findings.count, 1);
    assert_found(0, FINDING_WARNING,
                 "[serial:kerb] device: /dev/ttyUSB0 may be another port after the next start; expected");
    assert_false(serial[0].disabled);
}

static void a_lasting_name_is_found_by_where_it_leads(void **state)
{
    (void)state;
    char folder[] = "/tmp/citygw-names-XXXXXX", port_path[64], link[64], name[PATH_MAX];
    assert_non_null(mkdtemp(folder));
    snprintf(port_path, sizeof port_path, "%s/.port", folder);
    snprintf(link, sizeof link, "%s/pci-usb-0:1", folder);
    fclose(fopen(port_path, "w"));
    assert_false(serial_name_lasting(folder, port_path, name));
    assert_int_equal(symlink(".port", link), 0);
    assert_true(serial_name_lasting(folder, port_path, name));
    assert_string_equal(name, link);
    assert_false(serial_name_lasting(folder, "/nowhere", name));
    assert_false(serial_name_lasting("/nowhere", port_path, name));
    unlink(link);
    unlink(port_path);
    rmdir(folder);
}

static void an_unknown_codec_disables_the_port_and_its_sensors_and_names_the_nearest(void **state)
{
    (void)state;
    struct settings *settings = load("[serial:kerb]\ndevice = /dev/a\ncodec = senlm\n"
                                     "[sensor:a]\nkind = crowd\nsource = serial:kerb\n"
                                     "[sensor:b]\nkind = crowd\nsource = serial:kerb\n"
                                     "[sensor:c]\nkind = crowd\nsource = coap\n");
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 3);
    assert_found(0, FINDING_DISABLES, ":3: [serial:kerb] codec: \"senlm\" is not a codec; did you mean \"senml\"?");
    assert_found(1, FINDING_DISABLES,
                 ":6: [sensor:a] source: section [serial:kerb] is wrong; expected it to be put right first");
    assert_found(2, FINDING_DISABLES, "[sensor:b] source: section [serial:kerb] is wrong");
    assert_true(settings->serial[0].disabled);
    assert_true(settings->sensor[0].disabled);
    assert_string_equal(settings->sensor[1].disabled_reason,
                        "source: section [serial:kerb] is wrong; expected it to be put right first");
    assert_false(settings->sensor[2].disabled);
    settings_destroy(settings);
}

static void a_port_that_is_wrong_already_is_looked_at_all_the_same(void **state)
{
    (void)state;
    struct settings *settings = load("[serial:kerb]\ndevice = /dev/a\ncodec = senlm\nbaud = fast\n");
    drivers_check(settings, &findings);
    assert_found(0, FINDING_DISABLES, ":3: [serial:kerb] codec: \"senlm\" is not a codec");
    settings_destroy(settings);
}

static void a_sensor_that_is_disabled_already_keeps_its_reason(void **state)
{
    (void)state;
    struct settings *settings = load("[serial:kerb]\ndevice = /dev/a\ncodec = senlm\n"
                                     "[sensor:a]\nkind = crowds\nsource = serial:kerb\n");
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 1);
    assert_non_null(strstr(settings->sensor[0].disabled_reason, "crowds"));
    settings_destroy(settings);
}

static void a_codec_like_no_other_gets_an_example(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/a", "\x1b[31mzzzzzzzzzzzz", 3)};
    check(serial, 1, NULL, 0);
    assert_found(0, FINDING_DISABLES, "\"\\x1b[31mzzzzzzzzzzzz\" is not a codec; expected one such as \"senml\"");
}

static void a_port_needs_a_codec(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/a", "", 3)};
    check(serial, 1, NULL, 0);
    assert_found(0, FINDING_DISABLES, "[serial:kerb] codec: missing");
}

static void a_codec_without_frames_is_not_for_a_port(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/a", "senml-cbor", 3)};
    check(serial, 1, NULL, 0);
    assert_found(0, FINDING_DISABLES, "[serial:kerb] codec: \"senml-cbor\" does not work on a serial line");
    assert_true(serial[0].disabled);
}

static void two_ports_on_one_device_are_both_named_and_the_second_disabled(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/a", "senml", 3), port("gate", "/dev/a", "senml", 7)};
    struct settings_modbus modbus[] = {{.origin = {"lot.ini", 9}, .name = "lot", .device = "/dev/a"}};
    struct settings_sensor sensors[] = {sensor_of("kerb")};
    struct settings settings = {
        .serial = serial, .serial_count = 2, .modbus = modbus, .modbus_count = 1, .sensor = sensors, .sensor_count = 1};
    drivers_check(&settings, &findings);
    assert_int_equal(findings.count, 2);
    assert_found(0, FINDING_DISABLES,
                 "city.ini:7: [serial:gate] device: /dev/a is already used by [serial:kerb] in line 3; expected");
    assert_found(1, FINDING_DISABLES,
                 "lot.ini:9: [modbus:lot] device: /dev/a is already used by [serial:kerb] in line 3 of city.ini; "
                 "expected");
    assert_false(serial[0].disabled);
    assert_true(serial[1].disabled);
    assert_true(modbus[0].disabled);
}

static void the_sensors_of_a_port_on_anothers_device_are_disabled(void **state)
{
    (void)state;
    struct settings *settings = load("[serial:kerb]\ndevice = /dev/a\n[modbus:lot]\ndevice = /dev/a\n"
                                     "[sensor:a]\nkind = crowd\nsource = serial:kerb\n"
                                     "[sensor:b]\nkind = crowd\nsource = modbus:lot\n");
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 2);
    assert_found(1, FINDING_DISABLES, "[sensor:b] source: section [modbus:lot] is wrong");
    assert_false(settings->sensor[0].disabled);
    assert_true(settings->sensor[1].disabled);
    settings_destroy(settings);
}

static void a_link_to_a_device_is_the_device(void **state)
{
    (void)state;
    char link[] = "/tmp/citygw-check-XXXXXX";
    int fd = mkstemp(link);
    assert_true(fd >= 0);
    close(fd);
    unlink(link);
    assert_int_equal(symlink("/dev/null", link), 0);
    struct settings_serial serial[] = {port("kerb", "/dev/null", "senml", 3), port("gate", link, "senml", 7)};
    struct settings_sensor sensors[] = {sensor_of("kerb")};
    check(serial, 2, sensors, 1);
    unlink(link);
    assert_int_equal(findings.count, 1);
    assert_found(0, FINDING_DISABLES, "is already used by [serial:kerb]");
}

static void a_disabled_port_shares_with_nobody(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/a", "senml", 3), port("gate", "/dev/a", "senml", 7)};
    struct settings_sensor sensors[] = {sensor_of("gate")};
    serial[0].disabled = true;
    check(serial, 2, sensors, 1);
    assert_int_equal(findings.count, 0);
    assert_false(serial[1].disabled);
}

static void frames_that_name_no_sensor_are_of_one_alone(void **state)
{
    (void)state;
    static const char *const codec_names[] = {"nmea", "tfmini", "text", "senml"};
    for (size_t i = 0; i < sizeof codec_names / sizeof *codec_names; i++) {
        struct settings_serial serial[] = {port("kerb", "/dev/a", codec_names[i], 3)};
        struct settings_sensor sensors[] = {sensor_of("kerb"), sensor_of("kerb")};
        sensors[1].id = "t";
        check(serial, 1, sensors, 2);
        assert_int_equal(findings.count, i < 3);
        if (i < 3)
            assert_found(0, FINDING_WARNING, "[serial:kerb] codec: its frames name no sensor, and both s and t report");
        clean(state);
    }
}

static void a_port_without_sensors_is_a_warning(void **state)
{
    (void)state;
    struct settings_serial serial[] = {port("kerb", "/dev/a", "senml", 3)};
    struct settings_sensor sensors[] = {sensor_of("other")};
    check(serial, 1, sensors, 1);
    assert_int_equal(findings.count, 1);
    assert_found(0, FINDING_WARNING, "city.ini:3: [serial:kerb]");
    assert_false(serial[0].disabled);
}

static void an_unknown_codec_of_a_sensor_disables_the_sensor(void **state)
{
    (void)state;
    struct settings *settings = load("[sensor:bay-1]\nkind = parking\nsource = coap\ncodec = txt\n"
                                     "[sensor:bay-2]\nkind = parking\nsource = coap\ncodec = text\n");
    assert_int_equal(settings->sensor_count, 2);
    drivers_check(settings, &findings);
    assert_int_equal(findings.count, 1);
    assert_found(0, FINDING_DISABLES, "[sensor:bay-1] codec: \"txt\" is not a codec; did you mean \"text\"?");
    assert_true(settings->sensor[0].disabled);
    assert_non_null(strstr(settings->sensor[0].disabled_reason, "txt"));
    assert_false(settings->sensor[1].disabled);
    settings_destroy(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(sensors_that_plain_coap_shuts_out_are_warned_about, clean),
        cmocka_unit_test_teardown(observed_resources_are_bounded_and_have_one_identity, clean),
        cmocka_unit_test_teardown(an_efento_sensor_needs_its_serial_number, clean),
        cmocka_unit_test_teardown(a_file_of_keys_does_not_depend_on_the_folder, clean),
        cmocka_unit_test_teardown(a_port_as_it_should_be_gives_no_finding, clean),
        cmocka_unit_test_teardown(senml_is_merged_only_where_the_ini_says_so, clean),
        cmocka_unit_test_teardown(a_port_whose_name_may_change_is_warned_about, clean),
        cmocka_unit_test_teardown(a_lasting_name_is_found_by_where_it_leads, clean),
        cmocka_unit_test_teardown(an_unknown_codec_disables_the_port_and_its_sensors_and_names_the_nearest, clean),
        cmocka_unit_test_teardown(a_port_that_is_wrong_already_is_looked_at_all_the_same, clean),
        cmocka_unit_test_teardown(a_sensor_that_is_disabled_already_keeps_its_reason, clean),
        cmocka_unit_test_teardown(the_sensors_of_a_port_on_anothers_device_are_disabled, clean),
        cmocka_unit_test_teardown(a_codec_like_no_other_gets_an_example, clean),
        cmocka_unit_test_teardown(a_port_needs_a_codec, clean),
        cmocka_unit_test_teardown(a_codec_without_frames_is_not_for_a_port, clean),
        cmocka_unit_test_teardown(two_ports_on_one_device_are_both_named_and_the_second_disabled, clean),
        cmocka_unit_test_teardown(a_link_to_a_device_is_the_device, clean),
        cmocka_unit_test_teardown(a_disabled_port_shares_with_nobody, clean),
        cmocka_unit_test_teardown(frames_that_name_no_sensor_are_of_one_alone, clean),
        cmocka_unit_test_teardown(a_port_without_sensors_is_a_warning, clean),
        cmocka_unit_test_teardown(an_unknown_codec_of_a_sensor_disables_the_sensor, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
