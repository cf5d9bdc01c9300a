// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/zone_traffic.h"
#include "zone_day.h"
#include <math.h>

/*
 * The same hour in order, in disorder, with repetitions and with restarts tells the same minutes.
 */

enum { SENSORS = 5, EVENTS_MAX = 12000, TOLD_MAX = 200, ROUNDS = 30, MADNESS = 2000 };

#define MINUTE (60 * S)
#define WAIT (TRAFFIC_WAIT_S * S)

static const struct settings_zone road = {.id = "route-1", .kind = KIND_TRAFFIC};
static struct settings_sensor sensors[SENSORS];
static char ids[SENSORS][16];

// An event, and when it gets here.
struct arrival {
    struct event event;
    int64_t at_us;
};

struct minute {
    int64_t time_us;
    double speed_mps, travel_time_s, occupancy, vehicles, period_s, sensors;
};

struct hour {
    struct minute minutes[TOLD_MAX];
    size_t count;
};

static struct arrival arrivals[2 * EVENTS_MAX];

static struct zone_traffic *stand(void)
{
    struct zone_traffic *zone = zone_traffic_create(&road);
    for (int i = 0; i < SENSORS; i++) {
        snprintf(ids[i], sizeof ids[i], "r%d", i);
        sensors[i] = (struct settings_sensor){.id = ids[i], .kind = KIND_TRAFFIC};
        zone_traffic_add(zone, &sensors[i]);
    }
    return zone;
}

static void restart(struct zone_traffic **zone)
{
    struct bytes bytes;
    bytes_init(&bytes, 1 << 20);
    zone_traffic_keep(*zone, &bytes);
    zone_traffic_destroy(*zone);
    *zone = stand();
    assert_int_equal(zone_traffic_restore(*zone, bytes.data, bytes.used), 0);
    bytes_finish(&bytes);
}

static void ask(struct zone_traffic *zone, struct hour *hour)
{
    struct reading reading;
    while (zone_traffic_report(zone, &reading)) {
        assert_true(hour->count < TOLD_MAX);
        assert_true(hour->count == 0 || reading.time_us > hour->minutes[hour->count - 1].time_us);
        hour->minutes[hour->count++] = (struct minute){reading.time_us,
                                                       told(&reading, "speed_mps"),
                                                       told(&reading, "travel_time_s"),
                                                       told(&reading, "occupancy"),
                                                       told(&reading, "vehicles"),
                                                       told(&reading, "period_s"),
                                                       told(&reading, "sensors")};
    }
}

static int by_arrival(const void *one, const void *other)
{
    const struct arrival *a = one, *b = other;
    return a->at_us != b->at_us ? (a->at_us > b->at_us) - (a->at_us < b->at_us)
                                : (a->event.time_us > b->event.time_us) - (a->event.time_us < b->event.time_us);
}

static void pass(size_t count, uint64_t *restarts, struct hour *ret_hour)
{
    struct zone_traffic *zone = stand();
    ret_hour->count = 0;
    qsort(arrivals, count, sizeof *arrivals, by_arrival);
    for (size_t i = 0; i < count; i++) {
        struct reading reading = reading_of(&arrivals[i].event);
        zone_traffic_take(zone, arrivals[i].event.number, &reading, arrivals[i].at_us);
        if (restarts && draw_below(restarts, (int64_t)count) < 8)
            restart(&zone);
        ask(zone, ret_hour);
    }
    zone_traffic_tick(zone, arrivals[count - 1].at_us + 2 * MINUTE);
    ask(zone, ret_hour);
    zone_traffic_destroy(zone);
}

// Each is late by less than `late_us`, and with `twice` some come once more, within ten minutes.
static size_t send(const struct event *events, size_t count, int64_t late_us, bool twice, uint64_t *seed)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        arrivals[used++] = (struct arrival){events[i], events[i].time_us + (late_us ? draw_below(seed, late_us) : 0)};
        if (twice && draw_below(seed, 2)) {
            arrivals[used] = arrivals[used - 1];
            arrivals[used++].at_us += draw_below(seed, 600 * S);
        }
    }
    return used;
}

static void assert_same(const struct hour *one, const struct hour *other)
{
    assert_int_equal(one->count, other->count);
    for (size_t i = 0; i < one->count; i++)
        if (memcmp(&one->minutes[i], &other->minutes[i], sizeof one->minutes[i]) != 0)
            fail_msg("minute %zu: speed %g %g, travel time %g %g, vehicles %g %g, period %g %g, sensors %g %g", i,
                     one->minutes[i].speed_mps, other->minutes[i].speed_mps, one->minutes[i].travel_time_s,
                     other->minutes[i].travel_time_s, one->minutes[i].vehicles, other->minutes[i].vehicles,
                     one->minutes[i].period_s, other->minutes[i].period_s, one->minutes[i].sensors,
                     other->minutes[i].sensors);
}

static void assert_same_in_any_order(const struct event *events, size_t count, uint64_t *seed, struct hour *ret_hour)
{
    static struct hour again;
    pass(send(events, count, 0, false, seed), NULL, ret_hour);
    for (int way = 1; way < 8; way++) {
        pass(send(events, count, way & 1 ? WAIT : 0, way & 2, seed), way & 4 ? seed : NULL, &again);
        assert_same(&again, ret_hour);
    }
}

// An hour of a road; some sensors say running totals, some counts, some only what they measure. There are gaps.
static size_t make_hour(struct event *events, size_t count, uint64_t *seed)
{
    double totals[SENSORS] = {0};
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        int number = (int)draw_below(seed, SENSORS);
        int64_t time_us = day_begins_us + (int64_t)i * HOUR / (int64_t)count + draw_below(seed, S / 10);
        double measured = 5 + 0.125 * (double)draw_below(seed, 160);
        totals[number] += (double)draw_below(seed, 4);
        if (time_us / MINUTE % 7 == 3)
            continue;
        struct event event = {number, time_us, number % 2 ? "travel_time_s" : "speed_mps", measured, NULL, 0};
        if (number < 2) {
            event.second = "vehicles_total";
            event.second_value = totals[number];
        } else if (number < 4) {
            event.second = number == 2 ? "vehicles" : "occupancy";
            event.second_value = number == 2 ? (double)draw_below(seed, 4) : measured / 100;
        }
        events[used++] = event;
    }
    return used;
}

static void minutes_are_the_same_in_any_order(void **state)
{
    (void)state;
    static struct event events[EVENTS_MAX];
    static struct hour hour;
    uint64_t seed = 21;
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = make_hour(events, round % 3 == 0 ? 300 : 3000, &seed);
        assert_same_in_any_order(events, count, &seed, &hour);
        double vehicles = 0, expected = 0, first[2] = {-1, -1}, newest[2] = {0};
        for (size_t i = 0; i < hour.count; i++)
            vehicles += fmax(hour.minutes[i].vehicles, 0);
        for (size_t i = 0; i < count; i++) {
            const struct event *event = &events[i];
            if (event->number == 2)
                expected += event->second_value;
            if (event->number >= 2)
                continue;
            first[event->number] = first[event->number] < 0 ? event->second_value : first[event->number];
            newest[event->number] = event->second_value;
        }
        expected += newest[0] - first[0] + newest[1] - first[1];
        if (vehicles != expected)
            fail_msg("%g vehicles were told; expected %g", vehicles, expected);
        assert_true(hour.count > 45 && hour.count < 60); // without those of the gaps
    }
}

// More of each quantity than there is room for.
static void a_crowded_minute_is_the_same_in_any_order(void **state)
{
    (void)state;
    static struct event events[EVENTS_MAX];
    static struct hour hour;
    uint64_t seed = 22;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < EVENTS_MAX; i++)
            events[i] = (struct event){i % SENSORS, day_begins_us + i * (3 * MINUTE / EVENTS_MAX) + 1,
                                       "speed_mps", 10 + 0.01 * (double)draw_below(&seed, 1001),
                                       NULL,        0};
        assert_same_in_any_order(events, EVENTS_MAX, &seed, &hour);
        assert_int_equal(hour.count, 3);
        for (size_t i = 0; i < 3; i++)
            assert_true(fabs(hour.minutes[i].speed_mps - 15) < 1.25); // four standard deviations of 10 / 2 / 16
    }
}

static void whatever_comes_what_is_told_makes_sense(void **state)
{
    (void)state;
    static const char *const names[] = {"speed_mps",      "travel_time_s", "vehicles",
                                        "vehicles_total", "occupancy",     "people"};
    uint64_t seed = 23;
    for (int round = 0; round < ROUNDS; round++) {
        struct zone_traffic *zone = stand();
        struct reading last;
        int64_t now_us = day_begins_us;
        for (int i = 0; i < MADNESS; i++) {
            struct reading reading = draw_reading(names, 6, &now_us, &seed);
            if (draw_below(&seed, 2))
                reading.time_us = now_us - draw_below(&seed, MINUTE);
            zone_traffic_take(zone, (int)draw_below(&seed, SENSORS), &reading, now_us);
            if (draw_below(&seed, 4) == 0)
                zone_traffic_tick(zone, now_us);
            if (draw_below(&seed, 50) == 0)
                restart(&zone);
            while (zone_traffic_report(zone, &last)) {
                assert_true(last.time_us % MINUTE == 0 && last.value_count > 0);
                assert_true(told(&last, "sensors") >= 1 && told(&last, "sensors") <= SENSORS);
                for (size_t v = 0; v < last.value_count; v++)
                    assert_true(last.values[v].number >= 0 && isfinite(last.values[v].number));
                assert_true(told(&last, "period_s") == -99 || told(&last, "period_s") >= 60);
            }
        }
        zone_traffic_destroy(zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minutes_are_the_same_in_any_order),
        cmocka_unit_test(a_crowded_minute_is_the_same_in_any_order),
        cmocka_unit_test(whatever_comes_what_is_told_makes_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
