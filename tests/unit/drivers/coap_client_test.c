// SPDX-License-Identifier: Apache-2.0
#include "coap_peer.h"
#include "drivers/coap_client.h"

enum { ANSWERS_MAX = 128 };

static struct {
    unsigned count;
    uint64_t tickets[ANSWERS_MAX];
    int codes[ANSWERS_MAX];
    char diagnostic[300];
    struct coap_client *posts_again;
} answers;

static struct coap_client *client;

static void keep_answer(void *context, uint64_t ticket, int code, const char *diagnostic)
{
    assert_ptr_equal(context, &answers);
    assert_in_range(answers.count, 0, ANSWERS_MAX - 1);
    answers.tickets[answers.count] = ticket;
    answers.codes[answers.count++] = code;
    snprintf(answers.diagnostic, sizeof answers.diagnostic, "%s", diagnostic);
    struct coap_client *again = answers.posts_again;
    answers.posts_again = NULL;
    if (again)
        assert_int_equal(coap_client_post(again, "readings", 110, SENML, strlen(SENML), ticket + 1), 0);
}

static int create_client(const char *uri, struct fault *why)
{
    return coap_client_create(&fixture.loop, uri, keep_answer, &answers, &client, why);
}

static void make_client(void)
{
    memset(&answers, 0, sizeof answers);
    char uri[64];
    struct fault why = {0};
    snprintf(uri, sizeof uri, "coap://localhost:%u/", fixture.port);
    int error = create_client(uri, &why);
    if (error)
        fail_msg("%s", why.text);
}

static int set_up_both(void **state)
{
    set_up(state);
    make_client();
    return 0;
}

static int set_up_client_alone(void **state)
{
    (void)state;
    make_driver("127.0.0.1");
    make_client();
    return 0;
}

static int tear_down_both(void **state)
{
    coap_client_destroy(client);
    client = NULL;
    return tear_down(state);
}

static int post_reading(uint64_t ticket)
{
    return coap_client_post(client, "readings", 110, SENML, strlen(SENML), ticket);
}

static void run_until(const unsigned *counter, unsigned count)
{
    while (*counter < count)
        assert_true(uv_run(&fixture.loop, UV_RUN_ONCE));
}

static void an_answer_comes_with_its_ticket(void **state)
{
    (void)state;
    assert_int_equal(post_reading(41), 0);
    assert_int_equal(coap_client_waiting(client), 1);
    run_until(&fixture.emits, 1);
    assert_int_equal(answers.count, 0);
    settle(0, 0);
    run_until(&answers.count, 1);
    assert_int_equal(answers.tickets[0], 41);
    assert_int_equal(answers.codes[0], 204);
    assert_string_equal(answers.diagnostic, "");
    assert_int_equal(coap_client_waiting(client), 0);
}

static void a_refusal_comes_with_its_escaped_diagnostic(void **state)
{
    (void)state;
    fixture.verdict = REFUSAL_UNKNOWN_SENSOR;
    fixture.verdict_text = "bay-9 が見つかりません";
    assert_int_equal(coap_client_post(client, "/readings/bay-9", 0, "1", 1, 5), 0);
    run_until(&answers.count, 1);
    assert_int_equal(answers.codes[0], 404);
    assert_string_equal(answers.diagnostic, "bay-9 が見つかりません");
}

static void many_wait_at_once_and_one_more_is_refused(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 64; i++)
        assert_int_equal(post_reading(i), 0);
    assert_int_equal(post_reading(64), -EBUSY);
    run_until(&fixture.emits, 64); // all are on their way although none is answered
    for (unsigned i = 64; i-- > 0;)
        settle(i, 0);
    run_until(&answers.count, 64);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(answers.tickets[i], 63 - i);
    assert_int_equal(post_reading(65), 0);
}

static void an_answer_may_post_the_next(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    answers.posts_again = client;
    assert_int_equal(post_reading(1), 0);
    run_until(&answers.count, 2);
    assert_int_equal(answers.tickets[1], 2);
    assert_int_equal(fixture.emits, 2);
}

static void a_separate_answer_is_taken_and_acknowledged(void **state)
{
    (void)state;
    assert_int_equal(post_reading(8), 0);
    run_until(&fixture.emits, 1);
    fixture.boot_us += 1600 * 1000;
    while (figure("citygw_coap_slow_commits_total") < 1)
        assert_true(uv_run(&fixture.loop, UV_RUN_ONCE));
    settle(0, 0);
    run_until(&answers.count, 1);
    assert_int_equal(answers.codes[0], 204);
    assert_int_equal(figure("citygw_coap_separate_responses_total"), 1);
}

static void what_does_not_fit_a_datagram_is_refused(void **state)
{
    (void)state;
    static char body[2000];
    assert_int_equal(coap_client_post(client, "readings", 110, body, sizeof body, 1), -EMSGSIZE);
    assert_int_equal(coap_client_post(client, "readings", 110, body, 1400, 2), 0);
    assert_int_equal(coap_client_waiting(client), 1);
}

static void a_request_outlives_a_restart_of_the_server(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    assert_int_equal(post_reading(1), 0);
    assert_int_equal(post_reading(2), 0); // meets the "port unreachable" of the first
    uv_run(&fixture.loop, UV_RUN_ONCE);
    open_made_driver();
    run_until(&answers.count, 2); // after 2 to 3 s
    assert_int_equal(answers.codes[0], 204);
    assert_int_equal(answers.codes[1], 204);
}

static void a_reset_is_no_answer(void **state)
{
    (void)state;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(fixture.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int server = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(post_reading(3), 0);
    uint8_t bytes[2048];
    socklen_t size = sizeof address;
    assert_true(recvfrom(server, bytes, sizeof bytes, 0, (struct sockaddr *)&address, &size) > 4);
    struct message reset = message(RST, 0, (unsigned)(bytes[2] << 8 | bytes[3]), "");
    sendto(server, reset.bytes, reset.size, 0, (struct sockaddr *)&address, size);
    run_until(&answers.count, 1);
    assert_int_equal(answers.tickets[0], 3);
    assert_int_equal(answers.codes[0], 0);
    close(server);
}

static void a_client_may_go_while_requests_wait(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(post_reading(i), 0);
    run_until(&fixture.emits, 10);
    coap_client_destroy(client);
    client = NULL;
    settle(0, 0);
    wait_until_worked_off();
    assert_int_equal(answers.count, 0);
}

static void an_address_that_is_none_is_a_fault(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "localhost",       "coaps://localhost", "coap://",         "coap://[::1",      "coap://:5683",
        "coap://a:b", "coap://a:5683/x", "coap://a:",         "coap://a:123456", "coap://\x1b[2J:x",
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fault why = {0};
        assert_int_equal(create_client(wrong[i], &why), -EINVAL);
        assert_true(strlen(why.text) > 0);
        assert_null(strchr(why.text, '\x1b'));
    }
}

#define WITH_BOTH(test) cmocka_unit_test_setup_teardown(test, set_up_both, tear_down_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BOTH(an_answer_comes_with_its_ticket),
        WITH_BOTH(a_refusal_comes_with_its_escaped_diagnostic),
        WITH_BOTH(many_wait_at_once_and_one_more_is_refused),
        WITH_BOTH(an_answer_may_post_the_next),
        WITH_BOTH(a_separate_answer_is_taken_and_acknowledged),
        WITH_BOTH(what_does_not_fit_a_datagram_is_refused),
        cmocka_unit_test_setup_teardown(a_request_outlives_a_restart_of_the_server, set_up_client_alone,
                                        tear_down_both),
        cmocka_unit_test_setup_teardown(a_reset_is_no_answer, set_up_client_alone, tear_down_both),
        WITH_BOTH(a_client_may_go_while_requests_wait),
        cmocka_unit_test_setup_teardown(an_address_that_is_none_is_a_fault, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
