// SPDX-License-Identifier: Apache-2.0
#include "coap_peer.h"

/*
 * Payloads that are not SenML: read by the codec that the sensor's section names.
 */

enum { OCTETS = 42, URI_QUERY = 15 };

static struct settings_sensor sensors[] = {
    {.id = "pls-1", .codec = "bosch-parking", .source_type = SOURCE_COAP},
    {.id = "bay-1", .codec = "", .source_type = SOURCE_COAP},
    {.id = "lib-1", .codec = "libelium-parking", .source_type = SOURCE_COAP},
    {.id = "off-1", .codec = "bosch-parking", .source_type = SOURCE_COAP, .disabled = true},
};

static int set_up_codecs(void **state)
{
    (void)state;
    make_driver("127.0.0.1");
    fixture.settings.sensor = sensors;
    fixture.settings.sensor_count = sizeof sensors / sizeof *sensors;
    driver_coap.destroy(fixture.driver); // made before it had sensors
    struct fault why = {0};
    assert_int_equal(driver_coap.create(&fixture.settings, "", &fixture.host, &fixture.driver, &why), 0);
    open_made_driver();
    fixture.settle_at_once = true;
    return 0;
}

static int code_for(unsigned id, const char *where, int format, unsigned port, const void *data, size_t size)
{
    char query[16];
    struct message m = message(CON, POST, id, "c");
    path(&m, where);
    if (format >= 0)
        number_option(&m, CONTENT_FORMAT, (unsigned)format);
    if (port)
        option(&m, URI_QUERY, query, (size_t)snprintf(query, sizeof query, "port=%u", port));
    payload(&m, data, size);
    return ask(&m).code;
}

static void a_sensors_codec_reads_octets_and_what_has_no_format(void **state)
{
    (void)state;
    static const uint8_t info[] = {0x80, 0x04, 0x1e, 0x01, 0xad, 0x10, 0x93, 0x93, 0xee, 0x00, 0xc7};
    assert_int_equal(code_for(1, "readings/lib-1", OCTETS, 0, info, sizeof info), 204);
    assert_string_equal(fixture.sensor, "lib-1");
    assert_int_equal(fixture.value_count, 7);
    assert_string_equal(fixture.value_name, "occupied");
    assert_int_equal(code_for(2, "readings/lib-1", -1, 0, info, sizeof info), 204);
    assert_int_equal(code_for(3, "readings/lib-1", OCTETS, 0, info, sizeof info - 1), 400);
    assert_int_equal(fixture.emits, 2);
}

static void octets_of_a_sensor_that_nobody_knows_go_to_the_host(void **state)
{
    (void)state;
    assert_int_equal(code_for(1, "readings/new-1", OCTETS, 0, "\x01\x02", 2), 204); // this host takes them
    assert_string_equal(fixture.sensor, "new-1");
    assert_int_equal(fixture.value_count, 1);
    assert_string_equal(fixture.value_name, "");
    assert_int_equal(code_for(2, "readings/off-1", OCTETS, 0, "\x01\x02", 2), 204);
    assert_int_equal(code_for(3, "readings/bay-1", OCTETS, 0, "\x01\x02", 2), 415);
    assert_int_equal(fixture.emits, 2);
}

static void a_sensor_with_a_codec_may_speak_senml_too(void **state)
{
    (void)state;
    assert_int_equal(code_for(1, "readings/lib-1", 110, 0, SENML, strlen(SENML)), 204);
}

static void the_port_decides_where_the_codec_knows_ports(void **state)
{
    (void)state;
    assert_int_equal(code_for(1, "readings/pls-1", OCTETS, 1, "\x01", 1), 204);
    assert_int_equal(code_for(2, "readings/pls-1", OCTETS, 7, "\x01", 1), 422);
    assert_int_equal(fixture.last_refusal, REFUSAL_UNKNOWN_FIELD);
    assert_int_equal(code_for(2, "readings/pls-1", OCTETS, 1, "\x01", 1), 204); // another request, by its port alone
}

static void the_number_of_a_frame_is_a_value_of_the_sensor_that_the_path_names(void **state)
{
    (void)state;
    struct message m;
    for (unsigned id = 1; id <= 3; id++) { // the first two differ in that number alone
        m = message(CON, POST, id < 3 ? 1 : 3, "c");
        path(&m, id < 3 ? "readings/pls-1" : "readings");
        number_option(&m, CONTENT_FORMAT, id < 3 ? OCTETS : 110);
        option(&m, URI_QUERY, id == 1 ? "fcnt=0" : "fcnt=4294967295", id == 1 ? 6 : 15);
        payload(&m, id < 3 ? "\x01" : SENML, id < 3 ? 1 : strlen(SENML));
        assert_int_equal(ask(&m).code, 204);
        assert_int_equal(fixture.emits, id);
        if (id == 1)
            assert_int_equal(fixture.value_count, 2);
    }
    assert_int_equal(fixture.value_count, 1);
}

static void lwm2m_resources_are_of_the_object_of_the_sensors_kind_or_of_the_one_told(void **state)
{
    (void)state;
    enum { TLV = 11542 };
    assert_int_equal(code_for(1, "readings/bay-1", TLV, 0, "\xc1\x01\x01", 3), 204);
    assert_string_equal(fixture.value_name, "3431/0/1");
    struct message m = message(CON, POST, 2, "c");
    path(&m, "readings/bay-1");
    number_option(&m, CONTENT_FORMAT, TLV);
    option(&m, URI_QUERY, "object=3303", 11);
    payload(&m, "\xe4\x16\x44\x41\xbc\0\0", 7);
    assert_int_equal(ask(&m).code, 204);
    assert_string_equal(fixture.value_name, "3303/0/5700");
    assert_int_equal(code_for(3, "readings", TLV, 0, "\xc1\x01\x01", 3), 415);
}

static void who_has_no_codec_is_told_so(void **state)
{
    (void)state;
    assert_int_equal(code_for(1, "readings/bay-1", OCTETS, 0, "\x01", 1), 415);
    assert_int_equal(code_for(2, "readings", OCTETS, 0, "\x01", 1), 415);
    assert_int_equal(fixture.last_refusal, REFUSAL_FORMAT);
    assert_int_equal(fixture.emits, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sensors_codec_reads_octets_and_what_has_no_format, set_up_codecs, tear_down),
        cmocka_unit_test_setup_teardown(octets_of_a_sensor_that_nobody_knows_go_to_the_host, set_up_codecs, tear_down),
        cmocka_unit_test_setup_teardown(a_sensor_with_a_codec_may_speak_senml_too, set_up_codecs, tear_down),
        cmocka_unit_test_setup_teardown(the_port_decides_where_the_codec_knows_ports, set_up_codecs, tear_down),
        cmocka_unit_test_setup_teardown(the_number_of_a_frame_is_a_value_of_the_sensor_that_the_path_names,
                                        set_up_codecs, tear_down),
        cmocka_unit_test_setup_teardown(lwm2m_resources_are_of_the_object_of_the_sensors_kind_or_of_the_one_told,
                                        set_up_codecs, tear_down),
        cmocka_unit_test_setup_teardown(who_has_no_codec_is_told_so, set_up_codecs, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
