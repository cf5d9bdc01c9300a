// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

#include "drivers/virtual.h"
#include "reading/vocabulary.h"
#include <math.h>

static struct codec_run run;

static double number_of(const char *name)
{
    for (size_t i = 0; i < run.pack.count; i++)
        if (strcmp(run.pack.values[i].name, name) == 0)
            return run.pack.values[i].type == RAW_BOOL ? run.pack.values[i].boolean : run.pack.values[i].number;
    fail_msg("no %s", name);
    return NAN;
}

static void report(struct virtual_sensor *sensor)
{
    raw_pack_clear(&run.pack);
    assert_true(virtual_report(sensor, &run.pack));
    assert_true(run.pack.count > 0);
}

static void the_same_seed_gives_the_same_readings(void **state)
{
    (void)state;
    static struct codec_run other;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct virtual_sensor one, two;
        virtual_begin(&one, (enum kind)kind, 7, NAN, NAN);
        virtual_begin(&two, (enum kind)kind, 7, NAN, NAN);
        for (int i = 0; i < 100; i++) {
            raw_pack_clear(&other.pack);
            virtual_report(&two, &other.pack);
            report(&one);
            assert_string_equal(codec_describe(&run), codec_describe(&other));
        }
    }
}

static void another_seed_gives_others(void **state)
{
    (void)state;
    struct virtual_sensor one, two;
    virtual_begin(&one, KIND_BUMP, 1, NAN, NAN);
    virtual_begin(&two, KIND_BUMP, 2, NAN, NAN);
    report(&one);
    double first = number_of("peak_mps2");
    report(&two);
    assert_true(number_of("peak_mps2") != first);
}

static void every_value_is_a_quantity_of_its_kind_and_in_its_range(void **state)
{
    (void)state;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        struct virtual_sensor sensor;
        virtual_begin(&sensor, (enum kind)kind, (uint64_t)kind, NAN, NAN);
        for (int i = 0; i < 20000; i++) {
            report(&sensor);
            for (size_t v = 0; v < run.pack.count; v++) {
                const struct raw_value *value = &run.pack.values[v];
                const struct quantity *quantity = vocabulary_find(value->name, (enum kind)kind);
                double converted = value->number;
                assert_non_null(quantity);
                assert_true(value->type != RAW_NUMBER ||
                            unit_convert(value->unit, quantity, value->number, &converted));
                assert_true(converted >= quantity->low && converted <= quantity->high);
            }
        }
    }
}

static void a_bay_is_taken_and_left_again(void **state)
{
    (void)state;
    struct virtual_sensor bay;
    virtual_begin(&bay, KIND_PARKING, 3, NAN, NAN);
    int changes = 0, since = 0;
    report(&bay);
    double before = number_of("occupied");
    for (int i = 0; i < 2000; i++, since++) {
        report(&bay);
        if (number_of("occupied") != before) {
            assert_true(changes == 0 || since >= 4);
            changes++;
            since = 0;
        }
        before = number_of("occupied");
        assert_true(since <= 60);
    }
    assert_true(changes > 20);
}

static void a_battery_falls_until_it_is_changed(void **state)
{
    (void)state;
    struct virtual_sensor bay;
    virtual_begin(&bay, KIND_PARKING, 3, NAN, NAN);
    double before = 4;
    int changed = 0;
    for (int i = 0; i < 20000; i++) {
        report(&bay);
        changed += number_of("battery_v") > before;
        before = number_of("battery_v");
    }
    assert_in_range(changed, 1, 3);
}

static void totals_of_a_crowd_only_grow_and_agree_with_its_people(void **state)
{
    (void)state;
    struct virtual_sensor crowd;
    virtual_begin(&crowd, KIND_CROWD, 9, NAN, NAN);
    double in = 0, out = 0;
    for (int i = 0; i < 20000; i++) {
        report(&crowd);
        assert_true(number_of("in_total") >= in && number_of("out_total") >= out);
        in = number_of("in_total");
        out = number_of("out_total");
        assert_true(number_of("people") == in - out);
        assert_true(number_of("people") >= 0 && number_of("people") <= 400);
    }
    assert_true(in > 20000);
}

static void a_bump_happens_near_where_the_sensor_was_put(void **state)
{
    (void)state;
    struct virtual_sensor van;
    virtual_begin(&van, KIND_BUMP, 5, 34.5, 135.25);
    report(&van);
    assert_true(fabs(number_of("latitude") - 34.5) < 0.001);
    assert_true(fabs(number_of("longitude") - 135.25) < 0.001);
    assert_true(number_of("peak_mps2") > 0 && number_of("trough_mps2") < 0);
}

static void a_distance_head_sees_whether_the_bay_is_taken(void **state)
{
    (void)state;
    struct virtual_sensor bay;
    virtual_begin(&bay, KIND_PARKING, 3, NAN, NAN);
    for (int i = 0; i < 500; i++) {
        report(&bay);
        assert_true(virtual_measure(&bay, &run.pack));
        double distance_m = number_of("distance_m");
        assert_true(number_of("occupied") == 1 ? distance_m <= 1 : distance_m >= 2.4);
    }
}

static void an_inertial_unit_feels_gravity(void **state)
{
    (void)state;
    struct virtual_sensor van;
    virtual_begin(&van, KIND_BUMP, 3, NAN, NAN);
    for (int i = 0; i < 500; i++) {
        report(&van);
        assert_true(virtual_measure(&van, &run.pack));
        assert_true(fabs(number_of("acceleration_z_mps2") - 9.81) <= 3.01);
        assert_true(fabs(number_of("acceleration_x_mps2")) <= 1 && fabs(number_of("acceleration_y_mps2")) <= 1);
    }
}

static void a_full_pack_is_told(void **state)
{
    (void)state;
    struct virtual_sensor bay;
    virtual_begin(&bay, KIND_PARKING, 3, NAN, NAN);
    raw_pack_clear(&run.pack);
    while (raw_pack_add(&run.pack))
        ;
    assert_false(virtual_report(&bay, &run.pack));
    assert_false(virtual_measure(&bay, &run.pack));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_readings),
        cmocka_unit_test(another_seed_gives_others),
        cmocka_unit_test(every_value_is_a_quantity_of_its_kind_and_in_its_range),
        cmocka_unit_test(a_bay_is_taken_and_left_again),
        cmocka_unit_test(a_battery_falls_until_it_is_changed),
        cmocka_unit_test(totals_of_a_crowd_only_grow_and_agree_with_its_people),
        cmocka_unit_test(a_bump_happens_near_where_the_sensor_was_put),
        cmocka_unit_test(a_distance_head_sees_whether_the_bay_is_taken),
        cmocka_unit_test(an_inertial_unit_feels_gravity),
        cmocka_unit_test(a_full_pack_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
