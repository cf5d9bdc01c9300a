// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/text.h"
#include "reading/vocabulary.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void the_table_is_in_order_and_makes_sense(void **state)
{
    (void)state;
    const struct quantity *row, *before = NULL;
    for (size_t i = 0; (row = vocabulary_at(i)); i++) {
        assert_true(!before || strcmp(before->name, row->name) < 0);
        assert_true(text_is_id(row->name, strlen(row->name)));
        assert_true(row->unit[0] == '\0' || unit_known(row->unit));
        assert_true(row->type == VALUE_TEXT || row->low < row->high);
        assert_true(row->kinds != 0 && row->meaning[0]);
        assert_true(!row->words || row->type == VALUE_TEXT);
        before = row;
    }
    assert_non_null(before);
}

static void every_quantity_of_the_outside_contract_is_there(void **state)
{
    (void)state;
    static const struct {
        enum kind kind;
        const char *names[14];
    } rows[] = {
        {KIND_PARKING,
         {"occupied", "state", "duration_s", "confidence", "battery_v", "battery_pct", "temperature_c", "rssi_dbm",
          "magnetic_x_ut", "magnetic_y_ut", "magnetic_z_ut"}},
        {KIND_BUMP,
         {"peak_mps2", "trough_mps2", "duration_ms", "speed_mps", "heading_deg", "latitude", "longitude", "hdop",
          "severity", "shape", "detector"}},
        {KIND_CROWD,
         {"people", "in_total", "out_total", "in", "out", "period_s", "density_per_m2", "flow_per_m_min", "speed_mps",
          "los"}},
        {KIND_TRAFFIC, {"vehicles_total", "vehicles", "period_s", "speed_mps", "travel_time_s", "occupancy"}},
        {KIND_ENVIRONMENT,
         {"temperature_c", "humidity_pct", "pressure_hpa", "pm25_ugm3", "pm10_ugm3", "co2_ppm", "noise_db",
          "illuminance_lux", "wind_speed_mps", "rain_mm"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (const char *const *name = rows[i].names; *name; name++) {
            if (!vocabulary_find(*name, rows[i].kind))
                print_error("%s\n", *name);
            assert_non_null(vocabulary_find(*name, rows[i].kind));
            assert_non_null(vocabulary_find(*name, KIND_GENERIC));
        }
}

static void a_quantity_of_another_kind_is_not_found(void **state)
{
    (void)state;
    assert_null(vocabulary_find("people", KIND_PARKING));
    assert_null(vocabulary_find("occupied", KIND_CROWD));
    assert_null(vocabulary_find("occupied", KIND_ENVIRONMENT));
    assert_null(vocabulary_find("soil_temperature_c", KIND_PARKING));
    assert_null(vocabulary_find("", KIND_GENERIC));
}

static void environment_takes_any_name_with_a_unit(void **state)
{
    (void)state;
    const struct quantity *soil = vocabulary_find("soil_temperature_c", KIND_ENVIRONMENT);
    assert_non_null(soil);
    assert_string_equal(soil->name, "soil_temperature_c");
    assert_string_equal(soil->unit, "Cel");
    assert_ptr_equal(vocabulary_find("soil_temperature_c", KIND_GENERIC), soil);
    assert_string_equal(vocabulary_find("tank_3_v", KIND_GENERIC)->unit, "V");
    assert_string_equal(vocabulary_find("valve_open_pct", KIND_GENERIC)->unit, "/100");
    assert_int_equal(vocabulary_find("bicycles_total", KIND_GENERIC)->type, VALUE_INTEGER);
    assert_non_null(vocabulary_find("distance_m", KIND_ENVIRONMENT));
}

static void a_name_without_a_unit_or_with_foreign_letters_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {"temperature", "_c",       "Soil_c", "soil-x_c",         "1_c",   "soil_",
                                        "soil_xyz",    "soil_c\n", "土_c",   "people_per_km_m2", "soil c"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_null(vocabulary_find(names[i], KIND_ENVIRONMENT));
    char name[QUANTITY_NAME_MAX + 2];
    memset(name, 'x', sizeof name);
    memcpy(name + QUANTITY_NAME_MAX - 1, "_c", 3);
    assert_null(vocabulary_find(name, KIND_ENVIRONMENT));
    assert_non_null(vocabulary_find(name + 1, KIND_ENVIRONMENT));
}

static void a_unit_alone_names_a_quantity_when_only_one_has_it(void **state)
{
    (void)state;
    assert_string_equal(vocabulary_by_unit("Cel", KIND_ENVIRONMENT)->name, "temperature_c");
    assert_string_equal(vocabulary_by_unit("°C", KIND_PARKING)->name, "temperature_c");
    assert_string_equal(vocabulary_by_unit("%RH", KIND_GENERIC)->name, "humidity_pct");
    assert_string_equal(vocabulary_by_unit("%EL", KIND_GENERIC)->name, "battery_pct");
    assert_string_equal(vocabulary_by_unit("lon", KIND_GENERIC)->name, "longitude");
    assert_null(vocabulary_by_unit("count", KIND_CROWD));
    assert_null(vocabulary_by_unit("m/s", KIND_ENVIRONMENT));
    assert_null(vocabulary_by_unit("", KIND_PARKING));
    assert_null(vocabulary_by_unit("bogus", KIND_PARKING));
}

static void the_nearest_name_is_one_that_the_kind_has(void **state)
{
    (void)state;
    assert_string_equal(vocabulary_nearest_of("ocupied", KIND_GENERIC), "occupied");
    assert_string_equal(vocabulary_nearest_of("peple", KIND_CROWD), "people");
    assert_null(vocabulary_nearest_of("peple", KIND_PARKING));
    assert_null(vocabulary_nearest_of("zzzzzzzzzzzzzzzz", KIND_GENERIC));
}

// Last, because it uses up the names of this program.
static void made_names_are_bounded_and_the_old_ones_stay(void **state)
{
    (void)state;
    char name[32];
    size_t made = 0;
    const struct quantity *first = vocabulary_find("soil_temperature_c", KIND_GENERIC);
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "probe_%d_c", i);
        const struct quantity *quantity = vocabulary_find(name, KIND_GENERIC);
        made += quantity != NULL;
        assert_true(!quantity || !strcmp(quantity->name, name));
    }
    assert_in_range(made, 900, 1024);
    assert_ptr_equal(vocabulary_find("soil_temperature_c", KIND_GENERIC), first);
    assert_string_equal(vocabulary_find("probe_0_c", KIND_GENERIC)->name, "probe_0_c");
    assert_null(vocabulary_find("one_more_c", KIND_GENERIC));
    assert_non_null(vocabulary_find("temperature_c", KIND_GENERIC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_in_order_and_makes_sense),
        cmocka_unit_test(every_quantity_of_the_outside_contract_is_there),
        cmocka_unit_test(a_quantity_of_another_kind_is_not_found),
        cmocka_unit_test(environment_takes_any_name_with_a_unit),
        cmocka_unit_test(a_name_without_a_unit_or_with_foreign_letters_is_none),
        cmocka_unit_test(a_unit_alone_names_a_quantity_when_only_one_has_it),
        cmocka_unit_test(the_nearest_name_is_one_that_the_kind_has),
        cmocka_unit_test(made_names_are_bounded_and_the_old_ones_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
