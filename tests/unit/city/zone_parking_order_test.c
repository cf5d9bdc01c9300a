// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/clock.h"
#include "city/zone_parking.h"
#include "zone_day.h"

/*
 * The same day in order, in disorder, with repetitions and with restarts comes to the same.
 */

enum { SENSORS_MAX = 3000, ROUNDS = 40, ALL = 1 << 20 };

static const struct calendar tokyo = {tokyo_utc_us};
static struct settings_zone lot;
static struct settings_sensor sensors[SENSORS_MAX];
static char ids[SENSORS_MAX][16];
static int sensor_count;

static void begin(int bays, int gates)
{
    static const enum counting countings[] = {COUNTING_IN, COUNTING_OUT, COUNTING_BOTH};
    lot = (struct settings_zone){.id = "lot", .kind = KIND_PARKING, .almost_full = 0.9, .reset_minute = -1};
    sensor_count = bays + gates;
    for (int i = 0; i < sensor_count; i++) {
        snprintf(ids[i], sizeof ids[i], "s%d", i);
        sensors[i] = (struct settings_sensor){.id = ids[i],
                                              .kind = i < bays ? KIND_PARKING : KIND_TRAFFIC,
                                              .counting = (int)countings[i % 3],
                                              .stale_after_us = 5 * HOUR,
                                              .out_last_day = -1};
    }
}

static struct zone_parking *stand(void)
{
    struct zone_parking *zone = zone_parking_create(&lot, &tokyo);
    for (int i = 0; i < sensor_count; i++)
        zone_parking_add(zone, &sensors[i]);
    return zone;
}

static void restart(struct zone_parking **zone, int64_t now_us)
{
    struct bytes bytes;
    bytes_init(&bytes, 1 << 24);
    zone_parking_keep(*zone, &bytes);
    zone_parking_destroy(*zone);
    *zone = stand();
    assert_int_equal(zone_parking_restore(*zone, bytes.data, bytes.used), 0);
    zone_parking_tick(*zone, now_us);
    bytes_finish(&bytes);
}

static void check(const struct zone_parking *zone)
{
    struct zone_parking_figures now;
    zone_parking_figures(zone, &now);
    assert_true(now.occupied >= 0);
    if (now.capacity < 0)
        return;
    assert_true(now.free >= 0 && now.unknown >= 0 && now.occupied <= now.capacity);
    assert_int_equal(now.free + now.occupied + now.unknown, now.capacity);
}

// What it comes to in the end, but for what depends on the way: bands.
static struct zone_parking_figures day(const struct event *events, size_t count, uint64_t *restarts)
{
    struct zone_parking *zone = stand();
    struct zone_parking_figures end;
    int64_t now_us = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        struct reading reading = reading_of(&events[i]);
        now_us = events[i].time_us > now_us ? events[i].time_us : now_us;
        zone_parking_take(zone, events[i].number, &reading, now_us);
        check(zone);
        if (restarts && draw_below(restarts, (int64_t)count) < 4)
            restart(&zone, now_us);
    }
    zone_parking_tick(zone, now_us);
    zone_parking_figures(zone, &end);
    zone_parking_destroy(zone);
    end.band = end.fill = 0;
    return end;
}

static void assert_same_in_any_order(struct event *events, size_t count, size_t reach, uint64_t *seed)
{
    struct zone_parking_figures in_order = day(events, count, NULL);
    size_t twice_count;
    struct event *twice = doubled(events, count, seed, &twice_count);
    struct zone_parking_figures again[4] = {day(twice, twice_count, NULL), day(events, count, seed)};
    shuffle(twice, twice_count, reach, seed);
    again[2] = day(twice, twice_count, seed);
    shuffle(events, count, reach, seed);
    again[3] = day(events, count, NULL);
    for (size_t i = 0; i < 4; i++)
        if (memcmp(&again[i], &in_order, sizeof in_order) != 0)
            fail_msg("way %zu: %lld occupied, %lld free, drift %lld instead of %lld, %lld, %lld", i,
                     (long long)again[i].occupied, (long long)again[i].free, (long long)again[i].drift,
                     (long long)in_order.occupied, (long long)in_order.free, (long long)in_order.drift);
    free(twice);
}

// As somebody would count them who has all that was said, in order.
static void assert_bays(const struct event *events, int count, int bays)
{
    struct zone_parking_figures end = day(events, (size_t)count, NULL);
    int64_t free_count = 0, occupied = 0, end_us = events[count - 1].time_us;
    for (int bay = 0; bay < bays; bay++) {
        const struct event *newest = NULL;
        for (int i = 0; i < count; i++)
            newest = events[i].number == bay ? &events[i] : newest;
        bool speaks = newest && end_us - newest->time_us <= sensors[bay].stale_after_us;
        free_count += speaks && newest->value == 0;
        occupied += speaks && newest->value != 0;
    }
    assert_int_equal(end.free, free_count);
    assert_int_equal(end.occupied, occupied);
    assert_int_equal(end.capacity, lot.capacity > bays ? lot.capacity : bays);
}

static void bays_in_any_order_come_to_the_same(void **state)
{
    (void)state;
    enum { BAYS = 12, COUNT = 500 };
    uint64_t seed = 1;
    static struct event events[COUNT];
    for (int round = 0; round < ROUNDS; round++) {
        begin(BAYS, 0);
        lot.capacity = draw_below(&seed, 20);
        for (int i = 0; i < COUNT; i++)
            events[i] = (struct event){(int)draw_below(&seed, BAYS - 1),
                                       day_begins_us + i * DAY / COUNT,
                                       "occupied",
                                       (double)draw_below(&seed, 2),
                                       NULL,
                                       0};
        assert_bays(events, COUNT, BAYS);
        assert_same_in_any_order(events, COUNT, ALL, &seed);
    }
}

// Of a gate: a running total that grows, or what came since the reading before.
static void make_gates(struct event *events, int count, bool is_total, uint64_t *seed)
{
    double totals[3][2] = {{0}};
    for (int i = 0; i < count; i++) {
        int gate = (int)draw_below(seed, 3);
        double in = (double)draw_below(seed, 4), out = (double)draw_below(seed, 4);
        totals[gate][0] += in;
        totals[gate][1] += out;
        struct event event = {gate,
                              day_begins_us + i * (DAY - 1) / count,
                              is_total ? "vehicles_total" : "vehicles",
                              is_total ? totals[gate][0] : in,
                              NULL,
                              0};
        if (gate == 2) {
            event.name = is_total ? "in_total" : "in";
            event.second = is_total ? "out_total" : "out";
            event.second_value = is_total ? totals[gate][1] : out;
        }
        events[i] = event;
    }
}

static void gates_in_any_order_come_to_the_same(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    uint64_t seed = 2;
    static struct event events[COUNT];
    for (int round = 0; round < ROUNDS; round++) {
        bool is_total = round % 2;
        begin(0, 3);
        lot.capacity = 10 + draw_below(&seed, 100);
        lot.reset_minute = round % 4 < 2 ? -1 : draw_below(&seed, 1440);
        lot.reset_to = draw_below(&seed, 10);
        make_gates(events, COUNT, is_total, &seed);
        // What was counted between is not known again from farther back than 64 readings of one sensor.
        assert_same_in_any_order(events, COUNT, is_total ? ALL : 50, &seed);
    }
}

static void totals_are_counted_from_the_first(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    uint64_t seed = 5;
    static struct event events[COUNT];
    double first[3][2], last[3][2];
    bool any[3] = {false};
    begin(0, 3);
    lot.capacity = 10000;
    make_gates(events, COUNT, true, &seed);
    for (int i = 0; i < COUNT; i++) {
        int gate = events[i].number;
        last[gate][0] = events[i].value;
        last[gate][1] = events[i].second_value;
        if (!any[gate])
            memcpy(first[gate], last[gate], sizeof first[gate]);
        any[gate] = true;
    }
    double inside = last[0][0] - first[0][0] - (last[1][0] - first[1][0]);
    inside += last[2][0] - first[2][0] - (last[2][1] - first[2][1]);
    shuffle(events, COUNT, ALL, &seed);
    struct zone_parking_figures end = day(events, COUNT, &seed);
    assert_true((double)(end.occupied + end.drift) == inside);
}

static void counts_are_what_they_are(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    uint64_t seed = 3;
    static struct event events[COUNT];
    begin(0, 3);
    lot.capacity = 1000;
    double inside = 0;
    make_gates(events, COUNT, false, &seed);
    for (int i = 0; i < COUNT; i++)
        inside += (events[i].number == 1 ? -1 : 1) * events[i].value - events[i].second_value;
    shuffle(events, COUNT, ALL, &seed);
    struct zone_parking_figures end = day(events, COUNT, NULL);
    assert_true((double)(end.occupied + end.drift) == inside);
}

static void whatever_comes_it_adds_up(void **state)
{
    (void)state;
    static const char *const names[] = {"occupied", "in", "out", "in_total", "out_total", "vehicles", "vehicles_total"};
    uint64_t seed = 6;
    for (int round = 0; round < ROUNDS; round++) {
        begin(3, round % 4);
        lot.capacity = draw_below(&seed, 5);
        lot.reset_minute = draw_below(&seed, 1440);
        struct zone_parking *zone = stand();
        struct reading last;
        int64_t now_us = day_begins_us;
        for (int i = 0; i < 1000; i++) {
            struct reading reading = draw_reading(names, 7, &now_us, &seed);
            zone_parking_take(zone, (int)draw_below(&seed, sensor_count), &reading, now_us);
            check(zone);
            if (draw_below(&seed, 50) == 0)
                restart(&zone, now_us);
            check(zone);
            zone_parking_report(zone, i * S, &last);
        }
        zone_parking_destroy(zone);
    }
}

/* Melbourne's bays, 2025-08-05: the last change of each of 2 025. */

static int number_of(const char *id)
{
    for (int i = 0; i < sensor_count; i++)
        if (strcmp(ids[i], id) == 0)
            return i;
    snprintf(ids[sensor_count], sizeof ids[0], "%s", id);
    return sensor_count++;
}

static int64_t time_of(const char *text)
{
    int64_t time_us = 0;
    utc_parse(text, &time_us);
    return time_us;
}

static size_t read_events(FILE *file, struct event *events, size_t max)
{
    char line[200], time[40], id[16], status[20];
    size_t count = 0;
    while (count < max && fgets(line, sizeof line, file))
        if (sscanf(line, "%39[^,],%15[^,],%19[^,]", time, id, status) == 3 && time_of(time))
            events[count++] =
                (struct event){number_of(id), time_of(time), "occupied", strcmp(status, "Present") == 0, NULL, 0};
    return count;
}

static void a_recorded_day_in_any_order_comes_to_the_same(void **state)
{
    (void)state;
    static struct event events[SENSORS_MAX];
    FILE *file = recording("parking_melbourne_ccby/2025-08-05_last_events_sorted.csv");
    uint64_t seed = 4;
    if (!file)
        skip();
    begin(0, 0);
    size_t count = read_events(file, events, SENSORS_MAX);
    fclose(file);
    assert_int_equal(count, 2025);
    for (int i = 0; i < sensor_count; i++)
        sensors[i] = (struct settings_sensor){
            .id = ids[i], .kind = KIND_PARKING, .stale_after_us = 30 * DAY, .out_last_day = -1};
    struct zone_parking_figures end = day(events, count, NULL);
    int64_t present = 0;
    for (size_t i = 0; i < count; i++)
        present += events[i].value != 0;
    assert_int_equal(end.occupied, present);
    assert_int_equal(end.free + end.occupied, sensor_count);
    assert_same_in_any_order(events, count, ALL, &seed);
    print_message("%d bays, %lld occupied, %lld free\n", sensor_count, (long long)end.occupied, (long long)end.free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bays_in_any_order_come_to_the_same),
        cmocka_unit_test(gates_in_any_order_come_to_the_same),
        cmocka_unit_test(totals_are_counted_from_the_first),
        cmocka_unit_test(counts_are_what_they_are),
        cmocka_unit_test(whatever_comes_it_adds_up),
        cmocka_unit_test(a_recorded_day_in_any_order_comes_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
