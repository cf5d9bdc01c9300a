// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The states that went out beside their turn: when the turn of such a reading comes, it is not sent a second time.
 */

enum { AHEAD_MAX = 16384 }; // what finds no room just goes again in its turn

struct ahead_number {
    uint64_t number;
    bool arrived;
};

struct ahead {
    struct ahead_number *list; // ascending
    size_t count, size;
};

enum ahead_fate { AHEAD_NOT, AHEAD_UNDER_WAY, AHEAD_ARRIVED };

void ahead_sent(struct ahead *ahead, uint64_t number);
void ahead_answered(struct ahead *ahead, uint64_t number, bool arrived); // not arrived: as if never sent
enum ahead_fate ahead_fate(const struct ahead *ahead, uint64_t number);
// Those that arrived below `lowest` have had their turn.
void ahead_tidy(struct ahead *ahead, uint64_t lowest);
// The connection is gone: nobody knows what became of those under way. And tidies.
void ahead_forget(struct ahead *ahead, uint64_t lowest);
void ahead_finish(struct ahead *ahead);
