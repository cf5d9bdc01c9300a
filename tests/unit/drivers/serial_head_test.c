// SPDX-License-Identifier: Apache-2.0
#include "serial_rig.h"

// Lines that began before the port was open: what is left of one looks like another.

static int64_t boot_us;

static int64_t held_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static const struct clock held = {.boot_us = held_boot};

static void open_text_port(struct port *port, int64_t heard_after_us)
{
    struct fault why = {""};
    port->driver->destroy(port->state);
    port->serial.codec = "text";
    port->host.clock = &held;
    assert_int_equal(port->driver->create(&port->settings, "kerb", &port->host, &port->state, &why), 0);
    open_port(port);
    boot_us += heard_after_us;
}

static void a_line_that_began_before_the_port_was_open_is_no_value(void **state)
{
    struct port *port = *state;
    open_text_port(port, 10000);
    say(port, "3.5\n123.5\n");
    wait_until(port, port->packs == 1);
    assert_true(port->numbers[0] == 123.5);
    assert_int_equal(port->refusals[REFUSAL_SYNTAX], 1);
    assert_non_null(strstr(port->refused.text, "began before the port was open"));
}

static void a_line_after_a_pause_is_whole(void **state)
{
    struct port *port = *state;
    open_text_port(port, 60000);
    say(port, "123.5\n");
    wait_until(port, port->packs == 1);
    assert_true(port->numbers[0] == 123.5);
    open_text_port(port, 0); // as is one after an empty line
    say(port, "\r\n124.5\n");
    wait_until(port, port->packs == 2);
    assert_true(port->numbers[1] == 124.5);
    assert_int_equal(port->refusals[REFUSAL_SYNTAX], 0);
}

static void lines_without_an_end_are_not_passed_over_for_ever(void **state)
{
    struct port *port = *state;
    char block[1024];
    memset(block, '7', sizeof block - 1);
    block[sizeof block - 1] = '\0';
    open_text_port(port, 0);
    say(port, block); // longer than a line may be
    wait_until(port, port->refusals[REFUSAL_LENGTH] == 1);
    say(port, "\n123.5\n");
    wait_until(port, port->packs == 1);
    assert_true(port->numbers[0] == 123.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_that_began_before_the_port_was_open_is_no_value, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_after_a_pause_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_without_an_end_are_not_passed_over_for_ever, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
