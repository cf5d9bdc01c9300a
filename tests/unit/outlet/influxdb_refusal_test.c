// SPDX-License-Identifier: Apache-2.0
#include "influxdb_rig.h"

// Readings that the server refuses, and servers that refuse readings: which of them are given up, and which are kept.

static const char no_parse[] = "{\"error\":\"unable to parse 'x'\"}";

static const struct influxdb_pace patient = {.retry_first_ms = 10,
                                             .retry_max_ms = 40,
                                             .hold_first_ms = 3600000,
                                             .hold_max_ms = 3600000,
                                             .idle_ms = 3600000,
                                             .connect_ms = 2000,
                                             .request_ms = 5000,
                                             .stop_ms = 100};

static void add_named(struct bench *bench, const char *sensor, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reading reading = {.kind = KIND_PARKING, .zone = "", .time_us = INT64_C(1795316645000000)};
        feed_add(bench->feed, sensor, bench->feed->count + 1, &reading);
    }
}

static void too_large_a_batch_is_halved(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 413, .if_lines = 30};
    feed_add_bays(bench->feed, 100);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->server->accepted_lines, 100);
    assert_int_equal(bench->feed->delivered, 100);
    assert_int_equal(server_count(bench->server), 6); // 100, 50, then four of 25
    assert_int_equal(bench->feed->parked, 0);
}

static void a_line_too_large_even_alone_is_parked(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 413, .if_body = ",seq=3i,"};
    feed_add_bays(bench->feed, 4);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 1);
    assert_parked(bench, 0, "bay-1 with seq 3");
    assert_int_equal(bench->feed->delivered, 3);
    assert_int_equal(bench->server->accepted_lines, 4); // the last one twice: it was the proof
}

static void a_bad_line_is_found_and_parked_and_the_others_arrive(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] =
        (struct server_rule){.status = 400, .body = "{\"error\":\"unable to parse 'x'\"}", .if_body = ",seq=77i,"};
    bench->server->rules[1] =
        (struct server_rule){.status = 400, .body = "{\"error\":\"unable to parse 'y'\"}", .if_body = ",seq=200i,"};
    feed_add_bays(bench->feed, 200);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 2);
    assert_parked(bench, 0, "bay-1 with seq 77 (400 unable to parse 'x')");
    assert_parked(bench, 1, "seq 200 (400 unable to parse 'y')");
    assert_int_equal(bench->feed->delivered, 198);
    assert_int_equal(bench->server->accepted_lines, 198);
    assert_in_range(server_count(bench->server), 10, 32);
}

static void a_partial_write_is_not_sent_again(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){
        .status = 400,
        .body = "{\"error\":\"partial write: field type conflict: input field \\\"people\\\" dropped=3\"}",
        .times = 1};
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 1);
    assert_int_equal(bench->feed->delivered, 7);
    assert_int_equal(bench->feed->parked, 3);
    assert_int_equal(bench->feed->parked_count, 1);
    assert_parked(bench, 0, "refused 3 of a batch");
    assert_parked(bench, 0, "input field \"people\"");
}

static void version_2_says_a_partial_write_with_422(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.api = 2;
    bench->server->rules[0] = (struct server_rule){
        .status = 422, .body = "{\"code\":\"unprocessable entity\",\"message\":\"failure: dropped=1\"}", .times = 1};
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 1);
    assert_int_equal(bench->feed->delivered, 9);
}

static void assert_all_kept_until_the_server_takes_readings(struct bench *bench, const char *part)
{
    begin(bench);
    feed_wait(bench->feed, told(bench, OUTLET_ALARM) == 1);
    assert_told(bench, OUTLET_ALARM, part);
    assert_int_equal(bench->feed->position, 1);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 0);
    assert_int_equal(bench->feed->delivered, bench->feed->count);
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
    assert_int_equal(told(bench, OUTLET_ALARM_ENDED), 1);
}

static void a_server_that_refuses_every_line_costs_no_reading(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .times = 14};
    feed_add_bays(bench->feed, 20);
    assert_all_kept_until_the_server_takes_readings(bench, "refuses every reading (400 unable to parse 'x')");
    for (size_t i = 6; i < 14; i++) // once it has come down to single lines
        assert_int_equal(request(bench, i)->lines, 1);
    assert_true(request(bench, 8)->at_ns - request(bench, 7)->at_ns >= 9000000); // it holds
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
}

static void a_server_that_finds_every_line_too_large_costs_no_reading(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 413, .times = 14};
    feed_add_bays(bench->feed, 20);
    assert_all_kept_until_the_server_takes_readings(bench, "refuses every reading (413)");
}

static void a_server_that_says_it_dropped_every_line_costs_no_reading(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){
        .status = 400, .body = "{\"error\":\"partial write: conflict dropped=2\"}", .if_lines = 2, .times = 1};
    bench->server->rules[1] =
        (struct server_rule){.status = 400, .body = "{\"error\":\"partial write: conflict dropped=1\"}", .times = 5};
    feed_add_bays(bench->feed, 2);
    assert_all_kept_until_the_server_takes_readings(bench, "refuses every reading (400 partial write: conflict");
}

static void readings_older_than_the_server_keeps_are_parked_at_once(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){
        .status = 400, .body = "{\"error\":\"partial write: points beyond retention policy dropped=5\"}", .times = 1};
    feed_add_bays(bench->feed, 5);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 5);
    assert_int_equal(bench->feed->delivered, 0);
    assert_parked(bench, 0, "refused 5 of a batch's readings");
    assert_int_equal(told(bench, OUTLET_ALARM), 0);
}

static void a_number_of_dropped_readings_that_cannot_be_is_counted_as_one(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] =
        (struct server_rule){.status = 400, .body = "{\"error\":\"partial write: dropped=99999\"}", .times = 1};
    feed_add_bays(bench->feed, 5);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 1);
    assert_int_equal(bench->feed->delivered, 4);
    assert_parked(bench, 0, "did not say credibly how many");
}

static void the_first_of_all_lines_is_parked_once_another_was_taken(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .if_body = ",seq=1i,"};
    feed_add_bays(bench->feed, 2);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 1);
    assert_int_equal(bench->feed->delivered, 1);
    assert_int_equal(server_count(bench->server), 5); // both, the first, the second, the first, the second
    assert_non_null(strstr(request(bench, 2)->body, ",seq=2i,"));
    assert_int_equal(told(bench, OUTLET_ALARM), 0);
}

static void many_bad_lines_in_a_row_are_parked_without_an_alarm(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .if_body = "sensor=bad"};
    add_named(bench, "bad", 10);
    feed_add_bays(bench->feed, 10);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 10);
    assert_int_equal(bench->feed->delivered, 10);
    assert_int_equal(told(bench, OUTLET_ALARM), 0);
}

static void bad_lines_at_both_ends_are_parked_when_one_between_was_taken(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .if_body = "sensor=bad"};
    add_named(bench, "bad", 1);
    feed_add_bays(bench->feed, 10);
    add_named(bench, "bad", 4);
    begin(bench);
    feed_wait(bench->feed, bench->feed->delivered == 10);
    assert_int_equal(bench->feed->parked, 1);
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
    assert_int_equal(told(bench, OUTLET_ALARM_ENDED), 1);
    feed_add_bays(bench->feed, 1); // the last ones wait for it
    outlet_influxdb.wake(bench->outlet);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 5);
    assert_int_equal(bench->feed->delivered, 11);
}

static void a_bad_line_alone_waits_for_the_next_reading_and_no_longer(void **state)
{
    struct bench *bench = *state;
    create(bench);
    influxdb_set_pace(bench->outlet, &patient);
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .if_body = ",seq=2i,"};
    feed_add_bays(bench->feed, 1);
    begin(bench);
    wait_all(bench); // an old success is no proof
    feed_add_bays(bench->feed, 1);
    outlet_influxdb.wake(bench->outlet);
    feed_wait(bench->feed, server_count(bench->server) == 2);
    assert_int_equal(bench->feed->parked, 0);
    feed_add_bays(bench->feed, 1);
    outlet_influxdb.wake(bench->outlet);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 1);
    assert_parked(bench, 0, "seq 2");
    assert_int_equal(bench->feed->delivered, 2);
    assert_int_equal(told(bench, OUTLET_ALARM), 0);
}

static void a_line_that_stays_alone_and_refused_is_an_alarm_until_another_is_taken(void **state)
{
    struct bench *bench = *state;
    bench->feed->influxdb.batch_lines = 1;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .if_body = ",seq=1i,"};
    feed_add_bays(bench->feed, 1);
    begin(bench);
    feed_wait(bench->feed, told(bench, OUTLET_ALARM) == 1);
    assert_in_range(server_count(bench->server), 3, 4);
    assert_int_equal(bench->feed->parked, 0);
    feed_add_bays(bench->feed, 1);
    outlet_influxdb.wake(bench->outlet);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 1);
    assert_int_equal(bench->feed->delivered, 1);
    assert_int_equal(told(bench, OUTLET_ALARM_ENDED), 1);
}

static void a_server_that_breaks_while_a_line_is_sought_costs_no_reading(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .times = 1};
    bench->server->rules[1] = (struct server_rule){.status = 204, .times = 1};
    bench->server->rules[2] = (struct server_rule){.status = 400, .body = no_parse, .times = 20};
    feed_add_bays(bench->feed, 16);
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 0);
    assert_int_equal(bench->feed->delivered, 16);
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
}

static void what_is_held_can_be_stopped_and_a_busy_server_is_waited_for(void **state)
{
    struct bench *bench = *state;
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = no_parse, .times = 2};
    bench->server->rules[1] = (struct server_rule){.status = 503, .times = 1};
    bench->server->rules[2] = (struct server_rule){.status = 401, .times = 1};
    bench->server->rules[3] = (struct server_rule){.status = 400, .body = no_parse};
    feed_add_bays(bench->feed, 2);
    begin(bench);
    feed_wait(bench->feed, told(bench, OUTLET_ALARM) == 2); // the token's, and then the refusals'
    outlet_influxdb.stop(bench->outlet);
    feed_wait(bench->feed, outlet_influxdb.stopped(bench->outlet));
    assert_int_equal(bench->feed->position, 1);
    assert_int_equal(bench->feed->parked, 0);
}

int main(void)
{
    unsetenv("http_proxy");
    const struct CMUnitTest tests[] = {
        INFLUXDB_TEST(too_large_a_batch_is_halved),
        INFLUXDB_TEST(a_line_too_large_even_alone_is_parked),
        INFLUXDB_TEST(a_bad_line_is_found_and_parked_and_the_others_arrive),
        INFLUXDB_TEST(a_partial_write_is_not_sent_again),
        INFLUXDB_TEST(version_2_says_a_partial_write_with_422),
        INFLUXDB_TEST(a_server_that_refuses_every_line_costs_no_reading),
        INFLUXDB_TEST(a_server_that_finds_every_line_too_large_costs_no_reading),
        INFLUXDB_TEST(a_server_that_says_it_dropped_every_line_costs_no_reading),
        INFLUXDB_TEST(readings_older_than_the_server_keeps_are_parked_at_once),
        INFLUXDB_TEST(a_number_of_dropped_readings_that_cannot_be_is_counted_as_one),
        INFLUXDB_TEST(the_first_of_all_lines_is_parked_once_another_was_taken),
        INFLUXDB_TEST(many_bad_lines_in_a_row_are_parked_without_an_alarm),
        INFLUXDB_TEST(bad_lines_at_both_ends_are_parked_when_one_between_was_taken),
        INFLUXDB_TEST(a_bad_line_alone_waits_for_the_next_reading_and_no_longer),
        INFLUXDB_TEST(a_line_that_stays_alone_and_refused_is_an_alarm_until_another_is_taken),
        INFLUXDB_TEST(a_server_that_breaks_while_a_line_is_sought_costs_no_reading),
        INFLUXDB_TEST(what_is_held_can_be_stopped_and_a_busy_server_is_waited_for),
    };
    return cmocka_run_group_tests_name("influxdb_refusal", tests, NULL, NULL);
}
