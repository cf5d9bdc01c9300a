// SPDX-License-Identifier: Apache-2.0
#include "coap_peer.h"

/*
 * GET /.well-known/core (RFC 6690), and that nothing is answered with more than three times its bytes.
 */

enum { URI_QUERY = 15, BLOCK2 = 23, LINK_FORMAT = 40 };

static char found[1024];
static size_t largest; // answer beside three times its request; 0: none was larger

static void note(const struct message *m, const struct answer *answer)
{
    size_t around = 4 + answer->token_size + 1; // at least; options come on top
    size_t size = around + answer->payload_size;
    if (size > 3 * m->size)
        largest = size;
}

static struct message get(unsigned id, const char *filter, long block)
{
    struct message m = message(CON, GET, id, "wxyz");
    path(&m, ".well-known/core");
    if (filter)
        option(&m, URI_QUERY, filter, strlen(filter));
    if (block >= 0)
        number_option(&m, BLOCK2, (unsigned)block);
    return m;
}

// Gets it block by block, as clients do.
static const char *fetch(const char *filter)
{
    long block = -1;
    found[0] = '\0';
    for (unsigned id = 1; id < 40; id++) {
        struct message m = get(id, filter, block);
        struct answer answer = ask(&m);
        assert_int_equal(answer.code, 205);
        assert_int_equal(answer.options[CONTENT_FORMAT], LINK_FORMAT);
        note(&m, &answer);
        strncat(found, answer.payload, answer.payload_size);
        if (answer.options[BLOCK2] < 0 || !(answer.options[BLOCK2] & 8))
            return found;
        block = (answer.options[BLOCK2] >> 4) + 1;
        block = block << 4 | (answer.options[BLOCK2] & 7);
    }
    fail_msg("no end");
    return "";
}

#define READINGS "</readings>;rt=\"citygw.readings\";ct=\"110 112\""
#define TIME "</time>;rt=\"citygw.time\";ct=\"0 60\""
#define EFENTO "</m>;rt=\"citygw.efento\";ct=\"42\""

static void it_tells_what_is_here_in_small_blocks(void **state)
{
    (void)state;
    largest = 0;
    assert_string_equal(fetch(NULL), READINGS "," TIME "," EFENTO);
    assert_int_equal(largest, 0);
}

static void filters_choose(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *expected;
    } cases[] = {
        {"rt=citygw.time", TIME},
        {"rt=citygw*", READINGS "," TIME "," EFENTO},
        {"rt=city", ""},
        {"href=/readings", READINGS},
        {"href=/t*", TIME},
        {"ct=112", READINGS},
        {"ct=0", TIME},
        {"ct=11*", READINGS},
        {"if=x", ""},
        {"rt", ""},
        {"rt=*", READINGS "," TIME "," EFENTO},
    };
    largest = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(fetch(cases[i].filter), cases[i].expected))
            fail_msg("%s: %s", cases[i].filter, found);
    assert_int_equal(largest, 0);
}

static void other_formats_and_blocks_beyond_the_end_are_refused(void **state)
{
    (void)state;
    struct message m = message(CON, GET, 1, "");
    path(&m, ".well-known/core");
    number_option(&m, ACCEPT, 110);
    assert_int_equal(ask(&m).code, 406);
    m = get(2, NULL, 100 << 4);
    assert_int_equal(ask(&m).code, 400);
    m = get(3, NULL, 7); // RFC 7959 section 2.2: reserved
    assert_int_equal(ask(&m).code, 400);
}

static void refusals_are_no_longer_than_three_times_the_request(void **state)
{
    (void)state;
    const struct message messages[] = {
        message(CON, GET, 1, ""),
        post(CON, 2, "", "readings", -1, "x"),
        post(CON, 3, "", "readings", 110, "["),
        post(CON, 4, "", "x", 110, "1"),
        post(CON, 5, "", "readings/bay-1", 42, "1"),
        post(NON, 6, "tokentok", "readings", 0, "1"),
    };
    largest = 0;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct answer answer = ask(&messages[i]);
        if (answer.code < 400 || answer.code > 415)
            fail_msg("%zu: %d", i, answer.code);
        note(&messages[i], &answer);
    }
    assert_int_equal(largest, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_tells_what_is_here_in_small_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(filters_choose, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_formats_and_blocks_beyond_the_end_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_are_no_longer_than_three_times_the_request, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
