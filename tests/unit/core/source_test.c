// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "intake.h"
#include "source.h"
#include <errno.h>
#include <string.h>

// A driver that opens when it is told to.
struct fake {
    const struct driver_host *host;
    bool present, takes_time;
    int opens, closes;
};
static struct fake fake;

static int fake_create(const struct settings *settings, const char *name, const struct driver_host *host,
                       void **ret_state, struct fault *why)
{
    (void)settings, (void)name, (void)why;
    fake.host = host;
    *ret_state = &fake;
    return 0;
}

static int fake_open(void *state, struct fault *why)
{
    struct fake *self = state;
    self->opens++;
    if (self->takes_time)
        return -EINPROGRESS;
    return self->present ? 0 : fault_set(why, -ENOENT, "not there");
}

static void fake_close(void *state)
{
    ((struct fake *)state)->closes++;
}

static void fake_settled(void *state, uint64_t ticket, int status)
{
    (void)state, (void)ticket, (void)status;
}

static void fake_destroy(void *state)
{
    (void)state;
}

static const struct driver fake_driver = {.type = "fake",
                                          .create = fake_create,
                                          .open = fake_open,
                                          .close = fake_close,
                                          .settled = fake_settled,
                                          .destroy = fake_destroy};

static uv_loop_t loop;
static struct source source;
static struct intake intake;

static int begin(void **state)
{
    (void)state;
    fake = (struct fake){0};
    uv_loop_init(&loop);
    return source_init(&source, &fake_driver, "fake:kerb", "kerb", NULL, &clock_system, &loop, &intake, NULL);
}

static int finish(void **state)
{
    (void)state;
    source_finish(&source);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static void a_missing_bus_is_waited_for_and_opened_when_it_comes(void **state)
{
    (void)state;
    assert_string_equal(source.name, "fake:kerb");
    source_start(&source);
    assert_int_equal(source.state, SOURCE_WAITING);
    assert_string_equal(source.fault.text, "not there");
    fake.present = true;
    while (source.state != SOURCE_OPEN)
        uv_run(&loop, UV_RUN_ONCE);
    assert_int_equal(fake.opens, 2);
    assert_int_equal(source.reopened, 0); // it was never open before
}

static void the_pause_doubles_up_to_four_seconds(void **state)
{
    (void)state;
    static const int64_t pauses_ms[] = {250, 500, 1000, 2000, 4000, 4000};
    source_start(&source);
    for (size_t i = 0; i < sizeof pauses_ms / sizeof *pauses_ms; i++) {
        assert_int_equal(source.backoff_us, pauses_ms[i] * 1000);
        source.retry.timer_cb(&source.retry); // the timer's moment comes, without waiting for it
    }
}

static void a_bus_that_fails_is_closed_once_and_starts_again_with_a_short_pause(void **state)
{
    (void)state;
    struct fault gone;
    fault_set(&gone, 0, "unplugged");
    fake.present = true;
    source_start(&source);
    fake.host->failed(fake.host->context, &gone);
    fake.host->failed(fake.host->context, &gone);
    assert_int_equal(fake.closes, 1);
    assert_int_equal(source.state, SOURCE_WAITING);
    assert_int_equal(source.backoff_us, 250000);
    assert_string_equal(source.fault.text, "unplugged");
}

static void a_bus_that_opens_and_dies_at_once_keeps_its_growing_pause(void **state)
{
    (void)state;
    struct fault gone;
    fault_set(&gone, 0, "gone");
    fake.present = true;
    source_start(&source);
    for (int i = 0; i < 6; i++) {
        fake.host->failed(fake.host->context, &gone);
        assert_int_equal(source.told, i == 0); // and it is told once
        source.retry.timer_cb(&source.retry);
    }
    assert_int_equal(source.backoff_us, 4000000);
    assert_int_equal(source.reopened, 6);
    source.steady = true; // a pack came
    fake.host->failed(fake.host->context, &gone);
    assert_int_equal(source.backoff_us, 250000);
    assert_true(source.told);
}

static void a_bus_that_takes_its_time_is_open_when_it_says_so(void **state)
{
    (void)state;
    struct fault gone;
    fault_set(&gone, 0, "no answer");
    fake.takes_time = true;
    source_start(&source);
    assert_int_equal(source.state, SOURCE_OPENING);
    fake.host->failed(fake.host->context, &gone);
    assert_int_equal(fake.closes, 1);
    assert_int_equal(source.state, SOURCE_WAITING);
    source.retry.timer_cb(&source.retry);
    assert_int_equal(source.state, SOURCE_OPENING);
    fake.host->failed(fake.host->context, &gone);
    assert_int_equal(source.backoff_us, 500000); // it never worked: the pause grows
    source.retry.timer_cb(&source.retry);
    fake.host->opened(fake.host->context);
    fake.host->opened(fake.host->context);
    assert_int_equal(source.state, SOURCE_OPEN);
    source_stop(&source);
    assert_int_equal(fake.closes, 3);
    fake.host->opened(fake.host->context);
    assert_int_equal(source.state, SOURCE_CLOSED);
}

static void a_driver_may_want_longer_pauses(void **state)
{
    (void)state;
    struct fault gone;
    fault_set(&gone, 0, "gone");
    static const struct driver patient = {
        .type = "fake", .pause_max_us = 60000000, .open = fake_open, .close = fake_close};
    source.driver = &patient;
    source_start(&source);
    for (int i = 0; i < 10; i++)
        source.retry.timer_cb(&source.retry);
    assert_int_equal(source.backoff_us, 60000000);
    fake.present = true; // it answers once and fails each time
    source.retry.timer_cb(&source.retry);
    assert_false(source.steady);
    fake.host->failed(fake.host->context, &gone);
    assert_int_equal(source.backoff_us, 60000000);
    source.driver = &fake_driver;
}

static void refusals_are_counted_by_reason(void **state)
{
    (void)state;
    fake.host->refused(fake.host->context, REFUSAL_SYNTAX, NULL);
    fake.host->refused(fake.host->context, REFUSAL_SYNTAX, NULL);
    fake.host->refused(fake.host->context, REFUSAL_LENGTH, NULL);
    assert_int_equal(source.refusals[REFUSAL_SYNTAX].count, 2);
    assert_int_equal(source.refusals[REFUSAL_SYNTAX].untold, 1); // the second within a minute is not told
    assert_int_equal(source.refusals[REFUSAL_LENGTH].count, 1);
    assert_int_equal(source.refusals[REFUSAL_RANGE].count, 0);
}

static int64_t boot_us;

static int64_t told_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static void refuse_at(double seconds, enum refusal refusal)
{
    struct fault why;
    fault_set(&why, 0, "noise");
    boot_us = (int64_t)(seconds * 1e6);
    fake.host->refused(fake.host->context, refusal, &why);
}

static void a_port_that_only_babbles_is_named(void **state)
{
    (void)state;
    static const struct clock told = {.boot_us = told_boot};
    static const struct driver port = {.type = "fake", .open = fake_open, .close = fake_close};
    fake.present = true;
    boot_us = 1000000;
    source.host.clock = &told;
    source.driver = &port;
    source_start(&source);
    refuse_at(1, REFUSAL_SYNTAX);
    refuse_at(10.9, REFUSAL_CHECKSUM);
    assert_string_equal(source.babble.text, "");
    refuse_at(11, REFUSAL_SYNTAX);
    assert_string_equal(source.babble.text, "nothing that came for 10 s could be taken: noise");
    source_taken(&source);
    assert_string_equal(source.babble.text, "");
    refuse_at(12, REFUSAL_SYNTAX);
    refuse_at(30, REFUSAL_FULL); // that is no fault of what came
    assert_string_equal(source.babble.text, "");
    refuse_at(31, REFUSAL_SYNTAX);
    assert_true(source.babble.text[0]);
    fake.host->failed(fake.host->context, &source.babble);
    source.retry.timer_cb(&source.retry); // another device may be there now
    assert_string_equal(source.babble.text, "");
    source.driver = &fake_driver; // what many senders share is not judged by one of them
    refuse_at(40, REFUSAL_SYNTAX);
    refuse_at(60, REFUSAL_SYNTAX);
    assert_string_equal(source.babble.text, "");
    source.host.clock = &clock_system;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_missing_bus_is_waited_for_and_opened_when_it_comes, begin, finish),
        cmocka_unit_test_setup_teardown(the_pause_doubles_up_to_four_seconds, begin, finish),
        cmocka_unit_test_setup_teardown(a_bus_that_fails_is_closed_once_and_starts_again_with_a_short_pause, begin,
                                        finish),
        cmocka_unit_test_setup_teardown(a_bus_that_opens_and_dies_at_once_keeps_its_growing_pause, begin, finish),
        cmocka_unit_test_setup_teardown(a_bus_that_takes_its_time_is_open_when_it_says_so, begin, finish),
        cmocka_unit_test_setup_teardown(a_driver_may_want_longer_pauses, begin, finish),
        cmocka_unit_test_setup_teardown(a_port_that_only_babbles_is_named, begin, finish),
        cmocka_unit_test_setup_teardown(refusals_are_counted_by_reason, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
