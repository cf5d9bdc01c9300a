// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fault.h"
#include "buffer/buffer.h"
#include "reading/refusal.h"
#include <stdbool.h>
#include <uv.h>

/*
 * The day's account: per sensor, zone and alert what was committed, delivered, lost and refused, and how long it was silent. It reads the log like
 * an outlet does, from where it last was, so that what it counts is what is on disk, also after a crash; only refusals are
 * counted from hand to mouth. After local midnight yesterday's account is closed and becomes the `report`, which is kept for
 * some days. It stands in three kinds of files in the buffer's folder: `account` (the running day, saved every hour and at the
 * end), `account.closed` (the day before it: it goes on when the clock is put back to it) and `report.YYYY-MM-DD`.
 *
 * Days are those of the time zone TZ. While nobody knows whether the clock is right, the account waits: it counts, from the log,
 * once the clock is synchronised, or after some minutes by a clock that was never set from outside but shows a year that can be.
 */

struct account;

enum { ACCOUNT_DAYS_KEPT = 8, ACCOUNT_REPORT_MAX = 16 << 20, ACCOUNT_OUTLETS_MAX = 32 };

struct account_options {
    const struct clock *clock;
    struct buffer *buffer;
    uv_loop_t *loop;
    const char *folder;         // of its files
    const char *const *sensors; // ids of those that are configured: in the report even when silent
    size_t sensor_count;
    const char *const *outlets; // names
    size_t outlet_count;
    void (*reported)(void *context); // loop: a new report is there
    void *context;
};

// Borrows what `options` points to. NULL: out of memory.
struct account *account_create(const struct account_options *options);
// Waits for the worker, with the loop, and saves.
void account_destroy(struct account *account);

// Loop, once a second.
void account_tick(struct account *account);

// Loop: a reading of that sensor was refused.
void account_refused(struct account *account, uint32_t stream, enum refusal refusal);

// The report of that day ("2026-11-24"); NULL: the last one that was closed. Today's is as of at most a minute ago, with
// "complete":false. Where `out` has not enough room, with fewer sensors and "more". -EINVAL, -ENOENT, -EBUSY. Loop thread.
int account_report(struct account *account, const char *day, struct bytes *out, struct fault *why);
