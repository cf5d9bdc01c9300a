// SPDX-License-Identifier: Apache-2.0
#include "checked_settings.h"

static void columns_that_cannot_be_used_disable_the_port(void **state)
{
    (void)state;
    static const struct {
        const char *columns, *said;
    } wrong[] = {
        {"", "missing; expected what the columns of a line are, such as distance_m - battery_v"},
        {"- -", "no column is wanted"},
        {"distance_m,battery_v", "\"distance_m,battery_v\" is not a name"},
        {"distance_m - distance_m", "\"distance_m\" is given twice"},
        {"\xe8\xb7\x9d\xe9\x9b\xa2 battery_v", "is not a name"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct settings_serial one = port("kerb", "/dev/a", "csv", 4);
        one.columns = wrong[i].columns;
        check(&one, 1, NULL, 0);
        assert_found(0, FINDING_DISABLES, wrong[i].said);
        assert_true(one.disabled);
        clean(state);
    }
}

static void columns_that_nobody_has_a_quantity_for_are_a_warning(void **state)
{
    (void)state;
    struct settings_serial one = port("kerb", "/dev/ttyS0", "csv", 4);
    struct settings_map map = {.quantity = "battery_v", .field = "volts"};
    struct settings_sensor sensor = sensor_of("kerb");
    sensor.kind = KIND_PARKING;
    sensor.device = "";
    sensor.maps = &map;
    sensor.map_count = 1;
    one.columns = "distance_m volts - other:thing";
    check(&one, 1, &sensor, 1);
    assert_int_equal(findings.count, 0);
    one.columns = "distanse_m volts -";
    check(&one, 1, &sensor, 1);
    assert_found(0, FINDING_WARNING, "no sensor of this port has a quantity for \"distanse_m\"; expected distance_m");
    assert_false(one.disabled);
    clean(state);
    one.codec = "senml";
    check(&one, 1, &sensor, 1);
    assert_found(0, FINDING_WARNING, "codec = senml does not look at it");
}

static void the_column_time_is_no_quantity_and_no_doubt(void **state)
{
    (void)state;
    struct settings_serial one = port("kerb", "/dev/a", "csv", 4);
    struct settings_sensor sensor = sensor_of("kerb");
    sensor.kind = KIND_PARKING;
    one.columns = "time distance_m";
    check(&one, 1, &sensor, 1);
    assert_int_equal(findings.count, 0);
    one.columns = "time -";
    check(&one, 1, NULL, 0);
    assert_found(0, FINDING_DISABLES, "no column is wanted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(columns_that_cannot_be_used_disable_the_port, clean),
        cmocka_unit_test_teardown(columns_that_nobody_has_a_quantity_for_are_a_warning, clean),
        cmocka_unit_test_teardown(the_column_time_is_no_quantity_and_no_doubt, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
