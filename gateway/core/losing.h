// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include <stdbool.h>

/*
 * Whether readings are being lost: what the ledger counts grew during the last hour. That is said in the log when it begins,
 * and again every hour while it goes on, so that nobody has to look at the ledger to learn of it.
 */

struct losing {
    bool known;      // what was lost before this start is no news
    uint64_t lost;   // in all, when it was last looked at
    int64_t grew_us; // since boot, when that grew; 0: not in this run
    int64_t said_us; // when the log was told
};

// Once a second, with the present figures.
void losing_tick(struct losing *losing, const struct buffer_figures *figures, int64_t now_boot_us);

bool losing_is_on(const struct losing *losing, int64_t now_boot_us);
