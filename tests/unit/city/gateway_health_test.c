// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/gateway_health.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 3600 };

static const struct gateway_facts well = {.certificate_days = 300, .disk_free = 0.5, .autonomy = 2};
static struct gateway_health health;
static struct gateway_facts facts;
static struct gateway_report report;
static int64_t now_s;

static int begin(void **state)
{
    (void)state;
    health = (struct gateway_health){0};
    facts = well;
    now_s = 0;
    return 0;
}

// What is news after so many seconds, told each second: "+clock!" is critical.
static const char *after(int64_t seconds)
{
    static char said[200];
    said[0] = '\0';
    for (int64_t end_s = now_s + seconds; now_s < end_s; now_s++) {
        gateway_health_take(&health, &facts, now_s * 1000000, 7, &report);
        for (size_t i = 0; i < report.count; i++) {
            const struct gateway_news *news = &report.list[i];
            size_t used = strlen(said);
            snprintf(said + used, sizeof said - used, "%s%s%s%s", used ? " " : "", news->begins ? "+" : "-", news->id,
                     news->condition.level == ALERT_CRITICAL ? "!" : "");
        }
    }
    return said;
}

static void all_is_well_and_stays_so(void **state)
{
    (void)state;
    assert_string_equal(after(2 * HOUR), "");
}

static void what_is_not_known_begins_and_ends_nothing(void **state)
{
    (void)state;
    static const struct gateway_facts nothing = {(double)NAN, (double)NAN, (double)NAN,
                                                 (double)NAN, (double)NAN, (double)NAN};
    facts = nothing;
    assert_string_equal(after(2 * HOUR), "");
    facts = well;
    facts.certificate_days = 5;
    facts.duplicate = 1;
    assert_string_equal(after(1), "+certificate! +duplicate!");
    facts = nothing;
    assert_string_equal(after(2 * HOUR), "");
}

static void a_certificate_is_told_of_in_time(void **state)
{
    (void)state;
    facts.certificate_days = 30;
    assert_string_equal(after(1), "");
    facts.certificate_days = 29.9;
    assert_string_equal(after(1), "+certificate");
    assert_string_equal(report.list[0].condition.name, "certificate");
    assert_string_equal(report.list[0].condition.value_name, "days_left");
    assert_true(report.list[0].condition.value == 29.9 && report.list[0].condition.since_us == 7);
    facts.certificate_days = 30.5;
    assert_string_equal(after(1), "");
    facts.certificate_days = 6.9;
    assert_string_equal(after(1), "+certificate!");
    facts.certificate_days = -3;
    assert_string_equal(after(1), "");
    facts.certificate_days = 90;
    assert_string_equal(after(1), "-certificate");
}

static void a_clock_that_is_not_set_is_told_of_after_an_hour(void **state)
{
    (void)state;
    facts.clock_unset_s = HOUR - 1;
    assert_string_equal(after(HOUR), "");
    facts.clock_unset_s = HOUR;
    assert_string_equal(after(1), "+clock");
    facts.clock_unset_s = 24 * HOUR;
    assert_string_equal(after(1), "+clock!");
    facts.clock_unset_s = 0;
    assert_string_equal(after(MINUTE), "");
    assert_string_equal(after(1), "-clock");
}

static void a_disk_that_fills_is_told_of(void **state)
{
    (void)state;
    facts.disk_free = 0.09;
    assert_string_equal(after(MINUTE), "");
    assert_string_equal(after(1), "+disk");
    facts.disk_free = 0.11;
    assert_string_equal(after(HOUR), "");
    facts.disk_free = 0.02;
    assert_string_equal(after(MINUTE + 1), "+disk!");
    facts.disk_free = 0.13;
    assert_string_equal(after(MINUTE + 1), "-disk");
}

static void autonomy_is_judged_by_the_hour(void **state)
{
    (void)state;
    facts.autonomy = 0.9;
    assert_string_equal(after(HOUR), "");
    facts.autonomy = 1; // enough for a moment
    assert_string_equal(after(1), "");
    facts.autonomy = 0.9;
    assert_string_equal(after(HOUR), "");
    assert_string_equal(after(1), "+autonomy");
    facts.autonomy = 0.2;
    assert_string_equal(after(HOUR + 1), "+autonomy!");
    facts.autonomy = (double)INFINITY; // none is wanted
    assert_string_equal(after(HOUR + 1), "-autonomy");
}

static void low_voltage_is_told_once_and_ends_after_ten_quiet_minutes(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        facts.undervoltage = 1;
        assert_string_equal(after(1), i ? "" : "+power");
        facts.undervoltage = 0;
        assert_string_equal(after(10 * MINUTE), "");
    }
    assert_string_equal(after(1), "-power");
}

static void a_gateway_of_the_same_name_is_critical(void **state)
{
    (void)state;
    facts.duplicate = 1;
    assert_string_equal(after(1), "+duplicate!");
    facts.duplicate = 0;
    assert_string_equal(after(10 * MINUTE + 1), "-duplicate");
}

static void what_was_wrong_before_a_restart_goes_on_or_ends(void **state)
{
    (void)state;
    gateway_health_restore(&health, "certificate", ALERT_CRITICAL);
    gateway_health_restore(&health, "disk", ALERT_WARNING);
    gateway_health_restore(&health, "duplicate", ALERT_CRITICAL);
    gateway_health_restore(&health, "no-such", ALERT_CRITICAL);
    facts.certificate_days = 7.5;
    facts.duplicate = 1;
    assert_string_equal(after(10 * MINUTE + 1), "-disk");
    facts.certificate_days = 9;
    assert_string_equal(after(1), "+certificate"); // a lower level
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_is_well_and_stays_so, begin),
        cmocka_unit_test_setup(what_is_not_known_begins_and_ends_nothing, begin),
        cmocka_unit_test_setup(a_certificate_is_told_of_in_time, begin),
        cmocka_unit_test_setup(a_clock_that_is_not_set_is_told_of_after_an_hour, begin),
        cmocka_unit_test_setup(a_disk_that_fills_is_told_of, begin),
        cmocka_unit_test_setup(autonomy_is_judged_by_the_hour, begin),
        cmocka_unit_test_setup(low_voltage_is_told_once_and_ends_after_ten_quiet_minutes, begin),
        cmocka_unit_test_setup(a_gateway_of_the_same_name_is_critical, begin),
        cmocka_unit_test_setup(what_was_wrong_before_a_restart_goes_on_or_ends, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
