// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/zone_crowd.h"
#include "service_level.h"
#include "zone_day.h"
#include <errno.h>
#include <math.h>

enum { SENSORS = 3 };

static struct settings_zone plaza;
static struct settings_sensor sensors[SENSORS];
static struct zone_crowd *zone;
static int64_t clock_us;
static struct reading last; // what was told

static int begin(void **state)
{
    (void)state;
    plaza = (struct settings_zone){.id = "plaza",
                                   .kind = KIND_CROWD,
                                   .area_m2 = 100,
                                   .limits = {2, 4, 5},
                                   .limit_count = 3,
                                   .hold_us = 10 * S,
                                   .reset_minute = -1};
    for (int i = 0; i < SENSORS; i++)
        sensors[i] = (struct settings_sensor){.id = (const char *[]){"c0", "c1", "c2"}[i],
                                              .kind = KIND_CROWD,
                                              .stale_after_us = HOUR,
                                              .out_last_day = -1};
    return 0;
}

static int end(void **state)
{
    (void)state;
    zone_crowd_destroy(zone);
    zone = NULL;
    return 0;
}

static void stand(void)
{
    zone = zone_crowd_create(&plaza, NULL);
    for (int i = 0; i < SENSORS; i++)
        assert_int_equal(zone_crowd_add(zone, &sensors[i]), i);
}

static enum zone_news say(int number, double seconds, const char *name, double value)
{
    struct event event = {number, day_begins_us + (int64_t)(seconds * 1e6), name, value, NULL, 0};
    struct reading reading = reading_of(&event);
    enum zone_news news = zone_crowd_take(zone, number, &reading, event.time_us);
    assert_true((news == ZONE_IMPLAUSIBLE) == (told(&reading, "implausible") == 1));
    return news;
}

static struct zone_crowd_figures figures(void)
{
    struct zone_crowd_figures now;
    zone_crowd_figures(zone, &now);
    return now;
}

static bool tells(void)
{
    clock_us += 2 * S;
    return zone_crowd_report(zone, clock_us, &last);
}

static void people_of_several_sensors_are_added(void **state)
{
    (void)state;
    stand();
    assert_true(isnan(figures().people));
    say(0, 0, "people", 20);
    say(1, 1, "people", 30);
    say(0, 2, "people", 25);
    assert_true(figures().people == 55 && figures().density_per_m2 == 0.55);
    assert_true(tells());
    assert_true(told(&last, "people") == 55 && told(&last, "density_per_m2") == 0.55);
    assert_string_equal(told_text(&last, "los"), "C");
    assert_string_equal(told_text(&last, "level"), "normal");
    assert_string_equal(told_text(&last, "cause"), "c0");
    assert_string_equal(last.zone, "plaza");
    assert_int_equal(last.kind, KIND_CROWD);
    assert_int_equal(say(0, 1, "people", 99), ZONE_LATE);
    assert_int_equal(say(0, 2, "people", 99), ZONE_LATE);
    assert_true(figures().people == 55);
}

static void a_silent_sensor_drops_out(void **state)
{
    (void)state;
    stand();
    say(0, 0, "people", 20);
    say(1, 1, "people", 30);
    zone_crowd_tick(zone, day_begins_us + HOUR + S);
    assert_true(figures().people == 30 && figures().silent == 1);
    assert_true(tells());
    assert_int_equal(last.quality, QUALITY_STALE);
    assert_true(told(&last, "silent") == 1);
    zone_crowd_tick(zone, day_begins_us + HOUR + 2 * S);
    assert_true(isnan(figures().people) && figures().silent == 2);
    assert_true(tells());
    assert_true(told(&last, "people") == -99);
    say(0, 3700, "people", 5);
    assert_true(figures().people == 5 && figures().silent == 1);
}

static void counters_tell_who_is_inside(void **state)
{
    (void)state;
    stand();
    say(0, 0, "in_total", 500);
    say(0, 1, "out_total", 400);
    say(0, 60, "in_total", 530);
    say(1, 61, "out", 12);
    assert_true(figures().people == 18);
    say(1, 70, "out", 20);
    assert_true(figures().people == 0 && figures().drift == -2);
    assert_true(tells());
    assert_true(told(&last, "drift") == -2);
    say(2, 80, "people", 7); // somebody sees them
    assert_true(figures().people == 7 && isnan(figures().drift));
}

static void the_flow_is_that_of_the_last_minute(void **state)
{
    (void)state;
    plaza.width_m = 2;
    plaza.area_m2 = 0;
    stand();
    for (int i = 0; i <= 30; i++) // one in a second, and one out in two
        say(0, 10 * i, i % 2 ? "in_total" : "out_total", i % 2 ? 10 * i : 5 * i);
    assert_true(figures().flow_per_m_min == 45);
    assert_string_equal(figures().service_level, "C");
    say(1, 301, "in", 4); // every two minutes
    say(1, 421, "in", 60);
    assert_true(figures().flow_per_m_min == 60);
    assert_true(tells());
    assert_true(told(&last, "flow_per_m_min") == 60);
    assert_true(told(&last, "level") == -99 && told(&last, "density_per_m2") == -99);
    zone_crowd_tick(zone, day_begins_us + 4100 * S);
    assert_true(isnan(figures().flow_per_m_min));
    assert_null(figures().service_level); // of no area and no flow
}

static void levels_of_service_are_fruins(void **state)
{
    (void)state;
    static const struct {
        double people, area_m2;
        const char *level;
    } rows[] = {{0, 10, "A"},    {100, 326, "A"}, {100, 325, "B"}, {100, 233, "B"}, {100, 232, "C"}, {100, 140, "C"},
                {100, 139, "D"}, {100, 94, "D"},  {100, 93, "E"},  {100, 46, "E"},  {100, 45.9, "F"}};
    static const struct {
        double flow;
        const char *level;
    } flows[] = {{0, "A"},  {22.9, "A"}, {23, "B"}, {32.9, "B"}, {33, "C"},  {48.9, "C"},
                 {49, "D"}, {65.9, "D"}, {66, "E"}, {82, "E"},   {82.1, "F"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(service_level_of_density(rows[i].people, rows[i].area_m2), rows[i].level);
    for (size_t i = 0; i < sizeof flows / sizeof *flows; i++)
        assert_string_equal(service_level_of_flow(flows[i].flow), flows[i].level);
    assert_null(service_level_of_density((double)NAN, 1));
    assert_null(service_level_of_flow((double)NAN));
}

// What is new of the level, since this was last asked.
static const char *alert(void)
{
    static char text[40];
    static const char *const news[] = {"began", "rose", "fell", "ended"};
    struct crowd_alert found;
    if (!zone_crowd_alert(zone, &found))
        return "";
    snprintf(text, sizeof text, "%s %s", news[found.news], crowd_level_names[found.level]);
    return text;
}

static void limits_count_once_they_have_lasted(void **state)
{
    (void)state;
    stand();
    say(0, 0, "people", 100);
    say(0, 10, "people", 200);
    say(0, 19, "people", 450); // high since then
    assert_string_equal(alert(), "");
    say(0, 20, "people", 450);
    assert_string_equal(alert(), "began warn");
    say(0, 29, "people", 390);
    say(0, 30, "people", 450);
    say(0, 39, "people", 450);
    assert_string_equal(alert(), "");
    say(0, 40, "people", 450);
    assert_string_equal(alert(), "rose high");
    assert_int_equal(figures().level, CROWD_HIGH);
    assert_true(tells());
    assert_string_equal(told_text(&last, "level"), "high");
    say(0, 50, "people", 361); // not ten percent below
    say(0, 70, "people", 361);
    assert_string_equal(alert(), "");
    say(0, 80, "people", 350);
    say(0, 90, "people", 350);
    assert_string_equal(alert(), "fell warn");
    say(0, 95, "people", 450);
    say(0, 106, "battery_v", 3); // says nothing of people
    assert_string_equal(alert(), "");
    say(0, 107, "people", 0);
    say(0, 109, "people", 300);
    say(0, 120, "people", 10);
    assert_string_equal(alert(), "");
    say(0, 130, "people", 10);
    assert_string_equal(alert(), "ended normal");
    assert_string_equal(alert(), "");
}

static void say_by_our_clock(int number, double seconds, double people)
{
    struct reading reading =
        reading_of(&(struct event){number, day_begins_us + (int64_t)(seconds * 1e6), "people", people, NULL, 0});
    reading.time_quality = TIME_SYNCED;
    assert_int_equal(zone_crowd_take(zone, number, &reading, reading.time_us), ZONE_TAKEN);
}

// As one is that ran by the local time, and is set by a time server.
static void a_clock_that_is_set_back_by_hours_holds_up_no_alert(void **state)
{
    (void)state;
    stand();
    say_by_our_clock(0, 9 * 3600, 100);
    assert_true(tells() && last.time_us == day_begins_us + 9 * HOUR);
    zone_crowd_tick(zone, day_begins_us + S);
    say_by_our_clock(0, 2, 450);
    say_by_our_clock(0, 12, 460);
    assert_string_equal(alert(), "began high");
    assert_true(tells());
    assert_int_equal(last.time_us, day_begins_us + 12 * S);
}

static void no_alert_ends_because_a_sensor_is_silent(void **state)
{
    (void)state;
    stand();
    say(0, 0, "people", 250);
    say(1, 0, "people", 50);
    say(0, 10, "people", 250);
    assert_string_equal(alert(), "began warn");
    zone_crowd_tick(zone, day_begins_us + 3650 * S);
    for (int i = 0; i < 10; i++)
        say(1, 3700 + 60 * i, "people", 50);
    assert_true(figures().people == 50);
    assert_string_equal(alert(), "");
    say(0, 4400, "people", 20);
    say(0, 4410, "people", 20);
    assert_string_equal(alert(), "ended normal");
}

static void an_impossible_rise_waits_for_a_second_one(void **state)
{
    (void)state;
    plaza.width_m = 3; // six a second
    stand();
    say(0, 0, "people", 20);
    assert_int_equal(say(0, 1, "people", 31), ZONE_TAKEN);
    assert_int_equal(say(0, 2, "people", 43), ZONE_IMPLAUSIBLE);
    assert_true(figures().people == 31);
    assert_int_equal(say(0, 3, "people", 33), ZONE_TAKEN); // it was a flash
    assert_int_equal(say(0, 4, "people", 300), ZONE_IMPLAUSIBLE);
    assert_int_equal(say(0, 4, "people", 300), ZONE_LATE); // the same is no second one
    assert_int_equal(say(0, 5, "people", 290), ZONE_TAKEN);
    assert_true(figures().people == 290);
    assert_int_equal(say(0, 6, "people", 900), ZONE_IMPLAUSIBLE);
    assert_int_equal(say(0, 7, "people", 440), ZONE_IMPLAUSIBLE); // not what the one before said
    assert_int_equal(say(0, 8, "people", 450), ZONE_TAKEN);
    assert_int_equal(say(0, 60, "people", 10), ZONE_TAKEN); // a fall is always possible
    assert_int_equal(say(0, 61, "people", 1001), ZONE_IMPLAUSIBLE);
    assert_int_equal(say(0, 300, "people", 1001), ZONE_TAKEN);       // there they are, ten on a square metre
    assert_int_equal(say(1, 300, "people", 1001), ZONE_IMPLAUSIBLE); // also the first one
}

static void an_implausible_number_moves_no_level(void **state)
{
    (void)state;
    plaza.hold_us = 0;
    stand();
    say(0, 0, "people", 50);
    say(0, 1, "people", 5000);
    assert_int_equal(figures().level, CROWD_NORMAL);
    say(0, 2, "people", 50);
    assert_int_equal(figures().level, CROWD_NORMAL);
}

static void too_few_are_not_told(void **state)
{
    (void)state;
    plaza.min_count = 5;
    stand();
    say(0, 0, "people", 4);
    assert_true(tells());
    assert_true(told(&last, "people") == -99 && told(&last, "density_per_m2") == -99);
    assert_true(told(&last, "suppressed") == 1);
    assert_null(reading_find(&last, "los"));
    say(0, 1, "people", 3);
    assert_false(tells()); // that would tell
    say(0, 2, "people", 5);
    assert_true(tells());
    assert_true(told(&last, "people") == 5 && told(&last, "suppressed") == -99);
    struct reading reading = reading_of(&(struct event){0, 0, "people", 4, "battery_v", 3});
    reading.values[reading.value_count++] = (struct value){.name = "los", .type = VALUE_TEXT, .text = "A"};
    reading.values[reading.value_count++] = (struct value){.name = "flow_per_m_min", .type = VALUE_NUMBER, .number = 1};
    crowd_guard(&plaza, &sensors[0], &reading);
    assert_true(told(&reading, "people") == -99 && told(&reading, "suppressed") == 1);
    assert_true(told(&reading, "battery_v") == 3);
    assert_null(reading_find(&reading, "los"));
    assert_null(reading_find(&reading, "flow_per_m_min"));
    reading.time_us = day_begins_us + 9 * S; // read back
    assert_int_equal(zone_crowd_take(zone, 0, &reading, reading.time_us), ZONE_TAKEN);
    assert_true(figures().people == 0);
    reading = reading_of(&(struct event){0, 0, "people", 5, NULL, 0});
    crowd_guard(&plaza, &sensors[0], &reading);
    assert_true(told(&reading, "people") == 5 && reading.value_count == 1);
}

static void a_flow_of_too_few_is_not_told(void **state)
{
    (void)state;
    plaza.min_count = 5;
    plaza.width_m = 2;
    stand();
    say(0, 0, "in_total", 100);
    say(0, 60, "in_total", 105);
    assert_true(tells());
    assert_true(told(&last, "flow_per_m_min") == 2.5);
    say(0, 120, "in_total", 109);
    assert_true(tells());
    assert_true(told(&last, "flow_per_m_min") == -99);
    say(1, 120, "people", 100);
    assert_true(tells());
    say(0, 180, "in_total", 110);
    assert_false(tells()); // that would tell
}

static void an_estimate_is_called_one(void **state)
{
    (void)state;
    sensors[1].estimate = true;
    stand();
    say(0, 0, "people", 4);
    assert_true(tells());
    assert_true(told(&last, "estimate") == -99);
    say(1, 0, "people", 6);
    assert_true(tells());
    assert_true(told(&last, "people") == 10 && told(&last, "estimate") == 1);
    struct reading reading = reading_of(&(struct event){1, 0, "people", 6, NULL, 0});
    crowd_guard(NULL, &sensors[1], &reading);
    assert_true(told(&reading, "people") == 6 && told(&reading, "estimate") == 1);
}

static void a_doubt_outlives_a_restart(void **state)
{
    (void)state;
    struct bytes bytes;
    stand();
    say(0, 0, "people", 10);
    say(0, 1, "people", 2000);
    bytes_init(&bytes, 1 << 20);
    zone_crowd_keep(zone, &bytes);
    end(NULL);
    stand();
    assert_int_equal(zone_crowd_restore(zone, bytes.data, bytes.used), 0);
    assert_int_equal(say(0, 2, "people", 2000), ZONE_TAKEN);
    bytes_finish(&bytes);
}

// What a zone that was critical has to tell when its configuration is another one.
static const char *alert_after_restart(void (*change)(void))
{
    struct bytes bytes;
    stand();
    say(0, 0, "people", 550);
    say(0, 10, "people", 550);
    assert_string_equal(alert(), "began critical");
    bytes_init(&bytes, 1 << 20);
    zone_crowd_keep(zone, &bytes);
    end(NULL);
    change();
    if (!zone)
        stand();
    assert_int_equal(zone_crowd_restore(zone, bytes.data, bytes.used), 0);
    zone_crowd_alerted(zone, CROWD_CRITICAL);
    zone_crowd_tick(zone, day_begins_us + 20 * S);
    bytes_finish(&bytes);
    return alert();
}

static void nothing(void)
{
}

static void without_area(void)
{
    plaza.area_m2 = 0;
}

static void with_one_limit(void)
{
    plaza.limit_count = 1;
}

static void without_sensors(void)
{
    zone = zone_crowd_create(&plaza, NULL);
}

static void a_level_that_nobody_can_judge_ends_with_a_restart(void **state)
{
    (void)state;
    assert_string_equal(alert_after_restart(nothing), "");
    end(NULL);
    assert_string_equal(alert_after_restart(without_sensors), "ended normal");
    end(NULL);
    assert_string_equal(alert_after_restart(with_one_limit), "fell warn");
    end(NULL);
    plaza.limit_count = 3;
    assert_string_equal(alert_after_restart(without_area), "ended normal");
}

static void what_is_no_memory_of_a_zone_is_refused(void **state)
{
    (void)state;
    struct bytes bytes;
    stand();
    say(0, 0, "people", 250);
    say(0, 10, "people", 250);
    say(1, 5, "in", 3);
    bytes_init(&bytes, 1 << 20);
    zone_crowd_keep(zone, &bytes);
    for (size_t size = 0; size < bytes.used; size++)
        assert_int_equal(zone_crowd_restore(zone, bytes.data, size), -EBADMSG);
    end(NULL);
    stand();
    assert_int_equal(zone_crowd_restore(zone, bytes.data, bytes.used), 0);
    zone_crowd_tick(zone, day_begins_us + 20 * S);
    assert_int_equal(figures().level, CROWD_WARN);
    assert_string_equal(alert(), "began warn"); // nobody had asked before
    for (size_t i = 0; i < bytes.used; i++) {   // whatever it holds, it does no harm
        bytes.data[i] ^= 0xff;
        zone_crowd_restore(zone, bytes.data, bytes.used);
        zone_crowd_tick(zone, day_begins_us + 20 * S);
        assert_false(figures().people < 0);
        say(0, 20 + (double)i, "people", 250);
        say(1, 20 + (double)i, "in", 250);
        bytes.data[i] ^= 0xff;
    }
    bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_of_several_sensors_are_added, begin, end),
        cmocka_unit_test_setup_teardown(a_silent_sensor_drops_out, begin, end),
        cmocka_unit_test_setup_teardown(counters_tell_who_is_inside, begin, end),
        cmocka_unit_test_setup_teardown(the_flow_is_that_of_the_last_minute, begin, end),
        cmocka_unit_test_setup_teardown(levels_of_service_are_fruins, begin, end),
        cmocka_unit_test_setup_teardown(limits_count_once_they_have_lasted, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_by_hours_holds_up_no_alert, begin, end),
        cmocka_unit_test_setup_teardown(no_alert_ends_because_a_sensor_is_silent, begin, end),
        cmocka_unit_test_setup_teardown(an_impossible_rise_waits_for_a_second_one, begin, end),
        cmocka_unit_test_setup_teardown(an_implausible_number_moves_no_level, begin, end),
        cmocka_unit_test_setup_teardown(too_few_are_not_told, begin, end),
        cmocka_unit_test_setup_teardown(a_flow_of_too_few_is_not_told, begin, end),
        cmocka_unit_test_setup_teardown(an_estimate_is_called_one, begin, end),
        cmocka_unit_test_setup_teardown(a_doubt_outlives_a_restart, begin, end),
        cmocka_unit_test_setup_teardown(a_level_that_nobody_can_judge_ends_with_a_restart, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_memory_of_a_zone_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
