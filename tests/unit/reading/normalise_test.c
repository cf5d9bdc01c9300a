// SPDX-License-Identifier: Apache-2.0
#include "one_sensor.h"

static void fields_with_the_names_of_quantities_are_taken(void **state)
{
    (void)state;
    open_one(KIND_PARKING)->zone = "lot";
    street->context.unauthenticated = true;
    street_bool(street, "one:occupied", true);
    street_number(street, "one/battery_v", "V", 3.61);
    street_text(street, "one:state", "calibrating");
    assert_taken();
    const struct reading *reading = street_reading(street, 0);
    assert_int_equal(street->pack.count, 1);
    assert_string_equal(street->pack.readings[0].sensor->settings->id, "one");
    assert_int_equal(reading->kind, KIND_PARKING);
    assert_string_equal(reading->zone, "lot");
    assert_true(reading->unauthenticated);
    assert_int_equal(reading->quality, QUALITY_GOOD);
    assert_int_equal(reading->refused_count, 0);
    assert_int_equal(reading->value_count, 3);
    assert_string_equal(reading->values[0].name, "occupied");
    assert_int_equal(reading->values[0].type, VALUE_BOOL);
    assert_true(reading->values[0].boolean);
    assert_true(reading->values[1].number == 3.61);
    assert_string_equal(reading->values[2].text, "calibrating");
}

static void only_the_identity_that_a_sensor_names_reports_it(void **state)
{
    (void)state;
    static const struct {
        const char *sensor, *client;
        bool taken;
    } cases[] = {{"kerb-1", "kerb-1", true}, {"kerb-1", "kerb-2", false}, {"kerb-1", NULL, false},
                 {"", NULL, true},           {"", "kerb-1", false},       {NULL, NULL, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_one(KIND_PARKING)->psk_identity = cases[i].sensor;
        street->context.identity = cases[i].client;
        street_bool(street, "one:occupied", true);
        if (cases[i].taken)
            assert_taken();
        else
            assert_refused(REFUSAL_IDENTITY, "one");
        if (i + 1 < sizeof cases / sizeof *cases) {
            tear_down(state);
            set_up(state);
        }
    }
}

static void fields_of_lwm2m_need_no_map(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one:3431/0/1", true);
    street_number(street, "one:3303/0/5700", "Cel", 21);
    street_number(street, "one:3/0/9", "", 88);
    assert_taken();
    assert_true(street_value(street_reading(street, 0), "occupied")->boolean);
    assert_true(street_number_of(street, 0, "temperature_c") == 21);
    assert_true(street_number_of(street, 0, "battery_pct") == 88);
    street_bool(street, "one:3302/0/5500", false);
    assert_taken();
    assert_false(street_value(street_reading(street, 0), "occupied")->boolean);
    street_bool(street, "one:/3431/0/1", true); // as some devices write it
    street_number(street, "one:3330/0/5700", "m", 1.5);
    street_number(street, "one:3431/0/2", "s", 600);
    assert_taken();
    assert_true(street_value(street_reading(street, 0), "occupied")->boolean);
    assert_true(street_number_of(street, 0, "distance_m") == 1.5);
    assert_true(street_number_of(street, 0, "duration_s") == 600);
    street_number(street, "one:3434/0/1", "count", 12); // a crowd's field in a bay
    assert_refused(REFUSAL_UNKNOWN_FIELD, "3434/0/1");
}

static void an_unknown_field_is_ignored_and_counted(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one:occupied", true);
    street_number(street, "one:firmware", "", 7);
    street_text(street, "one:serial", "x");
    assert_taken();
    assert_int_equal(street->pack.unknown_fields, 2);
    assert_int_equal(street_reading(street, 0)->value_count, 1);
}

static void a_pack_of_nothing_but_unknown_fields_is_refused_with_the_nearest_names(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one:ocupied", true);
    street_number(street, "one:\x1b[2Jzzzzzzzzzzzzz", "", 7);
    assert_refused(REFUSAL_UNKNOWN_FIELD,
                   "the sensor one of kind parking has no quantity for \"ocupied\" (occupied?), \"");
    assert_null(strchr(street->why.text, '\x1b'));
    for (int i = 0; i < 5; i++)
        street_number(street, "one:zzzzzzzzzzz", "", 7);
    assert_refused(REFUSAL_UNKNOWN_FIELD, "\"zzzzzzzzzzz\", ...");
}

static void a_long_field_name_leaves_room_for_the_sentence(void **state)
{
    (void)state;
    static char name[5000];
    memset(name, 'z', sizeof name - 1);
    memcpy(name, "one:", 4);
    open_one(KIND_ENVIRONMENT);
    for (int i = 0; i < 3; i++)
        street_number(street, name, "", 7);
    assert_refused(REFUSAL_UNKNOWN_FIELD, "add a map.* to its section");
    street_number(street, "one:temperature_c", name, 7);
    assert_refused(REFUSAL_UNIT, "does not fit temperature_c; expected Cel");
}

static void a_pack_without_a_value_is_refused(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    assert_refused(REFUSAL_UNKNOWN_FIELD, "no value");
    street_number(street, "nobody:x", "", 1)->type = RAW_NONE; // no value, no sum
    assert_refused(REFUSAL_UNKNOWN_FIELD, "no value");
}

static void an_unknown_sensor_refuses_the_whole_pack_and_is_named_as_it_was_called(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one:occupied", true);
    street_bool(street, "urn:dev:mac:0024befffe804ff1:occupied", true);
    assert_refused(REFUSAL_UNKNOWN_SENSOR, "urn:dev:mac:0024befffe804ff1:occupied");
    assert_string_equal(street->why.text, "urn:dev:mac:0024befffe804ff1:occupied");
    street_bool(street, "occupied", true);
    assert_refused(REFUSAL_UNKNOWN_SENSOR, "occupied");
    street_bool(street, "one:occupied", true);
    street->context.source = "sim";
    assert_refused(REFUSAL_UNKNOWN_SENSOR, "one:occupied");
}

static void times_are_the_sensors_or_receptions(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one:occupied", true);
    street_at(street_bool(street, "one:occupied", true), RAW_TIME_RELATIVE, -5000000);
    street_at(street_bool(street, "one:occupied", true), RAW_TIME_ABSOLUTE, 1276020076001000);
    street_at(street_number(street, "one:battery_v", "", 3), RAW_TIME_RELATIVE, 0);
    street->context.clock_synchronised = false;
    assert_taken();
    assert_int_equal(street->pack.count, 3);
    assert_int_equal(street_reading(street, 0)->time_us, street_now_us);
    assert_int_equal(street_reading(street, 0)->time_quality, TIME_ESTIMATED);
    assert_int_equal(street_reading(street, 0)->value_count, 2);
    assert_int_equal(street_reading(street, 1)->time_us, street_now_us - 5000000);
    assert_int_equal(street_reading(street, 1)->time_quality, TIME_ESTIMATED); // as good as the clock it counts from
    assert_int_equal(street_reading(street, 2)->time_us, 1276020076001000);
    assert_int_equal(street_reading(street, 2)->time_quality, TIME_SENSOR);
    street->context.clock_synchronised = true;
    street_bool(street, "one:occupied", true);
    street_at(street_bool(street, "one:occupied", true), RAW_TIME_RELATIVE, -5000000);
    assert_taken();
    assert_int_equal(street_reading(street, 0)->time_quality, TIME_SYNCED);
    assert_int_equal(street_reading(street, 1)->time_quality, TIME_SENSOR);
}

static void no_time_leaves_the_calendar(void **state)
{
    (void)state;
    static const struct {
        enum raw_time time;
        int64_t given, expected;
    } rows[] = {
        {RAW_TIME_ABSOLUTE, INT64_MAX, INT64_C(253402300799999999)},
        {RAW_TIME_ABSOLUTE, INT64_MIN, 0},
        {RAW_TIME_RELATIVE, INT64_MAX, INT64_C(253402300799999999)},
        {RAW_TIME_RELATIVE, INT64_MIN, 0},
        {RAW_TIME_ABSOLUTE, 0, 0},
    };
    open_one(KIND_PARKING);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        street_at(street_bool(street, "one:occupied", true), rows[i].time, rows[i].given);
        assert_taken();
        assert_int_equal(street_reading(street, 0)->time_us, rows[i].expected);
    }
}

static void records_of_one_sensor_and_time_make_one_reading_in_order_of_appearance(void **state)
{
    (void)state;
    street_sensor(street, "two", KIND_CROWD, "coap", "two");
    open_one(KIND_PARKING);
    street_at(street_number(street, "one:battery_v", "", 3), RAW_TIME_ABSOLUTE, 20);
    street_at(street_number(street, "two:people", "", 4), RAW_TIME_ABSOLUTE, 20);
    street_at(street_number(street, "one:battery_v", "", 5), RAW_TIME_ABSOLUTE, 10);
    street_at(street_number(street, "one:confidence", "", 1), RAW_TIME_ABSOLUTE, 20);
    assert_taken();
    assert_int_equal(street->pack.count, 3);
    assert_int_equal(street_reading(street, 0)->value_count, 2);
    assert_string_equal(street->pack.readings[1].sensor->settings->id, "two");
    assert_int_equal(street_reading(street, 2)->time_us, 10);
}

static void a_name_that_is_the_address_alone_feeds_the_main_quantity(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one", true);
    assert_taken();
    assert_true(street_value(street_reading(street, 0), "occupied")->boolean);
    street_number(street, "one", "/", 0);
    assert_taken();
    assert_false(street_value(street_reading(street, 0), "occupied")->boolean);
    assert_true(taken_as("", "Cel", 21, "temperature_c") == 21); // by its unit
    street_number(street, "one", "m/s2", 1);
    assert_refused(REFUSAL_UNIT, "does not fit occupied");
}

static void a_name_that_is_the_address_alone_feeds_the_only_map(void **state)
{
    (void)state;
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_ENVIRONMENT, "coap", "one");
    street_map(street, sensor, "water_level_m", "raw")->factor = 0.01;
    street_open(street);
    assert_true(taken_as("", "", 123, "water_level_m") == 1.23);
}

static void without_a_unit_a_nameless_value_of_many_quantities_is_unknown(void **state)
{
    (void)state;
    open_one(KIND_ENVIRONMENT);
    street_number(street, "one", "", 20);
    assert_refused(REFUSAL_UNKNOWN_FIELD, "no quantity for \"\"");
    street_number(street, "one", "m/s", 20); // mean wind or gust
    assert_refused(REFUSAL_UNKNOWN_FIELD, "one of kind environment");
}

// RFC 8428 section 5.1.3: humidity, position and battery under one name, told apart by their units.
static void the_moving_device_of_the_rfc_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        double value;
        int64_t time_s;
    } rows[] = {
        {"%RH", 20, 0},         {"lon", 24.30621, 0},  {"lat", 60.07965, 0}, {"%RH", 20.3, 60},
        {"lon", 24.30622, 60},  {"lat", 60.07965, 60}, {"%RH", 20.7, 120},   {"lon", 24.30623, 120},
        {"lat", 60.07966, 120}, {"%EL", 98, 150},      {"%RH", 21.2, 180},   {"lon", 24.30628, 180},
        {"lat", 60.07967, 180},
    };
    const char *name = "urn:dev:ow:10e2073a01080063";
    street_sensor(street, "van", KIND_ENVIRONMENT, "coap", name);
    street_open(street);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        street_at(street_number(street, name, rows[i].unit, rows[i].value), RAW_TIME_ABSOLUTE,
                  (1320067464 + rows[i].time_s) * 1000000);
    assert_taken();
    assert_int_equal(street->pack.count, 5);
    assert_true(street_number_of(street, 0, "humidity_pct") == 20);
    assert_true(street_number_of(street, 1, "longitude") == 24.30622);
    assert_true(street_number_of(street, 2, "latitude") == 60.07966);
    assert_true(street_number_of(street, 3, "battery_pct") == 98);
    assert_true(street_number_of(street, 4, "humidity_pct") == 21.2);
    assert_int_equal(street_reading(street, 3)->value_count, 1);
}

// RFC 8428 section 5.1.6: two devices in one pack.
static void the_two_devices_of_the_rfc_are_told_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct settings_sensor *sensor =
            street_sensor(street, i ? "b" : "a", KIND_ENVIRONMENT, "coap", i ? "2001:db8::1" : "2001:db8::2/");
        street_map(street, sensor, "temperature_c", "temperature");
        street_map(street, sensor, "humidity_pct", "humidity");
    }
    street_open(street);
    street_number(street, "2001:db8::2/temperature", "Cel", 25.2);
    street_number(street, "2001:db8::2/humidity", "%RH", 30);
    street_number(street, "2001:db8::1/temperature", "Cel", 12.3);
    street_number(street, "2001:db8::1/humidity", "%RH", 67);
    assert_taken();
    assert_int_equal(street->pack.count, 2);
    assert_true(street_number_of(street, 0, "temperature_c") == 25.2);
    assert_true(street_number_of(street, 1, "humidity_pct") == 67);
}

static void a_request_that_names_the_sensor_needs_only_fields(void **state)
{
    (void)state;
    struct settings_sensor *other = street_sensor(street, "other", KIND_PARKING, "coap", "mac-2");
    struct settings_sensor *sensor = street_sensor(street, "bay", KIND_PARKING, "coap", "mac-1:");
    (void)other, (void)sensor;
    street_open(street);
    street->context.sensor = sensors_find(street->sensors, "bay");
    street_bool(street, "occupied", true);
    street_number(street, "3303/0/5700", "Cel", 7);
    street_number(street, "mac-1:battery_v", "", 3);
    street_number(street, "bay:confidence", "", 1);
    assert_taken();
    assert_int_equal(street->pack.count, 1);
    assert_int_equal(street_reading(street, 0)->value_count, 4);
    street_number(street, "", "", 1); // a text/plain body
    assert_taken();
    assert_true(street_value(street_reading(street, 0), "occupied")->boolean);
    street_number(street, "bay", "", 0);
    assert_taken();
    assert_false(street_value(street_reading(street, 0), "occupied")->boolean);
    street_bool(street, "mac-2:occupied", true);
    assert_refused(REFUSAL_UNKNOWN_FIELD, "record 1 names the sensor other, but the request is for bay");
    street_bool(street, "mac-3:occupied", true);
    assert_refused(REFUSAL_UNKNOWN_FIELD, "mac-3:occupied");
}

static void nobody_speaks_by_radio_for_a_sensor_on_a_line(void **state)
{
    (void)state;
    street_sensor(street, "door", KIND_CROWD, "serial:door", "door");
    street_open(street);
    street->context.sensor = sensors_find(street->sensors, "door");
    street_number(street, "people", "", 3);
    assert_refused(REFUSAL_IDENTITY,
                   "the sensor door belongs to source = serial:door; it cannot be reported through coap");
    street->context.source = "serial:door";
    street_number(street, "people", "", 3);
    assert_taken();
}

static void the_only_sensor_of_a_serial_line_needs_no_address(void **state)
{
    (void)state;
    street_sensor(street, "door", KIND_CROWD, "serial:door", "door");
    street_sensor(street, "left", KIND_CROWD, "serial:gate", "left");
    street_sensor(street, "right", KIND_CROWD, "serial:gate", "right");
    street_sensor(street, "bay", KIND_PARKING, "coap", "bay");
    street_open(street);
    street->context.source = "serial:door";
    street_number(street, "people", "", 3);
    street_number(street, "door:in_total", "", 9);
    assert_taken();
    assert_int_equal(street_reading(street, 0)->value_count, 2);
    street_number(street, "", "", 4);
    assert_taken();
    assert_true(street_number_of(street, 0, "people") == 4);
    street_number(street, "windows", "", 4);
    assert_refused(REFUSAL_UNKNOWN_SENSOR, "windows");
    street->context.source = "serial:gate";
    street_number(street, "people", "", 3);
    assert_refused(REFUSAL_UNKNOWN_SENSOR, "people");
    street->context.source = "coap"; // by radio anybody could say just "occupied"
    street_bool(street, "occupied", true);
    assert_refused(REFUSAL_UNKNOWN_SENSOR, "occupied");
}

static void too_many_readings_in_a_pack_are_refused(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    for (int i = 0; i < PACK_READINGS_MAX; i++)
        street_at(street_bool(street, "one:occupied", true), RAW_TIME_ABSOLUTE, i);
    assert_taken();
    assert_int_equal(street->pack.count, PACK_READINGS_MAX);
    for (int i = 0; i <= PACK_READINGS_MAX; i++)
        street_at(street_bool(street, "one:occupied", true), RAW_TIME_ABSOLUTE, i);
    assert_refused(REFUSAL_LENGTH, "more than 128 readings in one pack");
}

static void too_many_values_in_a_reading_are_refused(void **state)
{
    (void)state;
    static char names[READING_VALUES_MAX + 1][24];
    open_one(KIND_GENERIC);
    for (int count = READING_VALUES_MAX; count <= READING_VALUES_MAX + 1; count++) {
        for (int i = 0; i < count; i++) {
            snprintf(names[i], sizeof names[i], "one:probe_%d_c", i);
            street_number(street, names[i], "", i);
        }
        if (count == READING_VALUES_MAX) {
            assert_taken();
            assert_int_equal(street_reading(street, 0)->value_count, READING_VALUES_MAX);
        } else {
            assert_refused(REFUSAL_LENGTH, "more than 48 values in one reading of one");
        }
    }
}

static void what_was_left_of_an_old_pack_does_not_show_in_a_new_one(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    memset(&street->pack, 0xa5, sizeof street->pack);
    street_bool(street, "one:occupied", false);
    assert_taken();
    struct bytes stored;
    struct reading decoded;
    bytes_init(&stored, 4096);
    reading_encode(street_reading(street, 0), &stored);
    assert_int_equal(reading_decode(stored.data, stored.used, &decoded), 0);
    assert_int_equal(decoded.value_count, 1);
    assert_int_equal(decoded.refused_count, 0);
    assert_int_equal(decoded.quality, QUALITY_GOOD);
    assert_false(decoded.unauthenticated);
    assert_string_equal(decoded.zone, "");
    bytes_finish(&stored);
}

static void a_refusal_needs_nobody_to_tell(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "nobody", true);
    assert_int_equal(normalise(&street->context, &street->raw, &street->pack, NULL), REFUSAL_UNKNOWN_SENSOR);
    raw_pack_clear(&street->raw);
    street_bool(street, "one:zzzzzzzzz", true);
    assert_int_equal(normalise(&street->context, &street->raw, &street->pack, NULL), REFUSAL_UNKNOWN_FIELD);
}

static void who_cannot_say_it_again_is_taken_in_parts(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street->context.takes_parts = true;
    street_bool(street, "nobody:occupied", true);
    street_bool(street, "one:occupied", true);
    street_bool(street, "other:occupied", true);
    assert_int_equal(street_take(street), REFUSAL_NONE);
    assert_int_equal(street->pack.count, 1);
    assert_int_equal(street->pack.unknown_records, 2);
    assert_int_equal(street->pack.unknown_record, 0);
    street_bool(street, "nobody:occupied", true);
    assert_int_equal(street_take(street), REFUSAL_UNKNOWN_SENSOR); // nothing is left
    assert_string_equal(street->why.text, "nobody:occupied");
    street->context.takes_parts = false;
    street_bool(street, "one:occupied", true);
    street_bool(street, "nobody:occupied", true);
    assert_int_equal(street_take(street), REFUSAL_UNKNOWN_SENSOR);
    assert_int_equal(street->pack.unknown_record, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(fields_with_the_names_of_quantities_are_taken),
        TEST(who_cannot_say_it_again_is_taken_in_parts),
        TEST(only_the_identity_that_a_sensor_names_reports_it),
        TEST(fields_of_lwm2m_need_no_map),
        TEST(an_unknown_field_is_ignored_and_counted),
        TEST(a_pack_of_nothing_but_unknown_fields_is_refused_with_the_nearest_names),
        TEST(a_long_field_name_leaves_room_for_the_sentence),
        TEST(a_pack_without_a_value_is_refused),
        TEST(an_unknown_sensor_refuses_the_whole_pack_and_is_named_as_it_was_called),
        TEST(times_are_the_sensors_or_receptions),
        TEST(no_time_leaves_the_calendar),
        TEST(records_of_one_sensor_and_time_make_one_reading_in_order_of_appearance),
        TEST(a_name_that_is_the_address_alone_feeds_the_main_quantity),
        TEST(a_name_that_is_the_address_alone_feeds_the_only_map),
        TEST(without_a_unit_a_nameless_value_of_many_quantities_is_unknown),
        TEST(the_moving_device_of_the_rfc_is_understood),
        TEST(the_two_devices_of_the_rfc_are_told_apart),
        TEST(a_request_that_names_the_sensor_needs_only_fields),
        TEST(nobody_speaks_by_radio_for_a_sensor_on_a_line),
        TEST(the_only_sensor_of_a_serial_line_needs_no_address),
        TEST(too_many_readings_in_a_pack_are_refused),
        TEST(too_many_values_in_a_reading_are_refused),
        TEST(what_was_left_of_an_old_pack_does_not_show_in_a_new_one),
        TEST(a_refusal_needs_nobody_to_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
