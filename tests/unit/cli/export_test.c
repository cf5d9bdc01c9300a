// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include "carried.h"
#include "server.h"
#include <sys/stat.h>

/*
 * `citygw export`: under the file's name there is only ever a whole export.
 */

static struct captured got;
static char folder[64], file[128], part[140];

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citygw-export-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/x.export", folder);
    snprintf(part, sizeof part, "%s.part", file);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder); // nothing else is left there
}

// Exports to `file` from a gateway that answers so. `cut`: so much of the answer's end does not come.
static char *export(char *to, const char *status, const char *body, size_t cut, char *request)
{
    struct server server;
    char *answer = NULL;
    int size = asprintf(&answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
    assert_true(size > 0);
    server_begin(&server, answer, (size_t)size - cut);
    RUN(&got, "export", to, "--socket", server.path, "--from", "2026-11-22T03:00:00+09:00", "--outlet", "far");
    server_end(&server);
    if (request)
        snprintf(request, sizeof server.request, "%s", server.request);
    return answer;
}

static void a_whole_export_stands_under_its_name(void **state)
{
    char *body = carried_make(500), request[1024], read_back[200000];
    (void)state;
    free(export(file, "200 OK", body, 0, request));
    assert_string_equal(got.err, "");
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "500 readings of g written to"));
    assert_non_null(
        strstr(request, "GET /api/v1/export?from=2026-11-22T03%3A00%3A00%2B09%3A00&outlet=far HTTP/1.1\r\n"));
    FILE *opened = fopen(file, "r");
    assert_non_null(opened);
    read_back[fread(read_back, 1, sizeof read_back - 1, opened)] = '\0';
    fclose(opened);
    assert_string_equal(read_back, body);
    free(body);
}

static void what_is_not_whole_leaves_no_file(void **state)
{
    char *body = carried_make(500);
    size_t size = strlen(body);
    const size_t cuts[] = {1, 30, 45, 5000, size - 10};
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        free(export(file, "200 OK", body, cuts[i], NULL));
        assert_int_equal(got.exit, VERB_PROBLEM);
        assert_string_not_equal(got.err, "");
        assert_int_equal(access(file, F_OK), -1);
        assert_int_equal(access(part, F_OK), -1);
    }
    // Ended in order, but without its last line; and with a changed byte.
    body[size - 44] = '\0';
    free(export(file, "200 OK", body, 0, NULL));
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "cut off"));
    free(body);
    body = carried_make(500);
    *strstr(body, "\"seq\":77") = '\'';
    free(export(file, "200 OK", body, 0, NULL));
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "checksum"));
    assert_int_equal(access(file, F_OK), -1);
    free(body);
}

static void an_older_export_stays_when_a_new_one_fails(void **state)
{
    char *body = carried_make(3);
    (void)state;
    free(export(file, "200 OK", body, 0, NULL));
    assert_int_equal(got.exit, VERB_FINE);
    free(export(file, "200 OK", body, 20, NULL));
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_int_equal(access(file, F_OK), 0);
    free(body);
}

static void a_refusal_is_shown_in_the_gateways_words(void **state)
{
    (void)state;
    free(export(file, "503 Service Unavailable", "{\"error\":\"busy\",\"message\":\"two are under way\"}", 0, NULL));
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "two are under way"));
    assert_int_equal(access(file, F_OK), -1);
}

static void a_dash_is_stdout(void **state)
{
    char *body = carried_make(20);
    (void)state;
    free(export((char[]){"-"}, "200 OK", body, 0, NULL));
    assert_int_equal(got.exit, VERB_FINE);
    assert_string_equal(got.out, body);
    assert_non_null(strstr(got.err, "20 readings"));
    free(body);
}

static void without_a_file_it_is_wrong_usage(void **state)
{
    (void)state;
    RUN(&got, "export", "--sensor", "b1");
    assert_int_equal(got.exit, VERB_USAGE);
    RUN(&got, "export", "x", "--day", "2026-11-22");
    assert_int_equal(got.exit, VERB_USAGE);
}

static int in_english(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    setenv("LANG", "en_US.UTF-8", 1);
    messages_use(NULL);
    return 0;
}

static void assert_not_replaced(const char *name)
{
    char said[160];
    snprintf(said, sizeof said, "%s is no file", name);
    RUN(&got, "export", file, "--socket", "/nowhere");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, said));
    struct stat status;
    assert_int_equal(lstat(name, &status), 0);
    assert_false(S_ISREG(status.st_mode));
}

// A pipe, a link, a folder: whatever has the name stays what it is, and so does what is behind it.
static void what_is_no_file_is_not_replaced(void **state)
{
    (void)state;
    const char *const names[] = {file, part};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mkfifo(names[i], 0600), 0);
        assert_not_replaced(names[i]);
        unlink(names[i]);
        assert_int_equal(symlink("/nowhere/else", names[i]), 0);
        assert_not_replaced(names[i]);
        unlink(names[i]);
        assert_int_equal(mkdir(names[i], 0700), 0);
        assert_not_replaced(names[i]);
        rmdir(names[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_export_stands_under_its_name),
        TEST(what_is_not_whole_leaves_no_file),
        TEST(an_older_export_stays_when_a_new_one_fails),
        TEST(a_refusal_is_shown_in_the_gateways_words),
        TEST(a_dash_is_stdout),
        TEST(what_is_no_file_is_not_replaced),
        TEST(without_a_file_it_is_wrong_usage),
    };
    return cmocka_run_group_tests(tests, in_english, NULL);
}
