// SPDX-License-Identifier: Apache-2.0
#include "influxdb_answer.h"
#include "check.h"
#include <stdio.h>
#include <string.h>

static struct influxdb_judgement judge(long status, const char *body, size_t lines)
{
    struct influxdb_answer answer = {.answered = true, .status = status, .body = body, .error = ""};
    struct influxdb_judgement judgement;
    influxdb_judge(&answer, lines, &judgement);
    return judgement;
}

static void every_status_has_its_meaning(void **state)
{
    (void)state;
    static const struct {
        long status;
        const char *body;
        enum influxdb_verdict verdict;
    } cases[] = {
        {204, "", VERDICT_ACCEPTED},
        {200, "", VERDICT_ACCEPTED},
        {200, " <html>sign in</html>", VERDICT_STRANGE},
        {301, "", VERDICT_STRANGE},
        {307, "", VERDICT_STRANGE},
        {400, "{\"error\":\"unable to parse 'x': missing fields\"}", VERDICT_BAD_LINE},
        {400, "{\"code\":\"invalid\",\"message\":\"unable to parse\"}", VERDICT_BAD_LINE},
        {400, "{\"error\":\"partial write: field type conflict: x dropped=1\"}", VERDICT_PARTIAL},
        {400, "{\"error\":\"points beyond retention policy dropped=2\"}", VERDICT_PARTIAL},
        {400, "The plain HTTP request was sent to HTTPS port", VERDICT_STRANGE},
        {400, "<html>400</html>", VERDICT_STRANGE},
        {400, "{\"status\":\"no\"}", VERDICT_STRANGE},
        {400, "", VERDICT_STRANGE},
        {401, "{\"error\":\"authorization failed\"}", VERDICT_DENIED},
        {403, "", VERDICT_DENIED},
        {404, "{\"error\":\"database not found: \\\"city\\\"\"}", VERDICT_MISSING},
        {404, "404 page not found", VERDICT_STRANGE},
        {405, "", VERDICT_STRANGE},
        {408, "", VERDICT_BUSY},
        {413, "<html>", VERDICT_TOO_LARGE},
        {422, "{\"message\":\"failure writing points: dropped=1\"}", VERDICT_PARTIAL},
        {422, "{\"message\":\"no\"}", VERDICT_BAD_LINE},
        {422, "", VERDICT_STRANGE},
        {429, "", VERDICT_BUSY},
        {500, "{\"error\":\"timeout\"}", VERDICT_BUSY},
        {500, "{\"error\":\"hinted handoff queue not empty\"}", VERDICT_ACCEPTED},
        {502, "<html>bad gateway</html>", VERDICT_BUSY},
        {503, "", VERDICT_BUSY},
        {599, "", VERDICT_BUSY},
        {600, "", VERDICT_STRANGE},
        {0, "", VERDICT_STRANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (judge(cases[i].status, cases[i].body, 10).verdict != cases[i].verdict)
            fail_msg("%ld %s", cases[i].status, cases[i].body);
}

static void a_failed_request_is_unreachable_in_its_own_words(void **state)
{
    (void)state;
    struct influxdb_answer answer = {.body = "half a {\"error\":\"x\"}", .status = 204, .error = "Connection refused"};
    struct influxdb_judgement judgement;
    influxdb_judge(&answer, 1, &judgement);
    assert_int_equal(judgement.verdict, VERDICT_UNREACHABLE);
    assert_string_equal(judgement.text, "Connection refused");
}

static void the_servers_words_are_found_and_made_harmless(void **state)
{
    (void)state;
    assert_string_equal(judge(404, "{\"error\":\"database not found: \\\"city\\\"\"}\n", 1).text,
                        "404 database not found: \"city\"");
    assert_string_equal(judge(400, "{ \"code\" : \"invalid\", \"message\" : \"no\" }", 1).text, "400 no");
    assert_string_equal(judge(503, "<html>a page</html>", 1).text, "503");
    assert_string_equal(judge(401, "{\"error\":\"a\x1b[31m\"}", 1).text, "401 a\\x1b[31m");
    assert_string_equal(judge(401, "{\"error\":\"cut off", 1).text, "401 cut off");
    assert_string_equal(judge(401, "{\"error\":\"cut\\", 1).text, "401 cut\\");
    assert_string_equal(judge(401, "{\"error\":", 1).text, "401");
    assert_string_equal(judge(401, "{\"error\"", 1).text, "401");
    assert_string_equal(judge(401, "{\"error\":12}", 1).text, "401");
    char body[4096] = "{\"error\":\"";
    memset(body + strlen(body), 'x', 4000);
    assert_true(strlen(judge(500, body, 1).text) < 240);
}

static size_t dropped(const char *words, size_t lines)
{
    char body[512];
    snprintf(body, sizeof body, "{\"error\":\"partial write: %s\"}", words);
    return judge(400, body, lines).dropped;
}

static void the_dropped_lines_are_counted(void **state)
{
    (void)state;
    assert_int_equal(dropped("field type conflict dropped=3", 10), 3);
    assert_int_equal(dropped("unable to parse 'a': x\\nunable to parse 'b': y dropped=0", 10), 2);
}

static void a_number_of_dropped_lines_that_cannot_be_is_not_believed(void **state)
{
    (void)state;
    static const char *const words[] = {
        "dropped=11",  "dropped=99999999999999999999999", "dropped=",  "dropped=-3",
        "dropped=two", "of a kind that gives no number",  "dropped=0", "dropped=4294967297"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"error\":\"partial write: %s\"}", words[i]);
        struct influxdb_judgement judgement = judge(400, body, 10);
        assert_int_equal(judgement.verdict, VERDICT_PARTIAL);
        assert_int_equal(judgement.dropped, 1);
        assert_false(judgement.counted);
    }
    assert_true(judge(400, "{\"error\":\"partial write: dropped=9\"}", 10).counted);
}

static void a_partial_write_of_nothing_is_a_refusal_unless_the_readings_are_too_old(void **state)
{
    (void)state;
    static const char conflict[] = "{\"error\":\"partial write: field type conflict dropped=10\"}";
    static const char old[] = "{\"error\":\"partial write: points beyond retention policy dropped=10\"}";
    assert_int_equal(judge(400, conflict, 10).verdict, VERDICT_BAD_LINE);
    assert_int_equal(judge(400, conflict, 11).verdict, VERDICT_PARTIAL);
    assert_int_equal(judge(422, conflict, 10).verdict, VERDICT_BAD_LINE);
    assert_int_equal(judge(400, "{\"error\":\"partial write: dropped=1\"}", 1).verdict, VERDICT_BAD_LINE);
    assert_int_equal(judge(400, old, 10).verdict, VERDICT_PARTIAL);
    assert_int_equal(judge(422, old, 10).dropped, 10);
}

static void waits_double_up_to_a_bound_with_chance(void **state)
{
    (void)state;
    assert_int_equal(influxdb_delay_ms(1000, 60000, 1, 0, 0), 500);
    assert_int_equal(influxdb_delay_ms(1000, 60000, 1, 0, 500), 1000);
    assert_int_equal(influxdb_delay_ms(1000, 60000, 3, 0, 0), 2000);
    assert_int_equal(influxdb_delay_ms(1000, 60000, 7, 0, 0), 30000);
    for (uint32_t chance = 0; chance < 100000; chance += 997)
        assert_in_range(influxdb_delay_ms(1000, 60000, 4000000000u, 0, chance), 30000, 60000);
}

static void retry_after_is_honoured_up_to_an_hour(void **state)
{
    (void)state;
    assert_int_equal(influxdb_delay_ms(1000, 60000, 1, 7, 0), 7000);
    assert_int_equal(influxdb_delay_ms(1000, 60000, 1, 999999999, 0), 3600000);
    assert_int_equal(influxdb_delay_ms(1000, 60000, 1, INT64_MAX, 0), 3600000);
    assert_int_equal(influxdb_delay_ms(1000, 60000, 1, -5, 0), 500);
    assert_int_equal(influxdb_delay_ms(1000, 60000, 9, 1, 0), 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_meaning),
        cmocka_unit_test(a_failed_request_is_unreachable_in_its_own_words),
        cmocka_unit_test(the_servers_words_are_found_and_made_harmless),
        cmocka_unit_test(the_dropped_lines_are_counted),
        cmocka_unit_test(a_number_of_dropped_lines_that_cannot_be_is_not_believed),
        cmocka_unit_test(a_partial_write_of_nothing_is_a_refusal_unless_the_readings_are_too_old),
        cmocka_unit_test(waits_double_up_to_a_bound_with_chance),
        cmocka_unit_test(retry_after_is_honoured_up_to_an_hour),
    };
    return cmocka_run_group_tests_name("influxdb_answer", tests, NULL, NULL);
}
