// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/vocabulary.h"
#include <math.h>
#include <string.h>

static double convert(const char *from, const char *quantity, double value)
{
    const struct quantity *to = vocabulary_find(quantity, KIND_GENERIC);
    double converted = NAN;
    assert_non_null(to);
    return unit_convert(from, to, value, &converted) ? converted : NAN;
}

// Exactly equal: what a person reads must be "3.3" and not "3.3000000000000003".
static void units_convert_to_the_number_that_a_person_expects(void **state)
{
    (void)state;
    static const struct {
        const char *from, *quantity;
        double value, expected;
    } rows[] = {
        {"V", "battery_v", 3.61, 3.61},
        {"mV", "battery_v", 3300, 3.3},
        {"K", "temperature_c", 291.65, 18.5},
        {"degF", "temperature_c", 212, 100},
        {"°F", "temperature_c", 14, -10},
        {"°C", "temperature_c", -40, -40},
        {"℃", "temperature_c", 21.5, 21.5},
        {"km/h", "speed_mps", 36, 10},
        {"km/h", "speed_mps", 50, 13.8888888889},
        {"kn", "speed_mps", 10, 5.14444444444},
        {"mps", "speed_mps", 3, 3},
        {"dBW", "rssi_dbm", -120.5, -90.5},
        {"hPa", "pressure_hpa", 1013.25, 1013.25},
        {"Pa", "pressure_hpa", 101325, 1013.25},
        {"bar", "pressure_hpa", 1.01325, 1013.25},
        {"kg/m3", "pm25_ugm3", 1.2e-8, 12},
        {"mg/m3", "pm25_ugm3", 0.012, 12},
        {"µg/m³", "pm25_ugm3", 12, 12},
        {"ug/l", "pm25_ugm3", 0.012, 12},
        {"T", "magnetic_x_ut", 4.7e-5, 47},
        {"μT", "magnetic_x_ut", 47, 47},
        {"mG", "magnetic_x_ut", 470, 47},
        {"g", "peak_mps2", 2, 19.6133},
        {"m/s²", "peak_mps2", 9.8, 9.8},
        {"s", "duration_ms", 0.3, 300},
        {"min", "duration_s", 1.5, 90},
        {"h", "duration_s", 2, 7200},
        {"cm", "distance_m", 195, 1.95},
        {"mm", "distance_m", 1953, 1.953},
        {"m/h", "rain_mmh", 0.004, 4},
        {"rad", "heading_deg", 3.141592653589793, 180},
        {"Bspl", "noise_db", 6.5, 65},
        {"dBA", "noise_db", 65, 65},
        {"lx", "illuminance_lux", 800, 800},
        {"ppb", "co2_ppm", 412000, 412},
        {"/", "co2_ppm", 0.000412, 412},
        {"1/m/s", "flow_per_m_min", 0.5, 30},
        {"count/m2", "density_per_m2", 1.5, 1.5},
        {"mm/m", "iri_m_per_km", 2.5, 2.5},
        {"deg", "latitude", 34.7025, 34.7025},
        {"lat", "latitude", 34.7025, 34.7025},
        {"", "battery_v", 0.1 + 0.2, 0.1 + 0.2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double converted = convert(rows[i].from, rows[i].quantity, rows[i].value);
        if (!(converted == rows[i].expected))
            print_error("%.17g %s is %.17g for %s\n", rows[i].value, rows[i].from, converted, rows[i].quantity);
        assert_true(converted == rows[i].expected);
    }
}

static void percent_in_senml_is_a_ratio_and_relative_humidity_is_percent(void **state)
{
    (void)state;
    assert_true(convert("%", "confidence", 0.87) == 0.87);
    assert_true(convert("/", "confidence", 0.87) == 0.87);
    assert_true(convert("/100", "confidence", 87) == 0.87);
    assert_true(convert("%", "humidity_pct", 0.29) == 29);
    assert_true(convert("/", "battery_pct", 0.57) == 57);
    assert_true(convert("/100", "battery_pct", 57) == 57);
    assert_true(convert("%RH", "humidity_pct", 45) == 45);
    assert_true(convert("%EL", "battery_pct", 45) == 45);
    assert_true(convert("/", "soil_moisture_pct", 0.29) == 29);
    assert_true(isnan(convert("%RH", "battery_pct", 45)));
    assert_true(isnan(convert("%EL", "humidity_pct", 45)));
}

static void another_dimension_does_not_convert(void **state)
{
    (void)state;
    assert_true(isnan(convert("Cel", "battery_v", 20)));
    assert_true(isnan(convert("V", "temperature_c", 20)));
    assert_true(isnan(convert("lon", "latitude", 20)));
    assert_true(isnan(convert("lat", "longitude", 20)));
    assert_true(isnan(convert("lat", "heading_deg", 20)));
    assert_true(isnan(convert("dB", "rssi_dbm", 20)));
    assert_true(isnan(convert("C", "temperature_c", 20))); // coulomb
    assert_true(isnan(convert("count", "occupied", 1)));
    assert_true(isnan(convert("m/s", "peak_mps2", 1)));
    assert_true(isnan(convert("/", "state", 1)));
}

static void an_unknown_unit_does_not_convert(void **state)
{
    (void)state;
    assert_true(isnan(convert("furlong", "distance_m", 1)));
    assert_true(isnan(convert("v", "battery_v", 1)));
    assert_true(isnan(convert(" ", "battery_v", 1)));
    assert_true(isnan(convert("µµµµµµµµµµµµµµµµµµµµµµµµµµµµµµ", "magnetic_x_ut", 1)));
    assert_true(isnan(convert("\xc2", "magnetic_x_ut", 1)));
}

static void a_switch_and_a_bare_figure_take_the_ratio_unit(void **state)
{
    (void)state;
    assert_true(convert("/", "occupied", 1) == 1);
    assert_true(convert("%", "occupied", 0) == 0);
    assert_true(convert("/", "hdop", 0.9) == 0.9);
}

static void a_value_too_large_for_a_number_becomes_infinite_not_wrong(void **state)
{
    (void)state;
    assert_true(isinf(convert("/", "co2_ppm", 1e308)));
    assert_true(convert("s", "duration_ms", 1e300) > 9e302);
}

static void every_unit_of_senml_is_known(void **state)
{
    (void)state;
    static const char *const units[] = {
        "m",   "kg",   "g",     "s",    "A",     "K",     "cd",    "mol",      "Hz",    "rad",  "sr",    "N",
        "Pa",  "J",    "W",     "C",    "F",     "V",     "Ohm",   "S",        "Wb",    "T",    "H",     "Cel",
        "lm",  "lx",   "Bq",    "Gy",   "Sv",    "kat",   "m2",    "m3",       "l",     "m/s",  "m/s2",  "m3/s",
        "l/s", "W/m2", "cd/m2", "bit",  "bit/s", "lat",   "lon",   "pH",       "dB",    "dBW",  "Bspl",  "count",
        "/",   "%",    "%RH",   "%EL",  "EL",    "1/s",   "1/min", "beat/min", "beats", "S/m",  "B",     "VA",
        "VAs", "var",  "vars",  "J/m",  "kg/m3", "deg",   "NTU",   "ms",       "min",   "h",    "MHz",   "kW",
        "kVA", "kvar", "Ah",    "Wh",   "kWh",   "varh",  "kvarh", "kVAh",     "Wh/km", "KiB",  "GB",    "Mbit/s",
        "B/s", "MB/s", "mV",    "mA",   "dBm",   "ug/m3", "mm/h",  "m/h",      "ppm",   "/100", "/1000", "hPa",
        "mm",  "cm",   "km",    "km/h", "ppb",   "ppt",   "VAh",   "mg/l",     "ug/l",  "g/l",
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!unit_known(units[i]))
            print_error("%s\n", units[i]);
        assert_true(unit_known(units[i]));
    }
    assert_false(unit_known(""));
    assert_false(unit_known("bogus"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_convert_to_the_number_that_a_person_expects),
        cmocka_unit_test(percent_in_senml_is_a_ratio_and_relative_humidity_is_percent),
        cmocka_unit_test(another_dimension_does_not_convert),
        cmocka_unit_test(an_unknown_unit_does_not_convert),
        cmocka_unit_test(a_switch_and_a_bare_figure_take_the_ratio_unit),
        cmocka_unit_test(a_value_too_large_for_a_number_becomes_infinite_not_wrong),
        cmocka_unit_test(every_unit_of_senml_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
