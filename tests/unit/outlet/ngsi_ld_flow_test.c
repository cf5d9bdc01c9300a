// SPDX-License-Identifier: Apache-2.0
#include "influxdb_feed.h"
#include "influxdb_server.h"
#include "ngsi_ld_outlet.h"
#include "quick_pace.h"
#include <fcntl.h>
#include <sys/stat.h>

// The outlet [ngsi-ld] between a feed and a broker that follows a script, impatient enough for a test.

struct bench {
    struct feed *feed;
    struct server *server;
    struct settings_ngsi_ld settings;
    void *outlet;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->feed = feed_create();
    bench->server = server_create();
    bench->settings = (struct settings_ngsi_ld){.name = "orion",
                                                .url = bench->server->url,
                                                .tenant = "osaka",
                                                .service_path = "/umeda",
                                                .context = "",
                                                .token_file = ""};
    bench->feed->settings.influxdb_count = 0;
    bench->feed->settings.ngsi_ld = &bench->settings;
    bench->feed->settings.ngsi_ld_count = 1;
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    outlet_ngsi_ld.destroy(bench->outlet);
    feed_destroy(bench->feed);
    server_destroy(bench->server);
    free(bench);
    return 0;
}

static void start(struct bench *bench)
{
    struct fault why = {""};
    if (outlet_ngsi_ld.create(&bench->feed->feed, 0, &bench->outlet, &why))
        fail_msg("create: %s", why.text);
    ngsi_ld_set_pace(bench->outlet, &quick);
    assert_int_equal(outlet_ngsi_ld.start(bench->outlet, &why), 0);
}

static void begin(struct bench *bench)
{
    server_start(bench->server);
    start(bench);
}

// One reading each of `count` sensors: crowd-1 ...
static void add_crowds(struct bench *bench, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        struct reading reading = {.kind = KIND_CROWD, .zone = "", .time_us = INT64_C(1795316645678000)};
        char sensor[32];
        reading.values[0] = (struct value){.name = "people", .type = VALUE_INTEGER, .number = (double)i};
        reading.value_count = 1;
        snprintf(sensor, sizeof sensor, "crowd-%zu", i);
        feed_add(bench->feed, sensor, 1, &reading);
    }
}

static void add_bumps(struct bench *bench, size_t count)
{
    for (size_t i = 1; i <= count; i++) {
        struct reading reading = {.kind = KIND_BUMP, .zone = "", .time_us = INT64_C(1795316645678000)};
        reading.values[0] = (struct value){.name = "peak_mps2", .type = VALUE_NUMBER, .number = 7};
        reading.value_count = 1;
        feed_add(bench->feed, "van-1", i, &reading);
    }
}

static void wait_all(struct bench *bench)
{
    feed_wait(bench->feed, bench->feed->position == bench->feed->count + 1);
}

static size_t told(struct bench *bench, enum outlet_event event)
{
    return feed_told_count(bench->feed, event);
}

static void assert_told(struct bench *bench, enum outlet_event event, const char *part)
{
    const char *text = feed_told(bench->feed, event, 0);
    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

static size_t entities(struct bench *bench, size_t request)
{
    assert_true(request < server_count(bench->server));
    return count_of(bench->server->requests[request].body, "\"@context\"");
}

static void pending_readings_go_in_one_upsert(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 3);
    begin(bench);
    wait_all(bench);
    const struct server_request *request = &bench->server->requests[0];
    assert_int_equal(server_count(bench->server), 1);
    assert_string_equal(request->method, "POST");
    assert_string_equal(request->target, "/ngsi-ld/v1/entityOperations/upsert?options=update");
    assert_non_null(strstr(request->head, "Content-Type: application/ld+json\r\n"));
    assert_non_null(strstr(request->head, "NGSILD-Tenant: osaka\r\n"));
    assert_non_null(strstr(request->head, "Fiware-ServicePath: /umeda\r\n"));
    assert_null(strstr(request->head, "Authorization"));
    assert_int_equal(entities(bench, 0), 3);
    assert_ptr_equal(strstr(request->body, "[{\"id\":\"urn:ngsi-ld:CrowdFlowObserved:271004:umeda-01:crowd-1\""),
                     request->body);
    assert_string_equal(request->body + strlen(request->body) - 3, "]}]");
    assert_int_equal(bench->feed->delivered, 3);
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
}

static void a_sensor_stands_in_a_batch_once_and_in_its_order(void **state)
{
    struct bench *bench = *state;
    feed_add_bays(bench->feed, 3);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 3);
    assert_non_null(strstr(bench->server->requests[0].body, "\"seq\":{\"type\":\"Property\",\"value\":1,"));
    assert_non_null(strstr(bench->server->requests[1].body, "\"seq\":{\"type\":\"Property\",\"value\":2,"));
    assert_non_null(strstr(bench->server->requests[2].body, "\"seq\":{\"type\":\"Property\",\"value\":3,"));
    assert_true(feed_reads(bench->feed) < 6); // what was read and had no place is not read again
}

static void bumps_are_entities_of_their_own(void **state)
{
    struct bench *bench = *state;
    add_bumps(bench, 5);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 1);
    assert_int_equal(entities(bench, 0), 5);
}

static void what_comes_later_is_sent_at_once(void **state)
{
    struct bench *bench = *state;
    begin(bench);
    feed_wait(bench->feed, server_pings(bench->server) == 1); // nothing to send: it asks whether the broker is there
    add_crowds(bench, 2);
    outlet_ngsi_ld.wake(bench->outlet);
    wait_all(bench);
    assert_int_equal(entities(bench, 0), 2);
}

static void more_than_a_hundred_go_in_several(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 250);
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 3);
    assert_int_equal(entities(bench, 0), 100);
    assert_int_equal(entities(bench, 2), 50);
    assert_int_equal(bench->feed->delivered, 250);
}

static void a_bad_entity_is_found_and_takes_no_other_with_it(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 4);
    bench->server->rules[0] =
        (struct server_rule){.status = 207, .if_body = "crowd-3", .body = "{\"errors\":[\"no\"]}"};
    begin(bench);
    wait_all(bench);
    // Together; each alone; crowd-1 once more as a witness, and then crowd-3.
    assert_int_equal(server_count(bench->server), 7);
    assert_non_null(strstr(bench->server->requests[5].body, "crowd-1"));
    assert_non_null(strstr(bench->server->requests[6].body, "crowd-3"));
    assert_int_equal(bench->feed->delivered, 3);
    assert_int_equal(bench->feed->parked, 1);
    assert_non_null(strstr(bench->feed->parked_texts[0].text, "crowd-3"));
    assert_non_null(strstr(bench->feed->parked_texts[0].text, "207"));
    assert_int_equal(told(bench, OUTLET_ALARM), 0);
}

static void an_entity_that_is_taken_at_last_is_not_parked(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 2);
    bench->server->rules[0] = (struct server_rule){.status = 400, .if_body = "crowd-2", .times = 2};
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->delivered, 2);
    assert_int_equal(bench->feed->parked, 0);
}

static void a_broker_that_refuses_everything_loses_nothing(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 3);
    bench->server->rules[0] = (struct server_rule){.status = 400, .body = "no", .times = 20};
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->delivered, 3);
    assert_int_equal(bench->feed->parked, 0);
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
    assert_told(bench, OUTLET_ALARM, "refuses every entity (400 no)");
    assert_int_equal(told(bench, OUTLET_ALARM_ENDED), 1);
}

// It takes the first and then nothing any more, before anything was refused for good.
static void a_broker_that_breaks_in_between_loses_nothing(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 3);
    bench->server->rules[0] = (struct server_rule){.status = 207, .times = 1};
    bench->server->rules[1] = (struct server_rule){.status = 204, .times = 1};
    bench->server->rules[2] = (struct server_rule){.status = 400, .times = 12};
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->delivered, 3);
    assert_int_equal(bench->feed->parked, 0);
    assert_int_equal(told(bench, OUTLET_ALARM), 1);
}

static void one_that_is_refused_alone_waits_for_company(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 1);
    bench->server->rules[0] = (struct server_rule){.status = 400, .if_body = "crowd-1\""};
    begin(bench);
    feed_wait(bench->feed, server_count(bench->server) >= 3);
    assert_int_equal(bench->feed->parked, 0);
    feed_add_bays(bench->feed, 1);
    outlet_ngsi_ld.wake(bench->outlet);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 1);
    assert_int_equal(bench->feed->delivered, 1);
}

static void a_busy_broker_gets_the_same_again(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 2);
    bench->server->rules[0] = (struct server_rule){.status = 503, .times = 2};
    bench->server->rules[1] = (struct server_rule){.status = 429, .times = 1};
    bench->server->rules[2] = (struct server_rule){.status = HANG_UP, .times = 1};
    begin(bench);
    wait_all(bench);
    assert_int_equal(server_count(bench->server), 5);
    assert_string_equal(bench->server->requests[0].body, bench->server->requests[4].body);
    assert_int_equal(bench->feed->delivered, 2);
    assert_int_equal(bench->feed->parked, 0);
}

static void trouble_while_single_ones_are_asked_changes_nothing(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 3);
    bench->server->rules[0] = (struct server_rule){.status = 207, .times = 1};
    bench->server->rules[1] = (struct server_rule){.status = 500, .if_body = "crowd-2", .times = 2};
    bench->server->rules[2] = (struct server_rule){.status = 400, .if_body = "crowd-2"};
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->delivered, 2);
    assert_int_equal(bench->feed->parked, 1);
}

static void what_a_person_must_repair_is_an_alarm(void **state)
{
    static const struct {
        int status;
        const char *says;
    } cases[] = {{401, "token_file"}, {404, "`tenant`"}};
    struct bench *bench = *state;
    add_crowds(bench, 1);
    bench->server->rules[0] = (struct server_rule){.status = cases[0].status, .times = 2};
    bench->server->rules[1] = (struct server_rule){.status = cases[1].status, .times = 2};
    begin(bench);
    wait_all(bench);
    assert_int_equal(told(bench, OUTLET_ALARM), 2);
    assert_told(bench, OUTLET_ALARM, cases[0].says);
    assert_non_null(strstr(feed_told(bench->feed, OUTLET_ALARM, 1), cases[1].says));
    assert_int_equal(told(bench, OUTLET_ALARM_ENDED), 1);
    assert_int_equal(bench->feed->parked, 0);
}

static void a_token_and_a_context_of_ones_own_are_used(void **state)
{
    struct bench *bench = *state;
    char path[] = "/tmp/citygw-token-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "s3cret\n", 7), 7);
    close(fd);
    bench->settings.token_file = path;
    bench->settings.context = "https://city.example/context.jsonld";
    add_crowds(bench, 1);
    begin(bench);
    wait_all(bench);
    unlink(path);
    assert_string_equal(bench->server->requests[0].authorization, "Bearer s3cret");
    assert_non_null(strstr(bench->server->requests[0].body,
                           "\"@context\":[\"https://city.example/context.jsonld\","
                           "\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld\"]}]"));
}

static void an_unreadable_record_is_parked_and_the_rest_goes(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 3);
    bench->feed->fed[1].payload.used = 1;
    begin(bench);
    wait_all(bench);
    assert_int_equal(bench->feed->parked, 1);
    assert_int_equal(bench->feed->delivered, 2);
}

static void what_waits_for_the_clock_holds_up_what_is_behind_it(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 3);
    bench->feed->fed[1].held = true;
    begin(bench);
    feed_wait(bench->feed, bench->feed->position == 2);
    assert_int_equal(bench->feed->delivered, 1);
    pthread_mutex_lock(&bench->feed->lock);
    bench->feed->fed[1].held = false;
    pthread_mutex_unlock(&bench->feed->lock);
    outlet_ngsi_ld.wake(bench->outlet);
    wait_all(bench);
}

static void a_disk_that_fails_for_a_while_is_told_and_tried_again(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 1);
    bench->feed->read_error = -EIO;
    begin(bench);
    wait_all(bench);
    assert_told(bench, OUTLET_NOTICE, "cannot be read now");
}

static void a_broker_that_is_not_there_is_told_once(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 1);
    start(bench);
    feed_wait(bench->feed, told(bench, OUTLET_DISCONNECTED) == 1);
    server_start(bench->server);
    wait_all(bench);
    assert_int_equal(told(bench, OUTLET_DISCONNECTED), 1);
    assert_int_equal(told(bench, OUTLET_CONNECTED), 1);
}

static void it_stops_after_what_is_under_way(void **state)
{
    struct bench *bench = *state;
    add_crowds(bench, 1);
    bench->server->rules[0] = (struct server_rule){.status = NO_ANSWER};
    begin(bench);
    feed_wait(bench->feed, server_count(bench->server) == 1);
    outlet_ngsi_ld.stop(bench->outlet);
    feed_wait(bench->feed, outlet_ngsi_ld.stopped(bench->outlet));
    assert_int_equal(bench->feed->delivered, 0);
}

static void a_url_that_is_none_is_refused(void **state)
{
    struct bench *bench = *state;
    struct fault why = {""};
    bench->settings.url = "http://broker?x";
    assert_int_equal(outlet_ngsi_ld.create(&bench->feed->feed, 0, &bench->outlet, &why), -EINVAL);
    assert_null(bench->outlet);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pending_readings_go_in_one_upsert),
        TEST(a_sensor_stands_in_a_batch_once_and_in_its_order),
        TEST(bumps_are_entities_of_their_own),
        TEST(what_comes_later_is_sent_at_once),
        TEST(more_than_a_hundred_go_in_several),
        TEST(a_bad_entity_is_found_and_takes_no_other_with_it),
        TEST(an_entity_that_is_taken_at_last_is_not_parked),
        TEST(a_broker_that_refuses_everything_loses_nothing),
        TEST(a_broker_that_breaks_in_between_loses_nothing),
        TEST(one_that_is_refused_alone_waits_for_company),
        TEST(a_busy_broker_gets_the_same_again),
        TEST(trouble_while_single_ones_are_asked_changes_nothing),
        TEST(what_a_person_must_repair_is_an_alarm),
        TEST(a_token_and_a_context_of_ones_own_are_used),
        TEST(an_unreadable_record_is_parked_and_the_rest_goes),
        TEST(what_waits_for_the_clock_holds_up_what_is_behind_it),
        TEST(a_disk_that_fails_for_a_while_is_told_and_tried_again),
        TEST(a_broker_that_is_not_there_is_told_once),
        TEST(it_stops_after_what_is_under_way),
        TEST(a_url_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
