// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/alert_reading.h"
#include "reading/stream.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct alerts *alerts;

static int begin(void **state)
{
    (void)state;
    alerts = alerts_create(4);
    return alerts ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    alerts_destroy(alerts);
    return 0;
}

static struct alert_condition condition_of(const char *name, enum alert_level level, int64_t since_us)
{
    struct alert_condition condition = {.level = level, .since_us = since_us};
    snprintf(condition.name, sizeof condition.name, "%s", name);
    return condition;
}

// What is stored of it, as it is read back: the bytes have to live as long as the reading.
static struct reading stored(const struct alert *alert, struct bytes *out)
{
    struct alert_texts texts;
    struct reading reading = {.kind = KIND_PARKING, .zone = "lot", .time_us = 5000000}, back;
    reading.value_count = 3; // what was there before is not its
    alert_reading(alert, &reading, &texts);
    assert_int_equal(reading.time_us, 5000000);
    assert_string_equal(reading.zone, "lot");
    bytes_clear(out);
    reading_encode(&reading, out);
    assert_false(out->overflow);
    memset(&texts, 'x', sizeof texts); // nothing of it is needed any more
    assert_int_equal(reading_decode(out->data, out->used, &back), 0);
    return back;
}

static const struct value *find(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (strcmp(reading->values[i].name, name) == 0)
            return &reading->values[i];
    return NULL;
}

static void assert_text(const struct reading *reading, const char *name, const char *text)
{
    assert_non_null(find(reading, name));
    assert_string_equal(find(reading, name)->text, text);
}

static void the_worst_condition_speaks_and_all_are_named(void **state)
{
    (void)state;
    struct bytes out;
    bytes_init(&out, 4096);
    struct alert_condition stale = condition_of("stale", ALERT_WARNING, INT64_C(1795314600000000)),
                           battery = condition_of("battery_low", ALERT_WARNING, INT64_C(1795300000000000)),
                           falling = condition_of("battery_falling", ALERT_NOTICE, 1);
    strcpy(stale.value_name, "silent_s");
    stale.value = 2045.7;
    alerts_begin(alerts, "parking", "bay-1", &falling);
    alerts_begin(alerts, "parking", "bay-1", &stale);
    strcpy(battery.value_name, "battery_v");
    strcpy(battery.quantity, "battery_v");
    battery.value = 3.1;
    struct reading reading = stored(alerts_begin(alerts, "parking", "bay-1", &battery), &out);
    assert_true(find(&reading, "active")->boolean);
    assert_int_equal(find(&reading, "active")->type, VALUE_BOOL);
    assert_text(&reading, "condition", "battery_low"); // of the same level, and older
    assert_text(&reading, "level", "warning");
    assert_text(&reading, "since", "2026-11-21T22:26:40.000Z");
    assert_text(&reading, "quantity", "battery_v");
    assert_true(find(&reading, "battery_v")->number == 3.1);
    assert_text(&reading, "conditions", "battery_low stale battery_falling");
    assert_false(stream_is_over("alert/parking/bay-1", &reading));
    reading = stored(alerts_end(alerts, "parking", "bay-1", "battery_low"), &out);
    assert_text(&reading, "condition", "stale");
    assert_true(find(&reading, "silent_s")->number == 2045.7);
    assert_null(find(&reading, "quantity"));
    assert_text(&reading, "conditions", "stale battery_falling");
    bytes_finish(&out);
}

static void an_alert_that_is_over_says_nothing_but_that(void **state)
{
    (void)state;
    struct bytes out;
    bytes_init(&out, 4096);
    struct alert_condition stale = condition_of("stale", ALERT_WARNING, 1);
    alerts_begin(alerts, "parking", "bay-1", &stale);
    struct reading reading = stored(alerts_end(alerts, "parking", "bay-1", NULL), &out);
    assert_int_equal(reading.value_count, 1);
    assert_false(find(&reading, "active")->boolean);
    assert_true(stream_is_over("alert/parking/bay-1", &reading));
    reading.value_count = 0; // that of a sensor, say
    assert_false(stream_is_over("alert/parking/bay-1", &reading));
    bytes_finish(&out);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct bytes out;
    bytes_init(&out, 4096);
    struct alert_condition clock = condition_of("clock", ALERT_WARNING, 0);
    struct reading reading = stored(alerts_begin(alerts, "gateway", "clock", &clock), &out);
    assert_null(find(&reading, "since"));
    assert_null(find(&reading, "quantity"));
    assert_int_equal(reading.value_count, 4); // active, condition, level, conditions
    bytes_finish(&out);
}

// Nothing can be stored that is no number, and the alert is to be all the same.
static void a_number_that_is_none_does_not_cost_the_alert(void **state)
{
    (void)state;
    static const double numbers[] = {NAN, INFINITY, -INFINITY};
    struct bytes out;
    bytes_init(&out, 4096);
    for (size_t i = 0; i < 3; i++) {
        struct alert_condition disk = condition_of("disk", ALERT_WARNING, 7);
        strcpy(disk.value_name, "free");
        disk.value = numbers[i];
        struct reading reading = stored(alerts_begin(alerts, "gateway", "disk", &disk), &out);
        assert_null(find(&reading, "free"));
        assert_text(&reading, "condition", "disk");
        alerts_end(alerts, "gateway", "disk", NULL);
    }
    bytes_finish(&out);
}

static void as_many_and_as_long_names_as_there_can_be_are_all_told(void **state)
{
    (void)state;
    struct bytes out;
    char expected[ALERT_CONDITIONS_MAX * ALERT_NAME_SIZE] = "", name[ALERT_NAME_SIZE];
    const struct alert *alert = NULL;
    bytes_init(&out, 4096);
    for (int i = 0; i < ALERT_CONDITIONS_MAX; i++) {
        memset(name, 'a' + i, sizeof name - 1);
        name[sizeof name - 1] = '\0';
        struct alert_condition condition = condition_of(name, ALERT_WARNING, i + 1);
        alert = alerts_begin(alerts, "parking", "bay-1", &condition);
        strcat(expected, i ? " " : "");
        strcat(expected, name);
    }
    struct reading reading = stored(alert, &out);
    assert_text(&reading, "conditions", expected);
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_worst_condition_speaks_and_all_are_named, begin, end),
        cmocka_unit_test_setup_teardown(an_alert_that_is_over_says_nothing_but_that, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_left_out, begin, end),
        cmocka_unit_test_setup_teardown(a_number_that_is_none_does_not_cost_the_alert, begin, end),
        cmocka_unit_test_setup_teardown(as_many_and_as_long_names_as_there_can_be_are_all_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
