// SPDX-License-Identifier: Apache-2.0
#include "loaded.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64]; // of a file that holds a secret

static int setup(void **state)
{
    (void)state;
    strcpy(path, "/tmp/citygw-machine-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "secret\n", 7), 7);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

// Each @ in both texts is the file's path.
static void expect_with_path(const char *text, enum finding_level level, const char *line)
{
    const char *from[] = {text, line};
    char to[2][500] = {"", ""};
    for (int i = 0; i < 2; i++)
        for (const char *at = from[i]; *at; at++) {
            size_t used = strlen(to[i]);
            snprintf(to[i] + used, sizeof to[i] - used, "%.*s", *at == '@' ? (int)sizeof path : 1,
                     *at == '@' ? path : at);
        }
    expect_only(to[0], level, to[1]);
}

static void a_token_file_that_is_missing_stops(void **state)
{
    (void)state;
    struct loaded loaded = load_after_gateway("[http]\ntoken_file = /nowhere/token\n");
    assert_int_equal(loaded.findings.count, 1);
    assert_int_equal(loaded.findings.stops, 1);
    assert_non_null(strstr(loaded.findings.list[0].text, "c.ini:5: [http] token_file: "));
    assert_non_null(strstr(loaded.findings.list[0].text, "/nowhere/token"));
    unload(&loaded);
}

static void a_token_file_that_others_may_read_stops(void **state)
{
    (void)state;
    char text[200];
    snprintf(text, sizeof text, "[http]\ntoken_file = %s\n", path);
    expect_nothing(text);
    assert_int_equal(chmod(path, 0644), 0);
    expect_with_path("[http]\ntoken_file = @\n", FINDING_STOPS,
                     "c.ini:5: [http] token_file: @ can be read by others; expected mode 0600 (chmod 600 @)");
}

static void a_token_without_tls_to_other_machines_warns(void **state)
{
    (void)state;
    expect_with_path(
        "[http]\ntoken_file = @\nlisten = 0.0.0.0:8088\n", FINDING_WARNING,
        "c.ini:6: [http] listen: 0.0.0.0:8088 can be reached from other machines and TLS is not built yet: "
        "the token crosses the network in clear");
}

static void a_socket_path_of_107_bytes_is_taken_and_a_longer_one_stops(void **state)
{
    (void)state;
    char text[300];
    snprintf(text, sizeof text, "[http]\nsocket = /%0106d\n", 7);
    expect_nothing(text);
    snprintf(text, sizeof text, "[http]\nsocket = /%0107d\n", 7);
    expect_only(text, FINDING_STOPS, "c.ini:5: [http] socket: the path has 108 bytes; expected at most 107");
}

static void a_buffer_at_something_that_is_no_folder_stops(void **state)
{
    (void)state;
    expect_only("[buffer]\npath = /dev/full\n", FINDING_STOPS,
                "c.ini:5: [buffer] path: /dev/full is not a folder; expected a folder for the stored readings");
    expect_with_path("[buffer]\npath = @\n", FINDING_STOPS,
                     "c.ini:5: [buffer] path: @ is not a folder; expected a folder for the stored readings");
    expect_only("[buffer]\npath = /dev/full/buffer\n", FINDING_STOPS,
                "c.ini:5: [buffer] path: /dev/full/buffer is not a folder; expected a folder for the stored readings");
    expect_nothing("[buffer]\npath = /tmp\n");
    expect_nothing("[buffer]\npath = /tmp/not/there/yet\n");
}

static void a_time_zone_that_does_not_exist_warns(void **state)
{
    (void)state;
    if (access("/usr/share/zoneinfo/Asia/Tokyo", R_OK) != 0)
        skip(); // without the zones nothing can be told
    static const char *const good[] = {"Asia/Tokyo", "UTC", "JST-9"};
    char text[200];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(text, sizeof text, "%stimezone = %s\n", GATEWAY, good[i]);
        struct loaded loaded = load_text(text);
        assert_nothing_found(&loaded);
        unload(&loaded);
    }
    expect_only(
        "timezone = Asia/Tokio\n", FINDING_WARNING,
        "c.ini:4: [gateway] timezone: there is no time zone \"Asia/Tokio\" on this system, so times are shown in "
        "UTC; expected a name such as Asia/Tokyo");
    expect_only(
        "timezone = Asia\n", FINDING_WARNING,
        "c.ini:4: [gateway] timezone: there is no time zone \"Asia\" on this system, so times are shown in UTC; "
        "expected a name such as Asia/Tokyo");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_file_that_is_missing_stops),
        cmocka_unit_test_setup_teardown(a_token_file_that_others_may_read_stops, setup, teardown),
        cmocka_unit_test_setup_teardown(a_token_without_tls_to_other_machines_warns, setup, teardown),
        cmocka_unit_test(a_socket_path_of_107_bytes_is_taken_and_a_longer_one_stops),
        cmocka_unit_test_setup_teardown(a_buffer_at_something_that_is_no_folder_stops, setup, teardown),
        cmocka_unit_test(a_time_zone_that_does_not_exist_warns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
