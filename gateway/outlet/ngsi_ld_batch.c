// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_batch.h"

#include "base/messages.h"
#include "record.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    READ_BYTES = 256 * 1024,
    TEXT_FULL = 512 * 1024, // what comes beyond waits for the next batch: brokers take 1 MB
    TEXT_MAX = 1024 * 1024,
};

int ngsi_ld_batch_init(struct ngsi_ld_batch *batch, const struct outlet_feed *feed)
{
    bytes_init(&batch->text, TEXT_MAX);
    bytes_init(&batch->alone, TEXT_MAX);
    return influxdb_source_init(&batch->source, feed, false);
}

void ngsi_ld_batch_finish(struct ngsi_ld_batch *batch)
{
    influxdb_source_finish(&batch->source);
    bytes_finish(&batch->text);
    bytes_finish(&batch->alone);
}

static void park_unreadable(const struct influxdb_source *source, const struct outlet_record *record, int error)
{
    const struct outlet_feed *feed = source->feed;
    struct fault text;
    fault_errno(&text, error, _("a stored reading of %s (seq %llu) cannot be read"), record->sensor,
                (unsigned long long)record->seq);
    feed->parked(feed->context, 1, text.text);
    feed->delivered(feed->context, record->number, record->number + 1, 0);
}

static bool has_sensor(const struct ngsi_ld_batch *batch, const char *sensor)
{
    size_t i = 0;
    while (i < batch->count && strcmp(batch->items[i].sensor, sensor) != 0) {
        i++;
    }
    return i < batch->count;
}

// False: it does not fit, and the batch ends before it.
static bool add(struct ngsi_ld_batch *batch, const struct ngsi_ld *context, const struct outlet_record *record)
{
    struct reading reading;
    if (batch->count == NGSI_LD_BATCH_MAX || batch->text.used >= TEXT_FULL) {
        return false;
    }
    int error = record_reading(record, &reading);
    if (error) {
        park_unreadable(&batch->source, record, error);
        return true;
    }
    if (!ngsi_ld_is_own(record, &reading) && has_sensor(batch, record->sensor)) {
        return false;
    }
    struct ngsi_ld_item *item = &batch->items[batch->count];
    bytes_char(&batch->text, batch->count ? ',' : '[');
    *item = (struct ngsi_ld_item){.number = record->number, .seq = record->seq, .begin = batch->text.used};
    snprintf(item->sensor, sizeof item->sensor, "%s", record->sensor);
    ngsi_ld_reading(context, record, &reading, &batch->text);
    item->end = batch->text.used;
    batch->count++;
    return true;
}

// A new round, because readings may have been held back that may go now.
static int read_on(struct ngsi_ld_batch *batch)
{
    struct influxdb_source *source = &batch->source;
    influxdb_source_rewind(source);
    batch->used = source->batch->count = 0;
    int error = influxdb_source_read(source, false, OUTLET_BATCH_MAX, READ_BYTES);
    if (error) {
        source->batch->count = 0;
    }
    return error;
}

int ngsi_ld_batch_fill(struct ngsi_ld_batch *batch, const struct ngsi_ld *context)
{
    const struct outlet_batch *read = batch->source.batch;
    batch->count = 0;
    bytes_clear(&batch->text);
    do { // again when all of them were parked
        int error = batch->used >= read->count ? read_on(batch) : 0;
        if (error) {
            return error;
        }
        while (batch->used < read->count && add(batch, context, &read->records[batch->used])) {
            batch->used++;
        }
    } while (batch->count == 0 && read->count > 0);
    bytes_char(&batch->text, ']');
    if (batch->text.overflow) {
        batch->used = read->count; // read again
        batch->count = 0;
        return -ENOMEM;
    }
    return 0;
}

const struct bytes *ngsi_ld_batch_alone(struct ngsi_ld_batch *batch, size_t item)
{
    const struct ngsi_ld_item *one = &batch->items[item];
    bytes_clear(&batch->alone);
    bytes_char(&batch->alone, '[');
    bytes_append(&batch->alone, batch->text.data + one->begin, one->end - one->begin);
    bytes_char(&batch->alone, ']');
    return batch->alone.overflow ? NULL : &batch->alone;
}

// From `begin` on: the items whose numbers follow each other. Returns where they end.
static size_t settle_run(const struct ngsi_ld_batch *batch, size_t begin, size_t count)
{
    const struct outlet_feed *feed = batch->source.feed;
    uint64_t from = batch->items[begin].number;
    size_t end = begin, arrived = 0;
    while (end < count && batch->items[end].number == from + (end - begin)) {
        arrived += batch->items[end].fate == FATE_TAKEN;
        end++;
    }
    feed->delivered(feed->context, from, from + (end - begin), arrived);
    return end;
}

void ngsi_ld_batch_settle(struct ngsi_ld_batch *batch, size_t count)
{
    for (size_t i = 0; i < count;) {
        i = settle_run(batch, i, count);
    }
    if (count < batch->count) {
        batch->used = batch->source.batch->count;
    }
    batch->count = 0;
}
