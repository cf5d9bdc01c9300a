// SPDX-License-Identifier: Apache-2.0
#include "one_sensor.h"

static void a_map_scales_and_converts(void **state)
{
    (void)state;
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_PARKING, "coap", "one");
    street_map(street, sensor, "battery_v", "u")->unit = "mV";
    struct settings_map *map = street_map(street, sensor, "temperature_c", "t");
    map->factor = 0.1;
    map->offset = -40;
    map = street_map(street, sensor, "battery_pct", "p");
    map->unit = "%"; // as people write it
    map = street_map(street, sensor, "confidence", "c");
    map->unit = "%";
    street_map(street, sensor, "distance_m", "d");
    street_open(street);
    assert_int_equal(street->findings.count, 0);
    assert_true(taken_as("u", "", 3300, "battery_v") == 3.3);
    assert_true(taken_as("u", "Cel", 3300, "battery_v") == 3.3); // the map says it all
    assert_true(taken_as("t", "", 583, "temperature_c") == 18.3);
    assert_true(taken_as("t", "K", 583, "temperature_c") == 18.3);
    assert_true(taken_as("p", "", 57, "battery_pct") == 57);
    assert_true(taken_as("c", "", 57, "confidence") == 0.57);
    assert_true(taken_as("d", "cm", 250, "distance_m") == 2.5); // a bare map: the record's unit
    assert_true(taken_as("d", "", 2.5, "distance_m") == 2.5);
    assert_true(taken_as("temperature_c", "K", 291.65, "temperature_c") == 18.5); // the name itself goes on working
    street_number(street, "one:d", "V", 1);
    assert_refused(REFUSAL_UNIT, "record 1 (one:d): the unit \"V\" does not fit distance_m; expected m");
}

static void a_map_can_turn_a_switch_around(void **state)
{
    (void)state;
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_PARKING, "coap", "one");
    struct settings_map *map = street_map(street, sensor, "occupied", "free");
    map->factor = -1;
    map->offset = 1;
    street_open(street);
    street_bool(street, "one:free", true);
    assert_taken();
    assert_false(street_value(street_reading(street, 0), "occupied")->boolean);
}

static void one_field_may_feed_two_quantities(void **state)
{
    (void)state;
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_CROWD, "coap", "one");
    street_map(street, sensor, "people", "n");
    street_map(street, sensor, "density_per_m2", "n")->factor = 0.1;
    street_open(street);
    street_number(street, "one:n", "count", 3);
    assert_taken();
    assert_true(street_number_of(street, 0, "people") == 3);
    assert_true(street_number_of(street, 0, "density_per_m2") == 0.3);
}

static void a_profiles_maps_are_used_unless_the_sensor_has_its_own(void **state)
{
    (void)state;
    static struct settings_map maps[] = {{.quantity = "in_total", .field = "in", .unit = "", .factor = 1},
                                         {.quantity = "out_total", .field = "out", .unit = "", .factor = 1}};
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_CROWD, "coap", "one");
    street->device[0] = (struct settings_device){.name = "counter", .kind = KIND_CROWD, .maps = maps, .map_count = 2};
    street->settings.device_count = 1;
    sensor->device = "counter";
    street_map(street, sensor, "in_total", "out"); // mounted the other way round
    street_map(street, sensor, "out_total", "in");
    street_open(street);
    assert_true(taken_as("out", "", 7, "in_total") == 7);
    assert_int_equal(street_reading(street, 0)->value_count, 1); // the profile's own way is gone
    assert_true(taken_as("in", "", 9, "out_total") == 9);
    sensors_destroy(street->sensors);
    sensor->map_count = 0;
    street_open(street);
    assert_true(taken_as("in", "", 7, "in_total") == 7);
    assert_true(isnan(street_number_of(street, 0, "out_total")));
}

static void numbers_are_taken_for_switches_and_switches_for_numbers(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_number(street, "one:occupied", "/", 1);
    assert_taken();
    assert_true(street_value(street_reading(street, 0), "occupied")->boolean);
    street_number(street, "one:occupied", "", 0);
    street_bool(street, "one:confidence", true)->unit = "Cel"; // from a base unit
    street_bool(street, "one:battery_v", false);
    assert_taken();
    assert_false(street_value(street_reading(street, 0), "occupied")->boolean);
    assert_true(street_number_of(street, 0, "confidence") == 1);
    assert_true(street_number_of(street, 0, "battery_v") == 0);
    street_number(street, "one:occupied", "/", 0.5);
    assert_taken();
    assert_int_equal(street_reading(street, 0)->value_count, 0);
    assert_string_equal(street_reading(street, 0)->refused[0], "occupied");
    street_number(street, "one:occupied", "Cel", 1);
    assert_refused(REFUSAL_UNIT, "expected /");
}

static void a_value_out_of_range_is_left_out_and_named(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one:occupied", true);
    street_number(street, "one:temperature_c", "Cel", 150);
    street_number(street, "one:battery_pct", "%EL", 100.5);
    assert_taken();
    const struct reading *reading = street_reading(street, 0);
    assert_int_equal(reading->quality, QUALITY_RANGE);
    assert_int_equal(reading->value_count, 1);
    assert_int_equal(reading->refused_count, 2);
    assert_string_equal(reading->refused[0], "temperature_c");
    assert_string_equal(reading->refused[1], "battery_pct");
}

static void a_reading_whose_only_value_was_refused_is_still_a_reading(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_number(street, "one:temperature_c", "", 5000);
    street_number(street, "one:temperature_c", "", 6000);
    assert_taken();
    assert_int_equal(street_reading(street, 0)->value_count, 0);
    assert_int_equal(street_reading(street, 0)->refused_count, 1);
}

static void the_ends_of_a_range_belong_to_it_and_settings_narrow_it(void **state)
{
    (void)state;
    struct settings_sensor *sensor = street_sensor(street, "one", KIND_PARKING, "coap", "one");
    street_range(street, sensor, "temperature_c", -40, 85);
    street_range(street, sensor, "battery_pct", -1000, 1000);
    street_open(street);
    assert_true(taken_as("temperature_c", "", 85, "temperature_c") == 85);
    assert_true(taken_as("temperature_c", "", -40, "temperature_c") == -40);
    assert_true(isnan(taken_as("temperature_c", "", 85.001, "temperature_c")));
    assert_true(isnan(taken_as("temperature_c", "K", 400, "temperature_c")));
    assert_true(taken_as("battery_pct", "", 100, "battery_pct") == 100);
    assert_true(isnan(taken_as("battery_pct", "", 100.1, "battery_pct"))); // it cannot be widened
}

static void numbers_that_are_none_are_out_of_range(void **state)
{
    (void)state;
    open_one(KIND_GENERIC);
    const double numbers[] = {NAN, INFINITY, -INFINITY, 1e308};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_true(isnan(taken_as("tank_pct", "/", numbers[i], "tank_pct")));
    assert_true(taken_as("tank_pct", "/", -0.0, "tank_pct") == 0);
    assert_false(signbit(street_number_of(street, 0, "tank_pct")));
}

static void counts_are_whole_numbers(void **state)
{
    (void)state;
    open_one(KIND_CROWD);
    assert_true(taken_as("people", "count", 12, "people") == 12);
    assert_true(taken_as("people", "", 11.9999999999, "people") == 12);
    assert_int_equal(street_value(street_reading(street, 0), "people")->type, VALUE_INTEGER);
    assert_true(isnan(taken_as("people", "count", 12.5, "people")));
    assert_true(isnan(taken_as("people", "count", -1, "people")));
    assert_true(taken_as("in_total", "", 4294967295.0, "in_total") == 4294967295.0);
    assert_true(isnan(taken_as("in_total", "", 4294967296.0, "in_total")));
    assert_true(isnan(taken_as("people", "", NAN, "people")));
}

static void a_crowd_sensor_has_no_free_text_and_nobody_one_that_names_a_device(void **state)
{
    (void)state;
    struct settings_sensor *other = street_sensor(street, "two", KIND_GENERIC, "coap", "two");
    (void)other;
    open_one(KIND_CROWD);
    street_text(street, "one:cause", "gate-3");
    street_text(street, "one:level", "high");
    street_text(street, "two:cause", "gate-3");
    street_text(street, "two:detector", "24:0a:c4:9b:01:7f");
    assert_taken();
    const struct reading *crowd = street_reading(street, 0), *generic = street_reading(street, 1);
    assert_int_equal(crowd->value_count, 1);
    assert_string_equal(street_value(crowd, "level")->text, "high");
    assert_string_equal(crowd->refused[0], "cause");
    assert_int_equal(generic->value_count, 1);
    assert_string_equal(street_value(generic, "cause")->text, "gate-3");
    assert_string_equal(generic->refused[0], "detector");
}

static void a_sum_alone_is_the_total_of_a_counter(void **state)
{
    (void)state;
    open_one(KIND_CROWD);
    street_sum(street, "one:in_total", 107);
    street_sum(street, "one:people", 107);
    assert_taken();
    assert_true(street_number_of(street, 0, "in_total") == 107);
    assert_int_equal(street_reading(street, 0)->value_count, 1);
    assert_int_equal(street->pack.unknown_fields, 1);
    struct raw_value *both = street_number(street, "one:in_total", "count", 5);
    both->has_sum = true;
    both->sum = 99;
    assert_taken();
    assert_true(street_number_of(street, 0, "in_total") == 5);
    street_sum(street, "one:people", 107);
    assert_refused(REFUSAL_UNKNOWN_FIELD, "people");
}

static void texts_are_words_of_the_quantity_or_short_and_clean(void **state)
{
    (void)state;
    char longest[258];
    memset(longest, 'x', sizeof longest);
    longest[256] = '\0';
    open_one(KIND_BUMP);
    street_text(street, "one:shape", "hump")->unit = "m/s2"; // from a base unit
    street_text(street, "one:detector", longest);
    assert_taken();
    assert_string_equal(street_value(street_reading(street, 0), "shape")->text, "hump");
    assert_string_equal(street_value(street_reading(street, 0), "detector")->text, longest);
    longest[256] = 'x';
    longest[257] = '\0';
    const char *bad[] = {longest, "a\nb", "a\x7f", "\xff", "\xe5\x8d"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        street_text(street, "one:detector", bad[i]);
        assert_taken();
        assert_int_equal(street_reading(street, 0)->refused_count, 1);
        assert_int_equal(street_reading(street, 0)->value_count, 0);
    }
    street_text(street, "one:detector", "a")->text_size = 2; // a NUL inside
    street_text(street, "one:shape", "Hump");
    street_number(street, "one:shape", "", 1);
    street_text(street, "one:speed_mps", "12");
    assert_taken();
    assert_int_equal(street_reading(street, 0)->value_count, 0);
    assert_int_equal(street_reading(street, 0)->refused_count, 3);
}

static void bytes_are_no_value_of_any_quantity(void **state)
{
    (void)state;
    open_one(KIND_BUMP);
    street_text(street, "one:detector", "hi")->type = RAW_DATA;
    street_text(street, "one:speed_mps", "hi")->type = RAW_DATA;
    assert_taken();
    assert_int_equal(street_reading(street, 0)->value_count, 0);
    assert_int_equal(street_reading(street, 0)->refused_count, 2);
}

static void a_unit_of_another_dimension_refuses_the_whole_pack(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_bool(street, "one:occupied", true);
    street_number(street, "one:battery_v", "Cel", 3);
    assert_refused(REFUSAL_UNIT, "record 2 (one:battery_v): the unit \"Cel\" does not fit battery_v; expected V");
    street_number(street, "one:battery_v", "volt\n", 3);
    assert_refused(REFUSAL_UNIT, "the unit \"volt\\x0a\" does not fit battery_v; expected V");
}

static void the_last_of_two_values_counts(void **state)
{
    (void)state;
    open_one(KIND_PARKING);
    street_number(street, "one:battery_v", "", 3);
    street_number(street, "one:confidence", "", 1);
    street_number(street, "one:battery_v", "mV", 4000);
    assert_taken();
    assert_int_equal(street_reading(street, 0)->value_count, 2);
    assert_true(street_number_of(street, 0, "battery_v") == 4);
}

static void more_refused_names_than_fit_do_no_harm(void **state)
{
    (void)state;
    static char names[READING_REFUSED_MAX + 5][24];
    open_one(KIND_GENERIC);
    for (int i = 0; i < READING_REFUSED_MAX + 5; i++) {
        snprintf(names[i], sizeof names[i], "one:probe_%d_c", i);
        street_number(street, names[i], "", -300);
    }
    assert_taken();
    assert_int_equal(street_reading(street, 0)->refused_count, READING_REFUSED_MAX);
}

static void names_of_quantities_outlive_the_pack(void **state)
{
    (void)state;
    char name[] = "one:soil_3_c";
    open_one(KIND_GENERIC);
    street_number(street, name, "", 4);
    assert_taken();
    const char *kept = street_reading(street, 0)->values[0].name;
    memset(name, 'x', sizeof name - 1);
    assert_string_equal(kept, "soil_3_c");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_map_scales_and_converts),
        TEST(a_map_can_turn_a_switch_around),
        TEST(one_field_may_feed_two_quantities),
        TEST(a_profiles_maps_are_used_unless_the_sensor_has_its_own),
        TEST(numbers_are_taken_for_switches_and_switches_for_numbers),
        TEST(a_value_out_of_range_is_left_out_and_named),
        TEST(a_reading_whose_only_value_was_refused_is_still_a_reading),
        TEST(the_ends_of_a_range_belong_to_it_and_settings_narrow_it),
        TEST(numbers_that_are_none_are_out_of_range),
        TEST(counts_are_whole_numbers),
        TEST(a_crowd_sensor_has_no_free_text_and_nobody_one_that_names_a_device),
        TEST(a_sum_alone_is_the_total_of_a_counter),
        TEST(texts_are_words_of_the_quantity_or_short_and_clean),
        TEST(bytes_are_no_value_of_any_quantity),
        TEST(a_unit_of_another_dimension_refuses_the_whole_pack),
        TEST(the_last_of_two_values_counts),
        TEST(more_refused_names_than_fit_do_no_harm),
        TEST(names_of_quantities_outlive_the_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
