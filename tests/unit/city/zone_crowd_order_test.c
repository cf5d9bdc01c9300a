// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/zone_crowd.h"
#include "zone_day.h"
#include <math.h>

/*
 * The same day in order, in disorder, with repetitions and with restarts comes to the same.
 */

enum { SENSORS_MAX = 64, EVENTS_MAX = 10000, ROUNDS = 40, ALL = 1 << 20 };

static const struct calendar *calendar;
static struct settings_zone plaza;
static struct settings_sensor sensors[SENSORS_MAX];
static char ids[SENSORS_MAX][16];
static int sensor_count;
static bool quiet; // in the end
static struct event events[EVENTS_MAX];

static void begin(int count)
{
    plaza = (struct settings_zone){.id = "plaza",
                                   .kind = KIND_CROWD,
                                   .area_m2 = 100,
                                   .width_m = 4,
                                   .limits = {2, 4, 5},
                                   .limit_count = 3,
                                   .hold_us = 10 * S,
                                   .reset_minute = -1};
    sensor_count = count;
    quiet = false;
    for (int i = 0; i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "c%d", i);
        sensors[i] =
            (struct settings_sensor){.id = ids[i], .kind = KIND_CROWD, .stale_after_us = 5 * HOUR, .out_last_day = -1};
    }
}

static struct zone_crowd *stand(void)
{
    struct zone_crowd *zone = zone_crowd_create(&plaza, calendar);
    for (int i = 0; i < sensor_count; i++)
        zone_crowd_add(zone, &sensors[i]);
    return zone;
}

static void restart(struct zone_crowd **zone, int64_t now_us)
{
    struct bytes bytes;
    bytes_init(&bytes, 1 << 24);
    zone_crowd_keep(*zone, &bytes);
    zone_crowd_destroy(*zone);
    *zone = stand();
    assert_int_equal(zone_crowd_restore(*zone, bytes.data, bytes.used), 0);
    zone_crowd_tick(*zone, now_us);
    bytes_finish(&bytes);
}

// A level counts with the reading after `hold`: these come, in their order, when all others have come.
static void settle(struct zone_crowd *zone, int64_t now_us)
{
    for (int i = 1; i <= 2 && quiet; i++) {
        struct reading reading = reading_of(&(struct event){0, now_us + i * plaza.hold_us, "people", 3, NULL, 0});
        zone_crowd_take(zone, 0, &reading, reading.time_us);
    }
}

static struct zone_crowd_figures day(const struct event *list, size_t count, uint64_t *restarts)
{
    struct zone_crowd *zone = stand();
    struct zone_crowd_figures end;
    int64_t now_us = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        struct reading reading = reading_of(&list[i]);
        now_us = list[i].time_us > now_us ? list[i].time_us : now_us;
        zone_crowd_take(zone, list[i].number, &reading, now_us);
        zone_crowd_figures(zone, &end);
        assert_true(end.people >= 0 || isnan(end.people));
        if (restarts && draw_below(restarts, (int64_t)count) < 4)
            restart(&zone, now_us);
    }
    settle(zone, now_us);
    zone_crowd_tick(zone, now_us);
    zone_crowd_figures(zone, &end);
    zone_crowd_destroy(zone);
    return end;
}

static bool is_same(double one, double other)
{
    return one == other || (isnan(one) && isnan(other));
}

static void assert_same(const struct zone_crowd_figures *one, const struct zone_crowd_figures *other)
{
    if (!is_same(one->people, other->people) || !is_same(one->flow_per_m_min, other->flow_per_m_min))
        fail_msg("people %g %g, flow %g %g", one->people, other->people, one->flow_per_m_min, other->flow_per_m_min);
    assert_true(is_same(one->density_per_m2, other->density_per_m2) && is_same(one->drift, other->drift));
    assert_true(one->service_level == other->service_level);
    assert_int_equal(one->level, other->level);
    assert_int_equal(one->silent, other->silent);
}

static void assert_same_in_any_order(size_t count, size_t reach, uint64_t *seed)
{
    struct zone_crowd_figures in_order = day(events, count, NULL);
    size_t twice_count;
    struct event *twice = doubled(events, count, seed, &twice_count);
    struct zone_crowd_figures again[4] = {day(twice, twice_count, NULL), day(events, count, seed)};
    shuffle(twice, twice_count, reach, seed);
    again[2] = day(twice, twice_count, seed);
    shuffle(events, count, reach, seed);
    again[3] = day(events, count, NULL);
    free(twice);
    for (size_t i = 0; i < 4; i++)
        assert_same(&again[i], &in_order);
}

// A crowd that comes and goes; in the end all have gone.
static void people_in_any_order_come_to_the_same(void **state)
{
    (void)state;
    enum { SENSORS = 4, COUNT = 600, QUIET = 40 };
    uint64_t seed = 11;
    for (int round = 0; round < ROUNDS; round++) {
        double people[SENSORS] = {0};
        begin(SENSORS);
        quiet = true;
        for (int i = 0; i < COUNT; i++) {
            int number = i < COUNT - QUIET ? (int)draw_below(&seed, SENSORS) : i % SENSORS;
            people[number] = fmax(0, people[number] + (double)draw_below(&seed, 41) - 18);
            events[i] = (struct event){
                number, day_begins_us + i * DAY / COUNT, "people", i < COUNT - QUIET ? people[number] : i % 7, NULL, 0};
        }
        assert_same_in_any_order(COUNT, ALL, &seed);
    }
}

static void counters_in_any_order_come_to_the_same(void **state)
{
    (void)state;
    enum { SENSORS = 3, COUNT = 600 };
    uint64_t seed = 12;
    for (int round = 0; round < ROUNDS; round++) {
        bool is_total = round % 2;
        double in[SENSORS] = {0}, out[SENSORS] = {0};
        begin(SENSORS);
        plaza.area_m2 = 0; // no level: it depends on the way
        plaza.reset_minute = round % 4 < 2 ? -1 : draw_below(&seed, 1440);
        for (int i = 0; i < COUNT; i++) {
            int number = (int)draw_below(&seed, SENSORS);
            double came = (double)draw_below(&seed, 5), left = (double)draw_below(&seed, 4);
            in[number] += came;
            out[number] += left;
            events[i] = (struct event){number,
                                       day_begins_us + i * 7 * S,
                                       is_total ? "in_total" : "in",
                                       is_total ? in[number] : came,
                                       is_total ? "out_total" : "out",
                                       is_total ? out[number] : left};
        }
        assert_same_in_any_order(COUNT, is_total ? ALL : 50, &seed);
    }
}

static void whatever_comes_it_is_never_negative(void **state)
{
    (void)state;
    static const char *const names[] = {"people", "in", "out", "in_total", "out_total", "battery_v"};
    uint64_t seed = 14;
    for (int round = 0; round < ROUNDS; round++) {
        begin(3);
        plaza.reset_minute = draw_below(&seed, 1440);
        plaza.min_count = draw_below(&seed, 3);
        struct zone_crowd *zone = stand();
        struct zone_crowd_figures now;
        struct crowd_alert alert;
        struct reading last;
        int64_t now_us = day_begins_us;
        for (int i = 0; i < 1000; i++) {
            struct reading reading = draw_reading(names, 6, &now_us, &seed);
            zone_crowd_take(zone, (int)draw_below(&seed, sensor_count), &reading, now_us);
            zone_crowd_figures(zone, &now);
            assert_true(isnan(now.people) || now.people >= 0);
            assert_true(isnan(now.flow_per_m_min) || now.flow_per_m_min >= 0);
            assert_true(isnan(now.drift) || now.drift <= 0);
            if (draw_below(&seed, 50) == 0)
                restart(&zone, now_us);
            zone_crowd_alert(zone, &alert);
            zone_crowd_report(zone, i * S, &last);
        }
        zone_crowd_destroy(zone);
    }
}

/* Melbourne's pedestrians, 2014-10-01 to 10: persons in an hour of local time. On the 5th the clock is put forward at two. */

#define CLOCK_FORWARD (INT64_C(1412438400) * S) // 2014-10-04T16:00:00Z

static int64_t melbourne_utc_us(const struct calendar *self, int64_t day_number, int64_t minute)
{
    (void)self;
    int64_t time_us = day_number * DAY + minute * 60 * S - 10 * HOUR;
    return time_us < CLOCK_FORWARD ? time_us : time_us - HOUR;
}

static const struct calendar melbourne = {melbourne_utc_us};

// Sensors are numbered as in the file, from 1.
static size_t read_october(FILE *file, size_t max)
{
    char line[200];
    size_t count = 0;
    while (count < max && fgets(line, sizeof line, file)) {
        int date, hour, number;
        const char *people = strrchr(line, ',');
        if (sscanf(line, "%d-Oct-2014,%*[^,],%d,%d,", &date, &hour, &number) != 3 || number >= SENSORS_MAX)
            continue;
        int64_t october_us = INT64_C(1412121600) * S; // 2014-10-01T00:00:00Z
        int64_t begin_us = melbourne_utc_us(NULL, october_us / DAY + date - 1, hour * 60);
        events[count++] = (struct event){number, begin_us + HOUR, "in", atof(people + 1), NULL, 0};
    }
    return count;
}

// From 03:30 on everybody is somebody new: what came in the hour from three on is counted whole.
static void expect_each_day_by_itself(size_t count)
{
    struct zone_crowd *zone = stand();
    struct zone_crowd_figures now;
    double inside = 0;
    int64_t since_us = 0;
    size_t days = 0;
    for (size_t i = 0; i < count; i++) {
        struct reading reading = reading_of(&events[i]);
        for (int64_t d = events[i].time_us / DAY + 1, done = 0; !done; d--) {
            int64_t reset_us = melbourne_utc_us(NULL, d, 210);
            done = reset_us <= events[i].time_us;
            if (done && reset_us != since_us) {
                inside = 0;
                days++;
                since_us = reset_us;
            }
        }
        inside += events[i].value;
        zone_crowd_take(zone, events[i].number, &reading, events[i].time_us);
        zone_crowd_figures(zone, &now);
        assert_true(now.people == inside);
    }
    assert_int_equal(days, 11); // with the night before the first
    zone_crowd_destroy(zone);
}

static void a_recorded_week_survives_the_hour_that_is_left_out(void **state)
{
    (void)state;
    FILE *file = recording("pedestrian_melbourne_ccby/melbourne_hourly_pedestrians_2014_slices.csv");
    uint64_t seed = 13;
    if (!file)
        skip();
    begin(SENSORS_MAX);
    size_t count = read_october(file, EVENTS_MAX);
    fclose(file);
    assert_int_equal(count, 7887);
    calendar = &melbourne;
    plaza.reset_minute = 210;
    expect_each_day_by_itself(count);
    struct zone_crowd_figures end = day(events, count, NULL);
    double last_hour = 0;
    for (size_t i = 0; i < count; i++)
        last_hour += events[i].time_us == events[count - 1].time_us ? events[i].value : 0;
    assert_true(fabs(end.flow_per_m_min - last_hour / 60 / 4) < 1e-9);
    assert_same_in_any_order(count, 700, &seed); // some twenty hours
    calendar = NULL;
    print_message("%zu hours of sensors; since the last 03:30 %g people\n", count, end.people);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_in_any_order_come_to_the_same),
        cmocka_unit_test(counters_in_any_order_come_to_the_same),
        cmocka_unit_test(whatever_comes_it_is_never_negative),
        cmocka_unit_test(a_recorded_week_survives_the_hour_that_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
