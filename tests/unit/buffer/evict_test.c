// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

/*
 * A segment makes room while its outlet is at work.
 */

static struct rig *rig;

static int make(void **state)
{
    (void)state;
    rig = rig_make();
    rig->routine_only = true;
    rig->options.segment_bytes = 8192;
    rig->options.max_size_bytes = 64 << 10;
    rig->options.keep_delivered_us = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    rig_end(rig);
    return 0;
}

// The writer reads a segment only to see what is lost with it: just then all of it arrives.
static void deliver(void)
{
    buffer_cursor_done(rig->buffer, "mqtt", 1, buffer_end(rig->buffer));
}

static void what_is_delivered_while_a_segment_is_read_is_not_lost(void **state)
{
    (void)state;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    atomic_store(&rig->disk.on_read, deliver);
    rig_commit(rig, 1, 2000);
    assert_true(rig_figures(rig).oldest > 100);
    assert_int_equal(rig_figures(rig).lost_full, 0);
    assert_int_equal(rig_figures(rig).ledger_entries, 0);
    atomic_store(&rig->disk.on_read, NULL);
    rig_commit(rig, 2000, 4000); // and without: all that goes is told
    assert_true(rig_figures(rig).lost_full > 1000);
    assert_int_equal(rig_figures(rig).ledger_lost[BUFFER_LOSS_FULL], rig_figures(rig).lost_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_delivered_while_a_segment_is_read_is_not_lost, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
