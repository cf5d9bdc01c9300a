// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/*
 * When whom to ask. A sensor is asked every `poll`. A device that does not answer is asked less and less, at most once a
 * minute, so that it costs the others little; and never within a second, so that an answer that comes too late has come
 * before the next question. Times are the host's boot clock.
 */

struct modbus_health { // of a unit
    unsigned failures; // in a row
    int64_t not_before_us;
};

// When a sensor whose turn is at `due_us` may be asked.
int64_t modbus_due(int64_t due_us, const struct modbus_health *health);

// The turn that follows `due_us`: turns that are over by `now_us` are left out.
int64_t modbus_next_due(int64_t due_us, int64_t poll_us, int64_t now_us);

void modbus_answered(struct modbus_health *health);
void modbus_unanswered(struct modbus_health *health, int64_t now_us);
// It said something that was no answer. That may have been the end of somebody else's: the pauses begin with the third
// time in a row.
void modbus_garbled(struct modbus_health *health, int64_t now_us);
