// SPDX-License-Identifier: Apache-2.0
#include "sensors.h"

#include "base/messages.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>

static char *printed(const char *json)
{
    char *text = NULL;
    size_t size;
    json_t *document = json_loads(json, 0, NULL);
    FILE *to = open_memstream(&text, &size);
    sensors_print(document, to);
    fclose(to);
    json_decref(document);
    return text;
}

static void sensors_stand_in_a_table_with_their_last_values(void **state)
{
    (void)state;
    char *text = printed(
        "{\"sensors\":[{\"id\":\"bay-1\",\"name\":\"梅田 1番\",\"kind\":\"parking\",\"source\":\"coap\",\"seq\":1042,"
        "\"age_s\":1.5,\"quality\":\"good\",\"values\":{\"occupied\":true,\"battery_v\":3.61,\"n\":12,\"state\":"
        "\"free\","
        "\"x\":null}},"
        "{\"id\":\"bay-2\",\"name\":null,\"kind\":\"parking\",\"source\":\"serial:kerb\",\"seq\":null,\"age_s\":null,"
        "\"quality\":null,\"disabled\":\"no such zone\",\"values\":{}}]}");
    assert_string_equal(text, "ID     NAME      KIND     SOURCE       NUMBER  AGE  QUALITY   VALUES\n"
                              "bay-1  梅田 1番  parking  coap           1042  2 s  good      "
                              "occupied=yes battery_v=3.61 n=12 state=free x=-\n"
                              "bay-2            parking  serial:kerb       -    -  disabled  no such zone\n");
    free(text);
}

static void a_sensor_that_is_silent_for_too_long_is_shown_as_stale(void **state)
{
    (void)state;
    char *text = printed("{\"sensors\":[{\"id\":\"a\",\"seq\":1,\"age_s\":61,\"stale_after_s\":60,\"quality\":\"good\","
                         "\"values\":{}}]}");
    assert_non_null(strstr(text, "stale"));
    free(text);
    text = printed("{\"sensors\":[{\"id\":\"a\",\"seq\":1,\"age_s\":60,\"stale_after_s\":60,\"quality\":\"good\","
                   "\"values\":{}}]}");
    assert_null(strstr(text, "stale"));
    free(text);
}

static void no_sensors_and_odd_answers_are_shown_without_a_crash(void **state)
{
    (void)state;
    static const char *const answers[] = {"{}", "{\"sources\":[]}", "{\"sensors\":[1,{},[],{\"values\":[1]}]}",
                                          "{\"sensors\":{}}"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        char *text = printed(answers[i]);
        assert_string_not_equal(text, "");
        free(text);
    }
}

static void values_too_many_for_a_line_are_cut(void **state)
{
    (void)state;
    char *json = malloc(200000), *at = json;
    at += sprintf(at, "{\"sensors\":[{\"id\":\"a\",\"values\":{\"v\":\"\\u001b\"");
    for (int i = 0; i < 5000; i++)
        at += sprintf(at, ",\"value_%d\":%d", i, i);
    strcpy(at, "}}]}");
    char *text = printed(json);
    assert_true(strlen(text) < 3000);
    assert_null(strchr(text, '\x1b'));
    free(text);
    free(json);
}

int main(void)
{
    setenv("LC_ALL", "en_US.UTF-8", 1);
    messages_use(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sensors_stand_in_a_table_with_their_last_values),
        cmocka_unit_test(a_sensor_that_is_silent_for_too_long_is_shown_as_stale),
        cmocka_unit_test(no_sensors_and_odd_answers_are_shown_without_a_crash),
        cmocka_unit_test(values_too_many_for_a_line_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
