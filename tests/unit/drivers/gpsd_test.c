// SPDX-License-Identifier: Apache-2.0
#include "buses.h"
#include "check.h"
#include "gpsd_link.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

// The test is the gpsd: a socket of loopback, and bytes. A real one is asked by tests/system/gpsd_test.py.

enum { SENSORS = 3 };

#define BANNER "{\"class\":\"VERSION\",\"release\":\"3.22\",\"rev\":\"3.22\",\"proto_major\":3,\"proto_minor\":14}\r\n"
#define FIX                                                                                                            \
    "{\"class\":\"TPV\",\"device\":\"/dev/ttyACM0\",\"mode\":3,\"time\":\"2026-01-31T23:59:59.123Z\",\"lat\":34.6949," \
    "\"lon\":135.502,\"altHAE\":48.3,\"altMSL\":11.325,\"track\":90.1,\"speed\":8.3,\"later\":[1,{\"x\":2}]}\r\n"

struct rig {
    int listener, peer;
    char uri[64];
    struct settings settings;
    struct settings_sensor sensors[SENSORS];
    struct driver_host host;
    uv_loop_t loop;
    uv_timer_t watchdog;
    void *state;
    // What the host saw.
    size_t packs, opened, failures, refusals[REFUSAL_COUNT];
    char told[8][400];
    struct fault refused, failed;
    bool close_in_emit;
};

static enum refusal host_emit(void *context, const struct driver_pack *pack, struct fault *why)
{
    (void)why;
    struct rig *rig = context;
    assert_true(rig->packs < 8);
    char *told = rig->told[rig->packs++];
    size_t used = (size_t)snprintf(told, 400, "%s%s", pack->sensor ? pack->sensor : "nobody",
                                   pack->unauthenticated ? " from afar" : "");
    for (size_t i = 0; i < pack->raw->count; i++) {
        const struct raw_value *value = &pack->raw->values[i];
        used += (size_t)snprintf(told + used, 400 - used, " %s=%.9g", value->name, value->number);
        if (value->time == RAW_TIME_ABSOLUTE && i == 0)
            used += (size_t)snprintf(told + used, 400 - used, "@%lld", (long long)value->time_us);
    }
    if (rig->close_in_emit)
        driver_gpsd.close(rig->state);
    return REFUSAL_NONE;
}

static void host_refused(void *context, enum refusal refusal, const struct fault *why)
{
    struct rig *rig = context;
    rig->refusals[refusal]++;
    rig->refused = *why;
}

static void host_opened(void *context)
{
    ((struct rig *)context)->opened++;
}

static void host_failed(void *context, const struct fault *why)
{
    struct rig *rig = context;
    rig->failures++;
    rig->failed = *why;
    driver_gpsd.close(rig->state);
}

static void too_long(uv_timer_t *timer)
{
    (void)timer;
    fail_msg("nothing happened for 20 s");
}

static void listen_somewhere(struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    rig->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(rig->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(rig->listener, 4), 0);
    assert_int_equal(getsockname(rig->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(rig->uri, sizeof rig->uri, "gpsd://localhost:%d", ntohs(address.sin_port));
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    *state = rig;
    rig->peer = -1;
    listen_somewhere(rig);
    static const char *const ids[] = {"van-1", "van-2", "bay-1"};
    for (size_t i = 0; i < SENSORS; i++)
        rig->sensors[i] = (struct settings_sensor){
            .id = ids[i], .address = ids[i], .source = rig->uri, .source_name = rig->uri, .source_type = SOURCE_GPSD};
    rig->sensors[2].disabled = true;
    rig->settings = (struct settings){.sensor = rig->sensors, .sensor_count = SENSORS};
    uv_loop_init(&rig->loop);
    uv_timer_init(&rig->loop, &rig->watchdog);
    uv_timer_start(&rig->watchdog, too_long, 20000, 0);
    rig->host = (struct driver_host){.context = rig,
                                     .clock = &clock_system,
                                     .loop = &rig->loop,
                                     .emit = host_emit,
                                     .refused = host_refused,
                                     .opened = host_opened,
                                     .failed = host_failed};
    struct fault why = {""};
    assert_int_equal(driver_gpsd.create(&rig->settings, rig->uri, &rig->host, &rig->state, &why), 0);
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    driver_gpsd.destroy(rig->state);
    uv_close((uv_handle_t *)&rig->watchdog, NULL);
    uv_run(&rig->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&rig->loop), 0);
    close(rig->peer);
    close(rig->listener);
    free(rig);
    return 0;
}

#define wait_until(rig, condition)                                                                                     \
    do {                                                                                                               \
        while (!(condition))                                                                                           \
            uv_run(&(rig)->loop, UV_RUN_ONCE);                                                                         \
    } while (0)

static void open_driver(struct rig *rig)
{
    struct fault why = {""};
    assert_int_equal(driver_gpsd.open(rig->state, &why), -EINPROGRESS);
}

// Takes the connection, and reads what is asked.
static void accept_driver(struct rig *rig)
{
    char asked[128];
    ssize_t size;
    while ((rig->peer = accept4(rig->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) < 0)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    while ((size = recv(rig->peer, asked, sizeof asked, 0)) < 0)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    assert_int_equal(size, strlen("?WATCH={\"enable\":true,\"json\":true};\n"));
    assert_memory_equal(asked, "?WATCH={\"enable\":true,\"json\":true};\n", (size_t)size);
}

static void say(struct rig *rig, const char *text)
{
    assert_int_equal(send(rig->peer, text, strlen(text), 0), strlen(text));
}

static void connect_driver(struct rig *rig)
{
    open_driver(rig);
    accept_driver(rig);
    say(rig, BANNER);
    wait_until(rig, rig->opened == 1);
}

static void a_fix_goes_to_each_sensor_with_the_receivers_time(void **state)
{
    struct rig *rig = *state;
    connect_driver(rig);
    say(rig, "{\"class\":\"DEVICES\",\"devices\":[]}\r\n" FIX);
    wait_until(rig, rig->packs == 2);
    assert_string_equal(rig->told[0], "van-1 fix=1@1769903999123000 latitude=34.6949 longitude=135.502 "
                                      "altitude_m=11.325 speed_mps=8.3 heading_deg=90.1");
    assert_memory_equal(rig->told[1], "van-2 fix=1@1769903999123000 latitude=34.6949", 40);
}

static void a_vehicle_has_its_position_without_being_named(void **state)
{
    struct rig *rig = *state;
    for (size_t i = 0; i < 2; i++) {
        rig->sensors[i].source = "coap";
        rig->sensors[i].source_type = SOURCE_COAP;
        rig->sensors[i].kind = KIND_BUMP;
        rig->sensors[i].position = rig->uri;
    }
    connect_driver(rig);
    say(rig, FIX);
    wait_until(rig, rig->packs == 1);
    assert_memory_equal(rig->told[0], "nobody fix=1@1769903999123000 latitude=34.6949", 44);
    rig->sensors[0].disabled = true;
    rig->sensors[1].kind = KIND_PARKING;
    say(rig, FIX "{\"class\":\"ERROR\",\"message\":\"end\"}\n");
    wait_until(rig, rig->refusals[REFUSAL_FORMAT] == 1);
    assert_int_equal(rig->packs, 1);
}

static void an_address_picks_one_receiver(void **state)
{
    struct rig *rig = *state;
    rig->sensors[0].address = "/dev/ttyACM0";
    rig->sensors[1].address = "/dev/ttyACM1";
    connect_driver(rig);
    say(rig, FIX "{\"class\":\"TPV\",\"device\":\"/dev/ttyACM1\",\"mode\":1}\n{\"class\":\"TPV\",\"mode\":1}\n" FIX);
    wait_until(rig, rig->packs == 3);
    assert_memory_equal(rig->told[0], "van-1 fix=1", 11);
    assert_string_equal(rig->told[1], "van-2 fix=0");
    assert_memory_equal(rig->told[2], "van-1 fix=1", 11);
}

static void without_a_fix_there_is_no_position(void **state)
{
    static const char *const lines[] = {
        "{\"class\":\"TPV\",\"mode\":1,\"time\":\"2026-01-31T23:59:59Z\",\"lat\":34.6949,\"lon\":135.502}\n",
        "{\"class\":\"TPV\",\"mode\":3,\"status\":8,\"lat\":34.6949,\"lon\":135.502}\n", // simulated
        "{\"class\":\"TPV\",\"mode\":3,\"status\":7,\"lat\":34.6949,\"lon\":135.502}\n", // surveyed in
        "{\"class\":\"TPV\",\"mode\":3,\"status\":99,\"lat\":34.6949,\"lon\":135.502}\n",
        "{\"class\":\"TPV\",\"mode\":3,\"lat\":34.6949}\n",
    };
    struct rig *rig = *state;
    rig->sensors[1].disabled = true;
    connect_driver(rig);
    say(rig, FIX);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        say(rig, lines[i]);
    wait_until(rig, rig->packs == 6);
    for (size_t i = 1; i < 6; i++)
        assert_string_equal(rig->told[i], "van-1 fix=0");
}

static void how_a_position_was_found_is_told_as_in_nmea(void **state)
{
    struct rig *rig = *state;
    rig->sensors[1].disabled = true;
    connect_driver(rig);
    for (int status = 2; status <= 6; status++) {
        char line[200];
        snprintf(line, sizeof line, "{\"class\":\"TPV\",\"mode\":2,\"status\":%d,\"lat\":1,\"lon\":2,\"altMSL\":3}\n",
                 status);
        say(rig, line);
    }
    wait_until(rig, rig->packs == 5);
    static const int fixes[] = {2, 4, 5, 6, 1};
    for (int i = 0; i < 5; i++) {
        char expected[100];
        snprintf(expected, sizeof expected, "van-1 fix=%d latitude=1 longitude=2", fixes[i]);
        assert_string_equal(rig->told[i], expected); // the height of a 2D fix is not measured
    }
}

static void the_sky_gives_satellites_and_hdop(void **state)
{
    struct rig *rig = *state;
    rig->sensors[1].disabled = true;
    connect_driver(rig);
    say(rig, "{\"class\":\"SKY\",\"hdop\":0.9,\"satellites\":[{\"PRN\":1,\"el\":2,\"az\":3,\"ss\":4,\"used\":true},"
             "{\"PRN\":2,\"el\":2,\"az\":3,\"ss\":4,\"used\":false}]}\n"
             "{\"class\":\"SKY\",\"vdop\":0.9}\n" // neither: nothing is kept from before
             "{\"class\":\"SKY\",\"hdop\":1.5}\n");
    wait_until(rig, rig->packs == 2);
    assert_string_equal(rig->told[0], "van-1 hdop=0.9 satellites=1");
    assert_string_equal(rig->told[1], "van-1 hdop=1.5");
}

static void a_line_may_come_in_pieces(void **state)
{
    struct rig *rig = *state;
    connect_driver(rig);
    for (const char *at = FIX; *at; at++) {
        assert_int_equal(send(rig->peer, at, 1, 0), 1);
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    }
    wait_until(rig, rig->packs == 2);
}

static void garbage_is_refused_and_the_next_line_is_read(void **state)
{
    struct rig *rig = *state;
    connect_driver(rig);
    say(rig, "$GPRMC,rubbish\r\n\x01\xff\n{\"class\":\"TPV\",\"mode\":3,\n\n{\"class\":\"NEWER\",\"mode\":3}\n{}\n");
    assert_int_equal(send(rig->peer, "{\0}\n", 4, 0), 4);
    say(rig, FIX);
    wait_until(rig, rig->packs == 2);
    assert_int_equal(rig->refusals[REFUSAL_SYNTAX], 4);
    assert_int_equal(rig->failures, 0);
}

static void gpsds_own_errors_are_told(void **state)
{
    struct rig *rig = *state;
    connect_driver(rig);
    say(rig, "{\"class\":\"ERROR\",\"message\":\"Can't open /dev/gps0\"}\n");
    wait_until(rig, rig->refusals[REFUSAL_FORMAT] == 1);
    assert_non_null(strstr(rig->refused.text, "Can't open /dev/gps0"));
}

static void a_line_that_is_too_long_costs_itself_alone(void **state)
{
    struct rig *rig = *state;
    static char block[GPSD_LINE_MAX / 2 + 1];
    connect_driver(rig);
    memset(block, 'x', sizeof block - 1);
    for (int i = 0; i < 40; i++) {
        const char *at = block;
        while (*at) {
            ssize_t sent = send(rig->peer, at, strlen(at), 0);
            at += sent > 0 ? sent : 0;
            uv_run(&rig->loop, UV_RUN_NOWAIT);
        }
    }
    say(rig, "\n" FIX);
    wait_until(rig, rig->packs == 2);
    assert_int_equal(rig->refusals[REFUSAL_LENGTH], 1);
    assert_int_equal(rig->refusals[REFUSAL_SYNTAX], 0);
}

static void a_gpsd_that_ends_fails_once_and_is_found_again(void **state)
{
    struct rig *rig = *state;
    for (size_t round = 1; round <= 3; round++) {
        rig->opened = 0;
        connect_driver(rig);
        say(rig, "{\"class\":\"TPV\",\"mode\":3,");
        close(rig->peer);
        wait_until(rig, rig->failures == round);
        assert_non_null(strstr(rig->failed.text, "localhost:"));
        for (int i = 0; i < 5; i++)
            uv_run(&rig->loop, UV_RUN_NOWAIT);
        assert_int_equal(rig->failures, round);
    }
    rig->opened = 0;
    connect_driver(rig); // and nothing of the half line is left
    say(rig, FIX);
    wait_until(rig, rig->packs == 2);
    assert_int_equal(rig->refusals[REFUSAL_SYNTAX], 0);
}

static void nobody_there_is_a_failure(void **state)
{
    struct rig *rig = *state;
    close(rig->listener);
    rig->listener = -1;
    open_driver(rig);
    wait_until(rig, rig->failures == 1);
    assert_non_null(strstr(rig->failed.text, "refused"));
    assert_int_equal(rig->opened, 0);
}

static void before_the_banner_nothing_is_believed(void **state)
{
    struct rig *rig = *state;
    open_driver(rig);
    accept_driver(rig);
    say(rig, FIX "{\"class\":\"VERSION\",\"release\":\"9\",\"proto_major\":4,\"proto_minor\":0}\n" FIX);
    wait_until(rig, rig->failures == 1);
    assert_non_null(strstr(rig->failed.text, "version 4"));
    assert_int_equal(rig->packs + rig->opened, 0);
}

static void count_lines(void *context, const char *name, const char *help, double value)
{
    assert_true(*help);
    assert_string_equal(name, "citygw_gpsd_lines_total");
    *(double *)context = value;
}

static void it_can_be_closed_at_any_moment(void **state)
{
    struct rig *rig = *state;
    for (int turns = 0; turns < 6; turns++) { // while it looks the name up, connects, is asked
        open_driver(rig);
        for (int i = 0; i < turns; i++)
            uv_run(&rig->loop, UV_RUN_NOWAIT);
        driver_gpsd.close(rig->state);
        driver_gpsd.close(rig->state);
        int peer = accept4(rig->listener, NULL, NULL, SOCK_CLOEXEC);
        if (peer >= 0)
            close(peer);
    }
    for (int i = 0; i < 3; i++)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    for (int peer; (peer = accept4(rig->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
        close(peer);
    rig->close_in_emit = true;
    connect_driver(rig);
    say(rig, FIX FIX);
    wait_until(rig, rig->packs == 1);
    for (int i = 0; i < 5; i++)
        uv_run(&rig->loop, UV_RUN_NOWAIT);
    double lines = 0;
    driver_gpsd.figures(rig->state, count_lines, &lines);
    assert_int_equal(lines, 2); // the banner and what closed it
    assert_int_equal(rig->packs, 1);
    assert_int_equal(rig->failures, 0);
}

static void silence_instead_of_a_banner_is_a_failure(void **state)
{
    struct rig *rig = *state;
    struct gpsd_link *link = NULL;
    struct fault why = {""};
    const struct address address = {.host = "127.0.0.1", .port = atoi(strrchr(rig->uri, ':') + 1)};
    const struct gpsd_link_events events = {.context = rig, .failed = host_failed};
    assert_int_equal(gpsd_link_open(&rig->loop, &address, "?\n", 1, &events, &link, &why), 0);
    wait_until(rig, rig->failures == 1);
    assert_non_null(strstr(rig->failed.text, "timed out"));
    gpsd_link_close(link);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_fix_goes_to_each_sensor_with_the_receivers_time),
        TEST(a_vehicle_has_its_position_without_being_named),
        TEST(an_address_picks_one_receiver),
        TEST(without_a_fix_there_is_no_position),
        TEST(how_a_position_was_found_is_told_as_in_nmea),
        TEST(the_sky_gives_satellites_and_hdop),
        TEST(a_line_may_come_in_pieces),
        TEST(garbage_is_refused_and_the_next_line_is_read),
        TEST(gpsds_own_errors_are_told),
        TEST(a_line_that_is_too_long_costs_itself_alone),
        TEST(a_gpsd_that_ends_fails_once_and_is_found_again),
        TEST(nobody_there_is_a_failure),
        TEST(before_the_banner_nothing_is_believed),
        TEST(it_can_be_closed_at_any_moment),
        TEST(silence_instead_of_a_banner_is_a_failure),
    };
    return cmocka_run_group_tests_name("gpsd", tests, NULL, NULL);
}
