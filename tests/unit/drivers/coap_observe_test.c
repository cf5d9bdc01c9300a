// SPDX-License-Identifier: Apache-2.0
#include "coap_observe_link.h"
#include "coap_observe_uri.h"
#include "coap_peer.h"

/*
 * The driver that observes, against a server made of bytes, and a host whose clock moves when the test says so.
 */

extern const struct driver driver_observe;

enum { OBSERVE = 6, URI_HOST = 3, URI_QUERY = 15, BLOCK2 = 23 };

static struct {
    int socket;
    struct sockaddr_in client; // where the last request came from
    char uri[80];
    struct settings_sensor sensors[2];
    struct settings_device device;
    void *driver;
    unsigned opened, failed, emits, refused;
    enum refusal last_refusal;
    struct fault fault;
    char sensor[80];
    bool boolean, may_repeat, unauthenticated;
} server;

static enum refusal keep(void *context, const struct driver_pack *pack, struct fault *why)
{
    (void)context, (void)why;
    server.emits++;
    strcpy(server.sensor, pack->sensor ? pack->sensor : "");
    server.boolean = pack->raw->values[0].boolean;
    server.may_repeat = pack->may_repeat;
    server.unauthenticated = pack->unauthenticated;
    return REFUSAL_NONE;
}

static void count_refused(void *context, enum refusal refusal, const struct fault *why)
{
    (void)context, (void)why;
    server.refused++;
    server.last_refusal = refusal;
}

static void count_opened(void *context)
{
    (void)context;
    server.opened++;
}

static void close_failed(void *context, const struct fault *why)
{
    (void)context;
    server.failed++;
    server.fault = *why;
    driver_observe.close(server.driver);
}

static void make(const char *uri, size_t sensors)
{
    struct fixture *f = &fixture;
    struct fault why = {0};
    memset(f, 0, sizeof *f);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->boot_us = INT64_C(1000) * 1000000;
    f->clock = (struct clock){.wall_us = held_wall, .boot_us = held_boot, .synchronised = held_synchronised};
    snprintf(server.uri, sizeof server.uri, "%s", uri);
    for (size_t i = 0; i < sensors; i++)
        server.sensors[i] = (struct settings_sensor){.id = i ? "bay-2" : "bay-1",
                                                     .source = server.uri,
                                                     .source_type = SOURCE_COAP_OBSERVE,
                                                     .address = i ? "bay-2" : "bay-1",
                                                     .device = "meter",
                                                     .codec = "",
                                                     .stale_after_us = INT64_C(600) * 1000000};
    f->settings.coap.max_body_bytes = 8192;
    f->settings.sensor = server.sensors;
    f->settings.sensor_count = sensors;
    f->host = (struct driver_host){.context = f,
                                   .clock = &f->clock,
                                   .loop = &f->loop,
                                   .emit = keep,
                                   .refused = count_refused,
                                   .opened = count_opened,
                                   .failed = close_failed};
    assert_int_equal(driver_observe.create(&f->settings, server.uri, &f->host, &server.driver, &why), 0);
    assert_int_equal(driver_observe.open(server.driver, &why), -EINPROGRESS);
}

static int set_up_server(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char uri[80];
    memset(&server, 0, sizeof server);
    server.socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(server.socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(server.socket, (struct sockaddr *)&address, &size), 0);
    snprintf(uri, sizeof uri, "coap://localhost:%u/bays/1?unit=x", ntohs(address.sin_port));
    make(uri, 1);
    return 0;
}

static int tear_down_server(void **state)
{
    (void)state;
    driver_observe.destroy(server.driver);
    close(server.socket);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture.loop), 0);
    return 0;
}

static struct answer request(void)
{
    socklen_t size = sizeof server.client;
    uint8_t byte;
    if (!wait_for_datagram(server.socket))
        fail_msg("no request came");
    recvfrom(server.socket, &byte, 1, MSG_PEEK, (struct sockaddr *)&server.client, &size);
    return receive(server.socket);
}

static bool hears_nothing(void)
{
    uint8_t byte;
    for (int i = 0; i < 20; i++)
        uv_run(&fixture.loop, UV_RUN_NOWAIT);
    return recv(server.socket, &byte, 1, MSG_PEEK) < 0;
}

static void reply(const struct message *m)
{
    assert_int_equal(
        sendto(server.socket, m->bytes, m->size, 0, (struct sockaddr *)&server.client, sizeof server.client),
        (ssize_t)m->size);
}

static struct message with_token(int type, int code, unsigned id, const struct answer *asked)
{
    char token[9] = "";
    memcpy(token, "12345678", asked->token_size);
    struct message m = message(type, code, id, token);
    memcpy(m.bytes + 4, asked->token, asked->token_size);
    return m;
}

// 2.05 with a value; observe and max_age below 0: without that option.
static struct message content(int type, unsigned id, const struct answer *asked, long observe, long max_age, bool value)
{
    struct message m = with_token(type, 0x45, id, asked);
    if (observe >= 0)
        number_option(&m, OBSERVE, (unsigned)observe);
    number_option(&m, CONTENT_FORMAT, 110);
    if (max_age >= 0)
        number_option(&m, MAX_AGE, (unsigned)max_age);
    const char *body = value ? SENML : "[{\"n\":\"bay-1:occupied\",\"vb\":false}]";
    payload(&m, body, strlen(body));
    return m;
}

static void wait_for(const unsigned *count, unsigned wanted)
{
    for (uint64_t end = uv_hrtime() + UINT64_C(5000000000); *count < wanted && uv_hrtime() < end;)
        uv_run(&fixture.loop, UV_RUN_ONCE);
    assert_int_equal(*count, wanted);
}

// Registered, with one value.
static struct answer begin_observing(long observe, long max_age)
{
    struct answer asked = request();
    struct message m = content(ACK, asked.id, &asked, observe, max_age, true);
    reply(&m);
    wait_for(&server.emits, 1);
    assert_int_equal(server.opened, 1);
    return asked;
}

static void pass(int64_t seconds)
{
    fixture.boot_us += seconds * 1000000;
}

static void it_asks_to_be_told_of_changes(void **state)
{
    (void)state;
    struct answer asked = request();
    assert_int_equal(asked.type, CON);
    assert_int_equal(asked.code, GET);
    assert_int_equal(asked.token_size, 8);
    assert_int_equal(asked.options[OBSERVE], 0);
    assert_int_equal(asked.options[URI_HOST], -1);
    assert_int_equal(asked.options[URI_PATH], '1'); // the last of two
    assert_int_equal(asked.options[URI_QUERY], 0x756e69743d78);
    assert_int_equal(server.opened, 0);
}

static void what_is_told_later_is_taken_in_its_order(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    assert_string_equal(server.sensor, "bay-1");
    assert_true(server.boolean);
    assert_true(server.may_repeat);
    assert_false(server.unauthenticated);
    struct message m = content(CON, 500, &asked, 12, 60, false);
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 2);
    assert_false(server.boolean);
    m = content(CON, 501, &asked, 11, 60, true); // overtaken on its way
    reply(&m);
    assert_int_equal(request().type, ACK);
    m = content(CON, 502, &asked, 12, 60, true); // a copy
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 2);
    m = content(CON, 503, &asked, 13, 60, true);
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 3);
}

static void a_stranger_to_the_token_is_reset(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    asked.token[0] ^= 1;
    struct message m = content(CON, 500, &asked, 12, 60, false);
    reply(&m);
    struct answer reset = request();
    assert_int_equal(reset.type, RST);
    assert_int_equal(reset.id, 500);
    assert_int_equal(server.emits, 1);
}

static void what_is_too_old_is_asked_for_again_with_the_same_token(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    pass(64);
    assert_true(hears_nothing());
    pass(12); // Max-Age and 15 s
    struct answer again = request();
    assert_int_equal(again.options[OBSERVE], 0);
    assert_memory_equal(again.token, asked.token, 8);
    assert_int_not_equal(again.id, asked.id);
    struct message m = content(ACK, again.id, &again, 3, 60, false); // it restarted, and counts anew
    reply(&m);
    wait_for(&server.emits, 2);
    m = content(CON, 700, &again, 4, 60, true);
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 3);
    assert_int_equal(server.opened, 1);
}

static void silence_is_not_trusted_for_longer_than_half_of_stale_after(void **state)
{
    (void)state;
    begin_observing(10, 86400);
    pass(299);
    assert_true(hears_nothing());
    pass(2);
    assert_int_equal(request().options[OBSERVE], 0);
}

static void a_number_that_goes_back_is_asked_about(void **state)
{
    (void)state;
    struct answer asked = begin_observing(1000, 86400);
    struct message m = content(NON, 500, &asked, 2, 86400, false);
    reply(&m);
    assert_true(hears_nothing());
    pass(6);
    assert_int_equal(request().options[OBSERVE], 0);
    assert_int_equal(server.emits, 1);
}

static void an_answer_that_comes_later_is_known_by_its_number(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    pass(76);
    struct answer again = request();
    struct message m = message(ACK, 0, again.id, "");
    reply(&m);
    m = content(CON, 700, &asked, 10, 60, true); // nothing has changed
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 2);
    pass(50); // it was the answer: nothing is due before its Max-Age
    assert_true(hears_nothing());
    pass(26);
    again = request();
    m = message(ACK, 0, again.id, "");
    reply(&m);
    m = content(CON, 701, &asked, 2, 60, true); // it restarted, or this is an old one
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 2);
    m = content(CON, 702, &asked, 3, 60, false); // it restarted
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 3);
    assert_int_equal(server.failed, 0);
}

static void who_is_busy_says_when_to_come_again(void **state)
{
    (void)state;
    struct answer asked = request();
    struct message m = with_token(ACK, 0xa3, asked.id, &asked);
    number_option(&m, MAX_AGE, 120);
    reply(&m);
    wait_for(&server.refused, 1);
    assert_int_equal(server.last_refusal, REFUSAL_FULL);
    pass(119);
    assert_true(hears_nothing());
    pass(2);
    assert_int_equal(request().options[OBSERVE], 0);
    assert_int_equal(server.failed, 0);
}

static void a_copy_without_a_number_is_no_second_state(void **state)
{
    (void)state;
    struct answer asked = begin_observing(-1, 600);
    struct message m = content(NON, 700, &asked, -1, 600, true);
    reply(&m);
    assert_true(hears_nothing());
    assert_int_equal(server.emits, 1);
}

static void a_late_acknowledgement_is_ignored_in_silence(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    asked.token[0] ^= 1;
    struct message m = content(ACK, 4711, &asked, 12, 60, false);
    reply(&m);
    assert_true(hears_nothing());
    assert_int_equal(server.emits, 1);
}

static void what_was_sent_before_an_answer_is_not_taken_for_it(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    pass(76);
    struct answer again = request();
    struct message m = content(CON, 700, &asked, 9, 60, false); // an old one, late
    reply(&m);
    assert_int_equal(request().type, ACK);
    assert_int_equal(server.emits, 1);
    m = content(CON, 701, &asked, 12, 60, false); // a new one overtakes the answer
    reply(&m);
    assert_int_equal(request().type, ACK);
    m = content(ACK, again.id, &again, 11, 60, true);
    reply(&m);
    assert_true(hears_nothing());
    assert_int_equal(server.emits, 2);
    assert_false(server.boolean);
}

static void who_does_not_tell_of_changes_is_asked_when_his_answer_is_old(void **state)
{
    (void)state;
    begin_observing(-1, 30);
    pass(29);
    assert_true(hears_nothing());
    pass(2);
    struct answer again = request();
    struct message m = content(ACK, again.id, &again, -1, 0, false);
    reply(&m);
    wait_for(&server.emits, 2);
    pass(9); // not without end, whatever it says
    assert_true(hears_nothing());
    pass(2);
    request();
}

static void a_device_profile_says_how_often_it_is_asked(void **state)
{
    (void)state;
    driver_observe.destroy(server.driver);
    server.device = (struct settings_device){.name = "meter", .poll_us = 3000000};
    struct answer asked = request();
    fixture.settings.device = &server.device;
    fixture.settings.device_count = 1;
    struct fault why;
    assert_int_equal(driver_observe.create(&fixture.settings, server.uri, &fixture.host, &server.driver, &why), 0);
    assert_int_equal(driver_observe.open(server.driver, &why), -EINPROGRESS);
    asked = request();
    struct message m = content(ACK, asked.id, &asked, -1, 600, true);
    reply(&m);
    wait_for(&server.emits, 1);
    pass(4);
    request();
}

static void an_error_ends_it_with_its_words(void **state)
{
    (void)state;
    struct answer asked = request();
    struct message m = with_token(ACK, 0x84, asked.id, &asked);
    payload(&m, "no such bay\n", 12);
    reply(&m);
    wait_for(&server.failed, 1);
    assert_string_equal(server.fault.text, "the sensor answers 4.04 no such bay\\x0a; expected 2.05");
    assert_int_equal(server.opened, 0);
}

static void a_reset_ends_it(void **state)
{
    (void)state;
    struct answer asked = request();
    struct message m = message(RST, 0, asked.id, "");
    reply(&m);
    wait_for(&server.failed, 1);
    assert_non_null(strstr(server.fault.text, "resets the request"));
}

static void an_empty_ack_alone_is_no_answer(void **state)
{
    (void)state;
    struct answer asked = request();
    struct message m = message(ACK, 0, asked.id, "");
    reply(&m);
    pass(119);
    assert_true(hears_nothing());
    assert_int_equal(server.failed, 0);
    pass(2);
    wait_for(&server.failed, 1);
}

static void an_answer_that_comes_later_is_taken(void **state)
{
    (void)state;
    struct answer asked = request();
    struct message m = message(ACK, 0, asked.id, "");
    reply(&m);
    m = content(CON, 900, &asked, 5, 60, true);
    reply(&m);
    struct answer acknowledged = request();
    assert_int_equal(acknowledged.type, ACK);
    assert_int_equal(acknowledged.id, 900);
    assert_int_equal(server.emits, 1);
    assert_int_equal(server.opened, 1);
}

static void what_cannot_be_read_is_counted_and_ends_nothing(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    struct message m = with_token(NON, 0x45, 600, &asked);
    number_option(&m, OBSERVE, 11);
    number_option(&m, CONTENT_FORMAT, 110);
    payload(&m, "[{", 2);
    reply(&m);
    wait_for(&server.refused, 1);
    assert_int_equal(server.last_refusal, REFUSAL_SYNTAX);
    m = with_token(NON, 0x45, 601, &asked);
    number_option(&m, OBSERVE, 12);
    number_option(&m, CONTENT_FORMAT, 60);
    payload(&m, "x", 1);
    reply(&m);
    wait_for(&server.refused, 2);
    assert_int_equal(server.last_refusal, REFUSAL_FORMAT);
    m = content(NON, 603, &asked, 14, 60, false);
    reply(&m);
    wait_for(&server.emits, 2);
    assert_int_equal(server.failed, 0);
}

// Block `number` of 16 bytes of SENML; observe below 0: without that option.
static struct message part(int type, unsigned id, const struct answer *asked, long observe, unsigned number)
{
    size_t begin = 16 * number, size = strlen(SENML), left = size - begin;
    struct message m = with_token(type, 0x45, id, asked);
    if (observe >= 0)
        number_option(&m, OBSERVE, (unsigned)observe);
    number_option(&m, CONTENT_FORMAT, 110);
    number_option(&m, BLOCK2, number << 4 | (left > 16 ? 8 : 0));
    payload(&m, SENML + begin, left > 16 ? 16 : left);
    return m;
}

static struct answer next_part(const struct answer *asked, unsigned number)
{
    struct answer next = request();
    assert_int_equal(next.type, CON);
    assert_int_equal(next.code, GET);
    assert_int_equal(next.options[OBSERVE], -1);
    assert_int_equal(next.options[BLOCK2], number << 4);
    assert_memory_not_equal(next.token, asked->token, 8);
    return next;
}

static void an_answer_in_parts_is_put_together(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    struct message m = part(NON, 600, &asked, 11, 0);
    reply(&m);
    struct answer next = next_part(&asked, 1);
    m = part(ACK, next.id, &next, -1, 1);
    reply(&m);
    next = next_part(&asked, 2);
    assert_int_equal(server.emits, 1);
    m = part(ACK, next.id, &next, -1, 2);
    reply(&m);
    wait_for(&server.emits, 2);
    m = content(NON, 601, &asked, 11, 60, false); // as old as the parts
    reply(&m);
    assert_true(hears_nothing());
    assert_int_equal(server.emits, 2);
}

static void parts_of_an_older_state_are_left(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    struct message m = part(NON, 600, &asked, 11, 0);
    reply(&m);
    struct answer next = next_part(&asked, 1);
    m = content(NON, 601, &asked, 12, 60, false);
    reply(&m);
    wait_for(&server.emits, 2);
    m = part(CON, 602, &next, -1, 1);
    reply(&m);
    assert_int_equal(request().type, RST);
    assert_int_equal(server.emits, 2);
    assert_false(server.boolean);
}

static void the_first_part_once_more_is_no_later_part(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    struct message m = part(NON, 600, &asked, 11, 0);
    reply(&m);
    struct answer next = next_part(&asked, 1);
    m = part(ACK, next.id, &next, -1, 0);
    reply(&m);
    wait_for(&server.refused, 1);
    assert_true(hears_nothing());
    pass(6); // and then the whole is asked for again
    assert_int_equal(request().options[OBSERVE], 0);
}

static void a_missing_part_is_told(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    struct message m = part(NON, 600, &asked, 11, 0);
    reply(&m);
    struct answer next = next_part(&asked, 1);
    m = part(ACK, next.id, &next, -1, 2);
    reply(&m);
    wait_for(&server.refused, 1);
    assert_int_equal(server.last_refusal, REFUSAL_LENGTH);
    assert_int_equal(server.failed, 0);
}

static void closing_says_that_nothing_more_is_wanted(void **state)
{
    (void)state;
    struct answer asked = begin_observing(10, 60);
    driver_observe.close(server.driver);
    struct answer last = request();
    assert_int_equal(last.type, NON);
    assert_int_equal(last.options[OBSERVE], 1);
    assert_memory_equal(last.token, asked.token, 8);
}

static void sensors_that_share_a_resource_are_told_apart_by_names(void **state)
{
    (void)state;
    driver_observe.destroy(server.driver);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture.loop), 0);
    uint8_t bytes[100];
    assert_true(recv(server.socket, bytes, sizeof bytes, 0) > 0);
    char uri[80];
    strcpy(uri, server.uri);
    make(uri, 2);
    begin_observing(10, 60);
    assert_string_equal(server.sensor, "");
}

static void a_host_that_nobody_knows_is_told(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    server.socket = -1;
    make("coap://no..host/x", 1);
    wait_for(&server.failed, 1);
    assert_non_null(strstr(server.fault.text, "the host no..host is not known"));
    driver_observe.destroy(server.driver);
    uv_run(&fixture.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture.loop), 0);
}

static void ignore_answer(void *context, const struct observe_answer *answer)
{
    (void)context, (void)answer;
}

static void ignore_silence(void *context, enum observe_silence silence)
{
    (void)context, (void)silence;
}

static void a_name_goes_with_the_request(void **state)
{
    (void)state;
    static const struct observe_link_events events = {.answer = ignore_answer, .unanswered = ignore_silence};
    struct observe_link *link;
    struct fault why;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    request();
    assert_int_equal(getsockname(server.socket, (struct sockaddr *)&address, &size), 0);
    struct observe_target target = {.address_size = size, .host = "a.b", .path = "/x%2fy/"};
    memcpy(&target.address, &address, size);
    assert_int_equal(link_open(&fixture.loop, &target, &events, &link, &why), 0);
    assert_int_equal(link_register(link), 0);
    struct answer asked = request();
    assert_int_equal(asked.options[URI_HOST], 0x612e62);
    assert_int_equal(asked.options[URI_PATH], 0); // the empty last one
    link_close(link);
}

static void only_addresses_of_single_machines_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *source, *identity, *said;
    } wrong[] = {
        {"coap://224.0.1.187/x", "", "group"},
        {"coap://[ff02::fd]/x", "", "group"},
        {"coap://255.255.255.255/x", "", "group"},
        {"coap://0.0.0.0/x", "", "group"},
        {"coap://10.0.0.5", "", "names no resource"},
        {"coap://10.0.0.5/x#y", "", "cannot be asked for"},
        {"coap://10.0.0.5/a%zz/b", "", "cannot be asked for"},
        {"coap://10.0.0.5/x", "kerb", "coaps://"},
        {"coaps://10.0.0.5/x", "", "psk_identity"},
        {"coaps://10.0.0.5/x", "kerb", "psk_file"},
    };
    struct settings settings = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct settings_sensor sensor = {.source = wrong[i].source, .psk_identity = wrong[i].identity};
        struct observe_uri uri;
        struct fault why = {""};
        assert_true(observe_uri_read(&settings, &sensor, &uri, &why) < 0);
        if (!strstr(why.text, wrong[i].said))
            fail_msg("%s: %s", wrong[i].source, why.text);
    }
    struct settings_sensor sensor = {.source = "coap://[2001:db8::1]/a/b?c"};
    struct observe_uri uri;
    assert_int_equal(observe_uri_read(&settings, &sensor, &uri, NULL), 0);
    assert_string_equal(uri.host, "2001:db8::1");
    assert_string_equal(uri.port, "5683");
    assert_string_equal(uri.path, "/a/b?c");
    assert_false(uri.is_name);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up_server, tear_down_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(it_asks_to_be_told_of_changes),
        WITH_SERVER(what_is_told_later_is_taken_in_its_order),
        WITH_SERVER(a_stranger_to_the_token_is_reset),
        WITH_SERVER(what_is_too_old_is_asked_for_again_with_the_same_token),
        WITH_SERVER(silence_is_not_trusted_for_longer_than_half_of_stale_after),
        WITH_SERVER(a_number_that_goes_back_is_asked_about),
        WITH_SERVER(an_answer_that_comes_later_is_known_by_its_number),
        WITH_SERVER(who_is_busy_says_when_to_come_again),
        WITH_SERVER(a_copy_without_a_number_is_no_second_state),
        WITH_SERVER(a_late_acknowledgement_is_ignored_in_silence),
        WITH_SERVER(what_was_sent_before_an_answer_is_not_taken_for_it),
        WITH_SERVER(who_does_not_tell_of_changes_is_asked_when_his_answer_is_old),
        WITH_SERVER(a_device_profile_says_how_often_it_is_asked),
        WITH_SERVER(an_error_ends_it_with_its_words),
        WITH_SERVER(a_reset_ends_it),
        WITH_SERVER(an_empty_ack_alone_is_no_answer),
        WITH_SERVER(an_answer_that_comes_later_is_taken),
        WITH_SERVER(what_cannot_be_read_is_counted_and_ends_nothing),
        WITH_SERVER(an_answer_in_parts_is_put_together),
        WITH_SERVER(parts_of_an_older_state_are_left),
        WITH_SERVER(the_first_part_once_more_is_no_later_part),
        WITH_SERVER(a_missing_part_is_told),
        WITH_SERVER(closing_says_that_nothing_more_is_wanted),
        WITH_SERVER(sensors_that_share_a_resource_are_told_apart_by_names),
        WITH_SERVER(a_name_goes_with_the_request),
        cmocka_unit_test(a_host_that_nobody_knows_is_told),
        cmocka_unit_test(only_addresses_of_single_machines_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
