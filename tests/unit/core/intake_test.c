// SPDX-License-Identifier: Apache-2.0
#include "way_in.h"

#include "unknown.h"
#include "vehicle.h"

static void a_pack_is_taken_whole_or_not_at_all(void **state)
{
    (void)state;
    struct fault why;
    add("bay-1:occupied", true, 0);
    add("nobody:occupied", true, 0);
    assert_int_equal(request(&why), REFUSAL_UNKNOWN_SENSOR);
    assert_non_null(strstr(why.text, "nobody:occupied"));
    assert_stored_times(NULL, 0);
    assert_int_equal(way.source.received, 0);
    assert_int_equal(way.source.refusals[REFUSAL_UNKNOWN_SENSOR].count, 1);
    assert_int_not_equal(way.source.babbling_boot_us, 0);

    add("bay-1:occupied", true, 0);
    add("bay-2:occupied", true, 0);
    assert_int_equal(request(&why), REFUSAL_NONE);
    assert_stored_times((int64_t[]){now_us, now_us}, 2);
    assert_int_equal(way.source.received, 2);
    assert_int_equal(way.source.babbling_boot_us, 0); // as it was since the refusal
}

static void of_a_line_that_is_not_said_again_all_that_is_known_is_taken(void **state)
{
    (void)state;
    add("bay-1:occupied", true, 0);
    add("nobody:occupied", true, 0);
    add("urn:off:occupied", true, 0);
    assert_int_equal(take(NULL), REFUSAL_NONE);
    assert_stored_times((int64_t[]){now_us}, 1);
    assert_int_equal(way.source.received, 1);
    assert_int_equal(way.source.refusals[REFUSAL_UNKNOWN_SENSOR].count, 1);
    assert_int_equal(unknowns_count(way.intake.unknowns), 1);
    assert_int_equal(way.source.babbling_boot_us, 0);
}

static void with_report_changes_only_news_is_stored(void **state)
{
    (void)state;
    static const int64_t minute_us = 60 * 1000000LL;
    static const struct {
        bool occupied;
        int minute;
        bool stored;
    } said[] = {{true, 0, true},   {true, 1, false}, {false, 2, true},   {false, 3, false},
                {false, 12, true}, {false, 5, true}, {false, 13, false}, {true, 14, true}};
    int64_t times_us[8];
    size_t stored = 0;
    for (size_t i = 0; i < 8; i++) {
        add("quiet:occupied", said[i].occupied, now_us + said[i].minute * minute_us);
        assert_int_equal(request(NULL), REFUSAL_NONE);
        if (said[i].stored)
            times_us[stored++] = now_us + said[i].minute * minute_us;
    }
    assert_stored_times(times_us, stored);
    assert_int_equal(way.source.unchanged, 3);
}

static void news_is_what_differs_from_the_newest_and_not_from_what_came_late(void **state)
{
    (void)state;
    static const int64_t minute_us = 60 * 1000000LL;
    add("quiet:occupied", true, now_us);
    assert_int_equal(request(NULL), REFUSAL_NONE);
    add("quiet:occupied", false, now_us - minute_us);
    assert_int_equal(request(NULL), REFUSAL_NONE);
    add("quiet:occupied", false, now_us + minute_us);
    add("quiet:occupied", true, now_us - 2 * minute_us);
    add("quiet:occupied", true, now_us + 2 * minute_us);
    assert_int_equal(request(NULL), REFUSAL_NONE);
    assert_stored_times(
        (int64_t[]){now_us, now_us - minute_us, now_us + minute_us, now_us - 2 * minute_us, now_us + 2 * minute_us}, 5);
}

static void what_a_clock_that_was_ahead_said_is_not_the_newest_for_ever(void **state)
{
    (void)state;
    static const int64_t hour_us = 3600 * 1000000LL, second_us = 1000000;
    const int64_t times_us[] = {now_us + 9 * hour_us, now_us, now_us + second_us, now_us + 2 * second_us};
    const bool occupied[] = {true, false, false, true};
    for (size_t i = 0; i < 4; i++) {
        add("quiet:occupied", occupied[i], times_us[i]);
        assert_int_equal(request(NULL), REFUSAL_NONE);
    }
    assert_stored_times((int64_t[]){times_us[0], times_us[1], times_us[3]}, 3);
}

static void in_one_pack_each_reading_is_compared_with_the_one_before(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        add("quiet:occupied", i == 1, now_us + i * 1000000LL);
    assert_int_equal(request(NULL), REFUSAL_NONE);
    assert_stored_times((int64_t[]){now_us, now_us + 1000000, now_us + 2000000}, 3);
}

static void equal_times_of_one_sensor_get_a_microsecond_more(void **state)
{
    (void)state;
    static const int64_t a = 1600000000000000, b = 1600000005000000;
    const int64_t asked[] = {a, b, a, b, a};
    for (size_t i = 0; i < 5; i++) {
        add("bay-1:occupied", true, asked[i]);
        assert_int_equal(take(NULL), REFUSAL_NONE);
    }
    assert_stored_times((int64_t[]){a, b, a + 1, b + 1, a + 2}, 5);
}

static void other_sensors_may_have_the_same_time(void **state)
{
    (void)state;
    add("bay-1:occupied", true, 0);
    assert_int_equal(take(NULL), REFUSAL_NONE);
    add("bay-2:occupied", true, 0);
    assert_int_equal(take(NULL), REFUSAL_NONE);
    assert_stored_times((int64_t[]){now_us, now_us}, 2);
}

static void times_and_quantities_are_remembered_over_a_restart(void **state)
{
    (void)state;
    add("bay-1:occupied", true, now_us);
    assert_int_equal(take(NULL), REFUSAL_NONE);
    assert_stored_times((int64_t[]){now_us}, 1);
    close_way();
    open_way();
    const struct sensor *sensor = sensors_find(way.sensors, "bay-1");
    assert_int_equal(way.intake.live[sensor->index].quantity_count, 1);
    assert_string_equal(way.intake.live[sensor->index].quantities[0], "occupied");
    add("bay-1:occupied", false, now_us);
    assert_int_equal(take(NULL), REFUSAL_NONE);
    assert_stored_times((int64_t[]){now_us, now_us + 1}, 2);
}

static enum refusal take_observed(bool occupied, int64_t time_us, const char *other)
{
    add("seen-1:occupied", occupied, time_us);
    if (other)
        add(other, occupied, time_us);
    return take_pack(&(struct driver_pack){.raw = &way.raw, .may_repeat = true}, NULL);
}

static void a_state_that_is_asked_for_again_is_no_second_reading(void **state)
{
    (void)state;
    static char observed[] = "coap://127.0.0.1/x";
    static const int64_t a = 1600000000000000;
    way.source.name = observed;
    assert_int_equal(take_observed(true, a, NULL), REFUSAL_NONE);
    assert_int_equal(take_observed(true, a, NULL), REFUSAL_NONE);
    assert_stored_times((int64_t[]){a}, 1);
    close_way();
    open_way();
    way.source.name = observed;
    struct sensor_live *live = &way.intake.live[sensors_find(way.sensors, "seen-1")->index];
    assert_int_equal(live->last_boot_us, 0);
    assert_int_equal(take_observed(true, a, "seen-2:occupied"), REFUSAL_NONE);
    assert_stored_times((int64_t[]){a, a}, 2);
    assert_int_equal(live->last_boot_us, 1000000); // it was heard
    assert_true(live->last.used > 0);
    assert_int_equal(way.source.received, 1);
    assert_int_equal(way.source.repeated, 1);
    for (int i = 0; i < 2; i++) { // another state within the sensor's second, and that once more
        assert_int_equal(take_observed(false, a, NULL), REFUSAL_NONE);
        assert_stored_times((int64_t[]){a, a, a + 1}, 3);
    }
    for (int i = 0; i < 2; i++) // a time of ours says nothing of what it was
        assert_int_equal(take_observed(true, 0, NULL), REFUSAL_NONE);
    assert_stored_times((int64_t[]){a, a, a + 1, now_us, now_us + 1}, 5);
}

static bool is_listed(const char *said)
{
    struct bytes out;
    struct json json;
    bytes_init(&out, 1 << 16);
    json_begin(&json, &out);
    unknowns_write(way.intake.unknowns, way.sensors, now_us, &json);
    bytes_char(&out, '\0');
    bool found = strstr((const char *)out.data, said) != NULL;
    bytes_finish(&out);
    return found;
}

static void a_stranger_is_noted(void **state)
{
    (void)state;
    char name[480];
    memset(name, 'q', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    add("bay-1:occupied", true, 0);
    add("nobody:occupied", true, 0);
    assert_int_equal(request(NULL), REFUSAL_UNKNOWN_SENSOR);
    add("bay-1:occupied", true, 0);
    add(name, true, 0); // longer than a message may be
    assert_int_equal(request(NULL), REFUSAL_UNKNOWN_SENSOR);
    const struct driver_pack named = {.raw = &way.raw, .sensor = "bay-9"};
    add("occupied", true, 0);
    assert_int_equal(take_pack(&named, NULL), REFUSAL_UNKNOWN_SENSOR);
    assert_true(is_listed("\"address\":\"nobody\""));
    assert_true(is_listed("\"address\":\"bay-9\""));
    assert_true(is_listed("\"address\":\"qqqq"));
    assert_false(is_listed("bay-1"));
}

static void a_sensor_that_is_disabled_is_no_stranger(void **state)
{
    (void)state;
    struct fault why;
    const struct driver_pack named = {.raw = &way.raw, .sensor = "off"};
    add("occupied", true, 0);
    assert_int_equal(take_pack(&named, &why), REFUSAL_UNKNOWN_SENSOR);
    assert_non_null(strstr(why.text, "disabled"));
    add("urn:off:occupied", true, 0);
    assert_int_equal(take(&why), REFUSAL_UNKNOWN_SENSOR);
    assert_non_null(strstr(why.text, "disabled"));
    assert_int_equal(unknowns_count(way.intake.unknowns), 0);
}

static uint64_t settled;

static void note_settled(void *state, uint64_t ticket, int status)
{
    (void)state;
    assert_int_equal(status, 0);
    settled = ticket;
}

static void acceleration_is_answered_at_once_and_not_stored(void **state)
{
    (void)state;
    struct vehicles *vehicles;
    const struct driver driver = {.settled = note_settled};
    assert_int_equal(vehicles_create(way.settings, way.sensors, &held, &vehicles), 0);
    way.intake.vehicles = vehicles;
    way.source.driver = &driver;
    settled = 0;
    add_acceleration(false);
    assert_int_equal(take_pack(&(struct driver_pack){.raw = &way.raw, .ticket = 7}, NULL), REFUSAL_NONE);
    assert_int_equal(settled, 7);
    assert_int_equal(way.source.received, 1);
    assert_stored_times(NULL, 0);
    add_acceleration(true); // the battery's voltage is kept, and answered when it is
    assert_int_equal(take_pack(&(struct driver_pack){.raw = &way.raw, .ticket = 8}, NULL), REFUSAL_NONE);
    assert_int_equal(settled, 7);
    assert_stored_times((int64_t[]){now_us}, 1);
    way.intake.vehicles = NULL;
    vehicles_destroy(vehicles);
}

static void a_pack_without_a_value_is_refused_and_no_storage_fault(void **state)
{
    (void)state;
    struct fault why;
    assert_int_equal(take(&why), REFUSAL_UNKNOWN_FIELD);
    assert_true(why.text[0]);
}

static void a_gateway_that_stops_takes_nothing_more(void **state)
{
    (void)state;
    way.intake.stopping = true;
    add("bay-1:occupied", true, 0);
    assert_int_equal(take(NULL), REFUSAL_FULL);
    assert_stored_times(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pack_is_taken_whole_or_not_at_all, begin, finish),
        cmocka_unit_test_setup_teardown(of_a_line_that_is_not_said_again_all_that_is_known_is_taken, begin, finish),
        cmocka_unit_test_setup_teardown(with_report_changes_only_news_is_stored, begin, finish),
        cmocka_unit_test_setup_teardown(news_is_what_differs_from_the_newest_and_not_from_what_came_late, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(what_a_clock_that_was_ahead_said_is_not_the_newest_for_ever, begin, finish),
        cmocka_unit_test_setup_teardown(in_one_pack_each_reading_is_compared_with_the_one_before, begin, finish),
        cmocka_unit_test_setup_teardown(equal_times_of_one_sensor_get_a_microsecond_more, begin, finish),
        cmocka_unit_test_setup_teardown(other_sensors_may_have_the_same_time, begin, finish),
        cmocka_unit_test_setup_teardown(times_and_quantities_are_remembered_over_a_restart, begin, finish),
        cmocka_unit_test_setup_teardown(a_state_that_is_asked_for_again_is_no_second_reading, begin, finish),
        cmocka_unit_test_setup_teardown(a_stranger_is_noted, begin, finish),
        cmocka_unit_test_setup_teardown(a_sensor_that_is_disabled_is_no_stranger, begin, finish),
        cmocka_unit_test_setup_teardown(acceleration_is_answered_at_once_and_not_stored, begin, finish),
        cmocka_unit_test_setup_teardown(a_pack_without_a_value_is_refused_and_no_storage_fault, begin, finish),
        cmocka_unit_test_setup_teardown(a_gateway_that_stops_takes_nothing_more, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
