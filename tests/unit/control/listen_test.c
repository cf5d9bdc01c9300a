// SPDX-License-Identifier: Apache-2.0
#include "listen.h"

#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    char folder[64], path[128];
    struct fault why;
    struct listener listener;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    strcpy(world->folder, "/tmp/citygw-listen-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof world->path, "%s/run/http.sock", world->folder);
    world->listener.fd = -1;
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    char run[128];
    if (world->listener.fd >= 0)
        close(world->listener.fd);
    unlink(world->path);
    snprintf(run, sizeof run, "%s/run", world->folder);
    rmdir(run);
    rmdir(world->folder);
    free(world);
    return 0;
}

static void the_folder_is_made_and_only_owner_and_group_may_connect(void **state)
{
    struct world *world = *state;
    mode_t before = umask(022);
    assert_int_equal(listen_unix(world->path, &world->listener, &world->why), 0);
    umask(before);
    struct stat made;
    assert_int_equal(stat(world->path, &made), 0);
    assert_true(S_ISSOCK(made.st_mode));
    assert_int_equal(made.st_mode & 0777, 0660);
    assert_true(world->listener.loopback);
}

static void a_socket_that_nobody_listens_on_is_replaced(void **state)
{
    struct world *world = *state;
    struct listener dead;
    assert_int_equal(listen_unix(world->path, &dead, &world->why), 0);
    close(dead.fd);
    assert_int_equal(listen_unix(world->path, &world->listener, &world->why), 0);
    // The dead one's file is gone; removing "it" must not take the new one away.
    struct listener other = world->listener;
    other.inode++;
    listen_remove(world->path, &other);
    assert_int_equal(access(world->path, F_OK), 0);
    listen_remove(world->path, &world->listener);
    assert_int_equal(access(world->path, F_OK), -1);
}

static void a_socket_in_use_is_left_alone(void **state)
{
    struct world *world = *state;
    assert_int_equal(listen_unix(world->path, &world->listener, &world->why), 0);
    struct listener second = {.fd = -7};
    assert_int_equal(listen_unix(world->path, &second, &world->why), -EADDRINUSE);
    assert_int_equal(second.fd, -7);
    assert_non_null(strstr(world->why.text, world->path));
    assert_int_equal(access(world->path, F_OK), 0);
}

static void a_file_in_the_way_is_not_deleted(void **state)
{
    struct world *world = *state;
    assert_int_equal(listen_unix(world->path, &world->listener, &world->why), 0);
    close(world->listener.fd);
    world->listener.fd = -1;
    unlink(world->path);
    close(open(world->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(listen_unix(world->path, &world->listener, &world->why), -EEXIST);
    assert_int_equal(access(world->path, F_OK), 0);
}

static void a_path_too_long_for_a_socket_is_said_so(void **state)
{
    struct world *world = *state;
    char path[300];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(listen_unix(path, &world->listener, &world->why), -ENAMETOOLONG);
    assert_non_null(strstr(world->why.text, "107"));
}

static void addresses_are_taken_as_ip_with_port(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *address, *host;
        bool loopback;
    } good[] = {{"127.0.0.1:0", "127.0.0.1", true},
                {"localhost:0", "localhost", true},
                {"127.1.2.3:0", "127.1.2.3", true},
                {"0.0.0.0:0", "0.0.0.0", false}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct listener listener;
        assert_int_equal(listen_tcp(good[i].address, &listener, &world->why), 0);
        assert_string_equal(listener.host, good[i].host);
        assert_int_equal(listener.loopback, good[i].loopback);
        close(listener.fd);
    }
}

static void other_addresses_are_refused_with_an_example(void **state)
{
    struct world *world = *state;
    static const char *const bad[] = {
        "",       ":",       "8088",  "127.0.0.1",      "127.0.0.1:",     "127.0.0.1:65536", "127.0.0.1:-1",
        "::1:80", "[::1:80", "[]:80", "[127.0.0.1]:80", "example.org:80", "127.0.0.1:80 ",   "1.2.3:80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(listen_tcp(bad[i], &world->listener, &world->why), -EINVAL);
        assert_non_null(strstr(world->why.text, "127.0.0.1:8088"));
    }
    char longer[200];
    memset(longer, '1', sizeof longer);
    strcpy(longer + sizeof longer - 4, ":80");
    assert_int_equal(listen_tcp(longer, &world->listener, &world->why), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_folder_is_made_and_only_owner_and_group_may_connect, setup, teardown),
        cmocka_unit_test_setup_teardown(a_socket_that_nobody_listens_on_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_socket_in_use_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_in_the_way_is_not_deleted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_too_long_for_a_socket_is_said_so, setup, teardown),
        cmocka_unit_test_setup_teardown(addresses_are_taken_as_ip_with_port, setup, teardown),
        cmocka_unit_test_setup_teardown(other_addresses_are_refused_with_an_example, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
