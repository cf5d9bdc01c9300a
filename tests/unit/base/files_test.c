// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/files.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citygw-files-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int clean(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void a_file_is_replaced_whole_and_read_back(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 100);
    assert_int_equal(file_replace(in_folder("a"), "first", 5, NULL), 0);
    assert_int_equal(file_replace(in_folder("a"), "second", 6, NULL), 0);
    assert_int_equal(file_read(in_folder("a"), 6, &bytes, NULL), 0);
    assert_string_equal(bytes.data, "second");
    assert_int_equal(access(in_folder("a.new"), F_OK), -1);
    bytes_finish(&bytes);
}

static void what_is_no_file_or_too_large_is_refused_by_name(void **state)
{
    (void)state;
    struct bytes bytes;
    struct fault why;
    bytes_init(&bytes, 100);
    assert_int_equal(file_read(folder, 50, &bytes, &why), -EISDIR);
    assert_non_null(strstr(why.text, folder));
    assert_int_equal(file_read(in_folder("none"), 50, &bytes, &why), -ENOENT);
    assert_int_equal(file_replace(in_folder("a"), "123456", 6, NULL), 0);
    assert_int_equal(file_read(in_folder("a"), 5, &bytes, &why), -EFBIG);
    mkfifo(in_folder("fifo"), 0600);
    assert_int_equal(file_read(in_folder("fifo"), 5, &bytes, &why), -EINVAL);
    bytes_finish(&bytes);
}

static void a_secret_that_others_may_read_is_refused(void **state)
{
    (void)state;
    char *secret = NULL;
    struct fault why;
    assert_int_equal(file_replace(in_folder("s"), "hunter2\r\n", 9, NULL), 0);
    assert_int_equal(file_read_secret(in_folder("s"), &secret, &why), -EPERM);
    assert_non_null(strstr(why.text, "0600"));
    assert_null(secret);
    chmod(in_folder("s"), 0600);
    assert_int_equal(file_read_secret(in_folder("s"), &secret, &why), 0);
    assert_string_equal(secret, "hunter2");
    free(secret);
    assert_int_equal(file_replace(in_folder("s"), "\n", 1, NULL), 0);
    chmod(in_folder("s"), 0600);
    assert_int_equal(file_read_secret(in_folder("s"), &secret, &why), -EINVAL);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    struct fault why;
    struct stat found;
    assert_int_equal(folder_make(in_folder("x/y/z"), &why), 0);
    assert_int_equal(stat(in_folder("x/y/z"), &found), 0);
    assert_int_equal(found.st_mode & 0777, 0750);
    assert_int_equal(folder_make(in_folder("x/y/z"), &why), 0);
    assert_int_equal(file_replace(in_folder("f"), "", 0, NULL), 0);
    assert_true(folder_make(in_folder("f/g"), &why) < 0);
    assert_true(folder_make(in_folder("f"), &why) < 0);
    uint64_t left, all;
    assert_int_equal(folder_space(folder, &left, &all), 0);
    assert_true(left > 0 && left <= all);
}

static void reading_past_the_end_says_so(void **state)
{
    (void)state;
    char data[8] = "";
    int fd = open(in_folder("p"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(file_write_at(fd, "abcdef", 6, 2), 0);
    assert_int_equal(file_read_at(fd, data, 6, 2), 0);
    assert_string_equal(data, "abcdef");
    assert_int_equal(file_read_at(fd, data, 7, 2), -ENODATA);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_replaced_whole_and_read_back, make, clean),
        cmocka_unit_test_setup_teardown(what_is_no_file_or_too_large_is_refused_by_name, make, clean),
        cmocka_unit_test_setup_teardown(a_secret_that_others_may_read_is_refused, make, clean),
        cmocka_unit_test_setup_teardown(folders_are_made_with_their_parents, make, clean),
        cmocka_unit_test_setup_teardown(reading_past_the_end_says_so, make, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
