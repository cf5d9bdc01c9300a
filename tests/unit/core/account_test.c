// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "account.h"
#include "told_clock.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * The day's account over a real buffer, in Japan, with a clock that goes when it is told to. It starts at noon of the
 * 24th of November 2026.
 */

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)

static const char *const sensors[] = {"bay-1", "bay-2"};
static const char *const outlets[] = {"mqtt"};
static char folder[64];
static uv_loop_t loop;
static struct buffer *buffer;
static uint32_t streams[2];
static struct account *account;
static unsigned reports;

static void count_report(void *context)
{
    (void)context;
    reports++;
}

static void open_all(void)
{
    struct buffer_options options = {.path = folder,
                                     .clock = &told,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(buffer_stream(buffer, sensors[i], &streams[i], NULL), 0);
    assert_int_equal(buffer_cursor_open(buffer, "mqtt", true, NULL), 0);
    struct account_options ours = {.clock = &told,
                                   .buffer = buffer,
                                   .loop = &loop,
                                   .folder = folder,
                                   .sensors = sensors,
                                   .sensor_count = 2,
                                   .outlets = outlets,
                                   .outlet_count = 1,
                                   .reported = count_report};
    account = account_create(&ours);
    assert_non_null(account);
}

static void close_all(void)
{
    account_destroy(account);
    buffer_close(buffer);
}

static int begin(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    wall_us = INT64_C(1795489200) * SECOND; // 2026-11-24T03:00:00Z
    boot_us = HOUR;
    set = true;
    reports = 0;
    strcpy(folder, "/tmp/citygw-account-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(uv_loop_init(&loop), 0);
    open_all();
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    close_all();
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void pass(int64_t duration_us)
{
    wall_us += duration_us;
    boot_us += duration_us;
}

static void commit(uint32_t stream, int count)
{
    struct buffer_figures figures;
    for (int i = 0; i < count; i++) {
        struct buffer_record record = {.stream = stream, .time_us = wall_us, .payload = "x", .size = 1};
        assert_int_equal(buffer_append(buffer, &record, 1, NULL, 0, NULL, 0), 0);
    }
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
}

static void look(void)
{
    account_tick(account);
    uv_run(&loop, UV_RUN_DEFAULT);
}

static char *report_of(const char *day)
{
    static char text[4096];
    struct bytes out;
    struct fault why = {""};
    bytes_init(&out, sizeof text - 1);
    int error = account_report(account, day, &out, &why);
    if (error)
        snprintf(text, sizeof text, "%d %s", error, why.text);
    else
        snprintf(text, sizeof text, "%.*s", (int)out.used, (const char *)out.data);
    bytes_finish(&out);
    return text;
}

static void says(const char *day, const char *part)
{
    const char *report = report_of(day);
    if (!strstr(report, part))
        print_message("%s\n  lacks %s\n", report, part);
    assert_non_null(strstr(report, part));
}

static void a_day_is_closed_after_local_midnight(void **state)
{
    (void)state;
    says("2026-11-24", "the account is just being made");
    commit(streams[0], 3);
    pass(2 * HOUR);
    commit(streams[0], 2);
    account_refused(account, streams[0], REFUSAL_RANGE);
    buffer_cursor_done(buffer, "mqtt", 1, 5);
    look();
    says(NULL, "-2 no day has ended yet");
    says("2026-11-24", "\"complete\":false");
    pass(9 * HOUR + 59 * 60 * SECOND); // one minute before midnight
    commit(streams[1], 1);
    look();
    assert_int_equal(reports, 0);
    pass(61 * SECOND);
    commit(streams[0], 1); // tomorrow's
    look();
    assert_int_equal(reports, 1);
    says(NULL, "{\"day\":\"2026-11-24\",");
    says(NULL, "\"bay-1\":{\"first_seq\":1,\"last_seq\":5,\"committed\":5,\"delivered\":{\"mqtt\":4},\"lost\":0,"
               "\"refused\":{\"range\":1},\"longest_silence_s\":43200}");
    says(NULL, "\"bay-2\":{\"first_seq\":1,\"last_seq\":1,\"committed\":1,\"delivered\":{\"mqtt\":0},");
    pass(60 * SECOND);
    look();
    says("2026-11-25", "\"bay-1\":{\"first_seq\":6,\"last_seq\":6,\"committed\":1,");
    says("2026-11-24", "{\"day\":\"2026-11-24\",");
    assert_int_equal(reports, 1);
}

static void zones_and_alerts_are_in_it_when_they_told_something(void **state)
{
    uint32_t zone, alert, silent;
    (void)state;
    assert_int_equal(buffer_stream(buffer, "zone/lot", &zone, NULL), 0);
    assert_int_equal(buffer_stream(buffer, "alert/crowd/lot", &alert, NULL), 0);
    assert_int_equal(buffer_stream(buffer, "zone/silent", &silent, NULL), 0);
    commit(zone, 3);
    commit(alert, 2);
    buffer_cursor_done(buffer, "mqtt", 1, 4);
    pass(61 * SECOND);
    look();
    says("2026-11-24", "\"zone/lot\":{\"first_seq\":1,\"last_seq\":3,\"committed\":3,\"delivered\":{\"mqtt\":3},"
                       "\"lost\":0,\"refused\":{}}");
    says("2026-11-24", "\"alert/crowd/lot\":{\"first_seq\":1,\"last_seq\":2,\"committed\":2,\"delivered\":{\"mqtt\":0},"
                       "\"lost\":0,\"refused\":{}}");
    assert_null(strstr(report_of("2026-11-24"), "silent\""));
}

static void a_restart_in_the_middle_of_a_day_counts_everything_once(void **state)
{
    (void)state;
    commit(streams[0], 3);
    look();
    commit(streams[0], 4); // not yet counted
    close_all();
    open_all();
    pass(60 * SECOND);
    look();
    says("2026-11-24", "\"bay-1\":{\"first_seq\":1,\"last_seq\":7,\"committed\":7,");
}

static void a_day_that_ended_while_we_were_off_is_closed_at_the_start(void **state)
{
    (void)state;
    commit(streams[0], 3);
    look();
    close_all();
    pass(36 * HOUR);
    open_all();
    commit(streams[0], 1);
    look();
    assert_int_equal(reports, 1);
    says(NULL, "{\"day\":\"2026-11-24\",");
    says(NULL, "\"committed\":3,");
    pass(60 * SECOND);
    look();
    says("2026-11-26", "\"first_seq\":4,\"last_seq\":4,\"committed\":1,");
}

static void restart(void)
{
    close_all();
    open_all();
}

// The first start of a machine without a clock of its own: what it commits before it knows the time belongs to today.
static void what_came_before_the_clock_was_set_belongs_to_its_day(void **state)
{
    char command[96];
    (void)state;
    close_all();
    snprintf(command, sizeof command, "rm -rf %s/*", folder);
    assert_int_equal(system(command), 0);
    wall_us = 0;
    set = false;
    open_all();
    commit(streams[0], 2);
    pass(600 * SECOND);
    look();
    assert_int_equal(reports, 0);
    set = true;
    wall_us = INT64_C(1795489200) * SECOND;
    pass(60 * SECOND);
    look();
    assert_int_equal(reports, 0);
    commit(streams[0], 1);
    pass(24 * HOUR);
    look();
    assert_int_equal(reports, 1);
    says(NULL, "{\"day\":\"2026-11-24\",");
    says(NULL, "\"committed\":3,");
    says(NULL, "\"longest_silence_s\":43140}"); // from 12:01 to midnight
}

// It showed for some seconds the time of its last end.
static void an_outage_of_days_is_no_part_of_the_day_before_it(void **state)
{
    (void)state;
    commit(streams[0], 1);
    look();
    set = false;
    restart();
    commit(streams[0], 5);
    pass(20 * SECOND);
    look();
    set = true;
    wall_us += 72 * HOUR;
    look();
    assert_int_equal(reports, 1);
    says(NULL, "{\"day\":\"2026-11-24\",");
    says(NULL, "\"committed\":1,");
    pass(60 * SECOND);
    look();
    says("2026-11-27", "\"first_seq\":2,\"last_seq\":6,\"committed\":5,");
}

static void without_a_time_server_the_machines_own_clock_counts(void **state)
{
    (void)state;
    set = false;
    commit(streams[0], 1);
    pass(24 * HOUR);
    look();
    assert_int_equal(reports, 1);
    says(NULL, "{\"day\":\"2026-11-24\",");
}

static void a_day_that_was_ahead_of_the_time_becomes_the_right_one(void **state)
{
    (void)state;
    wall_us += 365 * 24 * HOUR;
    commit(streams[0], 1);
    look();
    wall_us -= 365 * 24 * HOUR;
    pass(60 * SECOND);
    commit(streams[0], 1);
    look();
    pass(24 * HOUR);
    look();
    assert_int_equal(reports, 2); // and that of the day which ended when the clock jumped ahead
    says(NULL, "{\"day\":\"2026-11-24\",");
    says(NULL, "\"complete\":true,");
    says(NULL, "\"committed\":2,");
}

static void set_back_by(int64_t duration_us)
{
    wall_us -= duration_us;
    pass(60 * SECOND);
    look();
}

static void a_clock_that_is_put_back_over_midnight_keeps_the_report(void **state)
{
    (void)state;
    commit(streams[0], 3);
    look();
    pass(12 * HOUR + 5 * SECOND); // five seconds after midnight
    account_refused(account, streams[0], REFUSAL_UNIT);
    look();
    assert_int_equal(reports, 1);
    account_refused(account, streams[0], REFUSAL_UNIT); // already of the next day
    set_back_by(140 * SECOND);
    commit(streams[0], 1);
    pass(120 * SECOND);
    look();
    assert_int_equal(reports, 2);
    says(NULL, "{\"day\":\"2026-11-24\",");
    says(NULL, "\"complete\":true,");
    says(NULL, "\"first_seq\":1,\"last_seq\":4,\"committed\":4,");
    says(NULL, "\"refused\":{\"unit\":2}");
}

// The machine's clock shows local time where UTC is expected, until a time server is heard.
static void a_day_that_was_closed_too_early_goes_on(void **state)
{
    (void)state;
    set = false;
    commit(streams[0], 3);
    wall_us += 13 * HOUR;
    pass(200 * SECOND);
    look();
    assert_int_equal(reports, 1);
    set = true;
    set_back_by(13 * HOUR);
    commit(streams[0], 1);
    pass(12 * HOUR);
    look();
    assert_int_equal(reports, 2);
    says(NULL, "{\"day\":\"2026-11-24\",");
    says(NULL, "\"first_seq\":1,\"last_seq\":4,\"committed\":4,");
}

static void days_without_a_clock_are_told_apart_once_it_is_set(void **state)
{
    (void)state;
    commit(streams[0], 1);
    look();
    int64_t real_us = wall_us;
    wall_us = 0;
    set = false;
    restart();
    for (int day = 0; day < 3; day++) {
        commit(streams[0], 10);
        pass(24 * HOUR);
        real_us += 24 * HOUR;
        look();
    }
    assert_int_equal(reports, 0);
    wall_us = real_us;
    set = true;
    pass(60 * SECOND);
    look();
    says("2026-11-24", "\"committed\":11,");
    says("2026-11-25", "\"committed\":10,");
    says("2026-11-26", "\"committed\":10,");
    says("2026-11-26", "\"complete\":true,");
    says("2026-11-27", "\"committed\":0,");
}

static void a_report_without_room_tells_of_the_troubled_first(void **state)
{
    (void)state;
    commit(streams[0], 1);
    commit(streams[1], 1);
    account_refused(account, streams[1], REFUSAL_UNIT);
    pass(24 * HOUR);
    look();
    struct bytes out;
    struct fault why = {""};
    bytes_init(&out, strlen(report_of(NULL)) - 20);
    assert_int_equal(account_report(account, NULL, &out, &why), 0);
    assert_false(out.overflow);
    bytes_char(&out, '\0');
    const char *report = (const char *)out.data;
    assert_non_null(strstr(report, "\"sensors\":{\"bay-2\":{"));
    assert_null(strstr(report, "bay-1"));
    assert_non_null(strstr(report, "\"more\":1"));
    bytes_finish(&out);
    says(NULL, "\"sensors\":{\"bay-2\":{");
    says(NULL, "\"bay-1\":{");
}

// A folder or a pipe in its place, too.
static void a_file_that_cannot_be_read_is_kept_and_the_day_begins_anew(void **state)
{
    (void)state;
    char path[128], aside[160], command[300];
    snprintf(path, sizeof path, "%s/account", folder);
    snprintf(aside, sizeof aside, "%s.damaged", path);
    static const char *const wrongs[] = {"echo nonsense >", "mkfifo", "mkdir"};
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        close_all();
        snprintf(command, sizeof command, "rm -rf %s %s", path, aside);
        assert_int_equal(system(command), 0);
        snprintf(command, sizeof command, "%s %s", wrongs[i], path);
        assert_int_equal(system(command), 0);
        open_all();
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(access(aside, F_OK), 0);
    }
}

static void an_account_of_an_earlier_buffer_is_no_damage(void **state)
{
    (void)state;
    char command[400], aside[160];
    commit(streams[0], 3);
    close_all(); // which saves it
    snprintf(command, sizeof command, "cd %s && cp account /tmp/%s.kept && rm -rf * && mv /tmp/%s.kept account", folder,
             folder + 5, folder + 5);
    assert_int_equal(system(command), 0);
    open_all();
    snprintf(aside, sizeof aside, "%s/account.damaged", folder);
    assert_int_equal(access(aside, F_OK), -1);
}

static void only_a_day_is_a_day(void **state)
{
    static const char *const days[] = {"", "2026-11-2", "2026-11-244", "../../passwd", "2026/11/24", "aaaa-bb-cc"};
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        says(days[i], "-22 ");
    says("2025-01-01", "-2 there is no report of 2025-01-01");
}

static void the_reports_of_the_last_days_are_kept(void **state)
{
    (void)state;
    for (int day = 0; day < ACCOUNT_DAYS_KEPT + 2; day++) {
        commit(streams[0], 1);
        look();
        pass(24 * HOUR);
    }
    look();
    assert_int_equal(reports, ACCOUNT_DAYS_KEPT + 2);
    says("2026-11-24", "-2 ");
    says("2026-11-25", "-2 ");
    says("2026-11-26", "{\"day\":\"2026-11-26\",");
    says(NULL, "{\"day\":\"2026-12-03\",");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(a_day_is_closed_after_local_midnight),
        TEST(zones_and_alerts_are_in_it_when_they_told_something),
        TEST(a_restart_in_the_middle_of_a_day_counts_everything_once),
        TEST(a_day_that_ended_while_we_were_off_is_closed_at_the_start),
        TEST(what_came_before_the_clock_was_set_belongs_to_its_day),
        TEST(an_outage_of_days_is_no_part_of_the_day_before_it),
        TEST(without_a_time_server_the_machines_own_clock_counts),
        TEST(a_day_that_was_ahead_of_the_time_becomes_the_right_one),
        TEST(a_clock_that_is_put_back_over_midnight_keeps_the_report),
        TEST(a_day_that_was_closed_too_early_goes_on),
        TEST(days_without_a_clock_are_told_apart_once_it_is_set),
        TEST(a_report_without_room_tells_of_the_troubled_first),
        TEST(a_file_that_cannot_be_read_is_kept_and_the_day_begins_anew),
        TEST(an_account_of_an_earlier_buffer_is_no_damage),
        TEST(only_a_day_is_a_day),
        TEST(the_reports_of_the_last_days_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
