// SPDX-License-Identifier: Apache-2.0
#include "world.h"

static void every_address_answers_on_the_socket_and_on_the_port(void **state)
{
    static const struct {
        const char *path, *type, *begins;
    } pages[] = {
        {"/api/v1/status", "application/json", "{\"gateway\":\"umeda-01\",\"municipality\":"},
        {"/api/v1/status?x=1", "application/json", "{\"gateway\":\"umeda-01\",\"municipality\":"},
        {"/api/v1/sensors", "application/json", "{\"gateway\":\"umeda-01\",\"now\":"},
        {"/api/v1/sensors/bay-1", "application/json", "{\"id\":\"bay-1\""},
        {"/api/v1/buffer", "application/json", "{\"path\":"},
        {"/metrics", "text/plain; version=0.0.4; charset=utf-8", "# HELP citygw_build_info "},
    };
    struct world *world = *state;
    open_control(world);
    for (size_t i = 0; i < 2 * sizeof pages / sizeof *pages; i++) {
        int fd = i % 2 ? connect_tcp(world) : connect_unix(world);
        const char *reply = ask(world, fd, "GET", pages[i / 2].path, local);
        char type[128];
        snprintf(type, sizeof type, "\r\nContent-Type: %s\r\n", pages[i / 2].type);
        assert_int_equal(code_of(reply), 200);
        assert_non_null(strstr(reply, type));
        assert_non_null(strstr(reply, "\r\nCache-Control: no-store\r\n"));
        assert_non_null(strstr(reply, "\r\nX-Content-Type-Options: nosniff\r\n"));
        assert_memory_equal(body_of(reply), pages[i / 2].begins, strlen(pages[i / 2].begins));
    }
    assert_int_equal(control_requests(world->control), 2 * sizeof pages / sizeof *pages);
}

static void unknown_addresses_are_404_with_a_json_error(void **state)
{
    static const char *const paths[] = {"/",
                                        "//",
                                        "/api",
                                        "/api/v1/",
                                        "/api/v1/status/",
                                        "/api/v1/statusx",
                                        "/api/v1/sensors/",
                                        "/api/v1/sensors/bay-9",
                                        "/api/v1/sensors/bay-1/",
                                        "/api/v1/sensors/%22%0a%00",
                                        "/api/v1/sensors/../status",
                                        "/metrics/x"};
    struct world *world = *state;
    open_control(world);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *reply = ask(world, connect_unix(world), "GET", paths[i], local);
        assert_int_equal(code_of(reply), 404);
        assert_memory_equal(body_of(reply), "{\"error\":\"not_found\",\"message\":\"", 32);
    }
}

static void other_methods_are_405_and_say_what_is_allowed(void **state)
{
    static const char *const asked[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO"};
    struct world *world = *state;
    open_control(world);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const char *reply = ask(world, connect_tcp(world), asked[i], "/api/v1/status", local);
        assert_int_equal(code_of(reply), 405);
        assert_non_null(strstr(reply, "\r\nAllow: GET, HEAD\r\n"));
        assert_non_null(strstr(reply, "{\"error\":\"method_not_allowed\""));
    }
    const char *reply = exchange(world, connect_unix(world),
                                 "POST /api/v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\nabc");
    assert_int_equal(code_of(reply), 405);
}

static void head_gives_the_headers_alone(void **state)
{
    struct world *world = *state;
    open_control(world);
    const char *reply = ask(world, connect_tcp(world), "HEAD", "/metrics", local);
    assert_int_equal(code_of(reply), 200);
    assert_null(strstr(reply, "Content-Length: 0\r\n"));
    assert_string_equal(body_of(reply), "");
}

static void a_connection_is_kept_for_the_next_request(void **state)
{
    struct world *world = *state;
    open_control(world);
    const char *reply = exchange(world, connect_tcp(world),
                                 "GET /api/v1/buffer HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "GET /api/v1/buffer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const char *second = strstr(reply + 1, "HTTP/1.1 200");
    assert_int_equal(code_of(reply), 200);
    assert_non_null(second);
    assert_int_equal(control_requests(world->control), 2);
}

static void over_tcp_a_foreign_host_is_refused(void **state)
{
    struct world *world = *state;
    open_control(world);
    static const char *const bad[] = {"Host: evil.example\r\n", "Host: evil.example:8088\r\n", "Host:\r\n",
                                      "Host: localhost\r\nHost: evil.example\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *reply = ask(world, connect_tcp(world), "GET", "/api/v1/status", bad[i]);
        assert_int_equal(code_of(reply), 403);
        assert_null(strstr(reply, "umeda-01"));
    }
    assert_int_equal(code_of(ask(world, connect_tcp(world), "GET", "/metrics", "Host: [::1]:8088\r\n")), 200);
    assert_int_equal(code_of(ask(world, connect_tcp(world), "GET", "/metrics", "")), 400);
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/metrics", "Host: anything\r\n")), 200);
}

static void with_a_token_tcp_needs_it_and_the_socket_does_not(void **state)
{
    struct world *world = *state;
    world->options.token = "s3cret";
    open_control(world);
    const char *reply = ask(world, connect_tcp(world), "GET", "/metrics", local);
    assert_int_equal(code_of(reply), 401);
    assert_non_null(strstr(reply, "\r\nWWW-Authenticate: Bearer\r\n"));
    reply = ask(world, connect_tcp(world), "GET", "/nowhere", "Host: localhost\r\nAuthorization: Bearer wrong\r\n");
    assert_int_equal(code_of(reply), 401);
    reply = ask(world, connect_tcp(world), "GET", "/metrics", "Host: localhost\r\nAuthorization: Bearer s3cret\r\n");
    assert_int_equal(code_of(reply), 200);
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/metrics", local)), 200);
}

static void beyond_loopback_the_token_guards_instead_of_the_name(void **state)
{
    struct world *world = *state;
    struct fault why = {""};
    world->options.listen = "0.0.0.0:0";
    assert_int_equal(control_create(&world->options, &world->control, &why), -EPERM);
    assert_non_null(strstr(why.text, "token"));
    assert_int_equal(access(world->path, F_OK), -1);
    world->options.token = "s3cret";
    open_control(world);
    const char *reply =
        ask(world, connect_tcp(world), "GET", "/metrics", "Host: gw1.example\r\nAuthorization: Bearer s3cret\r\n");
    assert_int_equal(code_of(reply), 200);
    assert_int_equal(code_of(ask(world, connect_tcp(world), "GET", "/metrics", "Host: gw1.example\r\n")), 401);
}

enum { MANY = 1000 };

// 1 000 sensors with as many values as a sensor can have: a few MB.
static struct status_sensor *many_sensors(struct world *world)
{
    static char ids[MANY][32];
    struct status_sensor *sensors = calloc(MANY, sizeof *sensors);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(ids[i], sizeof ids[i], "sensor-%04zu", i);
        sensors[i] = snapshot_sensors[0];
        sensors[i].id = ids[i];
        sensors[i].value_count = STATUS_VALUES_MAX;
        for (size_t j = 0; j < STATUS_VALUES_MAX; j++)
            sensors[i].values[j] = (struct status_value){"a_rather_long_quantity_name_c", "-12.3456789012345"};
    }
    world->status.sensors = sensors;
    world->status.sensor_count = MANY;
    return sensors;
}

static char *lengthen_names(struct status_sensor *sensors, size_t length)
{
    char *name = malloc(length + 1);
    memset(name, 'x', length);
    name[length] = '\0';
    for (size_t i = 0; i < MANY; i++)
        sensors[i].name = name;
    return name;
}

static bool is_whole(const char *reply)
{
    const char *length = strstr(reply, "\r\nContent-Length: ");
    const char *body = body_of(reply);
    size_t size = strlen(body);
    return length && strtoull(length + 18, NULL, 10) == size && size > 2000000 &&
           strcmp(body + size - 4, "}}]}") == 0 && strstr(body, "\"id\":\"sensor-0999\"");
}

static void a_thousand_sensors_fit_into_one_answer(void **state)
{
    struct world *world = *state;
    struct status_sensor *sensors = many_sensors(world);
    open_control(world);
    assert_true(is_whole(ask(world, connect_tcp(world), "GET", "/api/v1/sensors", local)));
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/sensors/sensor-0999", local)), 200);
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/metrics", local)), 200);
    free(sensors);
}

static void an_answer_past_the_maximum_is_refused_and_the_next_is_served(void **state)
{
    struct world *world = *state;
    struct status_sensor *sensors = many_sensors(world);
    char *name = lengthen_names(sensors, 20000);
    open_control(world);
    const char *reply = ask(world, connect_unix(world), "GET", "/api/v1/sensors", local);
    assert_int_equal(code_of(reply), 500);
    assert_non_null(strstr(reply, "{\"error\":\"too_large\""));
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/status", local)), 200);
    free(sensors);
    free(name);
}

static void write_request(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void clients_that_stall_hold_nobody_up_and_do_not_spin_the_loop(void **state)
{
    struct world *world = *state;
    struct status_sensor *sensors = many_sensors(world);
    open_control(world);
    int half = connect_tcp(world), unread = connect_tcp(world);
    write_request(half, "GET /api/v1/sta");
    write_request(unread, "GET /api/v1/sensors HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(code_of(ask(world, connect_tcp(world), "GET", "/api/v1/status", local)), 200);
        assert_true(world->turns < 100);
    }
    assert_true(is_whole(exchange(world, unread, NULL)));
    assert_int_equal(code_of(exchange(world, half, "tus HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")),
                     200);
    free(sensors);
}

static void clients_that_do_not_read_cannot_make_memory_grow(void **state)
{
    struct world *world = *state;
    struct status_sensor *sensors = many_sensors(world);
    char *name = lengthen_names(sensors, 5000); // an answer that the kernel's own buffers cannot swallow
    open_control(world);
    int unread[12], small = 4096;
    for (size_t i = 0; i < 12; i++) {
        unread[i] = connect_tcp(world);
        setsockopt(unread[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        write_request(unread[i], "GET /api/v1/sensors HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    const char *reply = ask(world, connect_tcp(world), "GET", "/api/v1/status", local);
    assert_int_equal(code_of(reply), 503);
    assert_non_null(strstr(reply, "\r\nRetry-After: "));
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/status", local)), 200);
    for (size_t i = 0; i < 12; i++)
        close(unread[i]);
    // The loop notices the closed connections in its next turn, before or after the first of these.
    ask(world, connect_tcp(world), "GET", "/api/v1/status", local);
    assert_int_equal(code_of(ask(world, connect_tcp(world), "GET", "/api/v1/status", local)), 200);
    free(sensors);
    free(name);
}

static void more_connections_than_allowed_wait_their_turn(void **state)
{
    struct world *world = *state;
    open_control(world);
    int idle[40];
    for (size_t i = 0; i < 40; i++)
        idle[i] = connect_tcp(world);
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/metrics", local)), 200);
    assert_true(world->turns < 200);
    for (size_t i = 0; i < 40; i++)
        close(idle[i]);
    assert_int_equal(code_of(ask(world, connect_tcp(world), "GET", "/metrics", local)), 200);
}

static void oversized_and_broken_requests_are_refused_and_others_served(void **state)
{
    struct world *world = *state;
    open_control(world);
    char *longest = malloc(100001);
    memset(longest, 'a', 100000);
    memcpy(longest, "GET /", 5);
    longest[100000] = '\0';
    const char *reply = exchange(world, connect_tcp(world), longest);
    assert_true(*reply == '\0' || code_of(reply) == 414 || code_of(reply) == 431);
    memcpy(longest, "GET / HTTP/1.1\r\nX: ", 19);
    reply = exchange(world, connect_tcp(world), longest);
    assert_true(*reply == '\0' || code_of(reply) == 431 || code_of(reply) == 413);
    // Not among them: empty lines and then nothing, which is only closed for idleness.
    static const char *const broken[] = {"GET\r\n\r\n", "\x16\x03\x01\x02\x01\xfc\x03\r\n\r\n",
                                         "GET / HTTP/9.9\r\n\r\n", ": x\r\n: y\r\n\r\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        int fd = connect_tcp(world);
        write_request(fd, broken[i]);
        shutdown(fd, SHUT_WR);
        assert_int_not_equal(code_of(exchange(world, fd, NULL)), 200);
    }
    assert_int_equal(code_of(ask(world, connect_tcp(world), "GET", "/metrics", local)), 200);
    free(longest);
}

static void a_second_gateway_on_the_same_socket_is_refused(void **state)
{
    struct world *world = *state;
    open_control(world);
    struct control *second = NULL;
    struct fault why;
    struct control_options options = world->options;
    assert_int_equal(control_create(&options, &second, &why), -EADDRINUSE);
    assert_null(second);
    assert_non_null(strstr(why.text, world->path));
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/metrics", local)), 200);
}

static void a_port_in_use_is_refused_and_leaves_no_socket_behind(void **state)
{
    struct world *world = *state;
    open_control(world);
    char listen[32], path[160];
    snprintf(listen, sizeof listen, "127.0.0.1:%u", control_port(world->control));
    snprintf(path, sizeof path, "%s/second.sock", world->folder);
    struct control_options options = world->options;
    options.listen = listen;
    options.socket = path;
    struct control *second = NULL;
    struct fault why;
    assert_int_equal(control_create(&options, &second, &why), -EADDRINUSE);
    assert_non_null(strstr(why.text, listen));
    assert_int_equal(access(path, F_OK), -1);
}

static void without_socket_and_port_there_is_just_nothing(void **state)
{
    struct world *world = *state;
    world->options.socket = "";
    world->options.listen = "";
    open_control(world);
    assert_int_equal(control_port(world->control), 0);
    control_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_address_answers_on_the_socket_and_on_the_port),
        TEST(unknown_addresses_are_404_with_a_json_error),
        TEST(other_methods_are_405_and_say_what_is_allowed),
        TEST(head_gives_the_headers_alone),
        TEST(a_connection_is_kept_for_the_next_request),
        TEST(over_tcp_a_foreign_host_is_refused),
        TEST(with_a_token_tcp_needs_it_and_the_socket_does_not),
        TEST(beyond_loopback_the_token_guards_instead_of_the_name),
        TEST(a_thousand_sensors_fit_into_one_answer),
        TEST(an_answer_past_the_maximum_is_refused_and_the_next_is_served),
        TEST(clients_that_stall_hold_nobody_up_and_do_not_spin_the_loop),
        TEST(clients_that_do_not_read_cannot_make_memory_grow),
        TEST(more_connections_than_allowed_wait_their_turn),
        TEST(oversized_and_broken_requests_are_refused_and_others_served),
        TEST(a_second_gateway_on_the_same_socket_is_refused),
        TEST(a_port_in_use_is_refused_and_leaves_no_socket_behind),
        TEST(without_socket_and_port_there_is_just_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
