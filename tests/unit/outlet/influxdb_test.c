// SPDX-License-Identifier: Apache-2.0
#include "influxdb_rig.h"
#include <sys/stat.h>

// The outlet against a server that follows a script: each answer and what becomes of it.

static void readings_arrive_in_one_compressed_request(void **state)
{
    struct bench *bench = *state;
    feed_add_bays(bench->feed, 1000);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 1);
    assert_string_equal(request(bench, 0)->target, "/write?db=city&precision=u");
    assert_string_equal(request(bench, 0)->authorization, "");
    assert_true(request(bench, 0)->gzip);
    assert_int_equal(request(bench, 0)->lines, 1000);
    assert_non_null(strstr(request(bench, 0)->body, "sensor=bay-1,zone=lot epoch=\"k7f3\",seq=1000i,"));
    assert_int_equal(bench->feed->delivered, 1000);
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
    assert_int_equal(bench->feed->event_count, 1);
}

static void requests_may_be_plain(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.gzip = false;
    feed_add_bays(bench->feed, 3);
    begin(bench);
    wait_all(bench);
    assert_false(request(bench, 0)->gzip);
    assert_int_equal(request(bench, 0)->lines, 3);
}

static void version_2_names_org_and_bucket_and_shows_its_token(void **state)
{
    struct bench *bench = *state;
    char path[] = "/tmp/influxdb_test_token_XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "s3cret==\n", 9), 9);
    close(fd);
    char url[80];
    snprintf(url, sizeof url, "%s/influx/", bench->server->url);
    bench->feed->influxdb.url = url;
    bench->feed->influxdb.api = 2;
    bench->feed->influxdb.org = "大阪 & co";
    bench->feed->influxdb.bucket = "city/30d";
    bench->feed->influxdb.token_file = path;
    feed_add_bays(bench->feed, 1);
    begin(bench);
    wait_all(bench);
    unlink(path);
    assert_string_equal(request(bench, 0)->target,
                        "/influx/api/v2/write?org=%E5%A4%A7%E9%98%AA%20%26%20co&bucket=city%2F30d&precision=us");
    assert_string_equal(request(bench, 0)->authorization, "Token s3cret==");
}

static void a_token_that_others_may_read_is_refused(void **state)
{
    struct bench *bench = *state;
    char path[] = "/tmp/influxdb_test_token_XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "s3cret", 6), 6);
    fchmod(fd, 0644);
    close(fd);
    bench->feed->influxdb.token_file = path;
    struct fault why = {""};
    assert_int_equal(outlet_influxdb.create(&bench->feed->feed, 0, &bench->outlet, &why), -EPERM);
    assert_null(bench->outlet);
    assert_null(strstr(why.text, "s3cret"));
    unlink(path);
}

static void a_url_that_is_none_is_refused_and_no_password_is_told(void **state)
{
    static const char *const urls[] = {"",           "ftp://x",          "http://", "http://u:secret@h:99999",
                                       "http://h?a", "http://h/#secret", "secret",  "http://a b/secret"};
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct fault why = {""};
        bench->feed->influxdb.url = urls[i];
        if (outlet_influxdb.create(&bench->feed->feed, 0, &bench->outlet, &why) != -EINVAL)
            fail_msg("%s was taken", urls[i]);
        assert_null(bench->outlet);
        assert_null(strstr(why.text, "secret"));
    }
}

static void user_and_password_of_the_url_are_sent_and_never_told(void **state)
{
    struct bench *bench = *state;
    char url[80];
    snprintf(url, sizeof url, "http://kura:secret@127.0.0.1:%u", bench->server->port);
    bench->feed->influxdb.url = url;
    bench->server->rules[0] = (struct server_rule){.status = 401, .times = 1};
    feed_add_bays(bench->feed, 1);
    begin(bench);
    wait_all(bench);
    assert_string_equal(request(bench, 0)->authorization, "Basic a3VyYTpzZWNyZXQ=");
    assert_told(bench, OUTLET_ALARM, "http://127.0.0.1");
    assert_null(strstr(feed_told(bench->feed, OUTLET_ALARM, 0), "secret"));
}

static void full_batches_go_back_to_back_and_the_rest_after_the_interval(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.batch_lines = 100;
    bench->feed->influxdb.flush_interval_us = 300000;
    feed_add_bays(bench->feed, 250);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 3);
    assert_int_equal(request(bench, 1)->lines, 100);
    assert_int_equal(request(bench, 2)->lines, 50);
    assert_true(request(bench, 1)->at_ns - request(bench, 0)->at_ns < 200000000);
    assert_true(request(bench, 2)->at_ns - request(bench, 1)->at_ns >= 290000000);
}

static void new_readings_gather_until_the_interval_ends(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.flush_interval_us = 200000;
    begin(bench);
    feed_wait(bench->feed, feed_reads(bench->feed) > 0);
    uint64_t began = uv_hrtime();
    for (size_t i = 1; i <= 5; i++) {
        feed_add_bays(bench->feed, 1);
        outlet_influxdb.wake(bench->outlet);
        feed_wait(bench->feed, feed_reads(bench->feed) > i);
    }
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 1);
    assert_int_equal(request(bench, 0)->lines, 5);
    assert_true(request(bench, 0)->at_ns - began >= 190000000);
}

static void a_batch_that_fills_up_early_does_not_wait_for_the_interval(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.flush_interval_us = INT64_C(3600) * 1000000;
    bench->feed->influxdb.batch_lines = 10;
    begin(bench);
    feed_wait(bench->feed, feed_reads(bench->feed) > 0);
    for (size_t i = 0; i < 10; i++) {
        feed_add_bays(bench->feed, 1);
        outlet_influxdb.wake(bench->outlet);
    }
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 1);
}

static void a_busy_server_gets_the_same_bytes_again(void **state)
{
    static const int statuses[] = {408, 429, 500, 502, 503};
    struct bench *bench = *state;
    for (size_t i = 0; i < 5; i++)
        bench->server->rules[i] = (struct server_rule){.status = statuses[i], .times = 1};
    feed_add_bays(bench->feed, 50);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 6);
    for (size_t i = 1; i < 6; i++)
        assert_string_equal(request(bench, i)->body, request(bench, 0)->body);
    assert_int_equal(told(bench, OUTLET_NOTICE), 2); // when it begins and when it ends, not one each
    assert_told(bench, OUTLET_NOTICE, "408");
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
    assert_int_equal(bench->feed->delivered, 50);
}

static void retry_after_is_waited_for(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 503, .headers = "Retry-After: 1\r\n", .times = 1};
    feed_add_bays(bench->feed, 1);
    begin(bench);
    wait_all(bench);
    assert_true(request(bench, 1)->at_ns - request(bench, 0)->at_ns >= 990000000);
}

static void a_lost_connection_is_told_once_and_the_same_bytes_go_again(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = HANG_UP, .times = 1};
    bench->server->rules[1] = (struct server_rule){.status = RAW, .body = "\x01\x02 garbage\r\n\r\n", .times = 1};
    bench->server->rules[2] = (struct server_rule){.status = RAW, .body = "HTTP/1.1 204 No Con", .times = 1};
    feed_add_bays(bench->feed, 20);
    begin(bench);
    wait_all(bench);
    size_t last = server_count(bench->server) - 1;
    assert_in_range(last, 3, 6); // libcurl may try again by itself
    assert_string_equal(request(bench, last)->body, request(bench, 0)->body);
    assert_int_equal(told(bench, OUTLET_DISCONNECTED), 1);
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
    assert_int_equal(bench->feed->delivered, 20);
}

static void an_answer_without_end_is_not_read_to_its_end(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 500, .body = "x", .pad = 3 << 20, .times = 1};
    feed_add_bays(bench->feed, 1);
    begin(bench);
    wait_all(bench);
    assert_int_equal(told(bench, OUTLET_DISCONNECTED), 1);
    assert_int_equal(told(bench, OUTLET_NOTICE), 0);
}

static void a_silent_server_is_given_up_after_the_time_for_a_request(void **state)
{
    struct bench *bench = *state;
    struct influxdb_pace pace = quick;
    pace.request_ms = 200;
    create(bench);
    influxdb_set_pace(bench->outlet, &pace);
    bench->server->rules[0] = (struct server_rule){.status = NO_ANSWER, .times = 1};
    feed_add_bays(bench->feed, 1);
    begin(bench);
    wait_all(bench);
    assert_int_equal(told(bench, OUTLET_DISCONNECTED), 1);
    assert_int_equal(server_count(bench->server), 2);
}

static void a_server_that_comes_later_gets_everything(void **state)
{
    struct bench *bench = *state;
    feed_add_bays(bench->feed, 10);
    start(bench);
    feed_wait(bench->feed, told(bench, OUTLET_DISCONNECTED) == 1);
    server_start(bench->server);
    wait_all(bench);
    assert_int_equal(told(bench, OUTLET_DISCONNECTED), 1);
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
    assert_int_equal(bench->server->accepted_lines, 10);
}

static void a_refused_token_holds_everything_until_a_person_has_acted(void **state)
{
    static const int statuses[] = {401, 403};
    struct bench *bench = *state;
    for (size_t i = 0; i < 2; i++)
        bench->server->rules[i] =
            (struct server_rule){.status = statuses[i], .body = "{\"error\":\"authorization failed\"}", .times = 2};
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 5);
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
    assert_told(bench, OUTLET_ALARM, "401 authorization failed");
    assert_told(bench, OUTLET_ALARM, "token_file");
    assert_int_equal(told(bench, OUTLET_ALARM_ENDED), 1);
    assert_int_equal(bench->feed->parked, 0);
    assert_int_equal(bench->feed->delivered, 10);
}

static const char no_database[] = "{\"error\":\"database not found: \\\"city\\\"\"}";

static void a_missing_database_is_made(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.database = "ci\"ty";
    bench->server->rules[0] = (struct server_rule){.status = 404, .body = no_database, .times = 1};
    bench->server->rules[1] = (struct server_rule){.status = 200, .body = "{\"results\":[{}]}", .times = 1};
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 3);
    assert_string_equal(request(bench, 0)->target, "/write?db=ci%22ty&precision=u");
    assert_string_equal(request(bench, 1)->target, "/query");
    assert_string_equal(request(bench, 1)->body, "q=CREATE%20DATABASE%20%22ci%5C%22ty%22");
    assert_string_equal(request(bench, 2)->body, request(bench, 0)->body);
    assert_int_equal(told(bench, OUTLET_NOTICE), 1);
    assert_int_equal(told(bench, OUTLET_ALARM), 0);
}

static void a_database_that_may_not_be_made_raises_an_alarm(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 404, .body = no_database, .times = 1};
    bench->server->rules[1] =
        (struct server_rule){.status = 200, .body = "{\"results\":[{\"error\":\"not you\"}]}", .times = 1};
    bench->server->rules[2] = (struct server_rule){.status = 404, .body = no_database, .times = 2};
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 5); // one try to make it, then the lines until they are taken
    assert_string_equal(request(bench, 1)->target, "/query");
    assert_string_equal(request(bench, 3)->target, "/write?db=city&precision=u");
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
    assert_told(bench, OUTLET_ALARM, "no database \"city\"");
    assert_told(bench, OUTLET_ALARM, "not you");
    assert_int_equal(told(bench, OUTLET_ALARM_ENDED), 1);
}

static void a_missing_bucket_raises_an_alarm(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.api = 2;
    bench->feed->influxdb.org = "osaka";
    bench->feed->influxdb.bucket = "town";
    bench->server->rules[0] = (struct server_rule){
        .status = 404, .body = "{\"code\":\"not found\",\"message\":\"bucket \\\"town\\\" not found\"}", .times = 2};
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 3);
    assert_told(bench, OUTLET_ALARM, "org \"osaka\" or bucket \"town\"");
}

static void what_is_no_influxdb_costs_no_reading(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = "<html>speak TLS</html>", .times = 2};
    bench->server->rules[1] =
        (struct server_rule){.status = 302, .headers = "Location: http://127.0.0.1:1/\r\n", .times = 1};
    bench->server->rules[2] = (struct server_rule){.status = 200, .body = "<html>sign in</html>", .times = 1};
    bench->server->rules[3] = (struct server_rule){.status = 405, .times = 1};
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 6);
    assert_int_equal(bench->feed->delivered, 10);
    assert_int_equal(bench->feed->parked, 0);
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
    assert_told(bench, OUTLET_ALARM, "does not answer like an InfluxDB");
    assert_int_equal(told(bench, OUTLET_DISCONNECTED), 0); // the redirection was not followed
}

static void readings_that_cannot_be_read_now_are_read_later(void **state)
{
    struct bench *bench = *state;
    feed_add_bays(bench->feed, 10);
    bench->feed->read_error = -EIO;
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->delivered, 10);
    assert_int_equal(told(bench, OUTLET_NOTICE), 1);
    assert_told(bench, OUTLET_NOTICE, "Input/output error");
}

static void records_that_are_no_readings_are_passed(void **state)
{
    struct bench *bench = *state;
    feed_add_bays(bench->feed, 2);
    bench->feed->fed[0].payload.used = bench->feed->fed[1].payload.used = 1;
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 2);
    assert_int_equal(server_count(bench->server), 0);
    assert_int_equal(bench->feed->delivered, 0);
}

static void stop_lets_the_request_under_way_end(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.batch_lines = 10;
    feed_add_bays(bench->feed, 30);
    begin(bench);
    feed_wait(bench->feed, server_count(bench->server) == 1);
    outlet_influxdb.stop(bench->outlet);
    feed_wait(bench->feed, outlet_influxdb.stopped(bench->outlet));
    assert_in_range(bench->feed->position, 11, 21);
    assert_int_equal(bench->feed->position - 1, bench->server->accepted_lines);
}

static void stop_does_not_wait_for_a_silent_server(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = NO_ANSWER};
    feed_add_bays(bench->feed, 1);
    begin(bench);
    feed_wait(bench->feed, server_count(bench->server) == 1);
    outlet_influxdb.stop(bench->outlet);
    assert_false(outlet_influxdb.stopped(bench->outlet));
    feed_wait(bench->feed, outlet_influxdb.stopped(bench->outlet));
    assert_int_equal(bench->feed->position, 1);
}

static void stop_while_waiting_is_at_once(void **state)
{
    struct bench *bench = *state;
    feed_add_bays(bench->feed, 1);
    start(bench);
    feed_wait(bench->feed, told(bench, OUTLET_DISCONNECTED) == 1);
    outlet_influxdb.stop(bench->outlet);
    feed_wait(bench->feed, outlet_influxdb.stopped(bench->outlet));
    assert_int_equal(bench->feed->position, 1);
}

static void it_may_be_destroyed_at_any_moment(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = NO_ANSWER};
    feed_add_bays(bench->feed, 3000);
    server_start(bench->server);
    for (int turns = 0; turns < 12; turns++) {
        start(bench); // the worker may run at the first turn, the request at the last
        for (int i = 0; i < turns; i++)
            uv_run(&bench->feed->loop, UV_RUN_NOWAIT);
        outlet_influxdb.destroy(bench->outlet);
        bench->outlet = NULL;
        uv_run(&bench->feed->loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(bench->feed->position, 1);
}

int main(void)
{
    unsetenv("http_proxy");
    const struct CMUnitTest tests[] = {
        INFLUXDB_TEST(readings_arrive_in_one_compressed_request),
        INFLUXDB_TEST(requests_may_be_plain),
        INFLUXDB_TEST(version_2_names_org_and_bucket_and_shows_its_token),
        INFLUXDB_TEST(a_token_that_others_may_read_is_refused),
        INFLUXDB_TEST(a_url_that_is_none_is_refused_and_no_password_is_told),
        INFLUXDB_TEST(user_and_password_of_the_url_are_sent_and_never_told),
        INFLUXDB_TEST(full_batches_go_back_to_back_and_the_rest_after_the_interval),
        INFLUXDB_TEST(new_readings_gather_until_the_interval_ends),
        INFLUXDB_TEST(a_batch_that_fills_up_early_does_not_wait_for_the_interval),
        INFLUXDB_TEST(a_busy_server_gets_the_same_bytes_again),
        INFLUXDB_TEST(retry_after_is_waited_for),
        INFLUXDB_TEST(a_lost_connection_is_told_once_and_the_same_bytes_go_again),
        INFLUXDB_TEST(an_answer_without_end_is_not_read_to_its_end),
        INFLUXDB_TEST(a_silent_server_is_given_up_after_the_time_for_a_request),
        INFLUXDB_TEST(a_server_that_comes_later_gets_everything),
        INFLUXDB_TEST(a_refused_token_holds_everything_until_a_person_has_acted),
        INFLUXDB_TEST(a_missing_database_is_made),
        INFLUXDB_TEST(a_database_that_may_not_be_made_raises_an_alarm),
        INFLUXDB_TEST(a_missing_bucket_raises_an_alarm),
        INFLUXDB_TEST(what_is_no_influxdb_costs_no_reading),
        INFLUXDB_TEST(readings_that_cannot_be_read_now_are_read_later),
        INFLUXDB_TEST(records_that_are_no_readings_are_passed),
        INFLUXDB_TEST(stop_lets_the_request_under_way_end),
        INFLUXDB_TEST(stop_does_not_wait_for_a_silent_server),
        INFLUXDB_TEST(stop_while_waiting_is_at_once),
        INFLUXDB_TEST(it_may_be_destroyed_at_any_moment),
    };
    return cmocka_run_group_tests_name("influxdb", tests, NULL, NULL);
}
