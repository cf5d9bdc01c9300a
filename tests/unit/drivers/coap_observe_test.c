// SPDX-License-Identifier: Apache-2.0
#include "observed_server.h"

/*
 * What is asked and when, what is taken and in which order, and what ends an observation.
 */

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
        WITH_SERVER(closing_says_that_nothing_more_is_wanted),
        WITH_SERVER(sensors_that_share_a_resource_are_told_apart_by_names),
        cmocka_unit_test(a_host_that_nobody_knows_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
