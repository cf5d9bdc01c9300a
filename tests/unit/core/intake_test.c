// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/files.h"
#include "intake.h"
#include "source.h"
#include "unknown.h"
#include "vehicle.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A gateway's way in, with real settings, sensors and buffer in a folder of its own, and a clock that stands still.
static const int64_t now_us = 1700000000000000;

static int64_t held_wall(const struct clock *clock)
{
    (void)clock;
    return now_us;
}

static int64_t boot_us;

static int64_t held_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static bool held_synchronised(const struct clock *clock)
{
    (void)clock;
    return true;
}

static const struct clock held = {.wall_us = held_wall, .boot_us = held_boot, .synchronised = held_synchronised};

static struct {
    char folder[64];
    struct findings findings;
    struct settings *settings;
    struct sensors *sensors;
    struct buffer *buffer;
    struct intake intake;
    struct source source;
    struct raw_pack raw;
} way;

static const char config[] =
    "[gateway]\nid = t\nmunicipality = 271004\n"
    "[sensor:bay-1]\nkind = parking\n[sensor:bay-2]\nkind = parking\n[sensor:van]\nkind = bump\n"
    "[sensor:square]\nkind = crowd\n"
    "[sensor:seen-1]\nkind = parking\nsource = coap://127.0.0.1/x\n"
    "[sensor:seen-2]\nkind = parking\nsource = coap://127.0.0.1/x\n"
    "[sensor:off]\nkind = parking\naddress = urn:off\nmap.nothing = x\n";

static void open_way(void)
{
    char path[96];
    struct fault why = {""};
    snprintf(path, sizeof path, "%s/buffer", way.folder);
    struct buffer_options options = {.path = path,
                                     .clock = &held,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &way.buffer, &why), 0);
    assert_int_equal(intake_init(&way.intake, &held, way.sensors, way.buffer, &why), 0);
    static char name[] = "coap";
    static const struct driver port;
    way.source = (struct source){.name = name, .driver = &port, .host = {.clock = &held}, .intake = &way.intake};
}

static void close_way(void)
{
    intake_finish(&way.intake);
    assert_int_equal(buffer_close(way.buffer), 0);
}

static int begin(void **state)
{
    (void)state;
    char path[96];
    memset(&way, 0, sizeof way);
    boot_us = 1000000;
    strcpy(way.folder, "/tmp/citygw-intake-XXXXXX");
    assert_non_null(mkdtemp(way.folder));
    snprintf(path, sizeof path, "%s/c.ini", way.folder);
    assert_int_equal(file_replace(path, config, sizeof config - 1, NULL), 0);
    assert_int_equal(settings_load(path, &way.findings, &way.settings), 0);
    assert_int_equal(way.findings.stops + way.findings.disabled, 0);
    assert_int_equal(sensors_create(way.settings, &way.findings, &way.sensors), 0);
    open_way();
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[128];
    close_way();
    sensors_destroy(way.sensors);
    findings_finish(&way.findings);
    settings_destroy(way.settings);
    snprintf(command, sizeof command, "rm -rf %s", way.folder);
    return system(command);
}

static void add(const char *name, bool value, int64_t time_us)
{
    struct raw_value *raw = raw_pack_add(&way.raw);
    raw->name = name;
    raw->type = RAW_BOOL;
    raw->boolean = value;
    raw->time = time_us ? RAW_TIME_ABSOLUTE : RAW_TIME_NONE;
    raw->time_us = time_us;
}

static enum refusal take_pack(const struct driver_pack *pack, struct fault *why)
{
    enum refusal refusal = intake_take(&way.intake, &way.source, pack, why);
    raw_pack_clear(&way.raw);
    return refusal;
}

static enum refusal take(struct fault *why)
{
    return take_pack(&(struct driver_pack){.raw = &way.raw}, why);
}

// Waits until everything is durable, and reads it back, oldest first.
static void assert_stored_times(const int64_t times_us[], size_t count)
{
    struct buffer_figures figures;
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    size_t found = 0;
    buffer_flush(way.buffer);
    do
        buffer_figures(way.buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
    for (uint64_t from = 0;; from = batch->next) {
        assert_int_equal(buffer_read(way.buffer, from, BUFFER_BATCH_MAX, 1 << 20, batch), 0);
        if (!batch->count)
            break;
        for (size_t i = 0; i < batch->count; i++, found++) {
            assert_true(found < count);
            assert_int_equal(batch->items[i].time_us, times_us[found]);
        }
    }
    assert_int_equal(found, count);
    bytes_finish(&batch->bytes);
    free(batch);
}

static void a_pack_is_taken_whole_or_not_at_all(void **state)
{
    (void)state;
    struct fault why;
    add("bay-1:occupied", true, 0);
    add("nobody:occupied", true, 0);
    assert_int_equal(take(&why), REFUSAL_UNKNOWN_SENSOR);
    assert_non_null(strstr(why.text, "nobody:occupied"));
    assert_stored_times(NULL, 0);
    assert_int_equal(way.source.received, 0);
    assert_int_equal(way.source.refusals[REFUSAL_UNKNOWN_SENSOR].count, 1);
    assert_int_not_equal(way.source.babbling_boot_us, 0);

    add("bay-1:occupied", true, 0);
    add("bay-2:occupied", true, 0);
    assert_int_equal(take(&why), REFUSAL_NONE);
    assert_stored_times((int64_t[]){now_us, now_us}, 2);
    assert_int_equal(way.source.received, 2);
    assert_int_equal(way.source.babbling_boot_us, 0); // as it was since the refusal
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
    assert_int_equal(take(NULL), REFUSAL_UNKNOWN_SENSOR);
    add("bay-1:occupied", true, 0);
    add(name, true, 0); // longer than a message may be
    assert_int_equal(take(NULL), REFUSAL_UNKNOWN_SENSOR);
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

static enum refusal take_number(const char *name, double number, int64_t time_us)
{
    struct raw_value *raw = raw_pack_add(&way.raw);
    raw->name = name;
    raw->type = RAW_NUMBER;
    raw->number = number;
    raw->time = time_us ? RAW_TIME_ABSOLUTE : RAW_TIME_NONE;
    raw->time_us = time_us;
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
    uv_loop_init(&loop);
    uv_timer_init(&loop, &way.source.merge);
    way.source.merge.data = &way.source;
    way.source.merge_us = 1000000;
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
    way.source.merge_us = 0;
    uv_close((uv_handle_t *)&way.source.merge, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_change_of_state_does_not_wait(void **state)
{
    (void)state;
    uv_loop_t loop;
    static const bool seen[] = {true, true, false, false, true};
    uv_loop_init(&loop);
    uv_timer_init(&loop, &way.source.merge);
    way.source.merge.data = &way.source;
    way.source.merge_us = 1000000;
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        boot_us += 10000;
        add("bay-1:occupied", seen[i], 0);
        assert_int_equal(take(NULL), REFUSAL_NONE);
    }
    // The first; the second, which waited, and the change; the fourth, which waited, and the change.
    assert_int_equal(way.intake.live[sensors_find(way.sensors, "bay-1")->index].readings, 5);
    assert_stored_times((int64_t[]){now_us, now_us + 1, now_us + 2, now_us + 3, now_us + 4}, 5);
    way.source.merge_us = 0;
    uv_close((uv_handle_t *)&way.source.merge, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static uint64_t settled;

static void note_settled(void *state, uint64_t ticket, int status)
{
    (void)state;
    assert_int_equal(status, 0);
    settled = ticket;
}

static void add_acceleration(bool also_battery)
{
    static const char *const names[] = {"van:acceleration_x_mps2", "van:acceleration_y_mps2",
                                        "van:acceleration_z_mps2"};
    for (size_t i = 0; i < 3; i++)
        assert_true(raw_pack_number(&way.raw, names[i], "m/s2", 1));
    if (also_battery)
        assert_true(raw_pack_number(&way.raw, "van:battery_v", "V", 3.6));
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

static void what_is_left_of_fast_readings_becomes_one_though_events_do_not(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct vehicles *vehicles;
    const struct sensor_live *live = &way.intake.live[sensors_find(way.sensors, "van")->index];
    assert_int_equal(vehicles_create(way.settings, way.sensors, &held, &vehicles), 0);
    way.intake.vehicles = vehicles;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &way.source.merge);
    way.source.merge.data = &way.source;
    way.source.merge_us = 1000000;
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
    way.source.merge_us = 0;
    uv_close((uv_handle_t *)&way.source.merge, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
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
        cmocka_unit_test_setup_teardown(equal_times_of_one_sensor_get_a_microsecond_more, begin, finish),
        cmocka_unit_test_setup_teardown(other_sensors_may_have_the_same_time, begin, finish),
        cmocka_unit_test_setup_teardown(times_and_quantities_are_remembered_over_a_restart, begin, finish),
        cmocka_unit_test_setup_teardown(a_state_that_is_asked_for_again_is_no_second_reading, begin, finish),
        cmocka_unit_test_setup_teardown(a_stranger_is_noted, begin, finish),
        cmocka_unit_test_setup_teardown(a_sensor_that_is_disabled_is_no_stranger, begin, finish),
        cmocka_unit_test_setup_teardown(readings_that_come_too_fast_become_one, begin, finish),
        cmocka_unit_test_setup_teardown(a_change_of_state_does_not_wait, begin, finish),
        cmocka_unit_test_setup_teardown(acceleration_is_answered_at_once_and_not_stored, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_left_of_fast_readings_becomes_one_though_events_do_not, begin, finish),
        cmocka_unit_test_setup_teardown(a_pack_without_a_value_is_refused_and_no_storage_fault, begin, finish),
        cmocka_unit_test_setup_teardown(a_gateway_that_stops_takes_nothing_more, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
