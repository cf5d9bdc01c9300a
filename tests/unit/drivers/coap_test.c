// SPDX-License-Identifier: Apache-2.0
#include "coap_peer.h"

static void success_is_sent_only_after_the_commit(void **state)
{
    (void)state;
    struct message m = post(CON, 0x1234, "tok", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    assert_silent();
    assert_int_equal(fixture.emits, 1);
    assert_false(fixture.unauthenticated);
    assert_string_equal(fixture.sensor, "");
    settle(0, 0);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 204, 0x1234, "tok");
    assert_int_equal(answer.payload_size, 0);
    assert_int_equal(figure("citygw_coap_pending"), 0);
}

static void three_copies_are_one_reading_and_one_answer(void **state)
{
    (void)state;
    struct message m = post(CON, 7, "a", "readings", 110, SENML);
    for (int i = 0; i < 3; i++)
        send_from(fixture.peer, &m);
    assert_silent();
    assert_int_equal(fixture.emits, 1);
    settle(0, 0);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 204, 7, "a");
    for (int i = 0; i < 3; i++) {
        answer = ask(&m);
        assert_answer(&answer, ACK, 204, 7, "a");
    }
    assert_silent();
    assert_int_equal(fixture.emits, 1);
    assert_int_equal(figure("citygw_coap_duplicates_total"), 5);
    assert_int_equal(figure("citygw_coap_requests_total"), 6);
}

static void a_wrapped_message_id_with_another_payload_is_a_new_request(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message first = post(CON, 7, "a", "readings", 110, SENML);
    struct message second = post(CON, 7, "a", "readings", 110, "[{\"n\":\"bay-1:occupied\",\"vb\":false}]");
    assert_int_equal(ask(&first).code, 204);
    assert_int_equal(ask(&second).code, 204);
    assert_int_equal(fixture.emits, 2);
}

static void what_differs_in_anything_is_another_request(void **state)
{
    (void)state;
    const struct message messages[] = {
        post(CON, 7, "a", "readings", 110, SENML),       post(CON, 8, "a", "readings", 110, SENML),
        post(CON, 7, "b", "readings", 110, SENML),       post(CON, 7, "", "readings", 110, SENML),
        post(NON, 7, "a", "readings", 110, SENML),       post(CON, 7, "a", "readings/bay-1", 110, SENML),
        post(CON, 7, "a", "readings/bay-2", 110, SENML),
    };
    unsigned count = sizeof messages / sizeof messages[0];
    for (unsigned i = 0; i < count; i++)
        send_from(fixture.peer, &messages[i]);
    send_from(fixture.other, &messages[0]);
    assert_silent();
    assert_int_equal(fixture.emits, count + 1);
}

static void a_non_confirmable_request_is_answered_by_one_after_the_commit(void **state)
{
    (void)state;
    struct message m = post(NON, 9, "xyz", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    send_from(fixture.peer, &m);
    assert_silent();
    assert_int_equal(fixture.emits, 1);
    settle(0, 0);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, NON, 204, answer.id, "xyz");
    assert_silent();
}

static void a_slow_commit_is_acknowledged_and_answered_separately(void **state)
{
    (void)state;
    struct message m = post(CON, 0x4321, "slow", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    assert_silent();
    fixture.boot_us += 1600 * 1000;
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 0, 0x4321, "");
    answer = ask(&m); // the empty ACK was lost
    assert_answer(&answer, ACK, 0, 0x4321, "");
    settle(0, 0);
    answer = receive(fixture.peer);
    assert_answer(&answer, CON, 204, answer.id, "slow");

    struct message ack = message(ACK, 0, answer.id, "");
    send_from(fixture.peer, &ack);
    answer = ask(&m);
    assert_answer(&answer, ACK, 204, 0x4321, "slow");
    assert_int_equal(fixture.emits, 1);
    assert_int_equal(figure("citygw_coap_separate_responses_total"), 1);
}

static void an_unacknowledged_separate_answer_is_sent_again(void **state)
{
    (void)state;
    struct message m = post(CON, 1, "s", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    assert_silent();
    fixture.boot_us += 1600 * 1000;
    receive(fixture.peer);
    settle(0, 0);
    unsigned id = receive(fixture.peer).id;
    struct answer answer = receive(fixture.peer); // after 2 to 3 s
    assert_answer(&answer, CON, 204, id, "s");
}

static void drain(int peer)
{
    uint8_t bytes[64];
    while (recv(peer, bytes, sizeof bytes, 0) > 0)
        ;
}

static void clients_that_vanish_cannot_fill_the_memory_with_separate_answers(void **state)
{
    (void)state;
    enum { CONFIRMABLE = 1024, BEYOND = 6 };
    for (unsigned i = 0; i < CONFIRMABLE + BEYOND; i++) {
        struct message m = post(CON, i, "gone", "readings", 110, SENML);
        send_from(fixture.peer, &m);
        if (i % 64 == 63)
            wait_until_worked_off();
    }
    wait_until_worked_off();
    fixture.boot_us += 1600 * 1000;
    while (figure("citygw_coap_slow_commits_total") < CONFIRMABLE + BEYOND)
        assert_true(uv_run(&fixture.loop, UV_RUN_ONCE));
    drain(fixture.peer);
    for (unsigned i = 0; i < fixture.emits; i++)
        settle(i, 0);
    assert_int_equal(receive(fixture.peer).type, CON); // the others wait behind it (NSTART)
    for (unsigned i = 0; i < BEYOND; i++)
        assert_int_equal(receive(fixture.peer).type, NON);
    assert_silent();
}

static void a_failed_commit_is_never_called_a_success(void **state)
{
    (void)state;
    struct message m = post(CON, 5, "f", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    assert_silent();
    settle(0, -EIO);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 500, 5, "f");
    assert_true(answer.payload_size > 0);
    answer = ask(&m);
    assert_answer(&answer, ACK, 500, 5, "f");
    assert_int_equal(fixture.emits, 1);
}

static void a_ticket_settled_twice_is_answered_once(void **state)
{
    (void)state;
    struct message m = post(CON, 5, "f", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    assert_silent();
    settle(0, 0);
    settle(0, 0);
    driver_coap.settled(fixture.driver, 0, 0);
    driver_coap.settled(fixture.driver, UINT64_MAX, 0);
    assert_int_equal(receive(fixture.peer).code, 204);
    assert_silent();
}

static void a_ticket_may_be_settled_while_it_is_emitted(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message m = post(CON, 11, "now", "readings", 110, SENML);
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, 204, 11, "now");
    assert_silent();
    answer = ask(&m);
    assert_answer(&answer, ACK, 204, 11, "now");
    assert_int_equal(fixture.emits, 1);
}

static void no_response_is_respected(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message m = message(CON, POST, 12, "q");
    path(&m, "readings");
    number_option(&m, CONTENT_FORMAT, 110);
    number_option(&m, NO_RESPONSE, 2); // no successes
    payload(&m, SENML, strlen(SENML));
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, 0, 12, "");
    m.bytes[0] |= NON << 4;
    send_from(fixture.peer, &m);
    assert_silent();
    assert_int_equal(fixture.emits, 2);
}

static void copies_are_known_for_as_long_as_they_may_come(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message confirmable = post(CON, 1, "a", "readings", 110, SENML);
    struct message other = post(NON, 2, "a", "readings", 110, SENML);
    ask(&confirmable);
    ask(&other);
    fixture.boot_us += INT64_C(144) * 1000000;
    ask(&other);
    assert_int_equal(fixture.emits, 2);
    fixture.boot_us += INT64_C(2) * 1000000;
    ask(&other);
    assert_int_equal(fixture.emits, 3);
    fixture.boot_us += INT64_C(100) * 1000000;
    ask(&confirmable);
    assert_int_equal(fixture.emits, 3);
    fixture.boot_us += INT64_C(2) * 1000000;
    ask(&confirmable);
    assert_int_equal(fixture.emits, 4);
}

static void a_stored_key_is_known_after_a_restart(void **state)
{
    (void)state;
    struct message m = post(CON, 99, "key", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    assert_silent();
    settle(0, 0);
    receive(fixture.peer);

    struct fault why;
    driver_coap.destroy(fixture.driver);
    assert_int_equal(driver_coap.create(&fixture.settings, "", &fixture.host, &fixture.driver, &why), 0);
    driver_coap.restore_key(fixture.driver, fixture.key, fixture.key_size, 5000000);
    driver_coap.restore_key(fixture.driver, fixture.key, fixture.key_size - 1, 5000000);
    driver_coap.restore_key(fixture.driver, (const uint8_t *)"", 0, 0);
    open_made_driver();
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, 204, 99, "key");
    assert_int_equal(fixture.emits, 1);
    assert_int_equal(figure("citygw_coap_dedup_entries"), 1);
}

static void closing_leaves_waiting_tickets_harmless(void **state)
{
    (void)state;
    struct message m = post(CON, 3, "c", "readings", 110, SENML);
    struct message late = post(CON, 4, "c", "readings", 110, SENML);
    send_from(fixture.peer, &m);
    send_from(fixture.peer, &late);
    assert_silent();
    driver_coap.close(fixture.driver);
    driver_coap.close(fixture.driver);
    settle(0, 0);
    open_made_driver();
    struct answer answer = ask(&m); // stored meanwhile
    assert_answer(&answer, ACK, 204, 3, "c");
    send_from(fixture.peer, &late); // still not stored: waits, and hears of it on the new way
    assert_silent();
    settle(1, 0);
    answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 204, 4, "c");
    assert_int_equal(fixture.emits, 2);
    send_from(fixture.peer, &(struct message){.bytes = {0x40}, .size = 1});
    wait_until_worked_off();
}

static void more_than_may_wait_are_told_to_come_later(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 16384; i++) {
        struct message m = post(CON, i, "many", "readings", 110, SENML);
        send_from(fixture.peer, &m);
        if (i % 64 == 63)
            wait_until_worked_off();
    }
    assert_int_equal(fixture.emits, 16384);
    assert_int_equal(figure("citygw_coap_pending"), 16384);
    struct message one_more = post(CON, 20000, "more", "readings", 110, SENML);
    struct answer answer = ask(&one_more);
    assert_answer(&answer, ACK, 503, 20000, "more");
    assert_true(answer.options[MAX_AGE] > 0);
    assert_int_equal(fixture.last_refusal, REFUSAL_FULL);
    settle(0, 0);
    answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 204, 0, "many");
}

static void thousands_of_mutated_datagrams_do_no_harm(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    fixture.settings.coap.max_body_bytes = 600;
    const struct message seeds[] = {post(CON, 1, "seed", "readings", 110, SENML),
                                    post(NON, 2, "seed", "readings/bay-1", 112, "\x81\xa2\x00\x61n\x02\x01"),
                                    post(CON, 3, "", "readings/bay-1", 0, "1.5"), post(CON, 4, "t", "time", 60, "x")};
    srand(20261122);
    for (unsigned i = 0; i < 4000; i++) {
        struct message m = seeds[i % 4];
        for (int flips = rand() % 6; flips >= 0; flips--)
            m.bytes[(size_t)rand() % m.size] = (uint8_t)rand();
        if (rand() % 4 == 0)
            m.size = (size_t)rand() % (m.size + 1);
        else if (rand() % 8 == 0)
            m.size += (size_t)rand() % 1200;
        send_from(fixture.peer, &m);
        if (i % 32 == 31)
            wait_until_worked_off();
    }
    struct message m = post(CON, 1, "alive", "readings", 110, SENML);
    send_from(fixture.other, &m);
    assert_int_equal(receive(fixture.other).code, 204);
}

// Not even a 7.02 (Ping), which a server over TCP would answer.
static void what_is_no_request_of_version_1_is_not_heard(void **state)
{
    (void)state;
    static const int codes[] = {0x20, 0x3f, 0x44, 0x84, 0xc0, 0xe1, 0xe2, 0xe4, 0xe5};
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++)
        for (int type = CON; type <= RST; type++) {
            struct message m = message(type, codes[i], i, "");
            send_from(fixture.peer, &m);
        }
    for (int version = 0; version < 4; version++)
        if (version != 1) {
            struct message m = post(CON, 1, "v", "readings", 110, SENML);
            m.bytes[0] = (uint8_t)((m.bytes[0] & 0x3f) | version << 6);
            send_from(fixture.peer, &m);
        }
    assert_silent();
    assert_int_equal(figure("citygw_coap_sessions"), 1); // of who asked for the time
    assert_int_equal(figure("citygw_coap_socket_drops_total"), sizeof codes / sizeof codes[0] * 4 + 3);

    struct message ping = message(CON, 0, 7, "");
    struct answer answer = ask(&ping);
    assert_answer(&answer, RST, 0, 7, "");
}

static void a_burst_from_many_peers_loses_nothing(void **state)
{
    (void)state;
    enum { PEERS = 200, EACH = 10 };
    fixture.settle_at_once = true;
    static int peers[PEERS];
    struct message m = post(CON, 0, "b", "readings", 110, SENML);
    for (int i = 0; i < PEERS; i++)
        peers[i] = connect_to("127.0.0.1", fixture.port);
    for (int n = 0; n < EACH; n++)
        for (int i = 0; i < PEERS; i++) {
            m.bytes[3] = (uint8_t)n;
            send_from(peers[i], &m);
        }
    wait_until_worked_off();
    assert_int_equal(fixture.emits, PEERS * EACH);
    assert_int_equal(figure("citygw_coap_socket_drops_total"), 0);
    assert_int_equal(figure("citygw_coap_sessions"), PEERS + 1);
    for (int i = 0; i < PEERS; i++) {
        for (int n = 0; n < EACH; n++)
            assert_int_equal(receive(peers[i]).code, 204);
        close(peers[i]);
    }
}

#define WITH_DRIVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DRIVER(success_is_sent_only_after_the_commit),
        WITH_DRIVER(three_copies_are_one_reading_and_one_answer),
        WITH_DRIVER(a_wrapped_message_id_with_another_payload_is_a_new_request),
        WITH_DRIVER(what_differs_in_anything_is_another_request),
        WITH_DRIVER(a_non_confirmable_request_is_answered_by_one_after_the_commit),
        WITH_DRIVER(a_slow_commit_is_acknowledged_and_answered_separately),
        WITH_DRIVER(an_unacknowledged_separate_answer_is_sent_again),
        WITH_DRIVER(clients_that_vanish_cannot_fill_the_memory_with_separate_answers),
        WITH_DRIVER(a_failed_commit_is_never_called_a_success),
        WITH_DRIVER(a_ticket_settled_twice_is_answered_once),
        WITH_DRIVER(a_ticket_may_be_settled_while_it_is_emitted),
        WITH_DRIVER(no_response_is_respected),
        WITH_DRIVER(copies_are_known_for_as_long_as_they_may_come),
        WITH_DRIVER(a_stored_key_is_known_after_a_restart),
        WITH_DRIVER(closing_leaves_waiting_tickets_harmless),
        WITH_DRIVER(more_than_may_wait_are_told_to_come_later),
        WITH_DRIVER(thousands_of_mutated_datagrams_do_no_harm),
        WITH_DRIVER(what_is_no_request_of_version_1_is_not_heard),
        WITH_DRIVER(a_burst_from_many_peers_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
