// SPDX-License-Identifier: Apache-2.0
#include "city_rig.h"

/*
 * The same readings in another order, twice, over restarts and kills: what the zones are in the end is the same.
 */

enum { SECONDS = 400, EVENTS = 4 * SECONDS };

static const char city[] = "[zone:lot]\nkind = parking\ncapacity = 3\n[zone:deck]\nkind = parking\ncapacity = 500\n"
                           "[zone:plaza]\nkind = crowd\narea = 1000 m2\nhold = 0 s\n"
                           "[sensor:bay-1]\nkind = parking\nzone = lot\n[sensor:bay-2]\nkind = parking\nzone = lot\n"
                           "[sensor:total]\nkind = traffic\nzone = deck\n[sensor:count]\nkind = traffic\nzone = deck\n"
                           "[sensor:eye]\nkind = crowd\nzone = plaza\n";

static struct event {
    const char *name;
    int second;
    double value;
    bool is_bool;
} events[EVENTS];
static size_t event_count;
static int64_t begin_us;
static uint64_t seed;

static size_t draw_below(size_t end)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(seed >> 33) % end;
}

static void add_event(const char *name, int second, double value, bool is_bool)
{
    events[event_count++] = (struct event){name, second, value, is_bool};
}

static int begin(void **state)
{
    (void)state;
    int total = 0;
    seed = 5;
    event_count = 0;
    for (int second = 0; second < SECONDS; second++) {
        total += (int)draw_below(3);
        add_event("bay-1:occupied", second, (double)draw_below(2), true);
        add_event("total:in_total", second, total, false);
        add_event("eye:people", second, 20 + (double)draw_below(10), false);
        add_event(second % 2 ? "bay-2:occupied" : "count:in", second, (double)draw_below(2), second % 2);
    }
    begin_rig(city);
    begin_us = wall_us;
    return 0;
}

// Each within some places of where it was.
static void shuffle(void)
{
    enum { REACH = 30 };
    for (size_t i = 0; i + REACH < event_count; i++) {
        size_t other = i + draw_below(REACH);
        struct event event = events[i];
        events[i] = events[other];
        events[other] = event;
    }
}

static void deliver(const struct event *event)
{
    int64_t time_us = begin_us + event->second * SECOND;
    if (event->is_bool)
        add_bool(event->name, event->value != 0, time_us);
    else
        add_number(event->name, "", event->value, time_us);
    take();
}

// Late by up to half a minute. Every so many events the gateway begins anew.
static void play(bool twice, size_t every, bool by_kill)
{
    for (size_t i = 0; i < event_count; i++) {
        wall_us = begin_us + (int64_t)(30 + i / 4) * SECOND;
        boot_us += SECOND / 4;
        deliver(&events[i]);
        if (twice)
            deliver(&events[i]);
        if (every == 0 || i % every != every - 1)
            continue;
        if (by_kill && i / every % 3 > 0) // two kills after each save
            kill_and_restart();
        else
            restart();
    }
    tick_after(2);
}

static void remember(char *text, size_t size)
{
    static const char *const zones[] = {"zone/lot", "zone/deck", "zone/plaza"};
    size_t used = 0;
    for (size_t z = 0; z < 3; z++) {
        struct reading reading;
        assert_non_null(newest_of(zones[z], &reading));
        for (size_t i = 0; i < reading.value_count; i++) {
            const struct value *value = &reading.values[i];
            if (strcmp(value->name, "cause") != 0)
                used += (size_t)snprintf(text + used, size - used, "%s=%g%s ", value->name,
                                         value->type == VALUE_TEXT ? 0 : value->number,
                                         value->type == VALUE_TEXT ? value->text : "");
        }
    }
}

static char expected[2000];

static void in_order(void **state)
{
    (void)state;
    play(false, 0, false);
    remember(expected, sizeof expected);
    assert_non_null(strstr(expected, "occupied="));
    assert_non_null(strstr(expected, "people="));
}

static void assert_same(void)
{
    char text[2000];
    remember(text, sizeof text);
    assert_string_equal(text, expected);
}

static void shuffled_and_doubled(void **state)
{
    (void)state;
    shuffle();
    play(true, 0, false);
    assert_same();
}

static void with_restarts(void **state)
{
    (void)state;
    shuffle();
    play(true, 97, false);
    assert_same();
}

static void with_kills(void **state)
{
    (void)state;
    shuffle();
    play(true, 97, true);
    assert_same();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order, begin, end_rig), // what the others are compared with
        cmocka_unit_test_setup_teardown(shuffled_and_doubled, begin, end_rig),
        cmocka_unit_test_setup_teardown(with_restarts, begin, end_rig),
        cmocka_unit_test_setup_teardown(with_kills, begin, end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
