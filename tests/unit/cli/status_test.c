// SPDX-License-Identifier: Apache-2.0
#include "status.h"

#include "base/messages.h"
#include "capture.h"
#include "check.h"
#include "server.h"
#include <stdlib.h>
#include <time.h>

#define STATUS(sources, outlets, failing)                                                                              \
    "{\"gateway\":\"umeda-01\",\"municipality\":\"271004\",\"municipality_name\":\"大阪市\",\"version\":\"0.1.0\"," \
    "\"since\":\"2026-11-22T03:03:20.000Z\",\"clock_synchronised\":true,\"config\":{\"file\":\"/etc/c.ini\"},"         \
    "\"sources\":[" sources "],\"outlets\":[" outlets "],\"buffer\":{\"failing\":" failing ",\"readings\":40,"         \
    "\"oldest_age_s\":60,\"oldest_time\":\"2026-11-22T03:02:20.000Z\",\"used\":0.04,\"drained_in_s\":420,\"bytes\":"   \
    "8000,\"max_bytes\":2000000000,\"free_bytes\":5000000000,\"lost\":{\"full\":0,"                                    \
    "\"age\":2,\"damage\":0},\"readings_per_s\":1.25,\"autonomy_h\":48.5},\"sensors\":{\"count\":2,\"disabled\":0},"   \
    "\"warnings\":[\"sensor bay-2: wrong\"]}"
#define OPEN                                                                                                           \
    "{\"name\":\"coap\",\"state\":\"open\",\"fault\":null,\"retry_in_s\":null,\"received\":1234,"                      \
    "\"refused\":{\"syntax\":3,\"unknown_sensor\":1}}"
#define WAITING                                                                                                        \
    "{\"name\":\"serial:kerb\",\"state\":\"waiting\",\"fault\":\"gone\\u001b[2J\",\"retry_in_s\":4.4,\"received\":0,"  \
    "\"refused\":{}}"
#define CONNECTED                                                                                                      \
    "{\"name\":\"mqtt\",\"url\":\"mqtt://h\",\"connected\":true,\"alarm\":null,\"fault\":null,\"sent\":40,"            \
    "\"lag_readings\":1,\"lag_s\":0.25,\"parked\":1}"
#define DISCONNECTED                                                                                                   \
    "{\"name\":\"influxdb\",\"url\":\"http://h\",\"connected\":false,\"since\":\"2026-11-22T03:03:20Z\","              \
    "\"alarm\":null,\"fault\":\"refused\",\"sent\":0,\"lag_readings\":0,\"lag_s\":0,\"parked\":0}"
#define ALARMED "{\"name\":\"influxdb\",\"connected\":true,\"alarm\":\"401\"}"

static char *printed(const char *json)
{
    char *text = NULL;
    size_t size;
    json_t *status = json_loads(json, 0, NULL);
    FILE *to = open_memstream(&text, &size);
    status_print(status, to);
    fclose(to);
    json_decref(status);
    return text;
}

static size_t problems_of(const char *json)
{
    json_t *status = json_loads(json, 0, NULL);
    size_t problems = status_problems(status);
    json_decref(status);
    return problems;
}

static void a_gateway_in_order_has_no_problem(void **state)
{
    (void)state;
    assert_int_equal(problems_of(STATUS(OPEN, CONNECTED, "false")), 0);
    char *text = printed(STATUS(OPEN, CONNECTED, "false"));
    static const char *const parts[] = {
        "Gateway        umeda-01 (271004 大阪市)\n",
        "Running since  2026-11-22 12:03:20 JST\n",
        "Sensors        2\n",
        "\n  coap  working      1234  4 (malformed 3, unknown sensor 1)\n",
        "\n  mqtt  mqtt://h  connected    40        1  0 s       1\n",
        "40 readings, the oldest from 60 s ago (2026-11-22 12:02:20 JST)\n",
        "8.0 kB of at most 2.0 GB; free on the disk: 5.0 GB\n",
        "2 d at the present 1.25 readings/s; 4 % used\n",
        "Caught up  in 7 min\n",
        "0 (buffer full), 2 (too old), 0 (damaged)\n",
        "\nWarnings\n  sensor bay-2: wrong\n",
        "\nNo problem was found.\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(strstr(text, parts[i]));
    free(text);
}

static void a_sensor_that_is_disabled_is_a_problem(void **state)
{
    static const char status[] = "{\"sensors\":{\"count\":2,\"disabled\":1}}";
    (void)state;
    size_t without = problems_of("{\"sensors\":{\"count\":2,\"disabled\":0}}");
    assert_int_equal(problems_of(status), without + 1);
    char *text = printed(status);
    assert_non_null(strstr(text, "2, of which disabled: 1 !\n"));
    free(text);
}

static void each_kind_of_trouble_counts_and_is_marked(void **state)
{
    (void)state;
    assert_int_equal(problems_of(STATUS(OPEN "," WAITING, CONNECTED, "false")), 1);
    assert_int_equal(problems_of(STATUS(OPEN, CONNECTED "," DISCONNECTED, "false")), 1);
    assert_int_equal(problems_of(STATUS(OPEN, ALARMED, "false")), 1);
    assert_int_equal(problems_of(STATUS(OPEN, CONNECTED, "true")), 1);
    char *text = printed(STATUS(OPEN "," WAITING, CONNECTED "," DISCONNECTED "," ALARMED, "true"));
    static const char *const parts[] = {
        "\n  !  serial:kerb  waiting         0  0                                  tries again in 4 s; gone\\x1b[2J\n",
        "\n  !  influxdb  http://h  not connected",
        "refused; since 2026-11-22 12:03:20 JST\n",
        "ALARM: 401\n",
        "\n  !  State      the disk does not take readings",
        "Problems, marked with \"!\": 4\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(strstr(text, parts[i]));
    free(text);
}

#define ALERTS                                                                                                         \
    "\"alerts\":[{\"kind\":\"crowd\",\"id\":\"plaza\",\"level\":\"high\",\"since\":\"2026-11-22T03:03:20.000Z\","      \
    "\"conditions\":[{\"condition\":\"density\",\"level\":\"high\",\"since\":null,\"density_per_m2\":4.25}]},"         \
    "{\"kind\":\"parking\",\"id\":\"bay-1\",\"level\":\"warning\",\"since\":null,\"conditions\":[{\"condition\":"      \
    "\"stuck\","                                                                                                       \
    "\"quantity\":\"temperature_c\",\"unchanged_s\":90000},{\"condition\":\"battery_low\",\"battery_pct\":12}]}],"     \
    "\"alerts_more\":3"

static void alerts_stand_first_and_only_its_own_are_the_gateways_fault(void **state)
{
    (void)state;
    char *text = printed("{" ALERTS "}");
    const char *alerts = strstr(text, "\nAlerts, the worst first\n"), *sources = strstr(text, "\nSources\n");
    assert_true(alerts && sources && alerts < sources);
    assert_non_null(strstr(text,
                           "  high     crowd    plaza  too many people (density_per_m2=4.25)                           "
                           "       2026-11-22 12:03:20 JST\n"));
    assert_non_null(strstr(text, "  warning  parking  bay-1  stuck temperature_c (unchanged_s=90000), battery low "
                                 "(battery_pct=12)  -\n  and 3 more\n"));
    free(text);
    assert_int_equal(problems_of("{" ALERTS "}"), problems_of("{}"));
    static const char own[] =
        "{\"alerts\":[{\"kind\":\"gateway\",\"id\":\"disk\",\"level\":\"critical\",\"since\":null,"
        "\"conditions\":[{\"condition\":\"disk\",\"level\":\"critical\",\"since\":null,\"free\":0.01}]}]}";
    assert_int_equal(problems_of(own), problems_of("{}") + 1);
    text = printed(own);
    assert_non_null(strstr(text, "  !  critical  gateway  disk  disk nearly full (free=0.01)  -\n"));
    free(text);
    text = printed("{\"alerts\":[],\"alerts_more\":0}");
    assert_null(strstr(text, "Alerts"));
    free(text);
}

static void a_zone_has_a_line_with_its_last_values(void **state)
{
    (void)state;
    char *text =
        printed("{\"zones\":[{\"id\":\"lot\",\"kind\":\"parking\",\"name\":\"梅田駐車場\",\"disabled\":false,"
                "\"quality\":\"good\",\"values\":{\"free\":12,\"fill\":\"free\"}},"
                "{\"id\":\"plaza\",\"kind\":\"crowd\",\"name\":null,\"disabled\":true,\"quality\":null,\"values\":{}}],"
                "\"zones_more\":0}");
    assert_non_null(strstr(text, "\nZones\n"));
    assert_non_null(strstr(text, "  lot    梅田駐車場  parking  good      free=12 fill=free\n"));
    assert_non_null(strstr(text, "  plaza              crowd    disabled\n"));
    assert_null(strstr(text, "more\n"));
    free(text);
}

static void a_vehicle_has_a_line(void **state)
{
    (void)state;
    char *text =
        printed("{\"vehicles\":[{\"sensor\":\"van-1\",\"samples\":28477,\"rate_hz\":65.24,\"duplicates\":14830,"
                "\"backward\":1,\"gaps\":94,\"incomplete\":3,\"position_age_s\":2},"
                "{\"sensor\":\"van-2\",\"rate_hz\":null,\"position_age_s\":null}]}");
    assert_non_null(strstr(text, "\nVehicles\n"));
    assert_non_null(
        strstr(text, "van-1    28477  65.2 Hz      14830         1    94  position 2 s ago; incomplete: 3\n"));
    assert_non_null(strstr(text, "van-2        0        -          0         0     0  no position\n"));
    free(text);
    text = printed("{\"vehicles\":[]}");
    assert_null(strstr(text, "Vehicles"));
    free(text);
}

static void an_answer_without_its_parts_is_shown_as_far_as_it_goes(void **state)
{
    (void)state;
    static const char *const answers[] = {"{}", "{\"sources\":5,\"outlets\":{},\"buffer\":[],\"warnings\":\"x\"}",
                                          "{\"sources\":[1,null,\"x\"],\"outlets\":[[]],\"warnings\":[1,null]}"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char *text = printed(answers[i]);
        assert_non_null(strstr(text, "Gateway"));
        free(text);
    }
}

static struct captured got;

static void run_against(const char *body, const char *option)
{
    static char answer[8192];
    struct server server;
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    server_begin(&server, answer, strlen(answer));
    RUN(&got, "status", "--socket", server.path, (char *)option);
    server_end(&server);
}

static void the_exit_code_tells_whether_a_problem_was_found(void **state)
{
    (void)state;
    run_against(STATUS(OPEN, CONNECTED, "false"), NULL);
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "No problem was found."));
    run_against(STATUS(OPEN, DISCONNECTED, "false"), NULL);
    assert_int_equal(got.exit, VERB_PROBLEM);
}

static void json_comes_out_as_it_came_in(void **state)
{
    (void)state;
    run_against(STATUS(OPEN, DISCONNECTED, "false"), "--json");
    assert_string_equal(got.out, STATUS(OPEN, DISCONNECTED, "false") "\n");
    assert_int_equal(got.exit, VERB_PROBLEM);
    run_against(STATUS(OPEN, CONNECTED, "false"), "--json");
    assert_int_equal(got.exit, VERB_FINE);
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "<html>", "[]", "{\"a\":", "\xff"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        run_against(bodies[i], "--json");
        assert_int_equal(got.exit, VERB_PROBLEM);
        assert_string_equal(got.out, "");
        assert_string_not_equal(got.err, "");
    }
}

int main(void)
{
    setenv("LC_ALL", "en_US.UTF-8", 1);
    setenv("TZ", "JST-9", 1);
    tzset();
    messages_use(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gateway_in_order_has_no_problem),
        cmocka_unit_test(a_sensor_that_is_disabled_is_a_problem),
        cmocka_unit_test(each_kind_of_trouble_counts_and_is_marked),
        cmocka_unit_test(alerts_stand_first_and_only_its_own_are_the_gateways_fault),
        cmocka_unit_test(a_zone_has_a_line_with_its_last_values),
        cmocka_unit_test(a_vehicle_has_a_line),
        cmocka_unit_test(an_answer_without_its_parts_is_shown_as_far_as_it_goes),
        cmocka_unit_test(the_exit_code_tells_whether_a_problem_was_found),
        cmocka_unit_test(json_comes_out_as_it_came_in),
        cmocka_unit_test(what_is_no_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
