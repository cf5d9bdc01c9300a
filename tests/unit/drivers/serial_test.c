// SPDX-License-Identifier: Apache-2.0
#include "serial_rig.h"

static void a_line_becomes_a_pack(void **state)
{
    struct port *port = *state;
    open_port(port);
    say(port, "[{\"n\":\"bay-1:occupied\",\"vb\":true},{\"n\":\"bay-1:battery_v\",\"v\":3.61}]\n");
    wait_until(port, port->packs == 1);
    assert_int_equal(port->values, 2);
    assert_string_equal(port->names[1], "bay-1:battery_v");
    assert_true(port->numbers[1] == 3.61);
    assert_null(port->sensor); // the names say it
}

static void read_a_distance(struct port *port)
{
    struct fault why = {""};
    size_t before = port->packs;
    port->driver->destroy(port->state);
    assert_int_equal(port->driver->create(&port->settings, "kerb", &port->host, &port->state, &why), 0);
    open_port(port);
    assert_int_equal(write(port->master, "\xff\x07\xa1\xa7", 4), 4);
    wait_until(port, port->packs == before + 1);
    assert_string_equal(port->names[before % 4], "distance_m");
}

static void frames_that_name_nobody_are_the_only_sensors_of_the_port(void **state)
{
    struct port *port = *state;
    struct settings_sensor sensors[] = {
        {.id = "bay-1", .source_type = SOURCE_SERIAL, .source_name = "kerb"},
        {.id = "bay-2", .source_type = SOURCE_SERIAL, .source_name = "gate"},
        {.id = "bay-3", .source_type = SOURCE_COAP, .source_name = ""},
    };
    port->settings.sensor = sensors;
    port->settings.sensor_count = 3;
    port->serial.codec = "a02yyuw";
    read_a_distance(port);
    assert_string_equal(port->sensor, "bay-1");
    sensors[0].disabled = true;
    read_a_distance(port);
    assert_null(port->sensor);
    sensors[0].disabled = false;
    sensors[1].source_name = "kerb";
    read_a_distance(port);
    assert_null(port->sensor);
}

static void a_line_may_come_in_pieces(void **state)
{
    struct port *port = *state;
    open_port(port);
    say(port, "[{\"n\":\"bay-1:batt");
    for (int i = 0; i < 3; i++)
        uv_run(&port->loop, UV_RUN_NOWAIT);
    assert_int_equal(port->packs, 0);
    say(port, "ery_v\",\"v\":3.6");
    uv_run(&port->loop, UV_RUN_NOWAIT);
    say(port, "}]\n");
    wait_until(port, port->packs == 1);
    assert_string_equal(port->names[0], "bay-1:battery_v");
}

static void two_lines_in_one_write_are_two_packs(void **state)
{
    struct port *port = *state;
    open_port(port);
    say(port, "[{\"n\":\"a:x\",\"v\":1}]\r\n[{\"n\":\"b:x\",\"v\":2}]\n[{\"n\":\"c:x\"");
    wait_until(port, port->packs == 2);
    assert_string_equal(port->names[1], "b:x");
    say(port, ",\"v\":3}]\n");
    wait_until(port, port->packs == 3);
    assert_string_equal(port->names[2], "c:x");
}

static void garbage_is_refused_with_its_place_and_the_next_line_is_read(void **state)
{
    struct port *port = *state;
    open_port(port);
    say(port, "[{\"n\":\"a:x\",\"v\":1}]\n\xff\x01{oops\n[{\"n\":\"b:x\",\"v\":2}]\n");
    wait_until(port, port->packs == 2);
    assert_int_equal(port->refusals[REFUSAL_SYNTAX], 1);
    assert_non_null(strstr(port->refused.text, port->device));
    assert_non_null(strstr(port->refused.text, "byte 21"));
    assert_string_equal(port->names[1], "b:x");
}

static void control_characters_pass_a_raw_line_unharmed(void **state)
{
    // In a line that is not raw, ^C, ^D, ^S, ^Z and CR would be taken or changed on their way.
    struct port *port = *state;
    open_port(port);
    say(port, "\x03\x04\x13\x1a\x11\n");
    wait_until(port, port->refusals[REFUSAL_SYNTAX] == 1);
    say(port, "[{\"n\":\"a:x\",\"v\":1}]\r\n");
    wait_until(port, port->packs == 1);
    char echo;
    fcntl(port->master, F_SETFL, O_NONBLOCK);
    assert_int_equal(read(port->master, &echo, 1), -1);
}

enum { FLOOD = 1 << 20 };

static void pour(void *context)
{
    struct port *port = context;
    char block[4096];
    memset(block, 'x', sizeof block);
    for (size_t poured = 0; poured < FLOOD; poured += sizeof block)
        assert_int_equal(write(port->master, block, sizeof block), sizeof block);
    say(port, "\n[{\"n\":\"a:x\",\"v\":1}]\n");
}

static void a_flood_of_a_megabyte_is_refused_and_the_next_line_is_read(void **state)
{
    struct port *port = *state;
    open_port(port);
    uv_thread_t thread;
    uv_thread_create(&thread, pour, port);
    wait_until(port, port->packs == 1);
    uv_thread_join(&thread);
    assert_in_range(port->refusals[REFUSAL_LENGTH], 1, FLOOD);
    assert_int_equal(port->failures, 0);
}

static void unplugging_fails_once_and_plugging_in_again_works(void **state)
{
    struct port *port = *state;
    for (int round = 0; round < 3; round++) {
        port->close_in_failed = round % 2;
        open_port(port);
        say(port, "[{\"n\":\"a:x\",\"v\":1}]\n[{\"n\":\"half");
        wait_until(port, port->packs == (size_t)round + 1);
        close(port->master);
        wait_until(port, port->failures == (size_t)round + 1);
        assert_non_null(strstr(port->failed.text, port->device));
        for (int i = 0; i < 5; i++)
            uv_run(&port->loop, UV_RUN_NOWAIT);
        assert_int_equal(port->failures, round + 1);
        plug_in(port);
    }
    open_port(port); // and nothing of the half line is left
    say(port, "[{\"n\":\"b:x\",\"v\":2}]\n");
    wait_until(port, port->packs == 4);
    size_t refused = 0;
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        refused += port->refusals[i];
    assert_int_equal(refused, 0);
}

static void what_came_before_the_open_is_thrown_away(void **state)
{
    struct port *port = *state;
    say(port, "[{\"n\":\"old:x\",\"v\":1}]\n");
    open_port(port);
    say(port, "[{\"n\":\"new:x\",\"v\":1}]\n");
    wait_until(port, port->packs == 1);
    assert_string_equal(port->names[0], "new:x");
}

static void a_second_opener_is_refused(void **state)
{
    struct port *port = *state;
    struct fault why = {""};
    assert_int_equal(port->driver->create(&port->settings, "kerb", &port->host, &port->second, &why), 0);
    open_port(port);
    assert_int_equal(port->driver->open(port->second, &why), -EBUSY);
    assert_non_null(strstr(why.text, port->device));
    assert_non_null(strstr(why.text, "in use"));

    port->driver->close(port->state);
    assert_int_equal(port->driver->open(port->second, &why), 0);
}

static void who_holds_the_port_is_named(void **state)
{
    struct port *port = *state;
    char said[80];
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) { // a program that asks for no lock
        close(port->master);
        _exit(open(port->device, O_RDWR | O_NOCTTY) >= 0 && write(ready[1], "", 1) == 1 && pause() ? 1 : 2);
    }
    assert_int_equal(read(ready[0], said, 1), 1);
    struct fault why = {""};
    assert_int_equal(port->driver->open(port->state, &why), -EBUSY);
    snprintf(said, sizeof said, "in use by drivers_serial_ (process %d): end that first", (int)child);
    assert_non_null(strstr(why.text, said));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    open_port(port);
}

static void a_pty_whose_holder_was_killed_can_be_opened_again(void **state)
{
    // TIOCEXCL would stay on the pty and keep everybody but root out.
    struct port *port = *state;
    open_port(port);
    int other = open(port->device, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(other >= 0);
    int exclusive = -1;
    assert_int_equal(ioctl(other, TIOCGEXCL, &exclusive), 0);
    assert_int_equal(exclusive, 0);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    close(other);
}

static void any_baud_rate_is_set(void **state)
{
    // struct termios2 by hand: <asm/termbits.h> cannot stand beside <uv.h>.
    struct {
        unsigned iflag, oflag, cflag, lflag;
        unsigned char line, cc[19];
        unsigned ispeed, ospeed;
    } line;
    struct port *port = *state;
    port->serial.baud = 256000;
    port->serial.stop_bits = 2;
    open_port(port);
    assert_int_equal(ioctl(port->master, _IOR('T', 0x2A, line), &line), 0);
    assert_int_equal(line.ospeed, 256000);
    assert_int_equal(line.ispeed, 256000);
    assert_int_equal(line.lflag, 0);
    assert_int_equal(line.oflag, 0);
    assert_true(line.cflag & 0000100); // CSTOPB
}

static void the_port_is_not_inherited_and_never_blocks(void **state)
{
    struct port *port = *state;
    open_port(port);
    bool found = false;
    for (int fd = 3; fd < 256; fd++) {
        char name[64];
        if (fd == port->master || ttyname_r(fd, name, sizeof name) != 0 || strcmp(name, port->device) != 0)
            continue;
        found = true;
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    assert_true(found);
}

static int try_device(struct port *port, const char *device, struct fault *ret_why)
{
    port->serial.device = device;
    int error = port->driver->open(port->state, ret_why);
    port->driver->close(port->state);
    return error;
}

static void what_is_wrong_with_a_port_is_said(void **state)
{
    struct port *port = *state;
    struct fault why = {""};
    assert_int_equal(try_device(port, "/dev/serial/by-path/none", &why), -ENOENT);
    assert_non_null(strstr(why.text, "/dev/serial/by-path/none is not there"));
    assert_int_equal(try_device(port, "/dev/null", &why), -ENOTTY);
    assert_string_equal(why.text, "/dev/null is not a serial port");
    assert_int_equal(try_device(port, "/tmp", &why), -EISDIR);
    assert_non_null(strstr(why.text, "/tmp cannot be opened"));
}

static void a_port_without_permission_names_the_group(void **state)
{
    struct port *port = *state;
    struct fault why = {""};
    if (geteuid() != 0) // only root can take a right from root
        skip();
    chmod(port->device, 0600);
    assert_int_equal(seteuid(65534), 0);
    int error = port->driver->open(port->state, &why);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(error, -EACCES);
    assert_non_null(strstr(why.text, "dialout"));
}

static void a_port_that_is_not_configured_or_has_no_codec_is_refused(void **state)
{
    struct port *port = *state;
    void *other = NULL;
    struct fault why = {""};
    assert_int_equal(port->driver->create(&port->settings, "curb", &port->host, &other, &why), -ENOENT);
    port->serial.codec = "morse";
    assert_int_equal(port->driver->create(&port->settings, "kerb", &port->host, &other, &why), -EINVAL);
    assert_non_null(strstr(why.text, "morse"));
    assert_null(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_line_becomes_a_pack),
        TEST(frames_that_name_nobody_are_the_only_sensors_of_the_port),
        TEST(a_line_may_come_in_pieces),
        TEST(two_lines_in_one_write_are_two_packs),
        TEST(garbage_is_refused_with_its_place_and_the_next_line_is_read),
        TEST(control_characters_pass_a_raw_line_unharmed),
        TEST(a_flood_of_a_megabyte_is_refused_and_the_next_line_is_read),
        TEST(unplugging_fails_once_and_plugging_in_again_works),
        TEST(what_came_before_the_open_is_thrown_away),
        TEST(a_second_opener_is_refused),
        TEST(who_holds_the_port_is_named),
        TEST(a_pty_whose_holder_was_killed_can_be_opened_again),
        TEST(any_baud_rate_is_set),
        TEST(the_port_is_not_inherited_and_never_blocks),
        TEST(what_is_wrong_with_a_port_is_said),
        TEST(a_port_without_permission_names_the_group),
        TEST(a_port_that_is_not_configured_or_has_no_codec_is_refused),
    };
    return cmocka_run_group_tests_name("serial", tests, NULL, NULL);
}
