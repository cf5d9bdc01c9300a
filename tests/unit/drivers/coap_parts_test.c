// SPDX-License-Identifier: Apache-2.0
#include "coap_peer.h"

/*
 * Bodies in several requests (RFC 7959 section 2.5), as the driver takes and answers them.
 */

enum { REQUEST_TAG = 292, SIZE = 16 };

static const char body[] = "[{\"n\":\"bay-1:occupied\",\"vb\":true}]                 "; // 4 blocks of 16, the last of 3

static struct message part(unsigned id, unsigned number, bool more)
{
    struct message m = message(CON, POST, id, "b");
    path(&m, "readings");
    number_option(&m, CONTENT_FORMAT, 110);
    number_option(&m, BLOCK1, number << 4 | (more ? 8 : 0));
    size_t size = strlen(body) - number * SIZE;
    payload(&m, body + number * SIZE, more || size > SIZE ? SIZE : size);
    return m;
}

static void assert_part(unsigned id, unsigned number, bool more, int code, long block)
{
    struct message m = part(id, number, more);
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, code, id, "b");
    assert_int_equal(answer.options[BLOCK1], block);
}

static void parts_make_one_reading(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    for (unsigned i = 0; i < 3; i++)
        assert_part(i, i, true, 231, i << 4 | 8);
    assert_int_equal(fixture.emits, 0);
    assert_int_equal(figure("citygw_coap_bodies"), 1);
    assert_part(3, 3, false, 204, 3 << 4);
    assert_int_equal(fixture.emits, 1);
    assert_int_equal(fixture.refusals, 0);
    assert_int_equal(figure("citygw_coap_bodies"), 0);
}

static void a_retransmission_gets_the_same_answer(void **state)
{
    (void)state;
    assert_part(0, 0, true, 231, 8);
    assert_part(0, 0, true, 231, 8);
    assert_part(1, 1, true, 231, 1 << 4 | 8);
    assert_part(0, 0, true, 231, 8); // late, and begins nothing anew
    assert_part(2, 2, true, 231, 2 << 4 | 8);
    struct message last = part(3, 3, false);
    send_from(fixture.peer, &last);
    send_from(fixture.peer, &last);
    assert_silent();
    assert_int_equal(fixture.emits, 1);
    settle(0, 0);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 204, 3, "b");
    assert_int_equal(answer.options[BLOCK1], 3 << 4);
    assert_part(3, 3, false, 204, 3 << 4);
    assert_int_equal(fixture.emits, 1);
}

static void what_does_not_follow_is_refused_and_begun_again(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    assert_part(0, 0, true, 231, 8);
    assert_part(1, 2, true, 408, -1);
    assert_int_equal(fixture.last_refusal, REFUSAL_LENGTH);
    assert_part(2, 3, false, 408, -1);
    assert_int_equal(fixture.emits, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_part(10 + i, i, true, 231, i << 4 | 8);
    assert_part(13, 3, false, 204, 3 << 4);
}

static void one_block_is_a_whole_body(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message m = message(CON, POST, 1, "b");
    path(&m, "readings");
    number_option(&m, CONTENT_FORMAT, 110);
    number_option(&m, BLOCK1, 2);
    payload(&m, SENML, strlen(SENML));
    struct answer answer = ask(&m);
    assert_int_equal(answer.code, 204);
    assert_int_equal(answer.options[BLOCK1], 2);
}

static void a_promise_of_too_much_is_refused_with_the_limit(void **state)
{
    (void)state;
    struct message m = message(CON, POST, 1, "b");
    path(&m, "readings");
    number_option(&m, CONTENT_FORMAT, 110);
    number_option(&m, BLOCK1, 8);
    number_option(&m, SIZE1, 0xf0000000);
    payload(&m, body, SIZE);
    struct answer answer = ask(&m);
    assert_int_equal(answer.code, 413);
    assert_int_equal(answer.options[SIZE1], 8192);
    assert_int_equal(figure("citygw_coap_bodies"), 0);
}

static void parts_of_another_body_do_not_mix(void **state)
{
    (void)state;
    struct message m = message(CON, POST, 1, "b");
    path(&m, "readings");
    number_option(&m, CONTENT_FORMAT, 110);
    number_option(&m, BLOCK1, 8);
    option(&m, REQUEST_TAG, "t", 1);
    payload(&m, body, SIZE);
    assert_int_equal(ask(&m).code, 231);
    assert_part(2, 1, true, 408, -1); // without the tag
    assert_part(3, 0, true, 231, 8);
    m = part(4, 1, true);
    send_from(fixture.other, &m);
    assert_int_equal(receive(fixture.other).code, 408);
    assert_part(5, 1, true, 231, 1 << 4 | 8);
}

static void the_two_datagrams_that_end_other_servers_are_refused(void **state)
{
    (void)state;
    struct message start = message(CON, POST, 4, "x");
    path(&start, "readings");
    number_option(&start, BLOCK1, 8 | 2);
    payload(&start, "0123456789abcdef", 16);
    assert_int_equal(ask(&start).code, 400); // a block of 64 says it has 16
    struct message end = message(CON, POST, 5, "x");
    path(&end, "readings");
    number_option(&end, BLOCK1, 1 << 4 | 2);
    assert_int_equal(ask(&end).code, 408);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_make_one_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_retransmission_gets_the_same_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_follow_is_refused_and_begun_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_block_is_a_whole_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_promise_of_too_much_is_refused_with_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_of_another_body_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_two_datagrams_that_end_other_servers_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
