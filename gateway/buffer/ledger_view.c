// SPDX-License-Identifier: Apache-2.0
#include "inside.h"

#include <stdlib.h>
#include <string.h>

/*
 * What others see of the ledger.
 */

const char *const buffer_loss_reasons[] = {"full", "age", "damage"};

static int by_until(const void *a, const void *b)
{
    const struct loss *left = a, *right = b;
    return left->until_us > right->until_us ? -1 : left->until_us < right->until_us;
}

size_t buffer_losses(const struct buffer *buffer, size_t skip, struct buffer_loss *ret_losses, size_t max)
{
    struct buffer *shared = (struct buffer *)buffer;
    buffer_lock(shared);
    const struct losses *losses = &buffer->ledger.losses;
    size_t count = losses->count, copied = 0;
    struct loss *list = malloc((count + 1) * sizeof *list);
    if (list && count > 0)
        memcpy(list, losses->list, count * sizeof *list);
    buffer_unlock(shared);
    if (!list)
        return 0;
    qsort(list, count, sizeof *list, by_until);
    buffer_lock(shared);
    for (size_t i = skip; i < count && copied < max; i++) {
        const struct loss *loss = &list[i];
        struct buffer_loss *out = &ret_losses[copied++];
        *out = (struct buffer_loss){.stream = loss->stream,
                                    .reason = (enum buffer_loss_reason)loss->reason,
                                    .first_seq = loss->first,
                                    .last_seq = loss->last,
                                    .count = loss->count,
                                    .since_us = loss->since_us,
                                    .until_us = loss->until_us};
        memcpy(out->outlet, losses->names[loss->outlet], sizeof out->outlet);
    }
    buffer_unlock(shared);
    free(list);
    return copied;
}
