// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "coap_peer.h"
#include <ifaddrs.h>
#include <netinet/in.h>

enum { URI_QUERY = 15 };

static void assert_refused(const struct message *m, int code, enum refusal refusal)
{
    unsigned before = fixture.refusals;
    struct answer answer = ask(m);
    assert_int_equal(answer.type, ACK);
    assert_int_equal(answer.code, code);
    assert_true(answer.payload_size > 0);
    assert_true(text_is_utf8(answer.payload, answer.payload_size));
    assert_int_equal(answer.options[CONTENT_FORMAT], -1);
    assert_int_equal(fixture.refusals, before + 1);
    assert_int_equal(fixture.last_refusal, refusal);
    assert_int_equal(fixture.emits, 0);
}

static void every_verdict_has_its_code(void **state)
{
    (void)state;
    static const struct {
        enum refusal refusal;
        int code;
        bool waits;
    } rows[] = {
        {REFUSAL_LENGTH, 413, false},        {REFUSAL_CHECKSUM, 400, false}, {REFUSAL_SYNTAX, 400, false},
        {REFUSAL_RANGE, 422, false},         {REFUSAL_FORMAT, 415, false},   {REFUSAL_UNKNOWN_SENSOR, 404, false},
        {REFUSAL_UNKNOWN_FIELD, 422, false}, {REFUSAL_UNIT, 422, false},     {REFUSAL_IDENTITY, 403, false},
        {REFUSAL_RATE, 429, true},           {REFUSAL_FULL, 503, true},      {REFUSAL_STORAGE, 500, false},
    };
    assert_int_equal(sizeof rows / sizeof rows[0], REFUSAL_COUNT - 1);
    fixture.verdict_text = "what was wrong";
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture.verdict = rows[i].refusal;
        struct message m = post(CON, i, "v", "readings", 110, SENML);
        struct answer answer = ask(&m);
        assert_answer(&answer, ACK, rows[i].code, i, "v");
        assert_string_equal(answer.payload, "what was wrong");
        assert_int_equal(answer.options[CONTENT_FORMAT], -1);
        assert_int_equal(answer.options[MAX_AGE] > 0, rows[i].waits);
        assert_int_equal(answer.options[SIZE1], rows[i].code == 413 ? 8192 : -1);
    }
    assert_int_equal(fixture.refusals, 0); // the host counts its own
    assert_int_equal(figure("citygw_coap_pending"), 0);
}

static void a_refusal_is_repeated_word_for_word(void **state)
{
    (void)state;
    fixture.verdict = REFUSAL_RANGE;
    fixture.verdict_text = "too hot";
    struct message m = post(CON, 1, "r", "readings", 110, SENML);
    ask(&m);
    fixture.verdict = REFUSAL_NONE;
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, 422, 1, "r");
    assert_string_equal(answer.payload, "too hot");
    assert_int_equal(fixture.emits, 0);
}

static void a_refused_non_confirmable_request_is_told_so(void **state)
{
    (void)state;
    fixture.verdict = REFUSAL_UNKNOWN_SENSOR;
    fixture.verdict_text = "who?";
    struct message m = post(NON, 1, "n", "readings", 110, SENML);
    struct answer answer = ask(&m);
    assert_answer(&answer, NON, 404, answer.id, "n");
}

static void a_diagnostic_is_cut_between_characters(void **state)
{
    (void)state;
    fixture.verdict = REFUSAL_SYNTAX;
    char text[301] = "x"; // the 200th byte is in the middle of a character
    for (int i = 0; i < 99; i++)
        memcpy(text + 1 + 3 * i, "誤", 3);
    fixture.verdict_text = text;
    struct message m = post(CON, 1, "u", "readings", 110, SENML "                                        ");
    struct answer answer = ask(&m);
    assert_int_equal(answer.payload_size, 199);
    assert_memory_equal(answer.payload, text, 199);
    answer = ask(&m);
    assert_int_equal(answer.code, 400);
}

static void a_body_beyond_the_limit_is_refused_with_the_limit(void **state)
{
    (void)state;
    fixture.settings.coap.max_body_bytes = (int64_t)strlen(SENML) - 1;
    struct message m = post(CON, 1, "l", "readings", 110, SENML);
    assert_refused(&m, 413, REFUSAL_LENGTH);
    assert_int_equal(ask(&m).options[SIZE1], (long)strlen(SENML) - 1);
    fixture.settings.coap.max_body_bytes++;
    fixture.settle_at_once = true;
    m = post(CON, 2, "l", "readings", 110, SENML);
    assert_int_equal(ask(&m).code, 204);
}

static void a_datagram_that_may_have_been_cut_is_refused(void **state)
{
    (void)state;
    char body[1800];
    memset(body, ' ', sizeof body);
    memcpy(body, SENML, strlen(SENML));
    struct message probe = post(CON, 1, "c", "readings", 110, "");
    size_t fits = 1471 - probe.size;
    body[fits] = '\0';
    struct message m = post(CON, 1, "c", "readings", 110, body);
    assert_int_equal(m.size, 1471);
    fixture.settle_at_once = true;
    assert_int_equal(ask(&m).code, 204);
    fixture.emits = 0;
    body[fits] = ' ';
    body[fits + 1] = '\0';
    m = post(CON, 2, "c", "readings", 110, body);
    assert_refused(&m, 413, REFUSAL_LENGTH);
    body[fits + 1] = ' ';
    body[fits + 200] = '\0';
    m = post(CON, 3, "c", "readings", 110, body);
    assert_refused(&m, 413, REFUSAL_LENGTH);
}

static void only_the_formats_of_senml_and_one_value_are_read(void **state)
{
    (void)state;
    const struct message refused[] = {
        post(CON, 1, "f", "readings", -1, SENML),     post(CON, 2, "f", "readings", 50, SENML),
        post(CON, 3, "f", "readings", 0, "1.5"),      post(CON, 4, "f", "readings", 65535, SENML),
        post(CON, 5, "f", "readings/bay-1", -1, "1"),
    };
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_refused(&refused[i], 415, REFUSAL_FORMAT);

    fixture.settle_at_once = true;
    const struct message taken[] = {
        post(CON, 11, "f", "readings", 110, SENML),
        post(CON, 12, "f", "readings", 112,
             "\x81\xa2\x21\x65"
             "bay-1"
             "\x02\x01"),
        post(CON, 13, "f", "readings/bay-1", 110, SENML),
        post(CON, 14, "f", "readings/bay-1", 0, "1.5"),
    };
    for (unsigned i = 0; i < sizeof taken / sizeof taken[0]; i++)
        assert_int_equal(ask(&taken[i]).code, 204);
    assert_string_equal(fixture.sensor, "bay-1");
}

static void what_the_codec_refuses_is_counted_and_explained(void **state)
{
    (void)state;
    const struct message bad[] = {
        post(CON, 1, "s", "readings", 110, "[{\"n\":"), post(CON, 2, "s", "readings", 110, ""),
        post(CON, 3, "s", "readings", 112, "\xff\xff"), post(CON, 4, "s", "readings/bay-1", 0, "about five"),
        post(CON, 5, "s", "readings", 112, "\x9f"),
    };
    struct message bare = message(CON, POST, 9, "s"); // no payload at all
    path(&bare, "readings");
    number_option(&bare, CONTENT_FORMAT, 110);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (i != 1) // an empty payload behind its marker is malformed CoAP
            assert_refused(&bad[i], 400, REFUSAL_SYNTAX);
    assert_refused(&bare, 400, REFUSAL_SYNTAX);
    assert_int_equal(ask(&bad[1]).type, RST);
}

static void other_paths_and_methods_are_told_what_is_there(void **state)
{
    (void)state;
    static const struct {
        int method;
        const char *path;
        int code;
    } rows[] = {
        {POST, "reading", 404},
        {POST, "readings/a/b", 404},
        {POST, "readings/", 404},
        {DELETE, "nowhere", 404},
        {PATCH, "nowhere", 404},
        {GET, "readings", 405},
        {DELETE, "readings", 405},
        {GET, "readings/bay-1", 405},
        {POST, "time", 405},
        {POST, "readings/b a y", 404},
        {POST, "", 404},
        {31, "nowhere", 404},
        {POST, "readings/../x", 404},
        {POST, "readings/\x01\xff", 404},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct message m = message(CON, rows[i].method, i, "p");
        path(&m, rows[i].path);
        if (strcmp(rows[i].path, "readings/") == 0)
            option(&m, URI_PATH, "", 0);
        option(&m, URI_QUERY, "a request that is long enough for words", 39); // see coap_core_test.c
        struct answer answer = ask(&m);
        assert_answer(&answer, ACK, rows[i].code, i, "p");
        assert_true(answer.payload_size > 0);
    }
    assert_int_equal(fixture.emits, 0);
}

static void proxying_and_unknown_critical_options_are_refused(void **state)
{
    (void)state;
    struct message m = message(CON, POST, 1, "x");
    path(&m, "readings");
    number_option(&m, CONTENT_FORMAT, 110);
    option(&m, PROXY_SCHEME, "coap", 4);
    payload(&m, SENML, strlen(SENML));
    assert_int_equal(ask(&m).code, 505);
    m = message(CON, POST, 3, "x");
    option(&m, 9, "", 0); // OSCORE
    path(&m, "readings");
    assert_int_equal(ask(&m).code, 402);
    assert_int_equal(fixture.emits, 0);
}

static struct message ask_time(unsigned id, int accept)
{
    struct message m = message(CON, GET, id, "t");
    path(&m, "time");
    if (accept >= 0)
        number_option(&m, ACCEPT, (unsigned)accept);
    return m;
}

static void the_time_is_told_while_it_is_known(void **state)
{
    (void)state;
    struct message m = ask_time(1, -1);
    struct answer answer = ask(&m);
    assert_int_equal(answer.code, 205);
    assert_int_equal(answer.options[CONTENT_FORMAT], 0);
    assert_int_equal(answer.options[MAX_AGE], 0);
    assert_string_equal(answer.payload, "2026-11-22T03:04:05.678Z");

    m = ask_time(2, 60);
    answer = ask(&m);
    assert_int_equal(answer.code, 205);
    assert_int_equal(answer.options[CONTENT_FORMAT], 60);
    uint32_t seconds = htonl((uint32_t)(fixture.wall_us / 1000000));
    assert_int_equal(answer.payload_size, 6);
    assert_memory_equal(answer.payload, "\xc1\x1a", 2);
    assert_memory_equal(answer.payload + 2, &seconds, 4);

    m = ask_time(3, 110);
    assert_int_equal(ask(&m).code, 406);
    fixture.synchronised = false;
    m = ask_time(4, -1);
    answer = ask(&m);
    assert_int_equal(answer.code, 503);
    assert_true(answer.options[MAX_AGE] > 0);
}

// An IPv4 address of this machine that is not loopback: what is sent to it also comes from it.
static bool own_address(char ret_host[INET_ADDRSTRLEN])
{
    struct ifaddrs *all = NULL;
    bool found = false;
    if (getifaddrs(&all) < 0)
        return false;
    for (const struct ifaddrs *at = all; at && !found; at = at->ifa_next) {
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET)
            continue;
        const struct sockaddr_in *address = (const struct sockaddr_in *)at->ifa_addr;
        found = (ntohl(address->sin_addr.s_addr) >> 24) != 127;
        inet_ntop(AF_INET, &address->sin_addr, ret_host, INET_ADDRSTRLEN);
    }
    freeifaddrs(all);
    return found;
}

static int set_up_everywhere(void **state)
{
    (void)state;
    make_driver("0.0.0.0");
    size_t size = strlen(fixture.listen);
    snprintf(fixture.listen + size, sizeof fixture.listen - size, " [::]:%u", fixture.port);
    open_made_driver();
    return 0;
}

static void plain_requests_from_beyond_need_permission(void **state)
{
    (void)state;
    char host[INET_ADDRSTRLEN];
    if (!own_address(host))
        skip();
    close(fixture.peer);
    fixture.peer = connect_to(host, fixture.port);
    struct message m = post(CON, 1, "o", "readings", 110, SENML), time = ask_time(2, -1);
    assert_refused(&m, 401, REFUSAL_IDENTITY);
    assert_int_equal(ask(&time).code, 401);
    for (unsigned i = 0; i < 4; i++) {
        struct message efento = post(CON, 3 + i, "e", (const char *[]){"m", "i", "c", "t"}[i], -1, "x");
        assert_int_equal(ask(&efento).code, 401);
    }

    fixture.settings.coap.allow_plain = true;
    fixture.settle_at_once = true;
    assert_int_equal(ask(&m).code, 204);
    assert_true(fixture.unauthenticated);
    assert_int_equal(ask(&time).code, 205);
}

static void both_families_are_heard_on_one_port(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message m = post(CON, 1, "4", "readings", 110, SENML);
    assert_int_equal(ask(&m).code, 204);
    assert_int_equal(figure("citygw_coap_sockets"), 2);

    struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_port = htons(fixture.port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    close(fixture.peer);
    fixture.peer = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fixture.peer < 0 || connect(fixture.peer, (struct sockaddr *)&address, sizeof address) < 0)
        skip();
    assert_int_equal(ask(&m).code, 204);
    assert_false(fixture.unauthenticated);
    assert_int_equal(fixture.emits, 2);
}

static int set_up_closed(void **state)
{
    (void)state;
    make_driver("127.0.0.1");
    return 0;
}

static int set_up_v6_only(void **state)
{
    (void)state;
    make_driver("[::]");
    open_made_driver();
    return 0;
}

static void ipv4_loopback_through_an_ipv6_socket_is_loopback(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message m = post(CON, 1, "m", "readings", 110, SENML);
    assert_int_equal(ask(&m).code, 204);
    assert_false(fixture.unauthenticated);
}

static void a_port_in_use_is_a_fault_even_when_it_could_be_shared(void **state)
{
    (void)state;
    int on = 1, holder = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(holder, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(fixture.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(holder, (struct sockaddr *)&address, sizeof address), 0);
    struct fault why = {0};
    assert_int_equal(driver_coap.open(fixture.driver, &why), -EADDRINUSE);
    assert_non_null(strstr(why.text, fixture.listen));
    close(holder);
    assert_int_equal(driver_coap.open(fixture.driver, &why), 0);
}

static void an_address_that_is_none_is_a_fault(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "127.0.0.1", "127.0.0.1:0",     "127.0.0.1:65536", "host.example:5683", ":5683",
        "[::1:5683", "127.0.0.1:5683x", "[127.0.0.1]:",    "\x1b[31m:5683",
    };
    struct fault why = {0};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        fixture.settings.coap.listen = wrong[i];
        assert_int_equal(driver_coap.open(fixture.driver, &why), -EINVAL);
        assert_null(strchr(why.text, '\x1b'));
    }
    fixture.settings.coap.listen = "192.0.2.1:5683"; // not ours
    assert_int_equal(driver_coap.open(fixture.driver, &why), -EADDRNOTAVAIL);
    fixture.settings.coap.listen = "[2001:db8::1]:5683"; // alone, so nothing would be heard
    assert_true(driver_coap.open(fixture.driver, &why) < 0);

    char both[64];
    snprintf(both, sizeof both, "  [2001:db8::1]:5683  127.0.0.1:%u ", fixture.port);
    fixture.settings.coap.listen = both;
    assert_int_equal(driver_coap.open(fixture.driver, &why), 0);
    assert_int_equal(figure("citygw_coap_sockets"), 1);
}

#define WITH_DRIVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DRIVER(every_verdict_has_its_code),
        WITH_DRIVER(a_refusal_is_repeated_word_for_word),
        WITH_DRIVER(a_refused_non_confirmable_request_is_told_so),
        WITH_DRIVER(a_diagnostic_is_cut_between_characters),
        WITH_DRIVER(a_body_beyond_the_limit_is_refused_with_the_limit),
        WITH_DRIVER(a_datagram_that_may_have_been_cut_is_refused),
        WITH_DRIVER(only_the_formats_of_senml_and_one_value_are_read),
        WITH_DRIVER(what_the_codec_refuses_is_counted_and_explained),
        WITH_DRIVER(other_paths_and_methods_are_told_what_is_there),
        WITH_DRIVER(proxying_and_unknown_critical_options_are_refused),
        WITH_DRIVER(the_time_is_told_while_it_is_known),
        cmocka_unit_test_setup_teardown(plain_requests_from_beyond_need_permission, set_up_everywhere, tear_down),
        cmocka_unit_test_setup_teardown(both_families_are_heard_on_one_port, set_up_everywhere, tear_down),
        cmocka_unit_test_setup_teardown(ipv4_loopback_through_an_ipv6_socket_is_loopback, set_up_v6_only, tear_down),
        cmocka_unit_test_setup_teardown(a_port_in_use_is_a_fault_even_when_it_could_be_shared, set_up_closed,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_address_that_is_none_is_a_fault, set_up_closed, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
