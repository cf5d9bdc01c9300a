// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include "check.h"
#include "server.h"
#include <errno.h>

static int ask(const char *answer, size_t size, struct bytes *ret, struct fault *why)
{
    struct server server;
    server_begin(&server, answer, size);
    int error = client_ask(server.path, "/api/v1/status", NULL, CLIENT_TIMEOUT_MS, ret, why);
    server_end(&server);
    assert_non_null(strstr(server.request, "GET /api/v1/status HTTP/1.1\r\n"));
    return error;
}

static void the_body_of_an_answer_comes_back(void **state)
{
    (void)state;
    struct bytes answer;
    bytes_init(&answer, CLIENT_ANSWER_MAX + 1);
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    assert_int_equal(ask(text, sizeof text - 1, &answer, NULL), 0);
    assert_int_equal(answer.used, 2);
    assert_string_equal((const char *)answer.data, "{}");
    bytes_finish(&answer);
}

static void other_answers_are_faults_and_leave_no_body(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", "",
        "hello", "HTTP/1.1 302 Found\r\nLocation: http://localhost/x\r\nContent-Length: 0\r\n\r\n"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct bytes answer;
        struct fault why = {""};
        bytes_init(&answer, CLIENT_ANSWER_MAX + 1);
        assert_true(ask(answers[i], strlen(answers[i]), &answer, &why) < 0);
        assert_int_equal(answer.used, 0);
        assert_string_not_equal(why.text, "");
        bytes_finish(&answer);
    }
}

static void an_answer_without_end_is_cut_off(void **state)
{
    (void)state;
    struct bytes answer;
    struct fault why;
    size_t size = CLIENT_ANSWER_MAX + 1000;
    char *endless = malloc(size);
    memset(endless, ' ', size);
    memcpy(endless, "HTTP/1.1 200 OK\r\n\r\n", 19);
    bytes_init(&answer, CLIENT_ANSWER_MAX / 2);
    assert_int_equal(ask(endless, size, &answer, &why), -EFBIG);
    bytes_finish(&answer);
    free(endless);
}

static void a_socket_that_is_not_there_is_named_with_what_to_do(void **state)
{
    (void)state;
    struct bytes answer;
    struct fault why;
    bytes_init(&answer, 100);
    assert_int_equal(client_ask("/nowhere/http.sock", "/", NULL, CLIENT_TIMEOUT_MS, &answer, &why), -ENOENT);
    assert_non_null(strstr(why.text, "/nowhere/http.sock"));
    assert_non_null(strstr(why.text, "--socket"));
    char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_true(client_ask(longest, "/", NULL, CLIENT_TIMEOUT_MS, &answer, &why) < 0);
    bytes_finish(&answer);
}

static void a_gateway_that_takes_the_question_and_keeps_silent_is_given_up(void **state)
{
    (void)state;
    struct server server;
    struct bytes answer;
    struct fault why;
    server_listen(&server); // nobody accepts: the question waits in the socket
    bytes_init(&answer, 100);
    assert_int_equal(client_ask(server.path, "/", NULL, 50, &answer, &why), -ETIMEDOUT);
    assert_non_null(strstr(why.text, "did not answer in time"));
    assert_int_equal(answer.used, 0);
    assert_int_equal(CLIENT_TIMEOUT_MS, 5000);
    bytes_finish(&answer);
    server_remove(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_body_of_an_answer_comes_back),
        cmocka_unit_test(other_answers_are_faults_and_leave_no_body),
        cmocka_unit_test(an_answer_without_end_is_cut_off),
        cmocka_unit_test(a_gateway_that_takes_the_question_and_keeps_silent_is_given_up),
        cmocka_unit_test(a_socket_that_is_not_there_is_named_with_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
