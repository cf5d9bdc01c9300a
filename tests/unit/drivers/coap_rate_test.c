// SPDX-License-Identifier: Apache-2.0
#include "coap_peer.h"

/*
 * One client asks too often (RFC 8516).
 */

enum { BURST = 40 }; // of 20/s

static int set_up_limited(void **state)
{
    set_up(state);
    fixture.settings.coap.limits_loopback = true;
    fixture.settle_at_once = true;
    return 0;
}

static int code_of(int peer, unsigned id)
{
    struct message m = post(CON, id, "r", "readings", 110, SENML);
    send_from(peer, &m);
    return receive(peer).code;
}

static void use_up(void)
{
    for (unsigned i = 0; i < BURST; i++)
        assert_int_equal(code_of(fixture.peer, i), 204);
}

static void who_asks_too_often_is_told_when_to_come_again(void **state)
{
    (void)state;
    use_up();
    struct message m = post(CON, BURST, "r", "readings", 110, SENML);
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, 429, BURST, "r");
    assert_int_equal(answer.options[MAX_AGE], 1);
    assert_non_null(strstr(answer.payload, "20"));
    assert_int_equal(fixture.emits, BURST);
    assert_int_equal(fixture.last_refusal, REFUSAL_RATE);

    fixture.boot_us += 1000000;
    answer = ask(&m); // the same datagram again is not remembered as refused
    assert_answer(&answer, ACK, 204, BURST, "r");
}

static void a_flood_is_answered_once_a_second_and_counted(void **state)
{
    (void)state;
    use_up();
    assert_int_equal(code_of(fixture.peer, 100), 429);
    for (unsigned i = 101; i < 110; i++) {
        struct message m = post(CON, i, "r", "readings", 110, SENML);
        send_from(fixture.peer, &m);
    }
    assert_silent();
    assert_int_equal(fixture.refusals, 10);
    assert_int_equal(fixture.emits, BURST);
}

static void another_port_is_another_client(void **state)
{
    (void)state;
    use_up();
    assert_int_equal(code_of(fixture.other, 1), 204);
}

static void a_copy_costs_nothing_and_gets_its_answer(void **state)
{
    (void)state;
    use_up();
    for (unsigned i = 0; i < BURST; i++)
        assert_int_equal(code_of(fixture.peer, i), 204);
    assert_int_equal(fixture.refusals, 0);
}

static void a_body_in_parts_counts_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BURST - 1; i++)
        assert_int_equal(code_of(fixture.peer, i), 204);
    for (unsigned i = 0; i < 10; i++) {
        struct message m = message(CON, POST, 100 + i, "b");
        path(&m, "readings");
        number_option(&m, BLOCK1, i << 4 | 8);
        payload(&m, "0123456789abcdef", 16);
        assert_int_equal(ask(&m).code, 231);
    }
    assert_int_equal(code_of(fixture.peer, 200), 429);
}

static void other_paths_count_too(void **state)
{
    (void)state;
    use_up();
    struct message m = message(CON, GET, 1000, "t");
    path(&m, "time");
    assert_int_equal(ask(&m).code, 429);
}

static void programs_of_this_machine_are_free_of_the_default(void **state)
{
    (void)state;
    fixture.settings.coap.limits_loopback = false;
    for (unsigned i = 0; i < 3 * BURST; i++)
        assert_int_equal(code_of(fixture.peer, i), 204);
}

#define LIMITED(test) cmocka_unit_test_setup_teardown(test, set_up_limited, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIMITED(who_asks_too_often_is_told_when_to_come_again),
        LIMITED(a_flood_is_answered_once_a_second_and_counted),
        LIMITED(another_port_is_another_client),
        LIMITED(a_copy_costs_nothing_and_gets_its_answer),
        LIMITED(a_body_in_parts_counts_once),
        LIMITED(other_paths_count_too),
        LIMITED(programs_of_this_machine_are_free_of_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
