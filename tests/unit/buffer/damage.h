// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rig.h"

// Several small segments, all checkpoints, and a cursor at 10.
static inline void fill_segments(struct rig *rig, uint64_t next)
{
    rig->options.segment_bytes = 4096;
    rig_open(rig);
    rig_commit(rig, 1, next);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    buffer_cursor_done(rig->buffer, "mqtt", 0, 10);
    rig_close(rig);
    assert_true(rig_segments(rig).count >= 5);
}
