// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "buffer/buffer.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The list of what was lost, in memory: ascending by stream, outlet, reason and sequence, with a bound. What touches is one
 * entry; where there are too many, entries of one outlet and stream are joined, then those of one stream. `count` stays
 * exact. Pure: ledger.h keeps it on disk.
 */

enum { LOSS_OUTLETS_MAX = 64, LOSS_NOBODY = 0, LOSS_SEVERAL = 1 };

struct loss {
    uint64_t first, last, count;
    int64_t since_us, until_us;
    uint32_t stream;
    uint8_t outlet; // index of the name
    uint8_t reason;
};

struct losses {
    struct loss *list;
    size_t count;
    uint64_t lost[3], joined;
    char names[LOSS_OUTLETS_MAX][ID_MAX + 1]; // 0: there was no outlet; 1: several, joined for want of room
    size_t name_count;
};

void losses_init(struct losses *losses);
void losses_finish(struct losses *losses);

// The index of that outlet's name, which is added when new; LOSS_SEVERAL when there are too many.
uint8_t losses_outlet(struct losses *losses, const char *name);

// The list with a batch added, which is sorted on the way. At most `max` entries stay. `losses` stays as it is; the caller
// ends one of the two. -ENOMEM.
int losses_with(const struct losses *losses, struct loss *batch, size_t count, size_t max, struct losses *ret_losses);

// What of [first, last] is not in the list for that outlet and stream: the first such part. False: all of it is.
bool losses_uncovered(const struct losses *losses, const struct loss *loss, uint64_t *ret_first, uint64_t *ret_last);
