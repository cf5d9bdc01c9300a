// SPDX-License-Identifier: Apache-2.0
#include "buses.h"
#include "check.h"
#include "drivers/driver.h"
#include "modbus_device.h"
#include <errno.h>
#include <stdatomic.h>
#include <uv.h>

// The driver on a pty, with devices that answer, or do not, in a thread of their own (modbus_device.h).

enum { SENSORS = 6, VALUES = 8, TIMEOUT_MS = 1000 };

struct seen { // of one sensor
    size_t packs, values;
    char names[VALUES][40];
    double numbers[VALUES];
    bool is_switch[VALUES];
};

struct garage {
    struct clock clock; // first
    _Atomic int64_t ahead_us;
    struct devices devices;
    struct settings *settings;
    struct driver_host host;
    uv_loop_t loop;
    uv_timer_t watchdog;
    const struct driver *driver;
    void *state, *second;
    struct seen seen[SENSORS]; // by the last letter of the id, from 'a'
    size_t refusals[REFUSAL_COUNT], failures, told[2];
    struct fault refused, failed, last_told[2]; // bad, good
    bool close_in_failed;
};

static int64_t boot_us(const struct clock *clock)
{
    const struct garage *garage = (const struct garage *)(const void *)clock;
    return clock_boot_us(&clock_system) + atomic_load(&garage->ahead_us);
}

static enum refusal host_emit(void *context, const struct driver_pack *pack, struct fault *why)
{
    struct garage *garage = context;
    (void)why;
    assert_non_null(pack->sensor);
    assert_int_equal(pack->ticket, 0);
    struct seen *seen = &garage->seen[pack->sensor[strlen(pack->sensor) - 1] - 'a'];
    seen->packs++;
    seen->values = pack->raw->count;
    for (size_t i = 0; i < pack->raw->count && i < VALUES; i++) {
        const struct raw_value *value = &pack->raw->values[i];
        snprintf(seen->names[i], sizeof seen->names[i], "%s", value->name);
        seen->is_switch[i] = value->type == RAW_BOOL;
        seen->numbers[i] = value->type == RAW_BOOL ? value->boolean : value->number;
    }
    return REFUSAL_NONE;
}

static void host_refused(void *context, enum refusal refusal, const struct fault *why)
{
    struct garage *garage = context;
    garage->refusals[refusal]++;
    garage->refused = *why;
}

static void host_tell(void *context, bool good, const struct fault *what)
{
    struct garage *garage = context;
    garage->told[good]++;
    garage->last_told[good] = *what;
}

static void host_failed(void *context, const struct fault *why)
{
    struct garage *garage = context;
    garage->failures++;
    garage->failed = *why;
    if (garage->close_in_failed)
        garage->driver->close(garage->state);
}

static void too_long(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for 60 s");
}

static int set_up(void **state)
{
    struct garage *garage = calloc(1, sizeof *garage);
    *state = garage;
    devices_begin(&garage->devices);
    garage->clock = clock_system;
    garage->clock.boot_us = boot_us;
    uv_loop_init(&garage->loop);
    uv_timer_init(&garage->loop, &garage->watchdog);
    uv_timer_start(&garage->watchdog, too_long, 60000, 0);
    garage->driver = &driver_modbus;
    garage->host = (struct driver_host){.context = garage,
                                        .clock = &garage->clock,
                                        .loop = &garage->loop,
                                        .emit = host_emit,
                                        .refused = host_refused,
                                        .tell = host_tell,
                                        .failed = host_failed};
    return 0;
}

static int tear_down(void **state)
{
    struct garage *garage = *state;
    garage->driver->destroy(garage->state);
    garage->driver->destroy(garage->second);
    devices_end(&garage->devices);
    uv_close((uv_handle_t *)&garage->watchdog, NULL);
    uv_run(&garage->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&garage->loop), 0);
    settings_destroy(garage->settings);
    free(garage);
    return 0;
}

// Sensors as in an INI file, on the bus of the pty. The timeout is long: machines that test are busy.
static void configure(struct garage *garage, const char *bus, const char *sensors)
{
    char path[] = "/tmp/citygw-modbus-XXXXXX", text[4000];
    struct findings findings = {0};
    struct fault why = {""};
    int fd = mkstemp(path);
    int size = snprintf(text, sizeof text,
                        "[gateway]\nid = t\nmunicipality = 271004\n[modbus:garage]\ndevice = %s\nbaud = 115200\n%s\n%s",
                        garage->devices.slave, *bus ? bus : "timeout = 1 s", sensors);
    assert_int_equal(write(fd, text, (size_t)size), size);
    close(fd);
    assert_int_equal(settings_load(path, &findings, &garage->settings), 0);
    unlink(path);
    drivers_check(garage->settings, &findings);
    if (findings.count)
        fail_msg("%s", findings.list[0].text);
    findings_finish(&findings);
    if (garage->driver->create(garage->settings, "garage", &garage->host, &garage->state, &why) != 0)
        fail_msg("%s", why.text);
}

static void open_bus(struct garage *garage)
{
    struct fault why = {""};
    if (garage->driver->open(garage->state, &why) != 0)
        fail_msg("%s", why.text);
}

#define wait_until(garage, condition)                                                                                  \
    do {                                                                                                               \
        while (!(condition))                                                                                           \
            uv_run(&(garage)->loop, UV_RUN_ONCE);                                                                      \
    } while (0)

static void note_figure(void *context, const char *name, double value)
{
    double *figures = context;
    static const char *const names[] = {"citygw_modbus_requests_total",   "citygw_modbus_timeouts_total",
                                        "citygw_modbus_crc_errors_total", "citygw_modbus_garbled_total",
                                        "citygw_modbus_exceptions_total", "citygw_modbus_foreign_answers_total",
                                        "citygw_modbus_dropped_total"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            figures[i] = value;
}

enum figure { REQUESTS, TIMEOUTS, CRC_ERRORS, GARBLED, EXCEPTIONS, FOREIGN, DROPPED, FIGURES };

static double figure(struct garage *garage, enum figure which)
{
    double figures[FIGURES] = {0};
    garage->driver->figures(garage->state, note_figure, figures);
    return figures[which];
}

static const char counter[] = "[device:c]\nkind = crowd\npoll = 20 ms\nmap.in_total = input:10 u16\n";
#define ON(letter, unit) "[sensor:s-" letter "]\nsource = modbus:garage\ndevice = c\naddress = " unit "\n"

static void fields_are_named_as_they_are_written_and_read_at_once(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(garage, "",
              "[sensor:s-a]\nkind = crowd\nsource = modbus:garage\naddress = 17\nmap.in_total = input:10  u32\n"
              "map.out_total = input:12 u32 swapped * 2 + 1\nmap.people = input:15 bit 0\nmap.in = input:10  u32\n");
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs == 1);
    const struct seen *seen = &garage->seen[0];
    assert_int_equal(garage->told[false] + garage->told[true], 0); // a device that answers is no news
    assert_int_equal(seen->values, 3);                             // the field that feeds two quantities is read once
    assert_string_equal(seen->names[0], "input:10  u32");
    assert_string_equal(seen->names[1], "input:12 u32 swapped");
    assert_string_equal(seen->names[2], "input:15 bit 0");
    assert_true(seen->numbers[0] == 17010 * 65536.0 + 17011);
    assert_true(seen->numbers[1] == 17013 * 65536.0 + 17012);
    assert_true(seen->is_switch[2] && seen->numbers[2] == 1 && !seen->is_switch[0]);
    assert_int_equal(requests_of(&garage->devices, requests), 1);
    assert_int_equal(requests[0].address, 10);
    assert_int_equal(requests[0].count, 6);
}

static void each_table_is_read_by_its_own_function(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(garage, "",
              "[sensor:s-a]\nkind = generic\nsource = modbus:garage\naddress = 1\nmap.a_count = coil:3\n"
              "map.b_count = discrete:4\nmap.c_count = holding:5 u16\nmap.d_count = input:6 u16\n");
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs == 1);
    const double expected[] = {1, 0, 1005, 1006};
    for (size_t i = 0; i < 4; i++)
        assert_true(garage->seen[0].numbers[i] == expected[i]);
    assert_int_equal(requests_of(&garage->devices, requests), 4);
    const uint8_t functions[] = {1, 2, 4, 3};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(requests[i].function, functions[i]);
}

static void no_more_registers_than_the_device_gives_are_read_at_once(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(
        garage, "",
        "[device:c]\nkind = generic\nregisters_per_read = 2\nmap.a_count = input:0 u32\nmap.b_count = input:2 u32\n" ON(
            "a", "1"));
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs == 1);
    assert_int_equal(requests_of(&garage->devices, requests), 2);
    assert_int_equal(requests[0].count, 2);
    assert_int_equal(requests[1].address, 2);
}

static void a_dead_device_costs_the_others_one_timeout_and_ever_more_seldom(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    char sensors[2000];
    snprintf(sensors, sizeof sensors, "%s%s", counter,
             ON("a", "1") ON("b", "2") ON("c", "3") ON("d", "4") ON("e", "5"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 3, MUTE);
    open_bus(garage);
    wait_until(garage, figure(garage, TIMEOUTS) == 2);
    size_t packs = garage->seen[0].packs;
    wait_until(garage, garage->seen[0].packs > packs + 5);
    size_t count = requests_of(&garage->devices, requests), dead = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        if (requests[i].unit != 3)
            continue;
        dead++;
        assert_int_not_equal(requests[i + 1].unit, 3);
        int64_t cost_us = requests[i + 1].at_us - requests[i].at_us;
        assert_in_range(cost_us, TIMEOUT_MS * 1000, 3 * TIMEOUT_MS * 1000); // instrumented, and on a busy machine
        for (size_t j = i + 1; j < count && j < i + 5; j++) // all others have their turn before it comes again
            assert_int_not_equal(requests[j].unit, 3);
    }
    assert_in_range(dead, 2, 3); // at once, after one second, after two more
    assert_int_equal(garage->seen[2].packs, 0);
    assert_int_equal(garage->told[false], 1);
    assert_non_null(strstr(garage->last_told[false].text, "s-c (unit 3) does not answer"));
    assert_int_equal(garage->failures, 0);
}

static void a_device_that_answers_again_is_told_and_read_as_often_as_before(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, MUTE);
    open_bus(garage);
    wait_until(garage, garage->told[false] == 1);
    atomic_fetch_add(&garage->ahead_us, 60000000); // while nothing is asked
    set_manner(&garage->devices, 1, GOOD);
    wait_until(garage, garage->told[true] == 1 && garage->seen[0].packs > 20);
    assert_non_null(strstr(garage->last_told[true].text, "s-a (unit 1) answers; 1 times"));
    assert_int_equal(garage->told[false], 1);
}

static void a_device_that_comes_and_goes_is_told_now_and_then(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    open_bus(garage);
    for (int i = 1; i <= 5; i++) {
        double exceptions = figure(garage, EXCEPTIONS);
        size_t packs = garage->seen[0].packs;
        set_manner(&garage->devices, 1, REFUSES);
        wait_until(garage, figure(garage, EXCEPTIONS) > exceptions);
        set_manner(&garage->devices, 1, GOOD);
        wait_until(garage, garage->seen[0].packs > packs + 2);
    }
    assert_int_equal(garage->told[false], 1);
    assert_int_equal(garage->told[true], 0);
    atomic_fetch_add(&garage->ahead_us, 10000000);
    wait_until(garage, garage->told[true] == 1);
}

static void a_wrong_checksum_is_asked_again_and_refused(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, WRONG_CRC_ONCE);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs > 0 && garage->refusals[REFUSAL_CHECKSUM] > 0);
    assert_int_equal(garage->refusals[REFUSAL_CHECKSUM], 1);
    assert_true(figure(garage, CRC_ERRORS) == 1);
    assert_true(garage->seen[0].numbers[0] == 1010);
    assert_int_equal(garage->told[false], 0);
    assert_non_null(strstr(garage->refused.text, "s-a (unit 1)"));
}

static void checksums_that_stay_wrong_give_no_reading(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1") ON("b", "2"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, WRONG_CRC);
    open_bus(garage);
    wait_until(garage, garage->refusals[REFUSAL_CHECKSUM] >= 4 && garage->seen[1].packs > 5);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_int_equal(garage->told[false], 1);
    assert_true(garage->seen[1].numbers[0] == 2010);
}

static void an_exception_is_told_and_what_else_was_read_is_taken(void **state)
{
    struct garage *garage = *state;
    configure(garage, "",
              "[device:c]\nkind = generic\npoll = 20 ms\nmap.a_count = discrete:3\nmap.b_count = holding:5 u16\n" ON(
                  "a", "7"));
    set_manner(&garage->devices, 7, REFUSES_REGISTERS);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs > 5);
    assert_int_equal(garage->seen[0].values, 1);
    assert_string_equal(garage->seen[0].names[0], "discrete:3");
    assert_true(figure(garage, EXCEPTIONS) >= 5);
    assert_int_equal(garage->told[false], 1);
    assert_non_null(
        strstr(garage->last_told[false].text, "s-a (unit 7) refuses holding:5, 1 of them, with exception 2"));
    size_t refused = 0;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        refused += garage->refusals[i];
    assert_int_equal(refused, 0);
}

static void a_device_that_refuses_gaps_is_read_without_them(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    configure(garage, "",
              "[device:c]\nkind = generic\npoll = 20 ms\nmap.a_count = input:0 u16\nmap.b_count = input:3 u16\n" ON(
                  "a", "7"));
    set_manner(&garage->devices, 7, REFUSES_GAPS);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs > 3);
    assert_int_equal(garage->seen[0].values, 2);
    assert_true(garage->seen[0].numbers[1] == 7003);
    assert_true(figure(garage, EXCEPTIONS) == 1); // and it is remembered
    assert_int_equal(garage->told[false], 0);
    requests_of(&garage->devices, requests);
    assert_int_equal(requests[0].count, 4);
    assert_int_equal(requests[1].count, 1);
}

static void an_answer_of_another_unit_is_not_taken(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, WRONG_UNIT);
    open_bus(garage);
    wait_until(garage, garage->told[false] == 1);
    assert_true(figure(garage, FOREIGN) >= 1 && figure(garage, TIMEOUTS) >= 1);
    assert_int_equal(garage->seen[0].packs, 0);
}

static void a_late_answer_is_not_taken_for_the_next_ones(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1") ON("b", "2"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, LATE);
    open_bus(garage);
    wait_until(garage, figure(garage, FOREIGN) >= 2 && garage->seen[1].packs > 3);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_true(garage->seen[1].numbers[0] == 2010);
    assert_true(figure(garage, TIMEOUTS) == figure(garage, FOREIGN)); // the other unit lost nothing by it
}

static void an_answer_that_came_after_its_time_is_thrown_away(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, TARDY);
    open_bus(garage);
    wait_until(garage, figure(garage, TIMEOUTS) == 2);
    assert_int_equal(garage->seen[0].packs, 0);
}

static void a_late_answer_of_another_length_is_not_taken(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, LATE_OTHER);
    open_bus(garage);
    wait_until(garage, figure(garage, FOREIGN) >= 1);
    assert_int_equal(garage->seen[0].packs, 0);
}

static void a_slow_answer_is_taken(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "timeout = 5 s", sensors);
    set_manner(&garage->devices, 1, SLOW);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs == 3);
    assert_true(figure(garage, TIMEOUTS) == 0);
}

static void half_an_answer_is_refused(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1") ON("b", "2"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, CUT);
    open_bus(garage);
    wait_until(garage, garage->refusals[REFUSAL_SYNTAX] > 0 && garage->seen[1].packs > 5);
    assert_true(figure(garage, GARBLED) >= 1);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_true(garage->seen[1].numbers[0] == 2010);
}

static void a_device_that_drips_its_answer_has_no_more_time_than_others(void **state)
{
    struct garage *garage = *state;
    static struct request requests[KEPT];
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, DRIPS);
    open_bus(garage);
    wait_until(garage, garage->refusals[REFUSAL_SYNTAX] > 0);
    set_manner(&garage->devices, 1, GOOD);
    wait_until(garage, garage->seen[0].packs > 0); // what still dripped harmed no later answer
    assert_true(garage->seen[0].numbers[0] == 1010);
    requests_of(&garage->devices, requests);
    assert_in_range(requests[1].at_us - requests[0].at_us, TIMEOUT_MS * 1000, 3 * TIMEOUT_MS * 1000);
}

static void noise_before_an_answer_harms_that_one_alone(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1") ON("b", "2"));
    configure(garage, "", sensors);
    set_manner(&garage->devices, 1, NOISY);
    open_bus(garage);
    wait_until(garage, garage->seen[1].packs > 5 && figure(garage, REQUESTS) > 7);
    assert_int_equal(garage->seen[0].packs, 0);
    assert_true(garage->seen[1].numbers[0] == 2010);
    set_manner(&garage->devices, 1, GOOD);
    atomic_fetch_add(&garage->ahead_us, 60000000);
    wait_until(garage, garage->seen[0].packs == 1);
    assert_true(garage->seen[0].numbers[0] == 1010);
}

static void replug(struct garage *garage, bool asked)
{
    devices_end(&garage->devices);
    size_t failures = garage->failures;
    if (asked)
        wait_until(garage, garage->failures == failures + 1);
    devices_begin(&garage->devices);
    garage->settings->modbus[0].device = garage->devices.slave;
}

static void a_bus_that_is_gone_fails_once_and_can_be_opened_again(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    for (size_t round = 0; round < 3; round++) {
        size_t packs = garage->seen[0].packs;
        garage->close_in_failed = round % 2;
        open_bus(garage);
        wait_until(garage, garage->seen[0].packs > packs + 1);
        replug(garage, true);
        assert_non_null(strstr(garage->failed.text, "is gone (unplugged)"));
        for (int i = 0; i < 5; i++)
            uv_run(&garage->loop, UV_RUN_NOWAIT);
        assert_int_equal(garage->failures, round + 1);
    }
    double requests = figure(garage, REQUESTS);
    assert_true(requests >= 6); // two at least of each time that it was open
    open_bus(garage);
    wait_until(garage, figure(garage, REQUESTS) > requests); // counted on
}

static void a_bus_that_goes_between_two_questions_is_noticed(void **state)
{
    struct garage *garage = *state;
    configure(garage, "", "[device:c]\nkind = crowd\npoll = 1 h\nmap.in_total = input:10 u16\n" ON("a", "1"));
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs == 1);
    replug(garage, true);
}

static void closing_does_not_wait_for_an_answer(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1") ON("b", "2"));
    configure(garage, "timeout = 10 s", sensors);
    set_manner(&garage->devices, 2, MUTE);
    open_bus(garage);
    wait_until(garage, garage->seen[0].packs == 1);
    int64_t began_us = monotonic_us();
    garage->driver->close(garage->state);
    assert_in_range(monotonic_us() - began_us, 0, 5000000);
    garage->driver->close(garage->state); // fine
}

static void a_second_opener_is_refused(void **state)
{
    struct garage *garage = *state;
    char sensors[1000];
    struct fault why = {""};
    snprintf(sensors, sizeof sensors, "%s%s", counter, ON("a", "1"));
    configure(garage, "", sensors);
    assert_int_equal(garage->driver->create(garage->settings, "garage", &garage->host, &garage->second, &why), 0);
    open_bus(garage);
    assert_int_equal(garage->driver->open(garage->second, &why), -EBUSY);
    assert_non_null(strstr(why.text, "in use"));
    garage->driver->close(garage->state);
    assert_int_equal(garage->driver->open(garage->second, &why), 0);
}

static void a_bus_without_sensors_or_port_is_no_trouble(void **state)
{
    struct garage *garage = *state;
    void *other = NULL;
    struct fault why = {""};
    configure(garage, "", "[sensor:s-a]\nkind = crowd\nsource = modbus:garage\naddress = 1\nmap.in = input:1 u16\n");
    garage->settings->sensor[0].disabled = true;
    assert_int_equal(garage->driver->create(garage->settings, "garage", &garage->host, &garage->second, &why), 0);
    assert_int_equal(garage->driver->open(garage->second, &why), 0);
    garage->driver->close(garage->second);
    garage->settings->modbus[0].device = "/dev/serial/by-path/none";
    assert_int_equal(garage->driver->open(garage->second, &why), -ENOENT);
    assert_non_null(strstr(why.text, "/dev/serial/by-path/none is not there"));
    assert_int_equal(garage->driver->create(garage->settings, "cellar", &garage->host, &other, &why), -ENOENT);
    assert_null(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(fields_are_named_as_they_are_written_and_read_at_once),
        TEST(each_table_is_read_by_its_own_function),
        TEST(no_more_registers_than_the_device_gives_are_read_at_once),
        TEST(a_dead_device_costs_the_others_one_timeout_and_ever_more_seldom),
        TEST(a_device_that_answers_again_is_told_and_read_as_often_as_before),
        TEST(a_device_that_comes_and_goes_is_told_now_and_then),
        TEST(a_wrong_checksum_is_asked_again_and_refused),
        TEST(checksums_that_stay_wrong_give_no_reading),
        TEST(an_exception_is_told_and_what_else_was_read_is_taken),
        TEST(a_device_that_refuses_gaps_is_read_without_them),
        TEST(an_answer_of_another_unit_is_not_taken),
        TEST(a_late_answer_is_not_taken_for_the_next_ones),
        TEST(an_answer_that_came_after_its_time_is_thrown_away),
        TEST(a_late_answer_of_another_length_is_not_taken),
        TEST(a_slow_answer_is_taken),
        TEST(half_an_answer_is_refused),
        TEST(a_device_that_drips_its_answer_has_no_more_time_than_others),
        TEST(noise_before_an_answer_harms_that_one_alone),
        TEST(a_bus_that_is_gone_fails_once_and_can_be_opened_again),
        TEST(a_bus_that_goes_between_two_questions_is_noticed),
        TEST(closing_does_not_wait_for_an_answer),
        TEST(a_second_opener_is_refused),
        TEST(a_bus_without_sensors_or_port_is_no_trouble),
    };
    return cmocka_run_group_tests_name("modbus", tests, NULL, NULL);
}
