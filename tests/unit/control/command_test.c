// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include "base/json.h"

/*
 * Questions and orders that the core answers: who may give them, what it is handed, and what its refusals look like.
 */

struct commander {
    char verb[32], arguments[1024];
    unsigned calls;
    int error;
};

static int take(void *context, const char *verb, const char *arguments, size_t size, struct bytes *ret_answer,
                struct fault *why)
{
    struct commander *commander = context;
    commander->calls++;
    snprintf(commander->verb, sizeof commander->verb, "%s", verb);
    snprintf(commander->arguments, sizeof commander->arguments, "%.*s", (int)size, arguments);
    bytes_text(ret_answer, "{\"took\":true}");
    return commander->error ? fault_set(why, commander->error, "the \"from\" is no time") : 0;
}

static void open_with(struct world *world, struct commander *commander)
{
    world->options.commander = commander;
    world->options.command = take;
    open_control(world);
}

static const char *post(struct world *world, int fd, const char *path, const char *headers, const char *body)
{
    char request[4096];
    snprintf(request, sizeof request, "POST %s HTTP/1.1\r\n%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s", path,
             headers, strlen(body), body);
    return exchange(world, fd, request);
}

static const char ours[] = "Host: localhost\r\nX-Requested-With: citygw\r\n";
static const char order[] = "{\"from\":\"2026-11-22T00:00:00Z\"}";

static void a_question_is_handed_over_with_its_argument_as_json(void **state)
{
    struct world *world = *state;
    struct commander commander = {0};
    open_with(world, &commander);
    const char *reply = ask(world, connect_unix(world), "GET", "/api/v1/loss", local);
    assert_int_equal(code_of(reply), 200);
    assert_string_equal(body_of(reply), "{\"took\":true}");
    assert_string_equal(commander.verb, "loss");
    assert_string_equal(commander.arguments, "");
    reply = ask(world, connect_tcp(world), "GET", "/api/v1/report?day=2026-11-24%22&x=1", local);
    assert_int_equal(code_of(reply), 200);
    assert_string_equal(commander.verb, "report");
    assert_string_equal(commander.arguments, "{\"day\":\"2026-11-24\\\"\"}");
}

static void an_order_needs_post_and_our_header(void **state)
{
    static const struct {
        const char *method, *headers;
        int code;
    } cases[] = {
        {"POST", local, 403},
        {"POST", "Host: localhost\r\nX-Requested-With: XMLHttpRequest\r\n", 403},
        {"POST", "Host: evil.example\r\nX-Requested-With: citygw\r\n", 403},
        {"GET", ours, 405},
        {"PUT", ours, 405},
    };
    struct world *world = *state;
    struct commander commander = {0};
    open_with(world, &commander);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(code_of(ask(world, connect_tcp(world), cases[i].method, "/api/v1/replay", cases[i].headers)),
                         cases[i].code);
    assert_int_equal(code_of(post(world, connect_unix(world), "/api/v1/replay", "Host: x\r\n", order)), 403);
    assert_int_equal(commander.calls, 0);
    assert_int_equal(code_of(post(world, connect_unix(world), "/api/v1/replay", ours, order)), 200);
    assert_int_equal(code_of(post(world, connect_tcp(world), "/api/v1/replay", ours, order)), 200);
    assert_int_equal(commander.calls, 2);
    assert_string_equal(commander.verb, "replay");
    assert_string_equal(commander.arguments, order);
}

static void with_a_token_an_order_needs_no_other_header(void **state)
{
    struct world *world = *state;
    struct commander commander = {0};
    world->options.token = "s3cret";
    open_with(world, &commander);
    assert_int_equal(code_of(post(world, connect_tcp(world), "/api/v1/replay", ours, order)), 401);
    assert_int_equal(commander.calls, 0);
    assert_int_equal(code_of(post(world, connect_tcp(world), "/api/v1/replay",
                                  "Host: localhost\r\nAuthorization: Bearer s3cret\r\n", order)),
                     200);
    // The socket asks for no token, so there the header is what keeps strangers out.
    assert_int_equal(code_of(post(world, connect_unix(world), "/api/v1/replay", "Host: x\r\n", order)), 403);
    assert_int_equal(commander.calls, 1);
}

static void what_the_core_refuses_has_a_code_and_a_sentence(void **state)
{
    static const struct {
        int error, code;
        const char *word;
    } cases[] = {
        {-EINVAL, 400, "bad_request"}, {-ENOENT, 404, "not_found"}, {-ENOSYS, 501, "unknown"}, {-EBUSY, 503, "busy"}};
    struct world *world = *state;
    struct commander commander = {0};
    open_with(world, &commander);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[128];
        commander.error = cases[i].error;
        const char *reply = post(world, connect_unix(world), "/api/v1/replay", ours, order);
        snprintf(expected, sizeof expected, "{\"error\":\"%s\",\"message\":\"the \\\"from\\\" is no time\"}",
                 cases[i].word);
        assert_int_equal(code_of(reply), cases[i].code);
        assert_string_equal(body_of(reply), expected);
    }
}

static void an_order_past_the_maximum_is_refused_and_the_next_is_served(void **state)
{
    enum { LARGE = 80 << 10 };
    struct world *world = *state;
    struct commander commander = {0};
    open_with(world, &commander);
    char *request = malloc(LARGE + 256);
    int head = snprintf(
        request, 256, "POST /api/v1/replay HTTP/1.1\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n", ours, LARGE);
    memset(request + head, ' ', LARGE);
    request[head + LARGE] = '\0';
    assert_int_equal(code_of(exchange(world, connect_unix(world), request)), 413);
    free(request);
    assert_int_equal(commander.calls, 0);
    assert_int_equal(code_of(post(world, connect_unix(world), "/api/v1/replay", ours, order)), 200);
}

static void without_a_commander_there_is_none(void **state)
{
    struct world *world = *state;
    open_control(world);
    assert_int_equal(code_of(ask(world, connect_unix(world), "GET", "/api/v1/loss", local)), 501);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_is_handed_over_with_its_argument_as_json),
        TEST(an_order_needs_post_and_our_header),
        TEST(with_a_token_an_order_needs_no_other_header),
        TEST(what_the_core_refuses_has_a_code_and_a_sentence),
        TEST(an_order_past_the_maximum_is_refused_and_the_next_is_served),
        TEST(without_a_commander_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
