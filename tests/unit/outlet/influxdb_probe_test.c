// SPDX-License-Identifier: Apache-2.0
#include "influxdb_link.h"
#include "influxdb_rig.h"

// The outlet while there is nothing to send: it asks whether the server is there.

static void impatient(struct bench *bench)
{
    struct influxdb_pace pace = quick;
    pace.idle_ms = 20;
    create(bench);
    influxdb_set_pace(bench->outlet, &pace);
}

static void an_idle_outlet_finds_its_server_and_asks_again_only_after_a_while(void **state)
{
    struct bench *bench = *state;
    char url[80];
    snprintf(url, sizeof url, "%s/influx/", bench->server->url);
    bench->feed->influxdb.url = url;
    begin(bench);
    feed_wait(bench->feed, told(bench, OUTLET_CONNECTED) == 1);
    assert_string_equal(bench->server->ping_target, "/influx/ping");
    feed_add_bays(bench->feed, 3);
    outlet_influxdb.wake(bench->outlet);
    wait_all(bench);
    assert_int_equal(server_pings(bench->server), 1);
    assert_int_equal(bench->feed->event_count, 1);
}

static void any_answer_shows_that_the_server_is_there(void **state)
{
    static const int statuses[] = {200, 301, 401, 404, 503};
    struct bench *bench = *state;
    server_start(bench->server);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        server_answer_pings_with(bench->server, statuses[i]);
        bench->outlet = NULL;
        start(bench);
        feed_wait(bench->feed, told(bench, OUTLET_CONNECTED) == i + 1);
        if (i + 1 < sizeof statuses / sizeof statuses[0])
            outlet_influxdb.destroy(bench->outlet);
    }
    assert_int_equal(told(bench, OUTLET_CONNECTED), bench->feed->event_count);
}

static void an_idle_outlet_says_that_its_server_is_away_and_finds_it_later(void **state)
{
    struct bench *bench = *state;
    start(bench);
    feed_wait(bench->feed, told(bench, OUTLET_DISCONNECTED) == 1);
    assert_told(bench, OUTLET_DISCONNECTED, "cannot be reached");
    server_start(bench->server);
    feed_wait(bench->feed, told(bench, OUTLET_CONNECTED) == 1);
    assert_int_equal(bench->feed->event_count, 2);
}

static void an_outage_is_seen_while_nothing_is_sent(void **state)
{
    struct bench *bench = *state;
    impatient(bench);
    begin(bench);
    feed_wait(bench->feed, server_pings(bench->server) >= 3);
    assert_int_equal(bench->feed->event_count, 1);
    server_answer_pings_with(bench->server, HANG_UP);
    feed_wait(bench->feed, told(bench, OUTLET_DISCONNECTED) == 1);
    server_answer_pings_with(bench->server, 204);
    feed_wait(bench->feed, told(bench, OUTLET_CONNECTED) == 2);
    assert_int_equal(told(bench, OUTLET_DISCONNECTED), 1);
}

static void readings_do_not_wait_for_a_probe(void **state)
{
    struct bench *bench = *state;
    struct influxdb_pace pace = quick;
    pace.connect_ms = 3600000;
    create(bench);
    influxdb_set_pace(bench->outlet, &pace);
    bench->server->ping_status = NO_ANSWER;
    begin(bench);
    feed_wait(bench->feed, server_pings(bench->server) == 1);
    feed_add_bays(bench->feed, 3);
    outlet_influxdb.wake(bench->outlet);
    wait_all(bench);
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
    assert_int_equal(bench->feed->event_count, 1);
}

static void stop_does_not_wait_for_a_probe(void **state)
{
    struct bench *bench = *state;
    bench->server->ping_status = NO_ANSWER;
    begin(bench);
    feed_wait(bench->feed, server_pings(bench->server) == 1);
    outlet_influxdb.stop(bench->outlet);
    assert_true(outlet_influxdb.stopped(bench->outlet));
}

static void an_outlet_that_probes_may_be_destroyed(void **state)
{
    struct bench *bench = *state;
    bench->server->ping_status = NO_ANSWER;
    begin(bench);
    feed_wait(bench->feed, server_pings(bench->server) == 1);
}

static void a_refused_write_shows_that_the_server_is_there(void **state)
{
    struct bench *bench = *state;
    start(bench);
    feed_wait(bench->feed, told(bench, OUTLET_DISCONNECTED) == 1);
    bench->server->rules[0] = (struct server_rule){.status = 401};
    feed_add_bays(bench->feed, 1);
    outlet_influxdb.wake(bench->outlet);
    server_start(bench->server);
    feed_wait(bench->feed, told(bench, OUTLET_ALARM) == 1);
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
}

static void only_a_write_ends_an_alarm(void **state)
{
    struct bench *bench = *state;
    const struct settings_influxdb *settings = &bench->feed->influxdb;
    struct http_link link = {.feed = &bench->feed->feed, .label = "http://h:8086"};
    static const enum influxdb_verdict verdicts[] = {VERDICT_DENIED, VERDICT_MISSING, VERDICT_STRANGE,
                                                     VERDICT_BAD_LINE};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        struct influxdb_judgement judgement = {.verdict = verdicts[i], .text = "401 no"};
        struct influxdb_judgement away = {.verdict = VERDICT_UNREACHABLE, .text = "away"};
        influxdb_link_fails(&link, settings, &judgement);
        influxdb_link_fails(&link, settings, &away);
        http_link_answers(&link);
        assert_int_equal(told(bench, OUTLET_ALARM), i + 1);
        assert_int_equal(told(bench, OUTLET_ALARM_ENDED), i);
        http_link_works(&link);
        assert_int_equal(told(bench, OUTLET_ALARM_ENDED), i + 1);
    }
}

int main(void)
{
    unsetenv("http_proxy");
    const struct CMUnitTest tests[] = {
        INFLUXDB_TEST(an_idle_outlet_finds_its_server_and_asks_again_only_after_a_while),
        INFLUXDB_TEST(any_answer_shows_that_the_server_is_there),
        INFLUXDB_TEST(an_idle_outlet_says_that_its_server_is_away_and_finds_it_later),
        INFLUXDB_TEST(an_outage_is_seen_while_nothing_is_sent),
        INFLUXDB_TEST(readings_do_not_wait_for_a_probe),
        INFLUXDB_TEST(stop_does_not_wait_for_a_probe),
        INFLUXDB_TEST(an_outlet_that_probes_may_be_destroyed),
        INFLUXDB_TEST(a_refused_write_shows_that_the_server_is_there),
        INFLUXDB_TEST(only_a_write_ends_an_alarm),
    };
    return cmocka_run_group_tests_name("influxdb_probe", tests, NULL, NULL);
}
