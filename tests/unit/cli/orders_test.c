// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include "check.h"
#include "server.h"
#include <stdlib.h>

/*
 * The verbs that give the gateway an order or ask it a question with arguments: replay and report.
 */

static struct captured got;

static void answer_with(struct server *server, const char *status, const char *body)
{
    static char answer[8192];
    snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
    server_begin(server, answer, strlen(answer));
}

#define TAKEN "{\"outlets\":[\"mqtt\",\"far\"],\"readings_at_most\":1234}"

static void a_replay_is_posted_with_its_range(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, "200 OK", TAKEN);
    RUN(&got, "replay", "--socket", server.path, "--from", "2026-11-22T00:00:00Z", "--to", "2026-11-22T06:00:00Z",
        "--sensor", "bay-1");
    pthread_join(server.thread, NULL);
    assert_non_null(strstr(server.request, "POST /api/v1/replay HTTP/1.1\r\n"));
    assert_non_null(strstr(server.request, "\r\nX-Requested-With: citygw\r\n"));
    assert_non_null(strstr(server.request, "{\"from\":\"2026-11-22T00:00:00Z\",\"to\":\"2026-11-22T06:00:00Z\","
                                           "\"sensor\":\"bay-1\"}"));
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "mqtt, far: up to 1234 kept readings"));
    server_remove(&server);
}

static void what_the_gateway_keeps_is_also_of_zones_and_alerts(void **state)
{
    static char *const names[] = {"zone/umeda-lot", "alert/crowd/plaza"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct server server;
        char expected[100];
        snprintf(expected, sizeof expected, ",\"sensor\":\"%s\"}", names[i]);
        answer_with(&server, "200 OK", TAKEN);
        RUN(&got, "replay", "--socket", server.path, "--from", "2026-11-22T00:00:00Z", "--to", "2026-11-22T06:00:00Z",
            "--sensor", names[i]);
        pthread_join(server.thread, NULL);
        assert_non_null(strstr(server.request, expected));
        assert_int_equal(got.exit, VERB_FINE);
        server_remove(&server);
    }
    RUN(&got, "bumps", "--sensor", names[0], "/nowhere"); // which asks for a section of the configuration
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "--sensor"));
}

static void a_refusal_is_shown_in_the_gateways_words(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, "404 Not Found", "{\"error\":\"not_found\",\"message\":\"there is no outlet x\"}");
    RUN(&got, "replay", "--socket", server.path, "--from", "2026-11-22T00:00:00Z", "--to", "2026-11-22T06:00:00Z",
        "--outlet", "x");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "there is no outlet x"));
    server_end(&server);
}

static void a_replay_without_a_range_is_wrong_usage(void **state)
{
    (void)state;
    RUN(&got, "replay", "--from", "2026-11-22T00:00:00Z");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "--to TIME"));
    RUN(&got, "replay", "--from", "a", "--to", "b", "--day", "c");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "--day"));
}

static void a_value_that_cannot_be_is_wrong_usage(void **state)
{
    static char *wrong[][2] = {{"--from", "noon"},       {"--to", ""},          {"--sensor", "bay 1"},
                               {"--sensor", "zone/a/b"}, {"--sensor", "bay/1"}, {"--sensor", "\xff\x1b"},
                               {"--outlet", "a&b"}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        RUN(&got, "replay", "--socket", "/nowhere", wrong[i][0], wrong[i][1]);
        assert_int_equal(got.exit, VERB_USAGE);
        assert_non_null(strstr(got.err, wrong[i][0]));
        assert_null(strchr(got.err, '\x1b'));
    }
}

#define REPORT                                                                                                         \
    "{\"day\":\"2026-11-24\",\"epoch\":\"k7f3\",\"complete\":true,\"sensors\":{\"bay-1\":{\"first_seq\":7,"            \
    "\"last_seq\":26,\"committed\":20,\"delivered\":{\"mqtt\":18,\"far\":20},\"lost\":2,\"refused\":{\"syntax\":3},"   \
    "\"longest_silence_s\":300},\"bay-2\":{\"committed\":0,\"delivered\":{\"mqtt\":0},\"lost\":0,\"refused\":{},"      \
    "\"longest_silence_s\":86400},\"alert/crowd/plaza\":{\"first_seq\":1,\"last_seq\":2,\"committed\":2,"              \
    "\"delivered\":{\"mqtt\":2},\"lost\":0,\"refused\":{}}}}"

static void a_report_is_a_table_by_sensor(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, "200 OK", REPORT);
    RUN(&got, "report", "--socket", server.path, "--day", "2026-11-24");
    pthread_join(server.thread, NULL);
    assert_non_null(strstr(server.request, "GET /api/v1/report?day=2026-11-24 HTTP/1.1\r\n"));
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "Account of 2026-11-24\n"));
    assert_non_null(
        strstr(got.out, "\nbay-1              7-26         20  mqtt 18, far 20     2  malformed 3            5 min\n"));
    assert_non_null(
        strstr(got.out, "\nbay-2              -             0  mqtt 0              0  -                     24.0 h\n"));
    assert_non_null(
        strstr(got.out, "\nalert/crowd/plaza  1-2           2  mqtt 2              0  -                          -\n"));
    server_remove(&server);
}

static void a_day_that_is_none_is_not_even_asked_for(void **state)
{
    static const char *const days[] = {"", "yesterday", "2026-11-2", "2026/11/24", "2026-11-24&x=1"};
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        RUN(&got, "report", "--socket", "/nowhere", "--day", (char *)(uintptr_t)days[i]);
        assert_int_equal(got.exit, VERB_USAGE);
    }
}

static int in_english(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    setenv("LANG", "en_US.UTF-8", 1);
    messages_use(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_is_posted_with_its_range),
        cmocka_unit_test(what_the_gateway_keeps_is_also_of_zones_and_alerts),
        cmocka_unit_test(a_refusal_is_shown_in_the_gateways_words),
        cmocka_unit_test(a_replay_without_a_range_is_wrong_usage),
        cmocka_unit_test(a_value_that_cannot_be_is_wrong_usage),
        cmocka_unit_test(a_report_is_a_table_by_sensor),
        cmocka_unit_test(a_day_that_is_none_is_not_even_asked_for),
    };
    return cmocka_run_group_tests(tests, in_english, NULL);
}
