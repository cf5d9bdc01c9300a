// SPDX-License-Identifier: Apache-2.0
#include "recall.h"

#include "base/log.h"
#include "base/messages.h"
#include <errno.h>
#include <stdlib.h>

uint64_t recall_begin(struct buffer *buffer)
{
    struct buffer_figures figures;
    buffer_figures(buffer, &figures);
    return figures.next > figures.oldest + RECALL_READINGS ? figures.next - RECALL_READINGS : figures.oldest;
}

// As it is told: with the time that it really had, where the clock was set later.
static bool read_item(const struct buffer_item *item, struct reading *ret_reading)
{
    if (reading_decode(item->payload, item->size, ret_reading) != 0)
        return false;
    if (item->corrected_us) {
        ret_reading->time_us = item->corrected_us;
        ret_reading->time_quality = TIME_CORRECTED;
    }
    return true;
}

int recall_each(struct buffer *buffer, uint64_t from,
                void (*each)(void *context, const struct buffer_item *item, const struct reading *reading),
                void *context)
{
    enum { BYTES_AT_ONCE = 256 * 1024 };
    struct reading reading;
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return -ENOMEM;
    int error = 0;
    while ((error = buffer_read(buffer, from, BUFFER_BATCH_MAX, BYTES_AT_ONCE, batch)) == 0 && batch->count) {
        for (size_t i = 0; i < batch->count; i++) {
            const struct buffer_item *item = &batch->items[i];
            each(context, item, read_item(item, &reading) ? &reading : NULL);
        }
        from = batch->next;
    }
    if (error) // the gateway starts all the same
        log_line(LOG_LEVEL_WARNING, "buffer",
                 _("stored readings from number %llu on cannot be read now; what they say of "
                   "counters and times is not known"),
                 (unsigned long long)from);
    bytes_finish(&batch->bytes);
    free(batch);
    return 0;
}

bool recall_newest(struct buffer *buffer, uint32_t stream, struct buffer_batch *batch, struct reading *ret_reading)
{
    enum { BYTES_MAX = 128 * 1024 };
    uint64_t number = buffer_stream_newest(buffer, stream);
    if (number == 0 || buffer_read(buffer, number, 1, BYTES_MAX, batch) != 0 || batch->count == 0)
        return false;
    const struct buffer_item *item = &batch->items[0];
    return item->number == number && item->stream == stream && read_item(item, ret_reading);
}
