// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "losing.h"

#include "base/log.h"
#include <string.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)

static struct losing losing;
static struct buffer_figures figures;

static void lost(enum buffer_loss_reason reason, uint64_t count, int64_t now_us)
{
    figures.ledger_lost[reason] += count;
    losing_tick(&losing, &figures, now_us);
}

static int begin(void **state)
{
    (void)state;
    losing = (struct losing){0};
    figures = (struct buffer_figures){0};
    return 0;
}

static void what_was_lost_before_the_start_is_no_news(void **state)
{
    (void)state;
    lost(BUFFER_LOSS_FULL, 100, SECOND);
    assert_false(losing_is_on(&losing, SECOND));
    lost(BUFFER_LOSS_FULL, 0, 2 * SECOND);
    assert_false(losing_is_on(&losing, 2 * SECOND));
}

static void each_reason_is_a_loss_for_an_hour(void **state)
{
    (void)state;
    static const enum buffer_loss_reason reasons[] = {BUFFER_LOSS_FULL, BUFFER_LOSS_AGE, BUFFER_LOSS_DAMAGE};
    for (size_t i = 0; i < 3; i++) {
        begin(state);
        lost(reasons[i], 0, SECOND);
        lost(reasons[i], 1, 2 * SECOND);
        assert_true(losing_is_on(&losing, 2 * SECOND));
        assert_true(losing_is_on(&losing, HOUR + SECOND));
        assert_false(losing_is_on(&losing, HOUR + 2 * SECOND));
    }
}

static void it_is_said_at_once_and_then_every_hour(void **state)
{
    (void)state;
    lost(BUFFER_LOSS_FULL, 0, SECOND);
    lost(BUFFER_LOSS_FULL, 1, 2 * SECOND);
    assert_int_equal(losing.said_us, 2 * SECOND);
    for (int64_t now = 3 * SECOND; now < HOUR; now += 600 * SECOND)
        lost(BUFFER_LOSS_FULL, 1, now);
    assert_int_equal(losing.said_us, 2 * SECOND);
    lost(BUFFER_LOSS_FULL, 1, HOUR + 2 * SECOND);
    assert_int_equal(losing.said_us, HOUR + 2 * SECOND);
    lost(BUFFER_LOSS_FULL, 1, 9 * HOUR); // it had ended, and begins again
    assert_int_equal(losing.said_us, 9 * HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_lost_before_the_start_is_no_news, begin),
        cmocka_unit_test_setup(each_reason_is_a_loss_for_an_hour, begin),
        cmocka_unit_test_setup(it_is_said_at_once_and_then_every_hour, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
