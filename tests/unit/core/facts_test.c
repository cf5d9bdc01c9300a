// SPDX-License-Identifier: Apache-2.0
#include "city_rig.h"

#include "facts.h"
#include "gateway.h"
#include "snapshot.h"

/*
 * A gateway that looks at itself, second by second.
 */

static struct gateway gateway;

static void join(void)
{
    gateway = (struct gateway){.clock = &told,
                               .settings = rig.settings,
                               .sensors = rig.sensors,
                               .buffer = rig.buffer,
                               .city = rig.city,
                               .intake = rig.intake};
    gateway.snapshot = snapshot_create(&gateway);
    assert_non_null(gateway.snapshot);
    meter_sample(&gateway.meter, boot_us, 0, 0);
}

static int begin_at(const char *buffer, bool is_set)
{
    begin_rig_with(buffer, is_set);
    join();
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_at("[buffer]\npath = /tmp\nmax_size = 100 MB\nmin_autonomy = 24 h\n[sensor:bay-1]\nkind = parking\n",
                    true);
}

static int begin_unset(void **state)
{
    (void)state;
    return begin_at("[buffer]\npath = /tmp\nmin_autonomy = 0 s\n", false);
}

static int begin_nowhere(void **state)
{
    (void)state;
    return begin_at("[buffer]\npath = /no/such/folder\nmin_autonomy = 0 s\n", true);
}

static int end(void **state)
{
    snapshot_destroy(gateway.snapshot);
    return end_rig(state);
}

static void go_on(int seconds)
{
    for (int i = 0; i < seconds; i += 10) {
        pass(10);
        facts_tick(&gateway);
    }
    durable();
}

static void an_unset_clock_is_an_alert_after_an_hour(void **state)
{
    (void)state;
    struct reading reading;
    go_on(3500);
    assert_null(told_last("alert/gateway/clock"));
    go_on(200);
    assert_alert("alert/gateway/clock", "clock");
    newest_of("alert/gateway/clock", &reading);
    assert_text(&reading, "level", "warning");
    assert_number(&reading, "unset_s", 3600);
    go_on(23 * 3600);
    newest_of("alert/gateway/clock", &reading);
    assert_text(&reading, "level", "critical");
    set = true;
    wall_us = INT64_C(1800000000) * SECOND;
    go_on(50);
    assert_alert("alert/gateway/clock", "clock");
    go_on(30);
    assert_alert("alert/gateway/clock", "");
    set = false; // it is lost again: from then on it counts
    go_on(3500);
    assert_alert("alert/gateway/clock", "");
    go_on(200);
    assert_alert("alert/gateway/clock", "clock");
}

static void it_looks_every_ten_seconds_and_ticks_every_one(void **state)
{
    (void)state;
    gateway.facts_boot_us = 0;
    pass(10);
    facts_tick(&gateway);
    int64_t looked_us = gateway.facts_boot_us;
    assert_int_equal(looked_us, boot_us);
    for (int i = 0; i < 9; i++) {
        pass(1);
        facts_tick(&gateway);
        assert_int_equal(gateway.facts_boot_us, looked_us);
    }
    pass(1);
    facts_tick(&gateway);
    assert_int_equal(gateway.facts_boot_us, boot_us);
}

// So much that the buffer is full before a day is over; and then hardly anything.
static void too_little_autonomy_is_an_alert_after_an_hour(void **state)
{
    (void)state;
    uint64_t readings = 0;
    for (int i = 0; i < 4000; i += 10) {
        pass(10);
        readings += 20000;
        meter_sample(&gateway.meter, boot_us, readings, readings * 100);
        gateway.intake.taken_bytes = readings * 100;
        facts_tick(&gateway);
        if (i == 3000)
            assert_null(told_last("alert/gateway/autonomy"));
    }
    assert_alert("alert/gateway/autonomy", "autonomy");
    for (int i = 0; i < 8000; i += 10) { // nothing comes any more, so that there is room for ever
        pass(10);
        meter_sample(&gateway.meter, boot_us, readings, readings * 100);
        facts_tick(&gateway);
    }
    assert_alert("alert/gateway/autonomy", "");
}

static void of_a_disk_that_is_not_there_nothing_is_known(void **state)
{
    (void)state;
    go_on(4000);
    assert_int_equal(alerts_now(), 0);
    assert_null(told_last("alert/gateway/disk"));
}

// Made by openssl, by the machine's own clock.
static void make_certificate(int days)
{
    char command[300];
    snprintf(command, sizeof command,
             "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /CN=t "
             "-days %d -out pem 2>err",
             rig.folder, days);
    assert_int_equal(system(command), 0);
}

static void a_renewed_certificate_ends_its_alert(void **state)
{
    (void)state;
    char path[96];
    snprintf(path, sizeof path, "%s/pem", rig.folder);
    struct settings_mqtt mqtt = {.cert_file = path, .ca_file = ""};
    struct settings settings = *rig.settings;
    settings.mqtt = &mqtt;
    settings.mqtt_count = 1;
    gateway.settings = &settings;
    wall_us = time(NULL) * SECOND;
    make_certificate(10);
    go_on(700);
    assert_alert("alert/gateway/certificate", "certificate");
    make_certificate(500);
    go_on(700);
    assert_alert("alert/gateway/certificate", "");
    gateway.settings = rig.settings;
}

static void one_line_of_a_file(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line;
    } rows[] = {{"throttled=50005\nmore\n", "throttled=50005"}, {"no end", "no end"}, {"\nsecond\n", NULL}, {"", NULL}};
    char path[96], line[16];
    snprintf(path, sizeof path, "%s/line", rig.folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_file_of("line", rows[i].text);
        assert_int_equal(system_line(path, line, sizeof line), rows[i].line != NULL);
        assert_string_equal(line, rows[i].line ? rows[i].line : "");
    }
    write_file_of("line", "longer than there is room for\n");
    assert_true(system_line(path, line, sizeof line));
    assert_string_equal(line, "longer than the");
    assert_false(system_line("/no/such/file", line, sizeof line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_unset_clock_is_an_alert_after_an_hour, begin_unset, end),
        cmocka_unit_test_setup_teardown(it_looks_every_ten_seconds_and_ticks_every_one, begin, end),
        cmocka_unit_test_setup_teardown(too_little_autonomy_is_an_alert_after_an_hour, begin, end),
        cmocka_unit_test_setup_teardown(of_a_disk_that_is_not_there_nothing_is_known, begin_nowhere, end),
        cmocka_unit_test_setup_teardown(a_renewed_certificate_ends_its_alert, begin, end),
        cmocka_unit_test_setup_teardown(one_line_of_a_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
