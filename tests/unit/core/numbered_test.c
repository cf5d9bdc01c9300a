// SPDX-License-Identifier: Apache-2.0
#include "way_in.h"

static const struct frames *frames_of(const char *sensor)
{
    return &way.intake.live[sensors_find(way.sensors, sensor)->index].frames;
}

static void say(const char *name, double frame, const char *also, bool value)
{
    raw_pack_number(&way.raw, name, "", frame);
    if (also)
        add(also, value, 0);
    assert_int_equal(request(NULL), REFUSAL_NONE);
}

static void numbers_are_counted_for_their_sensor_and_not_stored(void **state)
{
    (void)state;
    static const unsigned numbers[] = {65534, 65535, 0, 2, 2, 1, 5, 6};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        say("bay-1:frame", numbers[i], "bay-1:occupied", i % 2);
        struct reading reading;
        const struct bytes *last = &way.intake.live[0].last;
        assert_int_equal(reading_decode(last->data, last->used, &reading), 0);
        assert_int_equal(reading.value_count, 1);
        assert_string_equal(reading.values[0].name, "occupied");
    }
    say("bay-2:frame", 17, "bay-2:occupied", true);
    assert_int_equal(frames_missing(frames_of("bay-1")) + frames_of("bay-1")->lost, 2);
    assert_int_equal(frames_missing(frames_of("bay-2")), 0);
    assert_true(frames_of("bay-2")->begun);
    assert_false(frames_of("square")->begun);
}

static void a_frame_alone_is_heard_and_is_no_reading(void **state)
{
    (void)state;
    boot_us = 7000000;
    say("bay-1:frame", 1, NULL, false);
    assert_stored_times(NULL, 0);
    assert_int_equal(way.intake.live[0].last_boot_us, 7000000);
    assert_true(frames_of("bay-1")->begun);
}

static void an_unchanged_state_is_none_the_newer_for_its_number(void **state)
{
    (void)state;
    static const unsigned numbers[] = {996, 997, 998, 1, 2}; // 0 follows on 999, as its range says
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        say("lib-1:frame", numbers[i], "lib-1:occupied", true);
    assert_int_equal(way.source.unchanged, 4);
    assert_int_equal(frames_missing(frames_of("lib-1")), 2);
}

static void what_is_said_again_because_it_was_refused_is_no_loss(void **state)
{
    (void)state;
    say("bay-1:frame", 1, "bay-1:occupied", true);
    way.intake.stopping = true;
    for (int i = 0; i < 2; i++, way.intake.stopping = false) {
        raw_pack_number(&way.raw, "bay-1:frame", "", 2);
        add("bay-1:occupied", false, 0);
        assert_int_equal(request(NULL), i ? REFUSAL_NONE : REFUSAL_FULL);
    }
    say("bay-1:frame", 3, "bay-1:occupied", true);
    assert_int_equal(frames_missing(frames_of("bay-1")) + frames_of("bay-1")->lost, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_counted_for_their_sensor_and_not_stored),
        TEST(a_frame_alone_is_heard_and_is_no_reading),
        TEST(an_unchanged_state_is_none_the_newer_for_its_number),
        TEST(what_is_said_again_because_it_was_refused_is_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
