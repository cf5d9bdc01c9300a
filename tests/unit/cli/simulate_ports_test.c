// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "simulate_ports.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct bench {
    char folder[32], device[64];
    struct fake_port port;
    int fd; // as the daemon would hold it
};

static int setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    assert_non_null(bench);
    strcpy(bench->folder, "/tmp/citygw-ports-XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    snprintf(bench->device, sizeof bench->device, "%s/kerb", bench->folder);
    bench->fd = -1;
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    fake_port_close(&bench->port);
    if (bench->fd >= 0)
        close(bench->fd);
    unlink(bench->device);
    assert_int_equal(rmdir(bench->folder), 0);
    free(bench);
    return 0;
}

static void plug(struct bench *bench)
{
    struct fault why;
    if (fake_port_open(&bench->port, bench->device, &why) != 0)
        fail_msg("%s", why.text);
}

static void listen_at(struct bench *bench)
{
    struct termios mode;
    bench->fd = open(bench->device, O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(bench->fd >= 0);
    assert_int_equal(ioctl(bench->fd, TIOCEXCL), 0);
    assert_int_equal(tcgetattr(bench->fd, &mode), 0);
    cfmakeraw(&mode);
    assert_int_equal(tcsetattr(bench->fd, TCSANOW, &mode), 0);
    fake_port_write(&bench->port, "lost\n", 5); // the turn in which the port is being set
}

static void assert_read(struct bench *bench, const char *expected)
{
    char text[64] = "";
    ssize_t size = read(bench->fd, text, sizeof text - 1);
    assert_int_equal(size, strlen(expected));
    assert_string_equal(text, expected);
}

static void a_line_arrives_as_it_was_written(void **state)
{
    struct bench *bench = *state;
    plug(bench);
    listen_at(bench);
    assert_true(fake_port_write(&bench->port, "[1]\n", 4));
    assert_read(bench, "[1]\n");
}

static void nothing_is_written_while_nobody_listens(void **state)
{
    struct bench *bench = *state;
    plug(bench);
    assert_false(fake_port_write(&bench->port, "[1]\n", 4));
    listen_at(bench);
    assert_true(fake_port_write(&bench->port, "[2]\n", 4));
    assert_read(bench, "[2]\n");
}

static void a_listener_may_go_and_come_again(void **state)
{
    struct bench *bench = *state;
    plug(bench);
    for (int i = 0; i < 3; i++) {
        listen_at(bench);
        assert_true(fake_port_write(&bench->port, "[1]\n", 4));
        assert_read(bench, "[1]\n");
        close(bench->fd);
        bench->fd = -1;
        assert_false(fake_port_write(&bench->port, "[2]\n", 4));
    }
}

static void a_listener_that_does_not_read_gets_whole_lines_later(void **state)
{
    struct bench *bench = *state;
    static char line[1000], text[200000];
    size_t lines = 0, got = 0;
    plug(bench);
    listen_at(bench);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    while (fake_port_write(&bench->port, line, sizeof line))
        assert_true(++lines < 1000);
    for (ssize_t size; (size = read(bench->fd, text + got, sizeof text - got)) > 0;) {
        got += (size_t)size;
        lines += fake_port_write(&bench->port, line, sizeof line) && got < 100000;
        assert_true(got < sizeof text);
        if (got >= 100000)
            break;
    }
    assert_true(got >= sizeof line);
    for (size_t i = 0; i < got; i++)
        assert_int_equal(text[i], i % sizeof line == sizeof line - 1 ? '\n' : 'x');
}

static void the_link_goes_when_it_closes(void **state)
{
    struct bench *bench = *state;
    struct stat about;
    plug(bench);
    assert_int_equal(lstat(bench->device, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    fake_port_close(&bench->port);
    assert_int_equal(lstat(bench->device, &about), -1);
    fake_port_close(&bench->port); // again is fine
}

static void a_link_that_an_earlier_run_left_is_replaced(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(symlink("/dev/pts/9999", bench->device), 0);
    plug(bench);
    listen_at(bench);
}

static void assert_refused(struct bench *bench)
{
    struct fault why;
    assert_int_equal(fake_port_open(&bench->port, bench->device, &why), -EEXIST);
    assert_non_null(strstr(why.text, "exists already; expected a free path"));
    fake_port_close(&bench->port);
}

static void a_real_device_is_not_replaced(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(symlink("/dev/null", bench->device), 0);
    assert_refused(bench);
    char target[32] = "";
    assert_true(readlink(bench->device, target, sizeof target - 1) > 0);
    assert_string_equal(target, "/dev/null");
}

static void a_file_is_not_replaced(void **state)
{
    struct bench *bench = *state;
    int fd = open(bench->device, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_refused(bench);
    assert_int_equal(access(bench->device, F_OK), 0);
}

static void a_link_of_somebody_else_is_left_alone(void **state)
{
    struct bench *bench = *state;
    plug(bench);
    unlink(bench->device);
    assert_int_equal(symlink("/dev/pts/9999", bench->device), 0);
    fake_port_close(&bench->port);
    char target[32];
    assert_true(readlink(bench->device, target, sizeof target) > 0);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct bench *bench = *state;
    struct fault why;
    assert_int_equal(fake_port_open(&bench->port, "/dev/citygw-no-such-folder/kerb", &why), -ENOENT);
    assert_non_null(strstr(why.text, "/dev/citygw-no-such-folder/kerb cannot be made"));
}

static void a_folder_elsewhere_is_made(void **state)
{
    struct bench *bench = *state;
    struct fault why;
    char folder[] = "/tmp/citygw-ports-XXXXXX", deep[64], path[80];
    assert_non_null(mkdtemp(folder));
    snprintf(deep, sizeof deep, "%s/deep", folder);
    snprintf(path, sizeof path, "%s/kerb", deep);
    assert_int_equal(fake_port_open(&bench->port, path, &why), 0);
    assert_int_equal(access(path, R_OK | W_OK), 0);
    unlink(path);
    rmdir(deep);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_arrives_as_it_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_written_while_nobody_listens, setup, teardown),
        cmocka_unit_test_setup_teardown(a_listener_may_go_and_come_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_listener_that_does_not_read_gets_whole_lines_later, setup, teardown),
        cmocka_unit_test_setup_teardown(the_link_goes_when_it_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_that_an_earlier_run_left_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_real_device_is_not_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_is_not_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_of_somebody_else_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_elsewhere_is_made, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
