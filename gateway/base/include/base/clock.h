// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Time comes in through here, so that a test can hold it still. All times are microseconds.
 * wall: CLOCK_REALTIME, may jump. boot: CLOCK_BOOTTIME, since the machine started, also counts sleep; all timeouts and
 * ages within one boot use it.
 */

struct clock {
    int64_t (*wall_us)(const struct clock *clock);
    int64_t (*boot_us)(const struct clock *clock);
    bool (*synchronised)(const struct clock *clock); // the kernel says that the wall clock is set (adjtimex)
};

extern const struct clock clock_system;

static inline int64_t clock_wall_us(const struct clock *clock)
{
    return clock->wall_us(clock);
}
static inline int64_t clock_boot_us(const struct clock *clock)
{
    return clock->boot_us(clock);
}

// This boot's id (/proc/sys/kernel/random/boot_id) as 16 bytes; zeros when the kernel does not tell.
void clock_boot_id(uint8_t ret_id[16]);

enum { UTC_TEXT_SIZE = 32 };

#define UTC_LAST_US INT64_C(253402300799999999) // 9999-12-31T23:59:59.999999Z: no reading is later

// "2026-11-22T03:04:05.678Z" (RFC 3339, UTC); three decimals, or six when the microseconds ask for them.
// Years outside 0000..9999 are clamped. Returns `ret_text`.
char *utc_text(int64_t time_us, char ret_text[UTC_TEXT_SIZE]);

// The same with exactly three decimals, what follows them cut off: for peers that take no more.
char *utc_text_ms(int64_t time_us, char ret_text[UTC_TEXT_SIZE]);

// The reverse; accepts 0 to 9 decimals and Z or an offset (+09:00). -EINVAL when it is not such a time.
int utc_parse(const char *text, int64_t *ret_time_us);
