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

static void while_the_clock_is_not_set_the_day_does_not_end(void **state)
{
    (void)state;
    set = false;
    commit(streams[0], 1);
    pass(24 * HOUR);
    look();
    assert_int_equal(reports, 0);
    set = true;
    look();
    assert_int_equal(reports, 1);
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
        TEST(a_restart_in_the_middle_of_a_day_counts_everything_once),
        TEST(a_day_that_ended_while_we_were_off_is_closed_at_the_start),
        TEST(while_the_clock_is_not_set_the_day_does_not_end),
        TEST(only_a_day_is_a_day),
        TEST(the_reports_of_the_last_days_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
