// SPDX-License-Identifier: Apache-2.0
#include "way_in.h"

#include "standing.h"
#include "vehicle.h"

static void begin_merging(uv_loop_t *loop)
{
    uv_loop_init(loop);
    uv_timer_init(loop, &way.source.merge);
    way.source.merge.data = &way.source;
    way.source.merge_us = 1000000;
}

static void end_merging(uv_loop_t *loop)
{
    way.source.merge_us = 0;
    uv_close((uv_handle_t *)&way.source.merge, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(loop), 0);
}

static void add_number(const char *name, double number, int64_t time_us)
{
    assert_true(raw_pack_number(&way.raw, name, "", number));
    struct raw_value *raw = &way.raw.values[way.raw.count - 1];
    raw->time = time_us ? RAW_TIME_ABSOLUTE : RAW_TIME_NONE;
    raw->time_us = time_us;
}

static enum refusal take_number(const char *name, double number, int64_t time_us)
{
    add_number(name, number, time_us);
    return take(NULL);
}

static void expect_stored(size_t count, double last)
{
    struct reading reading;
    const struct sensor_live *live = &way.intake.live[sensors_find(way.sensors, "square")->index];
    assert_int_equal(live->readings, count);
    assert_int_equal(reading_decode(live->last.data, live->last.used, &reading), 0);
    assert_true(reading.values[0].number == last);
}

static void readings_that_come_too_fast_become_one(void **state)
{
    (void)state;
    uv_loop_t loop;
    begin_merging(&loop);
    assert_int_equal(take_number("square:people", 1, 0), REFUSAL_NONE);
    expect_stored(1, 1); // the first goes at once
    boot_us += 100000;
    for (int i = 2; i <= 6; i++)
        assert_int_equal(take_number("square:people", i, 0), REFUSAL_NONE);
    expect_stored(1, 1);
    assert_true(uv_is_active((uv_handle_t *)&way.source.merge));
    way.source.merge.timer_cb(&way.source.merge); // its time has come
    expect_stored(2, 6);
    assert_int_equal(way.source.merged, 4);
    assert_int_equal(way.source.received, 2);
    way.source.merge.timer_cb(&way.source.merge);
    expect_stored(2, 6);
    boot_us += 1000000; // one a second goes at once
    assert_int_equal(take_number("square:people", 7, 0), REFUSAL_NONE);
    expect_stored(3, 7);
    for (int i = 0; i < 3; i++) // with the sensor's own times they are all kept
        assert_int_equal(take_number("square:people", 8 + i, 1600000000000000 + i), REFUSAL_NONE);
    expect_stored(6, 10);
    end_merging(&loop);
}

static void what_waits_is_not_lost_to_a_reading_that_does_not(void **state)
{
    (void)state;
    uv_loop_t loop;
    begin_merging(&loop);
    take_number("square:people", 1, 0);
    boot_us += 1000;
    take_number("square:people", 2, 0);
    expect_stored(1, 1);
    add_number("square:people", 3, 0); // waits with the second
    add_number("square:people", 4, 1600000000000000);
    add_number("square:people", 5, 1600000001000000);
    assert_int_equal(take(NULL), REFUSAL_NONE);
    expect_stored(4, 5); // the merged one and both that have times of their own
    assert_int_equal(way.source.merged, 1);
    way.source.merge.timer_cb(&way.source.merge);
    expect_stored(4, 5);
    // With no room beside them it goes on waiting.
    boot_us += 1000;
    take_number("square:people", 6, 0);
    for (int i = 0; i < PACK_READINGS_MAX; i++)
        add_number("square:people", 100 + i, 1600000002000000 + i);
    assert_int_equal(take(NULL), REFUSAL_NONE);
    expect_stored(4 + PACK_READINGS_MAX, 100 + PACK_READINGS_MAX - 1);
    way.source.merge.timer_cb(&way.source.merge);
    expect_stored(5 + PACK_READINGS_MAX, 6);
    end_merging(&loop);
}

static void a_change_of_state_does_not_wait(void **state)
{
    (void)state;
    uv_loop_t loop;
    static const bool seen[] = {true, true, false, false, true};
    begin_merging(&loop);
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        boot_us += 10000;
        add("bay-1:occupied", seen[i], 0);
        assert_int_equal(take(NULL), REFUSAL_NONE);
    }
    // The first; the second, which waited, and the change; the fourth, which waited, and the change.
    assert_int_equal(way.intake.live[sensors_find(way.sensors, "bay-1")->index].readings, 5);
    assert_stored_times((int64_t[]){now_us, now_us + 1, now_us + 2, now_us + 3, now_us + 4}, 5);
    end_merging(&loop);
}

static void what_is_left_of_fast_readings_becomes_one_though_events_do_not(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct vehicles *vehicles;
    const struct sensor_live *live = &way.intake.live[sensors_find(way.sensors, "van")->index];
    assert_int_equal(vehicles_create(way.settings, way.sensors, &held, &vehicles), 0);
    way.intake.vehicles = vehicles;
    begin_merging(&loop);
    for (int i = 0; i < 50; i++) {
        add_acceleration(true);
        assert_int_equal(take(NULL), REFUSAL_NONE);
    }
    assert_int_equal(live->readings, 1);
    for (int i = 0; i < 3; i++) {
        assert_true(raw_pack_number(&way.raw, "van:peak_mps2", "m/s2", i));
        assert_int_equal(take(NULL), REFUSAL_NONE);
    }
    assert_int_equal(live->readings, 5); // what had waited went before the first event
    way.source.merge.timer_cb(&way.source.merge);
    assert_int_equal(live->readings, 5);
    end_merging(&loop);
    way.intake.vehicles = NULL;
    vehicles_destroy(vehicles);
}

static void ignore_settled(void *owner, uint64_t ticket, int status, void *context)
{
    (void)owner, (void)ticket, (void)context;
    assert_int_equal(status, 0);
}

// As many packs as may wait, none of which is settled.
static void fill_the_buffer(void)
{
    enum refusal refusal = REFUSAL_NONE;
    for (int i = 0; i < 100000 && !refusal; i++) {
        add("bay-1:occupied", true, 0);
        refusal = take(NULL);
    }
    assert_int_equal(refusal, REFUSAL_FULL);
}

static double duration_of_last(void)
{
    struct reading reading;
    const struct sensor_live *live = &way.intake.live[sensors_find(way.sensors, "head")->index];
    assert_int_equal(reading_decode(live->last.data, live->last.used, &reading), 0);
    for (size_t i = 0; i < reading.value_count; i++)
        if (strcmp(reading.values[i].name, "duration_s") == 0)
            return reading.values[i].number;
    return -1;
}

static void what_is_refused_moves_nothing_and_loses_nothing_that_waits(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct fault why;
    begin_merging(&loop);
    const struct standing_options options = {
        .clock = &held, .sensors = way.sensors, .buffer = way.buffer, .loop = &loop, .folder = way.folder};
    assert_int_equal(standing_create(&options, &way.intake.standing, &why), 0);
    take_number("square:people", 1, 0);
    take_number("square:people", 2, 0);
    take_number("head:distance_m", 2, 1600000000000000);
    way.source.merge_us = 0;
    fill_the_buffer();
    way.source.merge_us = 1000000;
    assert_int_equal(take_number("square:people", 3, 1600000000000000), REFUSAL_FULL);
    assert_int_equal(take_number("head:distance_m", 0.5, 1600000060000000), REFUSAL_FULL);
    expect_stored(1, 1);
    struct buffer_figures figures;
    buffer_flush(way.buffer);
    do
        buffer_figures(way.buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
    buffer_settled(way.buffer, ignore_settled, NULL);
    assert_int_equal(take_number("head:distance_m", 0.5, 1600000060000000), REFUSAL_NONE); // sent once more
    assert_true(duration_of_last() == 60);
    way.source.merge.timer_cb(&way.source.merge);
    expect_stored(2, 2);
    standing_destroy(way.intake.standing);
    way.intake.standing = NULL;
    end_merging(&loop);
}

static void an_event_that_says_acceleration_is_an_event(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct vehicles *vehicles;
    assert_int_equal(vehicles_create(way.settings, way.sensors, &held, &vehicles), 0);
    way.intake.vehicles = vehicles;
    begin_merging(&loop);
    for (int i = 0; i < 3; i++) {
        add_acceleration(false);
        add_number("van:peak_mps2", i, 0);
        assert_int_equal(take(NULL), REFUSAL_NONE);
    }
    assert_int_equal(way.intake.live[sensors_find(way.sensors, "van")->index].readings, 3);
    end_merging(&loop);
    way.intake.vehicles = NULL;
    vehicles_destroy(vehicles);
}

static bool last_of_quiet(void)
{
    struct reading reading;
    const struct sensor_live *live = &way.intake.live[sensors_find(way.sensors, "quiet")->index];
    assert_int_equal(reading_decode(live->last.data, live->last.used, &reading), 0);
    return reading.values[0].boolean;
}

static void what_waits_is_what_a_change_is_seen_against(void **state)
{
    (void)state;
    uv_loop_t loop;
    begin_merging(&loop);
    static const bool said[] = {false, true, true, false, false};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        add("quiet:occupied", said[i], 0);
        assert_int_equal(take(NULL), REFUSAL_NONE);
        boot_us += 100000;
    }
    intake_flush(&way.intake, &way.source);
    assert_false(last_of_quiet()); // the vehicle was gone again before the interval was over
    end_merging(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readings_that_come_too_fast_become_one, begin, finish),
        cmocka_unit_test_setup_teardown(what_waits_is_what_a_change_is_seen_against, begin, finish),
        cmocka_unit_test_setup_teardown(what_waits_is_not_lost_to_a_reading_that_does_not, begin, finish),
        cmocka_unit_test_setup_teardown(a_change_of_state_does_not_wait, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_left_of_fast_readings_becomes_one_though_events_do_not, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_refused_moves_nothing_and_loses_nothing_that_waits, begin, finish),
        cmocka_unit_test_setup_teardown(an_event_that_says_acceleration_is_an_event, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
