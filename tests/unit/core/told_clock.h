// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include <stdbool.h>
#include <stdint.h>

// A clock that shows what a test says.
static _Atomic int64_t wall_us, boot_us; // the buffer's writer asks, too
static _Atomic bool set;

static int64_t told_wall(const struct clock *clock)
{
    (void)clock;
    return wall_us;
}

static int64_t told_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static bool told_synchronised(const struct clock *clock)
{
    (void)clock;
    return set;
}

static const struct clock told = {.wall_us = told_wall, .boot_us = told_boot, .synchronised = told_synchronised};
