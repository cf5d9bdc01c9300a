// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/alerts.h"
#include <stdio.h>
#include <string.h>

static struct alerts *alerts;

static int begin(void **state)
{
    (void)state;
    alerts = alerts_create(3);
    return alerts ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    alerts_destroy(alerts);
    return 0;
}

static struct alert_condition condition(const char *name, enum alert_level level, int64_t since_us)
{
    struct alert_condition made = {.level = level, .since_us = since_us};
    snprintf(made.name, sizeof made.name, "%s", name);
    return made;
}

static const struct alert *put(const char *id, const char *name, enum alert_level level, int64_t since_us)
{
    struct alert_condition made = condition(name, level, since_us);
    return alerts_begin(alerts, "parking", id, &made);
}

static const char *names_of(const struct alert *alert)
{
    static char names[200];
    names[0] = '\0';
    for (size_t i = 0; alert && i < alert->count; i++) {
        strcat(names, i ? " " : "");
        strcat(names, alert->conditions[i].name);
    }
    return alert ? names : "nothing";
}

static void the_worst_stands_in_front_then_the_oldest(void **state)
{
    (void)state;
    assert_string_equal(names_of(put("a", "stale", ALERT_WARNING, 20)), "stale");
    assert_string_equal(names_of(put("a", "falling", ALERT_NOTICE, 5)), "stale falling");
    assert_string_equal(names_of(put("a", "stuck", ALERT_WARNING, 10)), "stuck stale falling");
    assert_string_equal(names_of(put("a", "density", ALERT_CRITICAL, 30)), "density stuck stale falling");
    assert_string_equal(names_of(alerts_end(alerts, "parking", "a", "stuck")), "density stale falling");
    assert_int_equal(alerts_count(alerts), 1);
}

static void the_same_again_is_no_news_and_another_level_is(void **state)
{
    (void)state;
    struct alert_condition more = condition("density", ALERT_WARNING, 99);
    more.value = 2.5;
    put("a", "stale", ALERT_WARNING, 20);
    assert_non_null(put("a", "density", ALERT_WARNING, 30));
    assert_null(alerts_begin(alerts, "parking", "a", &more));
    const struct alert *alert = alerts_find(alerts, "parking", "a");
    assert_true(alert->conditions[1].value == 2.5 && alert->conditions[1].since_us == 30);
    more.level = ALERT_CRITICAL;
    alert = alerts_begin(alerts, "parking", "a", &more);
    assert_string_equal(names_of(alert), "density stale");
    assert_true(alert->conditions[0].since_us == 30);
    more.level = ALERT_NOTICE;
    assert_string_equal(names_of(alerts_begin(alerts, "parking", "a", &more)), "stale density");
    assert_int_equal(alert->count, 2);
}

static void an_alert_is_over_with_its_last_condition(void **state)
{
    (void)state;
    put("a", "stale", ALERT_WARNING, 1);
    put("b", "stale", ALERT_WARNING, 1);
    put("b", "stuck", ALERT_WARNING, 1);
    assert_null(alerts_end(alerts, "parking", "a", "stuck"));
    assert_null(alerts_end(alerts, "crowd", "a", "stale"));
    const struct alert *over = alerts_end(alerts, "parking", "a", "stale");
    assert_string_equal(over->id, "a");
    assert_int_equal(over->count, 0);
    assert_null(alerts_end(alerts, "parking", "a", "stale"));
    assert_int_equal(alerts_count(alerts), 1);
    assert_string_equal(alerts_at(alerts, 0)->id, "b");
    assert_null(alerts_at(alerts, 1));
    over = alerts_end(alerts, "parking", "b", NULL);
    assert_string_equal(over->id, "b");
    assert_int_equal(over->count, 0);
    assert_int_equal(alerts_count(alerts), 0);
    assert_null(alerts_end(alerts, "parking", "b", NULL));
}

static void kinds_have_their_own_ids(void **state)
{
    (void)state;
    struct alert_condition stale = condition("stale", ALERT_WARNING, 1);
    put("plaza", "stale", ALERT_WARNING, 1);
    assert_non_null(alerts_begin(alerts, "zone", "plaza", &stale));
    assert_int_equal(alerts_count(alerts), 2);
}

static void a_full_table_refuses_and_counts(void **state)
{
    (void)state;
    char name[16], longest[80] = "";
    put("a", "stale", ALERT_WARNING, 1);
    put("b", "stale", ALERT_WARNING, 1);
    put("c", "stale", ALERT_WARNING, 1);
    assert_null(put("d", "stale", ALERT_WARNING, 1));
    assert_int_equal(alerts_refused(alerts), 1);
    for (int i = 1; i < ALERT_CONDITIONS_MAX; i++) {
        snprintf(name, sizeof name, "c%d", i);
        assert_non_null(put("a", name, ALERT_WARNING, 1));
    }
    assert_null(put("a", "more", ALERT_WARNING, 1));
    assert_int_equal(alerts_refused(alerts), 2);
    alerts_end(alerts, "parking", "b", NULL);
    memset(longest, 'x', 65);
    assert_null(put(longest, "stale", ALERT_WARNING, 1));
    longest[64] = '\0';
    assert_non_null(put(longest, "stale", ALERT_WARNING, 1));
    assert_non_null(alerts_find(alerts, "parking", longest));
}

static void thousands_come_and_go(void **state)
{
    (void)state;
    struct alerts *many = alerts_create(2000);
    struct alert_condition stale = condition("stale", ALERT_WARNING, 1);
    char id[20];
    for (int i = 0; i < 2000; i++) {
        snprintf(id, sizeof id, "bay-%d", i);
        assert_non_null(alerts_begin(many, "parking", id, &stale));
    }
    assert_int_equal(alerts_count(many), 2000);
    for (int i = 0; i < 2000; i++) {
        snprintf(id, sizeof id, "bay-%d", i * 7 % 2000);
        assert_string_equal(alerts_end(many, "parking", id, "stale")->id, id);
    }
    assert_int_equal(alerts_count(many), 0);
    alerts_destroy(many);
    alerts_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_worst_stands_in_front_then_the_oldest, begin, finish),
        cmocka_unit_test_setup_teardown(the_same_again_is_no_news_and_another_level_is, begin, finish),
        cmocka_unit_test_setup_teardown(an_alert_is_over_with_its_last_condition, begin, finish),
        cmocka_unit_test_setup_teardown(kinds_have_their_own_ids, begin, finish),
        cmocka_unit_test_setup_teardown(a_full_table_refuses_and_counts, begin, finish),
        cmocka_unit_test(thousands_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
