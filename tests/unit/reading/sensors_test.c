// SPDX-License-Identifier: Apache-2.0
#include "street.h"

static struct street *street;

static int set_up(void **state)
{
    (void)state;
    street = street_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    street_destroy(street);
    return 0;
}

static const char *found(const char *source, const char *name, const char *expected_field)
{
    const char *field = "untouched";
    const struct sensor *sensor = sensors_by_name(street->sensors, source, name, &field);
    assert_string_equal(field, expected_field);
    return sensor ? sensor->settings->id : "none";
}

static void a_thousand_sensors_are_found_by_id_and_by_name(void **state)
{
    (void)state;
    static char ids[STREET_SENSORS_MAX][16], addresses[STREET_SENSORS_MAX][40], name[64];
    for (int i = 0; i < STREET_SENSORS_MAX; i++) {
        snprintf(ids[i], sizeof ids[i], "bay-%d", i);
        snprintf(addresses[i], sizeof addresses[i], "urn:dev:mac:%016x%s", i * 7919, i % 2 ? ":" : "");
        street_sensor(street, ids[i], KIND_PARKING, i % 3 ? "coap" : "serial:kerb", addresses[i]);
    }
    street_open(street);
    assert_int_equal(sensors_count(street->sensors), STREET_SENSORS_MAX);
    for (int i = 0; i < STREET_SENSORS_MAX; i++) {
        const struct sensor *sensor = sensors_find(street->sensors, ids[i]);
        assert_non_null(sensor);
        assert_string_equal(sensor->settings->id, ids[i]);
        assert_ptr_equal(sensors_at(street->sensors, sensor->index), sensor);
        assert_true(strlen(addresses[i]) < sizeof name - 16);
        snprintf(name, sizeof name, "%.40s%s3431/0/1", addresses[i], i % 2 ? "" : "/");
        assert_string_equal(found(i % 3 ? "coap" : "serial:kerb", name, "3431/0/1"), ids[i]);
        assert_string_equal(found(i % 3 ? "serial:kerb" : "coap", name, "untouched"), "none");
    }
    assert_null(sensors_find(street->sensors, "bay-1000"));
    assert_null(sensors_find(street->sensors, ""));
}

static void a_name_is_the_address_a_separator_and_the_field(void **state)
{
    (void)state;
    street_sensor(street, "bay", KIND_PARKING, "coap", "bay-0123");
    street_sensor(street, "mac", KIND_PARKING, "coap", "urn:dev:mac:0024befffe804ff1:");
    street_sensor(street, "ip", KIND_PARKING, "coap", "2001:db8::2/");
    street_sensor(street, "light", KIND_GENERIC, "coap", "2001:db8::3");
    street_open(street);
    assert_string_equal(found("coap", "bay-0123:occupied", "occupied"), "bay");
    assert_string_equal(found("coap", "bay-0123/occupied", "occupied"), "bay");
    assert_string_equal(found("coap", "bay-0123", ""), "bay");
    assert_string_equal(found("coap", "bay-0123:", ""), "bay");
    assert_string_equal(found("coap", "bay-0123:3431/0/1", "3431/0/1"), "bay");
    assert_string_equal(found("coap", "urn:dev:mac:0024befffe804ff1:3431/0/1", "3431/0/1"), "mac");
    assert_string_equal(found("coap", "urn:dev:mac:0024befffe804ff1:", ""), "mac");
    assert_string_equal(found("coap", "urn:dev:mac:0024befffe804ff1::x", ":x"), "mac");
    assert_string_equal(found("coap", "2001:db8::2/temperature", "temperature"), "ip");
    assert_string_equal(found("coap", "2001:db8::3", ""), "light");
    assert_string_equal(found("coap", "bay-01234:occupied", "untouched"), "none");
    assert_string_equal(found("coap", "bay-012:occupied", "untouched"), "none");
    assert_string_equal(found("coap", "bay-0123.occupied", "untouched"), "none");
    assert_string_equal(found("coap", "urn:dev:mac:0024befffe804ff1", "untouched"), "none");
    assert_string_equal(found("coap", "", "untouched"), "none");
    assert_string_equal(found("coap", ":::///", "untouched"), "none");
    assert_string_equal(found("serial:kerb", "bay-0123:occupied", "untouched"), "none");
}

static void the_longest_address_wins(void **state)
{
    (void)state;
    street_sensor(street, "lamp", KIND_GENERIC, "coap", "pole");
    street_sensor(street, "lamp-air", KIND_GENERIC, "coap", "pole:air");
    street_sensor(street, "lamp-box", KIND_GENERIC, "coap", "pole:air/");
    street_open(street);
    assert_string_equal(found("coap", "pole:temperature_c", "temperature_c"), "lamp");
    assert_string_equal(found("coap", "pole:air:temperature_c", "temperature_c"), "lamp-air");
    assert_string_equal(found("coap", "pole:air", ""), "lamp-air");
    assert_string_equal(found("coap", "pole:air/temperature_c", "temperature_c"), "lamp-box");
}

static void a_lone_sensor_of_a_line_is_found_without_an_address(void **state)
{
    (void)state;
    street_sensor(street, "alone", KIND_CROWD, "serial:door", "alone");
    street_sensor(street, "left", KIND_CROWD, "serial:gate", "left");
    street_sensor(street, "right", KIND_CROWD, "serial:gate", "right");
    street_open(street);
    assert_string_equal(sensors_only(street->sensors, "serial:door")->settings->id, "alone");
    assert_null(sensors_only(street->sensors, "serial:gate"));
    assert_null(sensors_only(street->sensors, "serial:zzz"));
    assert_null(sensors_only(street->sensors, ""));
}

static void a_neighbour_with_a_mistake_still_counts_on_its_line(void **state)
{
    (void)state;
    street_sensor(street, "left", KIND_CROWD, "serial:gate", "left");
    street_sensor(street, "right", KIND_CROWD, "serial:gate", "right")->disabled = true;
    street_open(street);
    assert_int_equal(sensors_count(street->sensors), 1);
    assert_null(sensors_find(street->sensors, "right"));
    assert_null(sensors_only(street->sensors, "serial:gate"));
}

static void a_gateway_without_sensors_finds_none(void **state)
{
    (void)state;
    street_open(street);
    assert_int_equal(sensors_count(street->sensors), 0);
    assert_null(sensors_find(street->sensors, "bay"));
    assert_string_equal(found("coap", "bay:occupied", "untouched"), "none");
    assert_null(sensors_only(street->sensors, "coap"));
    sensors_destroy(NULL);
}

// One sensor with one mistake, beside one without: the mistake is told, and only its sensor is gone.
static void assert_disables(struct settings_sensor *wrong, const char *words)
{
    const char *id = wrong->id;
    street_sensor(street, "good", KIND_PARKING, "coap", "good");
    street_open(street);
    if (!street_told(street, words))
        fail_msg("\"%s\" expected, told: %s", words,
                 street->findings.count ? street->findings.list[0].text : "nothing");
    assert_int_equal(street->findings.count, 1);
    assert_true(wrong->disabled);
    assert_int_equal(sensors_count(street->sensors), 1);
    assert_null(sensors_find(street->sensors, id));
    assert_non_null(sensors_find(street->sensors, "good"));
}

static struct settings_sensor *wrong_sensor(enum kind kind)
{
    return street_sensor(street, "wrong", kind, "coap", "wrong");
}

static void a_map_to_an_unknown_quantity_disables_with_the_nearest_name(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "ocupied", "3431/0/1");
    assert_disables(sensor,
                    "city.ini:40: [sensor:wrong] map.ocupied: a sensor of kind parking has no such quantity; did "
                    "you mean occupied?");
}

static void a_map_to_another_kinds_quantity_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "out_total", "out");
    assert_disables(sensor, "map.out_total: a sensor of kind parking has no such quantity");
}

static void a_map_with_an_unknown_unit_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "battery_v", "3316")->unit = "millivolt";
    assert_disables(sensor, "map.battery_v: unknown unit \"millivolt\"; expected one that converts into V");
}

static void a_map_with_a_unit_of_another_dimension_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "battery_v", "3316")->unit = "Cel";
    assert_disables(sensor, "map.battery_v: the unit \"Cel\" does not fit; expected one that converts into V");
}

static void a_switch_in_percent_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "occupied", "s")->unit = "%";
    assert_disables(sensor, "map.occupied: the unit \"/100\" does not fit; expected one that converts into /");
}

static void a_text_that_is_to_be_multiplied_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "state", "s")->factor = 2;
    assert_disables(sensor, "map.state: a text cannot be multiplied");
}

static void a_range_that_cannot_be_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_range(street, sensor, "battery_pct", 200, 300);
    assert_disables(sensor,
                    "city.ini:50: [sensor:wrong] range.battery_pct: no value can be in that range; expected a part "
                    "of 0..100");
}

static void a_range_from_high_to_low_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_range(street, sensor, "temperature_c", 85, -40);
    assert_disables(sensor, "expected LOW..HIGH");
}

static void a_range_of_a_switch_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_range(street, sensor, "occupied", 0, 1);
    assert_disables(sensor, "only numbers have a range");
}

static void a_range_of_an_unknown_quantity_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_GENERIC);
    street_range(street, sensor, "soil_moisture", 0, 1);
    assert_disables(sensor, "range.soil_moisture: not a known quantity; expected a name that ends in its unit");
}

static void give_profile(struct settings_sensor *sensor, enum kind kind)
{
    static struct settings_map maps[2];
    maps[0] = (struct settings_map){
        .origin = {"counter.ini", 3}, .quantity = "in_total", .field = "input:10 u32", .unit = "", .factor = 1};
    maps[1] = (struct settings_map){
        .origin = {"counter.ini", 4}, .quantity = "battery_v", .field = "input:12", .unit = "mV", .factor = 1};
    street->device[0] = (struct settings_device){.name = "counter", .kind = (int)kind, .maps = maps, .map_count = 2};
    street->settings.device_count = 1;
    sensor->device = "counter";
}

static void a_profile_of_another_kind_disables(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    give_profile(sensor, KIND_CROWD);
    assert_disables(sensor, "device: the profile [device:counter] is for kind crowd; expected kind parking");
}

static void a_profile_with_a_mistake_is_told_once_and_disables_its_sensors(void **state)
{
    (void)state;
    struct settings_sensor *one = street_sensor(street, "one", KIND_CROWD, "coap", "one");
    struct settings_sensor *two = street_sensor(street, "two", KIND_CROWD, "coap", "two");
    give_profile(one, KIND_CROWD);
    two->device = "counter";
    street->device[0].maps[1].unit = "Cel";
    street_open(street);
    assert_true(street_told(street, "counter.ini:4: [device:counter] map.battery_v: the unit \"Cel\" does not fit"));
    assert_true(street_told(street, "[sensor:one] device: the profile [device:counter] has mistakes"));
    assert_true(street_told(street, "[sensor:two] device: the profile [device:counter] has mistakes"));
    assert_int_equal(street->findings.count, 3);
    assert_int_equal(sensors_count(street->sensors), 0);
}

static void every_mistake_of_a_sensor_is_told(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "ocupied", "a");
    street_map(street, sensor, "people", "b");
    street_range(street, sensor, "state", 0, 1);
    street_open(street);
    assert_int_equal(street->findings.count, 3);
}

static void a_sensor_that_settings_refused_is_not_told_again(void **state)
{
    (void)state;
    struct settings_sensor *sensor = wrong_sensor(KIND_PARKING);
    street_map(street, sensor, "ocupied", "a");
    sensor->disabled = true;
    street_open(street);
    assert_int_equal(street->findings.count, 0);
    assert_int_equal(sensors_count(street->sensors), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_thousand_sensors_are_found_by_id_and_by_name),
        TEST(a_name_is_the_address_a_separator_and_the_field),
        TEST(the_longest_address_wins),
        TEST(a_lone_sensor_of_a_line_is_found_without_an_address),
        TEST(a_neighbour_with_a_mistake_still_counts_on_its_line),
        TEST(a_gateway_without_sensors_finds_none),
        TEST(a_map_to_an_unknown_quantity_disables_with_the_nearest_name),
        TEST(a_map_to_another_kinds_quantity_disables),
        TEST(a_map_with_an_unknown_unit_disables),
        TEST(a_map_with_a_unit_of_another_dimension_disables),
        TEST(a_switch_in_percent_disables),
        TEST(a_text_that_is_to_be_multiplied_disables),
        TEST(a_range_that_cannot_be_disables),
        TEST(a_range_from_high_to_low_disables),
        TEST(a_range_of_a_switch_disables),
        TEST(a_range_of_an_unknown_quantity_disables),
        TEST(a_profile_of_another_kind_disables),
        TEST(a_profile_with_a_mistake_is_told_once_and_disables_its_sensors),
        TEST(every_mistake_of_a_sensor_is_told),
        TEST(a_sensor_that_settings_refused_is_not_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
