// SPDX-License-Identifier: Apache-2.0
#include "mqtt_window.h"

#include "check.h"
#include <stdio.h>

enum { SIZE = 4 };

static struct window_message *add(struct window *window, uint64_t after, const char *topic)
{
    struct window_message *message = window_add(window);
    assert_non_null(message);
    message->after = after;
    message->retained = true;
    snprintf(message->topic, sizeof message->topic, "%s", topic);
    bytes_text(&message->payload, "{}");
    window_seal(window, message);
    return message;
}

static void open_window(struct window *window)
{
    assert_int_equal(window_init(window, SIZE, 100), 0);
}

static void the_front_moves_only_over_what_is_settled(void **state)
{
    struct window window;
    uint64_t after = 77;
    size_t arrived = 77;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2, "a"), *second = add(&window, 3, "a"), *third = add(&window, 9, "a");
    window_mark(&window, first, MESSAGE_SENT);
    window_mark(&window, second, MESSAGE_SENT);
    window_mark(&window, third, MESSAGE_SENT);
    window_mark(&window, third, MESSAGE_SETTLED);
    window_mark(&window, second, MESSAGE_SETTLED);
    assert_int_equal(window_advance(&window, &after, &arrived), 0);
    assert_int_equal(after, 77); // untouched
    window_mark(&window, first, MESSAGE_SETTLED);
    assert_int_equal(window_advance(&window, &after, &arrived), 3);
    assert_int_equal(arrived, 3);
    assert_int_equal(after, 9); // past the gap behind the third
    assert_true(window_empty(&window));
    assert_int_equal(window.bytes, 0);
    window_finish(&window);
}

static void what_was_parked_settles_without_having_arrived(void **state)
{
    struct window window;
    uint64_t after = 0;
    size_t arrived = 77;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2, "a"), *second = add(&window, 3, "a");
    second->parked = true;
    window_mark(&window, second, MESSAGE_SETTLED);
    assert_int_equal(window_advance(&window, &after, &arrived), 0);
    assert_int_equal(arrived, 77); // untouched
    window_mark(&window, first, MESSAGE_SETTLED);
    assert_int_equal(window_advance(&window, &after, &arrived), 2);
    assert_int_equal(arrived, 1);
    add(&window, 4, "a");
    assert_false(window_at(&window, 2)->parked);
    window_finish(&window);
}

static void a_full_window_takes_no_more_until_its_front_leaves(void **state)
{
    struct window window;
    uint64_t after;
    size_t arrived;
    (void)state;
    open_window(&window);
    for (uint64_t i = 0; i < SIZE; i++) {
        add(&window, i + 2, "a");
    }
    assert_null(window_add(&window));
    assert_true(window_full(&window));
    window_mark(&window, window_at(&window, 1), MESSAGE_SETTLED);
    assert_int_equal(window_advance(&window, &after, &arrived), 0);
    assert_null(window_add(&window));
    window_mark(&window, window_at(&window, 0), MESSAGE_SETTLED);
    assert_int_equal(window_advance(&window, &after, &arrived), 2);
    assert_non_null(window_add(&window));
    window_finish(&window);
}

static void the_oldest_waiting_message_goes_first_also_when_sent_again(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2, "a"), *second = add(&window, 3, "a"), *third = add(&window, 4, "a");
    assert_ptr_equal(window_oldest_waiting(&window), first);
    window_mark(&window, first, MESSAGE_SENT);
    window_mark(&window, second, MESSAGE_SENT);
    assert_ptr_equal(window_oldest_waiting(&window), third);
    window_mark(&window, third, MESSAGE_SENT);
    assert_null(window_oldest_waiting(&window));
    window_mark(&window, second, MESSAGE_WAITING);
    assert_ptr_equal(window_oldest_waiting(&window), second);
    window_mark(&window, first, MESSAGE_WAITING);
    assert_ptr_equal(window_oldest_waiting(&window), first);
    window_finish(&window);
}

static void a_message_that_left_the_window_is_not_found(void **state)
{
    struct window window;
    uint64_t after;
    size_t arrived;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2, "a");
    assert_ptr_equal(window_at(&window, 0), first);
    window_mark(&window, first, MESSAGE_SETTLED);
    window_advance(&window, &after, &arrived);
    assert_null(window_at(&window, 0));
    assert_null(window_at(&window, 1));
    add(&window, 3, "a");
    assert_null(window_at(&window, 0));
    assert_int_equal(window_at(&window, 1)->place, 1);
    window_finish(&window);
}

static void an_older_state_sent_again_does_not_replace_a_newer_one(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2, "a"), *other = add(&window, 3, "b");
    assert_true(window_may_retain(&window, first));
    window_mark(&window, first, MESSAGE_SENT);
    window_mark(&window, other, MESSAGE_SENT);
    window_mark(&window, first, MESSAGE_WAITING);
    assert_true(window_may_retain(&window, first)); // the later one is of another topic
    struct window_message *newer = add(&window, 4, "a");
    assert_true(window_may_retain(&window, first)); // the newer one has not gone out yet
    window_mark(&window, newer, MESSAGE_SENT);
    assert_false(window_may_retain(&window, first));
    assert_true(window_may_retain(&window, newer));
    window_mark(&window, newer, MESSAGE_SETTLED);
    assert_false(window_may_retain(&window, first));
    window_finish(&window);
}

static void the_ring_keeps_its_counts_over_many_rounds(void **state)
{
    struct window window;
    uint64_t after = 0;
    size_t arrived = 0;
    (void)state;
    open_window(&window);
    for (uint64_t i = 0; i < 1000; i++) {
        struct window_message *message = add(&window, i + 1, "a");
        assert_int_equal(message->payload.used, 2);
        assert_int_equal(message->refused, 0);
        window_mark(&window, message, MESSAGE_SENT);
        if (window_full(&window)) {
            for (uint64_t place = window.first; place < window.next; place++) {
                window_mark(&window, window_at(&window, place), MESSAGE_SETTLED);
            }
            assert_int_equal(window_advance(&window, &after, &arrived), SIZE);
            assert_int_equal(after, i + 1);
        }
    }
    assert_int_equal(window.sent + window.waiting, 0);
    assert_int_equal(window.bytes, 0);
    window_finish(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_front_moves_only_over_what_is_settled),
        cmocka_unit_test(what_was_parked_settles_without_having_arrived),
        cmocka_unit_test(a_full_window_takes_no_more_until_its_front_leaves),
        cmocka_unit_test(the_oldest_waiting_message_goes_first_also_when_sent_again),
        cmocka_unit_test(a_message_that_left_the_window_is_not_found),
        cmocka_unit_test(an_older_state_sent_again_does_not_replace_a_newer_one),
        cmocka_unit_test(the_ring_keeps_its_counts_over_many_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
