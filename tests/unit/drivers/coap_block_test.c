// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "coap_block.h"
#include <stdio.h>
#include <string.h>

enum { MAX = 256, SIZE = 32, EXPONENT = 1 };

static struct bodies *bodies;
static const uint8_t *body;
static size_t body_size;

static struct body_part part(unsigned peer, unsigned number, bool more, const char *text)
{
    struct body_part made = {
        .owner = {.port = peer, .path = "bay-1"},
        .block = number << 4 | (more ? 8 : 0) | EXPONENT,
        .format = 110,
        .data = (const uint8_t *)text,
        .size = strlen(text),
    };
    return made;
}

static enum body_result take(struct body_part made, int64_t now_us)
{
    return bodies_take(bodies, &made, now_us, &body, &body_size);
}

static const char first[] = "0123456789abcdef0123456789ABCDEF", second[] = "ghijklmnopqrstuvghijklmnopqrstuv";

static int begin(void **state)
{
    (void)state;
    bodies = bodies_create(MAX);
    return bodies ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    bodies_destroy(bodies);
    return 0;
}

static void parts_make_a_body(void **state)
{
    (void)state;
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(1, 1, true, second), 1), BODY_MORE);
    assert_int_equal(take(part(1, 2, false, "end"), 2), BODY_WHOLE);
    assert_int_equal(body_size, 2 * SIZE + 3);
    assert_memory_equal(body, "0123456789abcdef0123456789ABCDEFghijklmnopqrstuvghijklmnopqrstuvend", body_size);
    assert_int_equal(bodies_count(bodies), 0);
    assert_int_equal(bodies_given_up(bodies), 0);
}

static void the_last_may_be_empty_and_smaller_blocks_go_on(void **state)
{
    (void)state;
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    struct body_part small =
        part(1, 2, true, "0123456789abcdef"); // block 2 of 16 bytes is where block 1 of 32 would be
    small.block &= ~7u;
    assert_int_equal(take(small, 0), BODY_MORE);
    small = part(1, 3, false, "");
    small.block &= ~7u;
    assert_int_equal(take(small, 0), BODY_WHOLE);
    assert_int_equal(body_size, 48);
}

static void peers_and_paths_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(2, 1, false, "x"), 0), BODY_GAP);
    struct body_part other = part(1, 1, false, "x");
    strcpy(other.owner.path, "bay-2");
    assert_int_equal(take(other, 0), BODY_GAP);
    other = part(1, 1, false, "forged");
    other.owner.secure = 1;
    assert_int_equal(take(other, 0), BODY_GAP);
    assert_int_equal(take(part(1, 1, false, "x"), 0), BODY_WHOLE);
}

static void a_gap_ends_the_body(void **state)
{
    (void)state;
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(1, 2, false, "x"), 0), BODY_GAP);
    assert_int_equal(take(part(1, 1, false, "x"), 0), BODY_GAP);
}

static void a_part_again_changes_nothing_unless_it_differs(void **state)
{
    (void)state;
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(1, 1, true, second), 0), BODY_MORE);
    assert_int_equal(take(part(1, 1, true, second), 0), BODY_MORE);
    assert_int_equal(take(part(1, 1, true, first), 0), BODY_GAP);
}

static void number_0_begins_anew(void **state)
{
    (void)state;
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(1, 1, true, second), 0), BODY_MORE);
    assert_int_equal(take(part(1, 0, true, second), 0), BODY_MORE);
    assert_int_equal(take(part(1, 1, false, "x"), 0), BODY_WHOLE);
    assert_int_equal(body_size, SIZE + 1);
    assert_memory_equal(body, second, SIZE);
}

static void format_and_tag_are_those_of_the_first_part(void **state)
{
    (void)state;
    struct body_part made = part(1, 1, false, "x");
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    made.format = 112;
    assert_int_equal(take(made, 0), BODY_GAP);
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    made.format = 110;
    made.tag = 5;
    assert_int_equal(take(made, 0), BODY_GAP);
}

static void wrong_sizes_are_refused(void **state)
{
    (void)state;
    struct body_part reserved = part(1, 0, true, first);
    reserved.block |= 7;
    assert_int_equal(take(reserved, 0), BODY_WRONG);
    assert_int_equal(take(part(1, 0, true, "short"), 0), BODY_WRONG);
    assert_int_equal(take(part(1, 0, false, "more than the thirty-two bytes of one block"), 0), BODY_WRONG);
}

static void no_body_is_longer_than_allowed(void **state)
{
    (void)state;
    struct body_part huge = part(1, 0, true, first);
    huge.announced = UINT32_MAX;
    assert_int_equal(take(huge, 0), BODY_TOO_LONG);
    for (unsigned i = 0; i < MAX / SIZE; i++)
        assert_int_equal(take(part(1, i, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(1, MAX / SIZE, false, "x"), 0), BODY_TOO_LONG);
    assert_int_equal(bodies_count(bodies), 0);
    assert_int_equal(take(part(1, 0xfffff, false, "x"), 0), BODY_GAP);
}

static void a_body_may_be_just_as_long_as_allowed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MAX / SIZE - 1; i++)
        assert_int_equal(take(part(1, i, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(1, MAX / SIZE - 1, false, first), 0), BODY_WHOLE);
    assert_int_equal(body_size, MAX);
}

static void what_waits_too_long_goes(void **state)
{
    (void)state;
    assert_int_equal(take(part(1, 0, true, first), 0), BODY_MORE);
    assert_int_equal(take(part(2, 0, true, first), 1), BODY_MORE);
    assert_int_equal(take(part(2, 1, false, "x"), BODY_LIFETIME_US), BODY_WHOLE);
    assert_int_equal(bodies_given_up(bodies), 1);
    assert_int_equal(take(part(1, 1, false, "x"), BODY_LIFETIME_US), BODY_GAP);
}

static void the_one_that_waits_longest_makes_room(void **state)
{
    (void)state;
    for (unsigned i = 0; i < BODIES_MAX; i++)
        assert_int_equal(take(part(i, 0, true, first), i), BODY_MORE);
    assert_int_equal(take(part(0, 1, true, second), BODIES_MAX), BODY_MORE);
    assert_int_equal(take(part(BODIES_MAX, 0, true, first), BODIES_MAX), BODY_MORE);
    assert_int_equal(bodies_count(bodies), BODIES_MAX);
    assert_int_equal(bodies_given_up(bodies), 1);
    assert_int_equal(take(part(1, 1, false, "x"), BODIES_MAX), BODY_GAP);
    assert_int_equal(take(part(0, 2, false, "x"), BODIES_MAX), BODY_WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parts_make_a_body, begin, end),
        cmocka_unit_test_setup_teardown(the_last_may_be_empty_and_smaller_blocks_go_on, begin, end),
        cmocka_unit_test_setup_teardown(peers_and_paths_are_told_apart, begin, end),
        cmocka_unit_test_setup_teardown(a_gap_ends_the_body, begin, end),
        cmocka_unit_test_setup_teardown(a_part_again_changes_nothing_unless_it_differs, begin, end),
        cmocka_unit_test_setup_teardown(number_0_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(format_and_tag_are_those_of_the_first_part, begin, end),
        cmocka_unit_test_setup_teardown(wrong_sizes_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(no_body_is_longer_than_allowed, begin, end),
        cmocka_unit_test_setup_teardown(a_body_may_be_just_as_long_as_allowed, begin, end),
        cmocka_unit_test_setup_teardown(what_waits_too_long_goes, begin, end),
        cmocka_unit_test_setup_teardown(the_one_that_waits_longest_makes_room, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
