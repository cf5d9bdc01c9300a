// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "unknown.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char coap[] = "coap", serial[] = "serial:kerb";
static struct settings settings;
static struct findings findings;
static struct sensors *sensors;
static struct unknowns *unknowns;
static struct raw_pack raw;

static int set_up(void **state)
{
    static struct settings_sensor known = {
        .id = "bay-9", .kind = KIND_PARKING, .source = "coap", .address = "x", .device = ""};
    (void)state;
    settings = (struct settings){.sensor = &known, .sensor_count = 1};
    assert_int_equal(sensors_create(&settings, &findings, &sensors), 0);
    unknowns = unknowns_create();
    raw_pack_clear(&raw);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unknowns_destroy(unknowns);
    sensors_destroy(sensors);
    findings_finish(&findings);
    return 0;
}

static void note(const char *source, const char *name, const char *identity, int64_t time_us)
{
    struct driver_pack pack = {.raw = &raw, .identity = identity};
    raw_pack_clear(&raw);
    raw_pack_bool(&raw, name, true);
    unknowns_note(unknowns, source, &pack, 0, sensors, time_us);
}

static json_t *written(void)
{
    struct bytes out;
    struct json json;
    bytes_init(&out, 1 << 20);
    json_begin(&json, &out);
    unknowns_write(unknowns, sensors, 2000000, &json);
    json_t *document = json_loadb((const char *)out.data, out.used, 0, NULL);
    assert_non_null(document);
    bytes_finish(&out);
    return document;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static bool is_listed(const char *address)
{
    bool found = false;
    size_t index;
    json_t *sender, *document = written();
    json_array_foreach(json_object_get(document, "senders"), index, sender)
    {
        found |= strcmp(text_of(sender, "address"), address) == 0;
    }
    json_decref(document);
    return found;
}

static void a_stranger_is_listed_with_its_last_values(void **state)
{
    (void)state;
    struct driver_pack pack = {.raw = &raw, .identity = "kerb"};
    note(coap, "bay-9:occupied", "kerb", 0);
    raw_pack_clear(&raw);
    raw_pack_bool(&raw, "bay-9:occupied", true);
    raw_pack_number(&raw, "bay-9:battery", "V", 3.5);
    unknowns_note(unknowns, coap, &pack, 0, sensors, 1000000);
    json_t *document = written();
    json_t *sender = json_array_get(json_object_get(document, "senders"), 0);
    char *text = json_dumps(sender, JSON_COMPACT);
    assert_string_equal(text, "{\"source\":\"coap\",\"address\":\"bay-9\",\"identity\":\"kerb\",\"id\":\"bay-9-2\","
                              "\"kind\":\"parking\",\"first_seen\":\"1970-01-01T00:00:00.000Z\","
                              "\"last_seen\":\"1970-01-01T00:00:01.000Z\",\"packs\":2,\"values\":["
                              "{\"field\":\"occupied\",\"value\":true,\"fits\":true},"
                              "{\"field\":\"battery\",\"value\":3.5,\"unit\":\"V\",\"fits\":false}],\"more\":0}");
    free(text);
    json_decref(document);
}

static void source_address_and_identity_tell_strangers_apart(void **state)
{
    (void)state;
    note(coap, "a:occupied", NULL, 0);
    note(serial, "a:occupied", NULL, 0);
    note(coap, "a:occupied", "kerb", 0);
    note(coap, "b:occupied", NULL, 0);
    note(coap, "b:occupied", NULL, 0);
    assert_int_equal(unknowns_count(unknowns), 4);
}

static void no_two_strangers_get_one_id(void **state)
{
    (void)state;
    note(coap, "urn:aa:probe-1:occupied", NULL, 0);
    note(coap, "urn:bb:probe-1:occupied", NULL, 0);
    json_t *document = written(), *list = json_object_get(document, "senders");
    assert_string_equal(text_of(json_array_get(list, 0), "id"), "probe-1");
    assert_string_equal(text_of(json_array_get(list, 1), "id"), "probe-1-2");
    json_decref(document);
}

static void the_longest_list_fits_an_answer(void **state)
{
    enum { ANSWER_BYTES = 224 * 1024 };
    (void)state;
    char names[UNKNOWNS_MAX][500];
    static char text[64], unit[16];
    memset(text, '\x01', sizeof text - 1);
    memset(unit, '\x01', sizeof unit - 1);
    for (size_t i = 0; i < UNKNOWNS_MAX; i++) {
        struct driver_pack pack = {.raw = &raw};
        raw_pack_clear(&raw);
        memset(names[i], 'a', sizeof names[i]);
        snprintf(names[i] + 400, sizeof names[i] - 400, "%02zu:%090d", i, 0);
        for (int n = 0; n < 20; n++) {
            struct raw_value *value = raw_pack_add(&raw);
            *value = (struct raw_value){.name = names[i], .unit = unit, .type = RAW_TEXT, .text = text};
        }
        unknowns_note(unknowns, coap, &pack, 0, sensors, 0);
    }
    assert_int_equal(unknowns_count(unknowns), UNKNOWNS_MAX);
    struct bytes out;
    struct json json;
    bytes_init(&out, 1 << 20);
    json_begin(&json, &out);
    unknowns_write(unknowns, sensors, 0, &json);
    assert_in_range(out.used, ANSWER_BYTES / 8, ANSWER_BYTES);
    assert_null(strstr((const char *)out.data, "\"values\":null"));
    bytes_finish(&out);
}

static void bytes_are_shown_as_digits(void **state)
{
    (void)state;
    struct driver_pack pack = {.raw = &raw, .sensor = "new"};
    struct raw_value *value = raw_pack_add(&raw);
    static char bytes[100] = {'\0', '\x0a', '\xff'};
    value->type = RAW_DATA;
    value->text = bytes;
    value->text_size = sizeof bytes;
    unknowns_note(unknowns, coap, &pack, 0, sensors, 0);
    json_t *document = written();
    json_t *sender = json_array_get(json_object_get(document, "senders"), 0);
    json_t *shown = json_array_get(json_object_get(sender, "values"), 0);
    assert_string_equal(text_of(shown, "hex"), "000aff00");
    assert_int_equal(json_integer_value(json_object_get(shown, "bytes")), 100);
    assert_string_equal(text_of(sender, "address"), "new");
    json_decref(document);
}

static void what_a_stranger_overheard_is_not_shown(void **state)
{
    (void)state;
    struct driver_pack pack = {.raw = &raw, .sensor = "wifi-9"};
    raw_pack_number(&raw, "people", "count", 7);
    raw_pack_number(&raw, "24:0a:c4:9b:01:7f", "dBm", -60);
    raw_pack_text(&raw, "last", "240AC49B017F");
    raw_pack_number(&raw, "imsi", "440101234567890", 440101234567890);
    unknowns_note(unknowns, coap, &pack, 0, sensors, 0);
    json_t *document = written();
    json_t *sender = json_array_get(json_object_get(document, "senders"), 0);
    char *text = json_dumps(json_object_get(sender, "values"), JSON_COMPACT);
    assert_string_equal(text, "[{\"field\":\"people\",\"value\":7,\"unit\":\"count\",\"fits\":true},"
                              "{\"field\":\"…(17)\",\"value\":-60,\"unit\":\"dBm\",\"fits\":false},"
                              "{\"field\":\"last\",\"value\":\"…(12)\",\"fits\":false},"
                              "{\"field\":\"imsi\",\"value\":\"…(15)\",\"unit\":\"…(15)\",\"fits\":false}]");
    free(text);
    json_decref(document);
}

static void what_is_long_is_cut_and_counted(void **state)
{
    (void)state;
    static char text[1000], unit[1000];
    struct driver_pack pack = {.raw = &raw};
    memset(text, '\x01', sizeof text - 1);
    memset(unit, '\x01', sizeof unit - 1);
    for (size_t i = 0; i < 100; i++) {
        struct raw_value *value = raw_pack_add(&raw);
        value->name = "a:x";
        value->unit = unit;
        value->type = RAW_TEXT;
        value->text = text;
        value->text_size = sizeof text - 1;
    }
    unknowns_note(unknowns, coap, &pack, 0, sensors, 0);
    json_t *document = written();
    json_t *sender = json_array_get(json_object_get(document, "senders"), 0);
    size_t shown = json_array_size(json_object_get(sender, "values"));
    assert_true(shown > 0 && shown <= 16);
    assert_int_equal(json_integer_value(json_object_get(sender, "more")), 100 - shown);
    json_decref(document);
}

static void the_one_that_was_silent_longest_makes_room(void **state)
{
    char name[32];
    (void)state;
    for (int i = 0; i < UNKNOWNS_MAX; i++) {
        snprintf(name, sizeof name, "n%d:occupied", i);
        note(coap, name, NULL, i);
    }
    note(coap, "n0:occupied", NULL, 1000);
    note(coap, "late:occupied", NULL, 1001);
    assert_int_equal(unknowns_count(unknowns), UNKNOWNS_MAX);
    assert_int_equal(unknowns_forgotten(unknowns), 1);
    assert_true(is_listed("n0"));
    assert_false(is_listed("n1"));
    assert_true(is_listed("late"));
}

static void who_proved_an_identity_is_not_pushed_out_by_who_did_not(void **state)
{
    char name[32];
    (void)state;
    for (int i = 0; i < UNKNOWNS_MAX - 1; i++) {
        snprintf(name, sizeof name, "n%d:occupied", i);
        note(coap, name, "kerb", i);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "made-up-%d:occupied", i);
        note(coap, name, NULL, 1000 + i);
    }
    assert_true(is_listed("n0"));
    assert_true(is_listed("made-up-999"));
    note(coap, "last:occupied", "kerb", 5000);
    assert_false(is_listed("made-up-999"));
    note(coap, "too-late:occupied", NULL, 6000);
    assert_false(is_listed("too-late"));
    assert_true(is_listed("n0"));
    note(coap, "newest:occupied", "kerb", 7000);
    assert_false(is_listed("n0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stranger_is_listed_with_its_last_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(source_address_and_identity_tell_strangers_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_two_strangers_get_one_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_longest_list_fits_an_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_are_shown_as_digits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_stranger_overheard_is_not_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_long_is_cut_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_one_that_was_silent_longest_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_proved_an_identity_is_not_pushed_out_by_who_did_not, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
