// SPDX-License-Identifier: Apache-2.0
#include "city_rig.h"

/*
 * More sensors that are not well than there is room for in the table of alerts.
 */

enum { SENSORS = 1100, ALERTS = 1024 };

static int begin(void **state)
{
    (void)state;
    static char text[150000];
    size_t used = 0;
    for (int i = 0; i < SENSORS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "[sensor:bay-%d]\nkind = parking\nstale_after = 10 min\n", i);
    begin_rig(text);
    return 0;
}

static void hear(int first, int count)
{
    char name[40];
    for (int i = first; i < first + count; i++) {
        snprintf(name, sizeof name, "bay-%d:occupied", i);
        add_bool(name, true, 0);
        take();
    }
}

static size_t told_active(void)
{
    char stream[STREAM_SIZE], id[32];
    size_t count = 0;
    for (int i = 0; i < SENSORS; i++) {
        snprintf(id, sizeof id, "bay-%d", i);
        stream_alert("parking", id, stream);
        const char *said = told_last(stream);
        count += said && *said;
    }
    return count;
}

static void who_finds_no_room_is_an_alert_when_there_is_some(void **state)
{
    (void)state;
    struct city_figures figures;
    tick_after(601);
    city_figures(rig.city, &figures);
    assert_int_equal(figures.alerts, ALERTS);
    assert_int_equal(figures.alerts_refused, SENSORS - ALERTS);
    assert_int_equal(told_active(), ALERTS);
    tick_after(1);
    city_figures(rig.city, &figures);
    assert_int_equal(figures.alerts_refused, SENSORS - ALERTS); // not at every tick anew
    hear(0, 200);
    assert_int_equal(alerts_now(), ALERTS - 200);
    assert_int_equal(told_active(), ALERTS - 200);
    for (int i = 0; i < 3; i++) {
        tick_after(300);
        hear(0, 200);
    }
    assert_int_equal(alerts_now(), SENSORS - 200);
    assert_int_equal(told_active(), SENSORS - 200);
    restart();
    assert_int_equal(alerts_now(), SENSORS - 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_finds_no_room_is_an_alert_when_there_is_some, begin, end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
