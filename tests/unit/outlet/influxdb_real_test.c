// SPDX-License-Identifier: Apache-2.0
#include "influxdb.h"
#include "influxdb_feed.h"
#include "influxdb_server.h"
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

// The outlet against Debian's own InfluxDB; what arrived is counted back by queries.

static const struct influxdb_pace quick = {.retry_first_ms = 50,
                                           .retry_max_ms = 100,
                                           .hold_first_ms = 50,
                                           .hold_max_ms = 100,
                                           .idle_ms = 100,
                                           .connect_ms = 2000,
                                           .request_ms = 5000,
                                           .stop_ms = 500};

struct database {
    char folder[64], config[80], url[64];
    unsigned port;
    pid_t pid;
};

static void write_config(const struct database *database, unsigned rpc_port)
{
    FILE *file = fopen(database->config, "w");
    assert_non_null(file);
    fprintf(file,
            "reporting-disabled = true\nbind-address = \"127.0.0.1:%u\"\n[meta]\ndir = \"%s/meta\"\n"
            "[data]\ndir = \"%s/data\"\nwal-dir = \"%s/wal\"\n[http]\nbind-address = \"127.0.0.1:%u\"\n"
            "log-enabled = false\n[monitor]\nstore-enabled = false\n",
            rpc_port, database->folder, database->folder, database->folder, database->port);
    fclose(file);
}

static void start_database(struct database *database)
{
    database->pid = fork();
    assert_true(database->pid >= 0);
    if (database->pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL); // also when the test crashes
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execl("/usr/bin/influxd", "influxd", "-config", database->config, (char *)NULL);
    _exit(127);
}

static void kill_database(struct database *database)
{
    kill(database->pid, SIGKILL);
    waitpid(database->pid, NULL, 0);
}

static int begin_database(void **state)
{
    struct database *database = calloc(1, sizeof *database);
    *state = database;
    if (access("/usr/bin/influxd", X_OK) != 0)
        return 0;
    snprintf(database->folder, sizeof database->folder, "/tmp/influxdb_test_XXXXXX");
    assert_non_null(mkdtemp(database->folder));
    snprintf(database->config, sizeof database->config, "%s/config", database->folder);
    int http, rpc;
    database->port = server_bind(&http);
    write_config(database, server_bind(&rpc));
    close(http);
    close(rpc);
    snprintf(database->url, sizeof database->url, "http://127.0.0.1:%u", database->port);
    start_database(database);
    return 0;
}

static int remove_file(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int end_database(void **state)
{
    struct database *database = *state;
    if (database->pid > 0)
        kill_database(database);
    if (database->folder[0])
        nftw(database->folder, remove_file, 8, FTW_DEPTH | FTW_PHYS);
    free(database);
    return 0;
}

// Posts a form or lines; the answer's head and body.
static void ask(const struct database *database, const char *target, const char *body, char *ret_answer, size_t size)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)database->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    char text[2048];
    int length = snprintf(text, sizeof text,
                          "POST %s HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          target, strlen(body), body);
    assert_int_equal(send(fd, text, (size_t)length, MSG_NOSIGNAL), length);
    size_t used = 0;
    ssize_t part;
    while (used < size - 1 && (part = recv(fd, ret_answer + used, size - 1 - used, 0)) > 0)
        used += (size_t)part;
    ret_answer[used] = '\0';
    close(fd);
}

static void query(const struct database *database, const char *statement, char *ret_answer, size_t size)
{
    char form[512] = "db=city&q=";
    for (const char *at = statement; *at; at++)
        snprintf(form + strlen(form), sizeof form - strlen(form), "%%%02X", (unsigned char)*at);
    ask(database, "/query", form, ret_answer, size);
}

// The number of points of parking with that field.
static long count_points(const struct database *database, const char *field)
{
    char statement[128], answer[4096];
    snprintf(statement, sizeof statement, "SELECT COUNT(\"%s\") FROM parking", field);
    query(database, statement, answer, sizeof answer);
    const char *values = strstr(answer, "\"values\":[[");
    const char *number = values ? strchr(values, ',') : NULL;
    return number ? strtol(number + 1, NULL, 10) : 0;
}

static struct feed *make_feed(const struct database *database)
{
    struct feed *feed = feed_create();
    feed->influxdb.url = database->url;
    return feed;
}

static void *start_outlet(struct feed *feed)
{
    void *outlet = NULL;
    struct fault why = {""};
    assert_int_equal(outlet_influxdb.create(&feed->feed, 0, &outlet, &why), 0);
    influxdb_set_pace(outlet, &quick);
    assert_int_equal(outlet_influxdb.start(outlet, &why), 0);
    return outlet;
}

static void wait_all(struct feed *feed)
{
    feed_wait(feed, feed->position == feed->count + 1);
}

static void deliver_all(struct feed *feed)
{
    void *outlet = start_outlet(feed);
    wait_all(feed);
    outlet_influxdb.stop(outlet);
    feed_wait(feed, outlet_influxdb.stopped(outlet));
    outlet_influxdb.destroy(outlet);
}

#define need(database)                                                                                                 \
    if ((database)->pid == 0)                                                                                          \
    skip()

static void drop(const struct database *database)
{
    char answer[4096];
    query(database, "DROP DATABASE city", answer, sizeof answer);
}

static void every_reading_arrives_once_in_a_database_that_was_made(void **state)
{
    struct database *database = *state;
    need(database);
    struct feed *feed = make_feed(database); // influxd is still starting: the outlet waits for it
    feed_add_bays(feed, 12000);
    deliver_all(feed);
    assert_int_equal(feed->delivered, 12000);
    assert_int_equal(count_points(database, "seq"), 12000);
    assert_int_equal(feed_told_count(feed, OUTLET_CONNECTED), 1);
    assert_non_null(strstr(feed_told(feed, OUTLET_NOTICE, 0), "it was made"));

    for (size_t i = 0; i < feed->count; i++)
        feed->fed[i].settled = false; // the cursor was lost: everything goes again
    feed->position = 1;
    deliver_all(feed);
    assert_int_equal(feed->delivered, 24000);
    assert_int_equal(count_points(database, "seq"), 12000);
    feed_destroy(feed);
    drop(database);
}

static void types_and_hostile_texts_arrive_as_they_are(void **state)
{
    struct database *database = *state;
    need(database);
    struct feed *feed = make_feed(database);
    struct reading reading = {.kind = KIND_PARKING, .zone = "a,b=c d\\", .time_us = INT64_C(1795316645678901)};
    reading.values[0] = (struct value){.name = "occupied", .type = VALUE_BOOL, .boolean = true};
    reading.values[1] = (struct value){.name = "battery_v", .type = VALUE_NUMBER, .number = 3};
    reading.values[2] = (struct value){.name = "people", .type = VALUE_INTEGER, .number = 12};
    reading.values[3] = (struct value){.name = "state", .type = VALUE_TEXT, .text = "\"駐車\\\n,x= y"};
    reading.values[4] = (struct value){.name = "huge", .type = VALUE_NUMBER, .number = 1e300};
    reading.value_count = 5;
    feed_add(feed, "bay-1", 9007199254740993, &reading);
    deliver_all(feed);
    assert_int_equal(feed->delivered, 1);

    char answer[4096];
    query(database, "SHOW FIELD KEYS FROM parking", answer, sizeof answer);
    static const char *const types[] = {"[\"occupied\",\"boolean\"]", "[\"battery_v\",\"float\"]",
                                        "[\"people\",\"integer\"]",   "[\"state\",\"string\"]",
                                        "[\"seq\",\"integer\"]",      "[\"epoch\",\"string\"]"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        assert_non_null(strstr(answer, types[i]));
    query(database, "SELECT seq,state,huge,zone FROM parking", answer, sizeof answer);
    assert_non_null(strstr(answer, "[\"2026-11-22T03:04:05.678901Z\",9007199254740993,\"\\\"駐車\\\\ ,x= y\",1e+300,"
                                   "\"a,b=c d/\"]"));
    feed_destroy(feed);
    drop(database);
}

static void a_conflict_of_types_parks_that_reading_alone(void **state)
{
    struct database *database = *state;
    need(database);
    char answer[4096];
    query(database, "CREATE DATABASE city", answer, sizeof answer);
    struct feed *feed = make_feed(database);
    feed_add_bays(feed, 100);
    ask(database, "/write?db=city&precision=u",
        "parking,gateway=x,municipality=x,sensor=x,zone=x confidence=\"high\" 1795316645000000\n", answer,
        sizeof answer);
    assert_non_null(strstr(answer, "204"));
    struct reading reading = {.kind = KIND_PARKING, .zone = "", .time_us = INT64_C(1795316646000000), .value_count = 1};
    reading.values[0] = (struct value){.name = "confidence", .type = VALUE_NUMBER, .number = 0.9};
    feed_add(feed, "bay-2", 1, &reading);
    feed_add_bays(feed, 100);
    deliver_all(feed);
    assert_int_equal(feed->delivered, 200);
    assert_int_equal(feed->parked, 1);
    assert_non_null(strstr(feed->parked_texts[0].text, "refused 1 of a batch"));
    assert_non_null(strstr(feed->parked_texts[0].text, "field type conflict"));
    assert_int_equal(count_points(database, "seq"), 200);
    feed_destroy(feed);
    drop(database);
}

static void readings_older_than_the_retention_are_parked_and_counted(void **state)
{
    struct database *database = *state;
    need(database);
    char answer[4096];
    query(database, "CREATE DATABASE city WITH DURATION 2h", answer, sizeof answer);
    struct feed *feed = make_feed(database);
    struct reading reading = {.kind = KIND_PARKING, .zone = ""};
    for (uint64_t i = 1; i <= 10; i++) {
        int64_t age_us = i <= 7 ? 0 : INT64_C(1000) * 3600 * 1000000;
        reading.time_us = clock_wall_us(&clock_system) - age_us + (int64_t)i;
        feed_add(feed, "bay-1", i, &reading);
    }
    deliver_all(feed);
    assert_int_equal(feed->delivered, 7);
    assert_non_null(strstr(feed->parked_texts[0].text, "refused 3 of a batch"));
    assert_int_equal(count_points(database, "seq"), 7);
    feed_destroy(feed);
    drop(database);
}

static void nothing_is_lost_when_the_database_is_killed_and_comes_back(void **state)
{
    struct database *database = *state;
    need(database);
    struct feed *feed = make_feed(database);
    feed->influxdb.batch_lines = 500;
    feed_add_bays(feed, 2000);
    void *outlet = start_outlet(feed);
    feed_wait(feed, feed->delivered >= 500);
    kill_database(database);
    feed_add_bays(feed, 3000);
    outlet_influxdb.wake(outlet);
    feed_wait(feed, feed_told_count(feed, OUTLET_DISCONNECTED) == 1);
    start_database(database);
    wait_all(feed);
    outlet_influxdb.destroy(outlet);
    assert_int_equal(feed->delivered, 5000);
    assert_int_equal(count_points(database, "seq"), 5000);
    assert_int_equal(feed_told_count(feed, OUTLET_CONNECTED), 2);
    feed_destroy(feed);
    drop(database);
}

int main(void)
{
    unsetenv("http_proxy");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reading_arrives_once_in_a_database_that_was_made),
        cmocka_unit_test(types_and_hostile_texts_arrive_as_they_are),
        cmocka_unit_test(a_conflict_of_types_parks_that_reading_alone),
        cmocka_unit_test(readings_older_than_the_retention_are_parked_and_counted),
        cmocka_unit_test(nothing_is_lost_when_the_database_is_killed_and_comes_back),
    };
    return cmocka_run_group_tests_name("influxdb_real", tests, begin_database, end_database);
}
