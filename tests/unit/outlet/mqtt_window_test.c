// SPDX-License-Identifier: Apache-2.0
#include "mqtt_window.h"

#include "check.h"
#include <stdio.h>

enum { SIZE = 4 };

static struct window_message *add(struct window *window, uint64_t number)
{
    struct window_message *message = window_add(window);
    assert_non_null(message);
    message->from = number;
    message->to = number + 1;
    message->readings = 1;
    bytes_text(&message->payload, "{}");
    window_seal(window, message);
    return message;
}

static void open_window(struct window *window)
{
    assert_int_equal(window_init(window, SIZE, 100), 0);
}

static void assert_run(struct window *window, uint64_t from, uint64_t to, size_t readings)
{
    struct window_run run;
    assert_true(window_advance(window, &run));
    assert_int_equal(run.from, from);
    assert_int_equal(run.to, to);
    assert_int_equal(run.readings, readings);
}

static void assert_no_run(struct window *window)
{
    struct window_run run = {.from = 77};
    assert_false(window_advance(window, &run));
    assert_int_equal(run.from, 77); // untouched
}

static void the_front_moves_only_over_what_is_settled(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2), *second = add(&window, 3), *third = add(&window, 4);
    window_mark(&window, first, MESSAGE_SENT);
    window_mark(&window, second, MESSAGE_SENT);
    window_mark(&window, third, MESSAGE_SENT);
    window_mark(&window, third, MESSAGE_SETTLED);
    window_mark(&window, second, MESSAGE_SETTLED);
    assert_no_run(&window);
    window_mark(&window, first, MESSAGE_SETTLED);
    assert_run(&window, 2, 5, 3);
    assert_true(window_empty(&window));
    assert_int_equal(window.bytes, 0);
    window_finish(&window);
}

static void a_run_ends_where_numbers_do_not_follow_each_other(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    static const uint64_t numbers[] = {2, 3, 7, 4};
    for (size_t i = 0; i < 4; i++) {
        window_mark(&window, add(&window, numbers[i]), MESSAGE_SETTLED);
    }
    assert_run(&window, 2, 4, 2);
    assert_run(&window, 7, 8, 1);
    assert_run(&window, 4, 5, 1);
    assert_no_run(&window);
    window_finish(&window);
}

static void what_was_dropped_is_no_part_of_a_run(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    window_mark(&window, add(&window, 2), MESSAGE_DROPPED);
    window_mark(&window, add(&window, 3), MESSAGE_SETTLED);
    window_mark(&window, add(&window, 4), MESSAGE_DROPPED);
    window_mark(&window, add(&window, 5), MESSAGE_SETTLED);
    assert_int_equal(window_lowest(&window), 3);
    assert_run(&window, 3, 4, 1);
    assert_run(&window, 5, 6, 1);
    assert_int_equal(window_lowest(&window), UINT64_MAX);
    window_mark(&window, add(&window, 6), MESSAGE_DROPPED);
    assert_no_run(&window);
    assert_true(window_empty(&window));
    assert_int_equal(window.bytes, 0);
    window_finish(&window);
}

static void what_was_parked_settles_without_having_arrived(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2), *second = add(&window, 3);
    second->readings = 0;
    window_mark(&window, second, MESSAGE_SETTLED);
    assert_no_run(&window);
    window_mark(&window, first, MESSAGE_SETTLED);
    assert_run(&window, 2, 4, 1);
    window_finish(&window);
}

static void a_full_window_takes_no_more_until_its_front_leaves(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    for (uint64_t i = 0; i < SIZE; i++) {
        add(&window, i + 2);
    }
    assert_null(window_add(&window));
    assert_true(window_full(&window));
    window_mark(&window, window_at(&window, 1), MESSAGE_SETTLED);
    assert_no_run(&window);
    assert_null(window_add(&window));
    window_mark(&window, window_at(&window, 0), MESSAGE_SETTLED);
    assert_run(&window, 2, 4, 2);
    assert_non_null(window_add(&window));
    window_finish(&window);
}

static void the_oldest_waiting_message_goes_first_also_when_sent_again(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2), *second = add(&window, 3), *third = add(&window, 4);
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
    struct window_run run;
    (void)state;
    open_window(&window);
    struct window_message *first = add(&window, 2);
    assert_ptr_equal(window_at(&window, 0), first);
    window_mark(&window, first, MESSAGE_SETTLED);
    window_advance(&window, &run);
    assert_null(window_at(&window, 0));
    assert_null(window_at(&window, 1));
    add(&window, 3);
    assert_null(window_at(&window, 0));
    assert_int_equal(window_at(&window, 1)->place, 1);
    window_finish(&window);
}

static void the_ring_keeps_its_counts_over_many_rounds(void **state)
{
    struct window window;
    (void)state;
    open_window(&window);
    for (uint64_t i = 0; i < 1000; i++) {
        struct window_message *message = add(&window, i + 1);
        assert_int_equal(message->payload.used, 2);
        assert_int_equal(message->refused, 0);
        window_mark(&window, message, MESSAGE_SENT);
        if (window_full(&window)) {
            for (uint64_t place = window.first; place < window.next; place++) {
                window_mark(&window, window_at(&window, place), MESSAGE_SETTLED);
            }
            assert_run(&window, i + 2 - SIZE, i + 2, SIZE);
        }
    }
    assert_int_equal(window.sent + window.waiting, 0);
    assert_int_equal(window.bytes, 0);
    window_finish(&window);
}

static void the_memory_of_a_large_message_is_not_kept(void **state)
{
    static const uint8_t large[50000];
    struct window window;
    (void)state;
    assert_int_equal(window_init(&window, 1, 100000), 0);
    struct window_message *message = window_add(&window);
    bytes_append(&message->payload, large, sizeof large);
    window_seal(&window, message);
    assert_int_equal(window.bytes, sizeof large);
    message->to = 1;
    window_mark(&window, message, MESSAGE_SENT);
    window_mark(&window, message, MESSAGE_SETTLED);
    assert_run(&window, 0, 1, 0);
    assert_int_equal(window.bytes, 0);
    message = window_add(&window);
    assert_int_equal(message->payload.size, 0);
    bytes_append(&message->payload, large, sizeof large); // and its maximum is as before
    assert_false(message->payload.overflow);
    window_finish(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_front_moves_only_over_what_is_settled),
        cmocka_unit_test(a_run_ends_where_numbers_do_not_follow_each_other),
        cmocka_unit_test(what_was_dropped_is_no_part_of_a_run),
        cmocka_unit_test(what_was_parked_settles_without_having_arrived),
        cmocka_unit_test(a_full_window_takes_no_more_until_its_front_leaves),
        cmocka_unit_test(the_oldest_waiting_message_goes_first_also_when_sent_again),
        cmocka_unit_test(a_message_that_left_the_window_is_not_found),
        cmocka_unit_test(the_ring_keeps_its_counts_over_many_rounds),
        cmocka_unit_test(the_memory_of_a_large_message_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
