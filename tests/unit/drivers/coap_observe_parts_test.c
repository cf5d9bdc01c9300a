// SPDX-License-Identifier: Apache-2.0
#include "observed_server.h"

/*
 * States that come in several parts (Block2, RFC 7959).
 */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(an_answer_in_parts_is_put_together),
        WITH_SERVER(parts_of_an_older_state_are_left),
        WITH_SERVER(the_first_part_once_more_is_no_later_part),
        WITH_SERVER(a_missing_part_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
