// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/files.h"
#include "source.h"
#include "standing.h"
#include "told_clock.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Running counters over a real buffer and restarts. A kill is a restart before which the file is put back to what it was.
 */

static char folder[64], file[96];
static uv_loop_t loop;
static struct findings findings;
static struct settings *settings;
static struct sensors *sensors;
static struct buffer *buffer;
static struct standing *standing;
static struct source source;
static struct normalised_pack *pack;

static const char gates[] = "[gateway]\nid = t\nmunicipality = 271004\n[coap]\n"
                            "[sensor:gate-1]\nkind = crowd\naddress = %s\n[sensor:gate-2]\nkind = crowd\n"
                            "[sensor:bay-1]\nkind = parking\noccupied_below = 0.6 m\nhold = 0 s\n"
                            "[sensor:slow-1]\nkind = parking\noccupied_below = 0.6 m\nhold = 1 min\n%s";
static const char *bay;

static void configure(const char *address, const char *more)
{
    char text[400], path[96];
    snprintf(text, sizeof text, gates, address, more);
    snprintf(path, sizeof path, "%s.ini", folder);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    findings = (struct findings){0};
    assert_int_equal(settings_load(path, &findings, &settings), 0);
    assert_int_equal(findings.stops + findings.disabled, 0);
    assert_int_equal(sensors_create(settings, &findings, &sensors), 0);
    unlink(path);
}

static void open_all(const char *address, const char *more)
{
    struct buffer_options options = {.path = folder,
                                     .clock = &told,
                                     .max_size_bytes = 16 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    configure(address, more);
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    const struct standing_options ours = {
        .clock = &told, .sensors = sensors, .buffer = buffer, .loop = &loop, .folder = folder};
    struct fault why = {""};
    assert_int_equal(standing_create(&ours, &standing, &why), 0);
}

static void close_all(void)
{
    standing_destroy(standing);
    assert_int_equal(buffer_close(buffer), 0);
    sensors_destroy(sensors);
    findings_finish(&findings);
    settings_destroy(settings);
}

static int begin(void **state)
{
    (void)state;
    static char name[] = "coap";
    strcpy(folder, "/tmp/citygw-standing-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/standing", folder);
    wall_us = INT64_C(1800000000000000);
    boot_us = 1000000;
    set = true;
    bay = "bay-1";
    source = (struct source){.name = name, .host = {.clock = &told}};
    pack = calloc(1, sizeof *pack);
    uv_loop_init(&loop);
    open_all("a", "");
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    close_all();
    free(pack);
    assert_int_equal(uv_loop_close(&loop), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

// The gate's next number, a second after the one before. Its total, which is stored unless it is to be lost.
static double count_to(const char *gate, double number)
{
    const struct sensor *sensor = sensors_find(sensors, gate);
    wall_us += 1000000;
    boot_us += 1000000;
    pack->count = 1;
    pack->readings[0].sensor = sensor;
    pack->readings[0].reading = (struct reading){
        .kind = KIND_CROWD,
        .zone = "",
        .time_us = wall_us,
        .values = {{.name = vocabulary_find("in_total", KIND_CROWD)->name, .type = VALUE_INTEGER, .number = number}},
        .value_count = 1};
    standing_take(standing, &source, pack);
    return pack->readings[0].reading.values[0].number;
}

static void store(void)
{
    struct bytes bytes;
    uint32_t stream;
    bytes_init(&bytes, 4096);
    reading_encode(&pack->readings[0].reading, &bytes);
    assert_int_equal(buffer_stream(buffer, pack->readings[0].sensor->settings->id, &stream, NULL), 0);
    const struct buffer_record record = {
        .stream = stream, .time_us = pack->readings[0].reading.time_us, .payload = bytes.data, .size = bytes.used};
    assert_int_equal(buffer_append(buffer, &record, 1, NULL, 0, NULL, 0), 0);
    bytes_finish(&bytes);
}

static void stored_total(const char *gate, double number, double total)
{
    double got = count_to(gate, number);
    if (got != total)
        fail_msg("%s at %.0f: the total is %.0f; expected %.0f", gate, number, got, total);
    store();
}

static void on_settled(void *owner, uint64_t ticket, int status, void *context)
{
    (void)owner, (void)ticket, (void)context;
    assert_int_equal(status, 0);
}

static void durable(void)
{
    struct buffer_figures figures;
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
    buffer_settled(buffer, on_settled, NULL);
}

static void restart(void)
{
    durable();
    close_all();
    open_all("a", "");
}

static void kill_and_restart(void)
{
    struct bytes before;
    bytes_init(&before, 1 << 20);
    bool was_there = file_read(file, 1 << 19, &before, NULL) == 0;
    close_all();
    if (was_there)
        assert_int_equal(file_replace(file, before.data, before.used, NULL), 0);
    else
        unlink(file);
    bytes_finish(&before);
    open_all("a", "");
}

static enum time_quality seen_by = TIME_SYNCED;

// What the head over the bay sees, `after_s` later: how long the state before had lasted when it changes, else -1.
static double see(double distance_m, int after_s)
{
    struct reading *reading = &pack->readings[0].reading;
    wall_us += after_s * INT64_C(1000000);
    pack->count = 1;
    pack->readings[0].sensor = sensors_find(sensors, bay);
    *reading =
        (struct reading){.kind = KIND_PARKING,
                         .zone = "",
                         .time_us = wall_us,
                         .time_quality = seen_by,
                         .values = {{.name = vocabulary_find("distance_m", KIND_PARKING)->name, .number = distance_m}},
                         .value_count = 1};
    standing_take(standing, &source, pack);
    for (size_t i = 0; i < reading->value_count; i++)
        if (strcmp(reading->values[i].name, "duration_s") == 0)
            return reading->values[i].number;
    return -1;
}

static void totals_outlive_a_restart(void **state)
{
    (void)state;
    stored_total("gate-1", 100, 100);
    stored_total("gate-1", 2, 102); // without power
    restart();
    stored_total("gate-1", 5, 105);
    stored_total("gate-2", 7, 7);
    restart();
    stored_total("gate-1", 0, 105);
    stored_total("gate-2", 8, 8);
    assert_int_equal(source.counters[COUNTER_BEGAN_AGAIN], 2);
}

static void and_a_kill_from_the_stored_readings_alone(void **state)
{
    (void)state;
    stored_total("gate-1", 100, 100);
    stored_total("gate-1", 2, 102);
    kill_and_restart();
    assert_int_not_equal(access(file, F_OK), 0);
    stored_total("gate-1", 3, 103);
    kill_and_restart();
    stored_total("gate-1", 1, 104); // both lost their power
    kill_and_restart();
    stored_total("gate-1", 4, 107);
}

static void count_many(const char *gate, int from, int count, bool tick)
{
    for (int i = from; i < from + count; i++) {
        stored_total(gate, i, i);
        if (i % 1000 == 0)
            durable();
        if (tick)
            standing_tick(standing);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    durable();
    uv_run(&loop, UV_RUN_DEFAULT); // the worker is done
}

// More readings than are looked through at a start come from another gate after it.
static void and_a_kill_when_its_readings_are_long_ago(void **state)
{
    (void)state;
    enum { OTHERS = 21000 };
    stored_total("gate-1", 100, 100);
    stored_total("gate-1", 2, 102);
    count_many("gate-2", 0, OTHERS, true);
    assert_int_equal(access(file, F_OK), 0);
    kill_and_restart();
    stored_total("gate-1", 1, 103);
    stored_total("gate-2", OTHERS, OTHERS);
    // And when the file was written long ago, by the number of readings.
    stored_total("gate-1", 0, 103);
    count_many("gate-2", OTHERS, OTHERS, false);
    kill_and_restart();
    stored_total("gate-1", 1, 104);
}

static void it_is_written_once_an_hour_and_not_before(void **state)
{
    (void)state;
    stored_total("gate-1", 100, 100);
    boot_us += INT64_C(3500000000);
    standing_tick(standing);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_not_equal(access(file, F_OK), 0);
    boot_us += INT64_C(101000000);
    standing_tick(standing);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(access(file, F_OK), 0);
    unlink(file);
    boot_us += INT64_C(3700000000);
    standing_tick(standing); // nothing was counted
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_not_equal(access(file, F_OK), 0);
}

static void another_device_in_an_old_place_goes_on(void **state)
{
    (void)state;
    stored_total("gate-1", 100, 100);
    close_all();
    open_all("b", "");
    stored_total("gate-2", 1, 1); // the other did not report before the next start
    close_all();
    open_all("b", "");
    stored_total("gate-1", 70000, 100);
    stored_total("gate-1", 70003, 103);
    close_all();
    open_all("b", "");
    stored_total("gate-1", 70004, 104);
}

static void and_over_a_kill_soon_after(void **state)
{
    (void)state;
    stored_total("gate-1", 100, 100);
    close_all();
    open_all("b", "");
    stored_total("gate-1", 70000, 100);
    stored_total("gate-1", 70003, 103);
    durable();
    struct bytes before;
    bytes_init(&before, 1 << 20);
    assert_int_equal(file_read(file, 1 << 19, &before, NULL), 0); // it was written at the start
    close_all();
    assert_int_equal(file_replace(file, before.data, before.used, NULL), 0);
    bytes_finish(&before);
    open_all("b", "");
    stored_total("gate-1", 70010, 110);
}

static void see_many(int count)
{
    for (int i = 0; i < count; i++) {
        see(2, 1);
        store();
        if (i % 1000 == 0)
            durable();
    }
    durable();
}

static void assert_file_says(const char *words)
{
    struct bytes text;
    bytes_init(&text, 1 << 20);
    boot_us += INT64_C(61000000);
    standing_tick(standing);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(file_read(file, 1 << 19, &text, NULL), 0);
    if (!strstr((const char *)text.data, words))
        fail_msg("%s; expected: %s", (const char *)text.data, words);
    bytes_finish(&text);
}

static void the_files_number_follows_also_where_nothing_changes(void **state)
{
    (void)state;
    see_many(10100);
    assert_file_says("\"reading\":10101,");
    see_many(6000);
    assert_file_says("\"reading\":10101,"); // so much may be read back
    kill_and_restart();
    see_many(6000); // and no more, however often it is killed
    assert_file_says("\"reading\":22101,");
}

static void a_file_that_is_ahead_of_the_buffer_is_not_believed(void **state)
{
    (void)state;
    char text[300];
    stored_total("gate-1", 100, 100);
    stored_total("gate-1", 2, 102);
    durable();
    snprintf(text, sizeof text,
             "{\"epoch\":\"%s\",\"reading\":1000000000000,\"sensors\":{\"gate-2\":{\"source\":\"coap\","
             "\"address\":\"gate-2\",\"in_total\":[1,1e300,3]},\"gate-1\":{\"source\":\"coap\",\"address\":\"a\","
             "\"in_total\":[1,1,-9223372036854775808]}}}",
             buffer_epoch(buffer));
    close_all();
    assert_int_equal(file_replace(file, text, strlen(text), NULL), 0);
    open_all("a", "");
    stored_total("gate-1", 3, 103);
    stored_total("gate-2", 7, 7);
}

static void a_sensor_that_is_away_for_a_while_is_not_forgotten(void **state)
{
    (void)state;
    static const char third[] = "[sensor:gate-3]\nkind = crowd\n";
    close_all();
    open_all("a", third);
    stored_total("gate-3", 50, 50);
    stored_total("gate-3", 1, 51);
    restart();
    stored_total("gate-1", 1, 1);
    close_all();
    open_all("a", third);
    assert_true(count_to("gate-3", 2) == 52);
}

static void a_damaged_file_costs_nothing_that_the_readings_tell(void **state)
{
    (void)state;
    static const char *const files[] = {
        "",
        "{",
        "[]",
        "{\"epoch\":1,\"reading\":2,\"sensors\":{}}",
        "{\"epoch\":\"x\",\"reading\":-1,\"sensors\":{}}",
        "{\"epoch\":\"x\",\"reading\":1,\"sensors\":[]}",
        "{\"epoch\":\"x\",\"reading\":9,\"sensors\":{\"gate-1\":7,\"gate-2\":{\"in_total\":7,\"nothing\":[1,2,3]},"
        "\"gate-9\":[1]}}",
        "{\"epoch\":\"x\",\"reading\":9,\"sensors\":{\"gate-1\":{\"in_total\":[]},\"gate-2\":{\"in_total\":[1,-5,3]}}"
        "}"};
    stored_total("gate-1", 100, 100);
    stored_total("gate-1", 2, 102);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        close_all();
        assert_int_equal(file_replace(file, files[i], strlen(files[i]), NULL), 0);
        open_all("a", "");
        stored_total("gate-1", 3 + (double)i, 103 + (double)i);
    }
}

static void a_bay_goes_on_over_restarts_and_kills(void **state)
{
    (void)state;
    enum { FREE = 2, OCCUPIED = 0 }; // metres
    see(FREE, 0);
    store();
    assert_true(see(OCCUPIED, 60) == 60);
    store();
    see(OCCUPIED, 60);
    store();
    restart();
    see(OCCUPIED, 60);
    store();
    restart();
    assert_true(see(FREE, 60) == 180);
    store();
    kill_and_restart();
    see(FREE, 10);
    store();
    kill_and_restart();
    assert_true(see(OCCUPIED, 10) == 20);
}

static void a_state_that_waits_for_its_hold_waits_on(void **state)
{
    (void)state;
    enum { FREE = 2, OCCUPIED = 0 }; // metres
    bay = "slow-1";
    see(FREE, 0);
    store();
    assert_true(see(OCCUPIED, 100) == -1);
    store();
    restart();
    assert_true(see(OCCUPIED, 60) == 100);
    store();
    assert_true(see(FREE, 40) == -1);
    store();
    kill_and_restart();
    assert_true(see(FREE, 60) == 100);
}

static void a_clock_that_nobody_had_set_tells_no_duration_later(void **state)
{
    (void)state;
    int64_t now = wall_us;
    wall_us = 1000000;
    seen_by = TIME_ESTIMATED;
    see(2, 0);
    store();
    restart();
    wall_us = now;
    seen_by = TIME_SYNCED;
    assert_true(see(0, 60) == -1);
}

static void what_could_not_be_stored_did_not_move_a_bay(void **state)
{
    (void)state;
    see(2, 0);
    store();
    assert_true(see(0, 60) == 60);
    standing_undo(standing);
    assert_true(see(0, 0) == 60); // sent once more
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(totals_outlive_a_restart, begin, finish),
        cmocka_unit_test_setup_teardown(and_a_kill_from_the_stored_readings_alone, begin, finish),
        cmocka_unit_test_setup_teardown(and_a_kill_when_its_readings_are_long_ago, begin, finish),
        cmocka_unit_test_setup_teardown(a_bay_goes_on_over_restarts_and_kills, begin, finish),
        cmocka_unit_test_setup_teardown(a_state_that_waits_for_its_hold_waits_on, begin, finish),
        cmocka_unit_test_setup_teardown(a_clock_that_nobody_had_set_tells_no_duration_later, begin, finish),
        cmocka_unit_test_setup_teardown(what_could_not_be_stored_did_not_move_a_bay, begin, finish),
        cmocka_unit_test_setup_teardown(it_is_written_once_an_hour_and_not_before, begin, finish),
        cmocka_unit_test_setup_teardown(another_device_in_an_old_place_goes_on, begin, finish),
        cmocka_unit_test_setup_teardown(and_over_a_kill_soon_after, begin, finish),
        cmocka_unit_test_setup_teardown(the_files_number_follows_also_where_nothing_changes, begin, finish),
        cmocka_unit_test_setup_teardown(a_file_that_is_ahead_of_the_buffer_is_not_believed, begin, finish),
        cmocka_unit_test_setup_teardown(a_sensor_that_is_away_for_a_while_is_not_forgotten, begin, finish),
        cmocka_unit_test_setup_teardown(a_damaged_file_costs_nothing_that_the_readings_tell, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
