// SPDX-License-Identifier: Apache-2.0
#include "influxdb_batch.h"

#include "base/messages.h"
#include "record.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    READ_BYTES = 1 << 20, // of payload per read
    TEXT_FULL = 4 << 20,  // lines beyond this wait for the next batch; InfluxDB takes 25 MB
    TEXT_MAX = 32 << 20,  // what one read can add to a batch that is nearly full
    ROOM_MIN = 3,         // lines, when requests have fewer
    SMOOTH_ENOUGH = 64,   // accepted requests after which larger ones are tried again
};

int influxdb_batch_init(struct influxdb_batch *batch, const struct outlet_feed *feed, size_t lines_max, bool skip_held)
{
    size_t room = lines_max > ROOM_MIN ? lines_max : ROOM_MIN;
    *batch = (struct influxdb_batch){.room = room, .lines_max = lines_max, .slice_max = lines_max};
    bytes_init(&batch->text, TEXT_MAX);
    bytes_init(&batch->packed, 2 * TEXT_MAX);
    batch->lines = calloc(room, sizeof *batch->lines);
    int error = influxdb_source_init(&batch->source, feed, skip_held);
    return batch->lines ? error : -ENOMEM;
}

void influxdb_batch_finish(struct influxdb_batch *batch)
{
    influxdb_source_finish(&batch->source);
    free(batch->lines);
    bytes_finish(&batch->text);
    bytes_finish(&batch->packed);
}

bool influxdb_batch_full(const struct influxdb_batch *batch)
{
    return batch->count >= batch->lines_max || batch->text.used >= TEXT_FULL;
}

static void park_unreadable(const struct influxdb_source *source, const struct outlet_record *record, int error)
{
    const struct outlet_feed *feed = source->feed;
    struct fault text;
    fault_errno(&text, error, _("a stored reading of %s (seq %llu) cannot be read"), record->sensor,
                (unsigned long long)record->seq);
    feed->parked(feed->context, 1, text.text);
    if (!source->replay)
        feed->delivered(feed->context, record->number, record->number + 1, 0);
}

static size_t line_offset(const struct influxdb_batch *batch, size_t line)
{
    return line < batch->count ? batch->lines[line].offset : batch->text.used;
}

static int add_line(struct influxdb_batch *batch, const struct line_identity *identity,
                    const struct outlet_record *record)
{
    const char *sensor = record->sensor;
    struct reading reading;
    int error = record_reading(record, &reading);
    if (error) {
        park_unreadable(&batch->source, record, error);
        return 0;
    }
    struct influxdb_line *line = &batch->lines[batch->count];
    *line = (struct influxdb_line){.number = record->number, .seq = record->seq, .offset = batch->text.used};
    snprintf(line->sensor, sizeof line->sensor, "%s", sensor);
    line_append(identity, sensor, record->seq, &reading, &batch->text);
    if (batch->text.overflow) {
        batch->text.used = line->offset;
        batch->text.overflow = false;
        return -ENOMEM;
    }
    batch->count++;
    return 0;
}

static void forget_settled(struct influxdb_batch *batch)
{
    size_t settled = batch->first;
    if (settled == 0)
        return;
    size_t bytes = line_offset(batch, settled);
    batch->count -= settled;
    memmove(batch->lines, batch->lines + settled, batch->count * sizeof *batch->lines);
    for (size_t i = 0; i < batch->count; i++)
        batch->lines[i].offset -= bytes;
    batch->text.used -= bytes;
    if (batch->text.used)
        memmove(batch->text.data, batch->text.data + bytes, batch->text.used);
    batch->bad_end -= batch->bad_end ? settled : 0;
    batch->first = batch->begin = batch->end = 0;
}

int influxdb_batch_fill(struct influxdb_batch *batch, const struct line_identity *identity)
{
    struct outlet_batch *read = batch->source.batch;
    forget_settled(batch);
    if (batch->count == 0)
        influxdb_source_rewind(&batch->source);
    while (batch->count < batch->room && batch->text.used < TEXT_FULL) {
        size_t room = batch->room - batch->count;
        size_t wanted = room < OUTLET_BATCH_MAX ? room : OUTLET_BATCH_MAX;
        int error = influxdb_source_read(&batch->source, batch->count == 0, wanted, READ_BYTES);
        if (error)
            return error;
        for (size_t i = 0; i < read->count; i++) {
            error = add_line(batch, identity, &read->records[i]);
            if (error) {
                batch->source.next = read->records[i].number; // this one and what follows it again
                return error;
            }
        }
        if (read->count == 0)
            return 0;
    }
    return 0;
}

// Of a range that holds a refused line the first half goes next. Even the only one left is sent alone: the server's words
// are then about that line.
static size_t slice_end(const struct influxdb_batch *batch)
{
    size_t lines = batch->count - batch->first;
    if (batch->bad_end > batch->first)
        lines = (batch->bad_end - batch->first + 1) / 2;
    return batch->first + (lines < batch->slice_max ? lines : batch->slice_max);
}

static const uint8_t *slice_text(const struct influxdb_batch *batch, size_t *ret_size)
{
    size_t begin = line_offset(batch, batch->begin);
    *ret_size = line_offset(batch, batch->end) - begin;
    return batch->text.data + begin;
}

static int compress_slice(struct influxdb_batch *batch)
{
    enum { FAST = 1, WINDOW_WITH_GZIP_HEADER = 15 + 16, MEMORY = 8 };
    size_t size;
    const uint8_t *text = slice_text(batch, &size);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)size};
    if (deflateInit2(&stream, FAST, Z_DEFLATED, WINDOW_WITH_GZIP_HEADER, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    uLong bound = deflateBound(&stream, (uLong)size);
    bytes_clear(&batch->packed);
    int result = Z_MEM_ERROR;
    if (bytes_reserve(&batch->packed, bound)) {
        stream.next_out = batch->packed.data;
        stream.avail_out = (uInt)bound;
        result = deflate(&stream, Z_FINISH);
        batch->packed.used = stream.total_out;
    }
    deflateEnd(&stream);
    return result == Z_STREAM_END ? 0 : -ENOMEM;
}

int influxdb_batch_pack(struct influxdb_batch *batch, size_t sample, bool gzip)
{
    size_t unsettled = batch->count - batch->first;
    batch->begin = sample ? batch->count - 1 - (sample - 1) % unsettled : batch->first;
    batch->end = sample ? batch->begin + 1 : slice_end(batch);
    return gzip ? compress_slice(batch) : 0;
}

const void *influxdb_batch_body(const struct influxdb_batch *batch, bool gzip, size_t *ret_size)
{
    if (!gzip)
        return slice_text(batch, ret_size);
    *ret_size = batch->packed.used;
    return batch->packed.data;
}

size_t influxdb_batch_slice(const struct influxdb_batch *batch)
{
    return batch->end - batch->begin;
}

bool influxdb_batch_sampled(const struct influxdb_batch *batch)
{
    return batch->begin > batch->first;
}

bool influxdb_batch_lonely(const struct influxdb_batch *batch)
{
    return batch->count - batch->first == 1;
}

// Tells the feed of the slice's lines from `begin` on whose numbers follow each other, and returns where they end. The
// server does not say which ones it dropped: the last.
static size_t deliver_run(const struct influxdb_batch *batch, size_t begin, size_t *readings)
{
    const struct outlet_feed *feed = batch->source.feed;
    uint64_t from = batch->lines[begin].number;
    size_t end = begin + 1;
    while (end < batch->end && batch->lines[end].number == from + (end - begin))
        end++;
    size_t arrived = *readings < end - begin ? *readings : end - begin;
    *readings -= arrived;
    feed->delivered(feed->context, from, from + (end - begin), arrived);
    return end;
}

static void deliver_slice(const struct influxdb_batch *batch, size_t readings)
{
    const struct outlet_feed *feed = batch->source.feed;
    if (batch->source.replay) {
        feed->replayed(feed->context, readings);
        return;
    }
    for (size_t line = batch->begin; line < batch->end;)
        line = deliver_run(batch, line, &readings);
}

void influxdb_batch_settle(struct influxdb_batch *batch, size_t readings)
{
    deliver_slice(batch, readings);
    batch->first = batch->begin = batch->end;
    if (batch->bad_end <= batch->first)
        batch->bad_end = 0;
    if (batch->slice_max < batch->lines_max && ++batch->smooth >= SMOOTH_ENOUGH) {
        batch->slice_max = 2 * batch->slice_max < batch->lines_max ? 2 * batch->slice_max : batch->lines_max;
        batch->smooth = 0;
    }
}

bool influxdb_batch_done(const struct influxdb_batch *batch)
{
    return batch->first == batch->count;
}

void influxdb_batch_clear(struct influxdb_batch *batch)
{
    batch->first = batch->begin = batch->end = batch->bad_end = batch->count = 0;
    bytes_clear(&batch->text);
}

bool influxdb_batch_bisect(struct influxdb_batch *batch)
{
    batch->bad_end = batch->end;
    return influxdb_batch_slice(batch) > 1;
}

bool influxdb_batch_halve(struct influxdb_batch *batch)
{
    size_t lines = influxdb_batch_slice(batch);
    if (lines == 1)
        return false;
    batch->slice_max = lines / 2;
    batch->smooth = 0;
    return true;
}
