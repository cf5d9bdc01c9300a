// SPDX-License-Identifier: Apache-2.0
#include "account_day.h"

#include "base/json.h"
#include "reading/stream.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Of each stream of the day: what an outlet has still to send, and what it lost.
struct outlet_part {
    const char *name;
    uint32_t *pending, *lost;
};

static void count_pending(const struct day *day, struct buffer *buffer, const struct buffer_range *range,
                          struct buffer_batch *batch, struct outlet_part *part)
{
    uint64_t from = range->from > day->first ? range->from : day->first;
    uint64_t to = range->to < day->end ? range->to : day->end;
    while (from < to && buffer_read(buffer, from, BUFFER_BATCH_MAX, DAY_READ_BYTES, batch) == 0 && batch->next > from) {
        for (size_t i = 0; i < batch->count && batch->items[i].number < to; i++)
            if (batch->items[i].stream < day->count && !batch->items[i].copied)
                part->pending[batch->items[i].stream]++;
        from = batch->next;
    }
}

static uint64_t overlap(const struct day_stream *stream, const struct buffer_loss *loss)
{
    uint64_t from = loss->first_seq > stream->first_seq ? loss->first_seq : stream->first_seq;
    uint64_t to = loss->last_seq < stream->last_seq ? loss->last_seq : stream->last_seq;
    uint64_t both = stream->committed && from <= to ? to - from + 1 : 0;
    return both < loss->count ? both : loss->count;
}

static void count_lost(const struct day *day, struct buffer *buffer, struct outlet_part *part)
{
    struct buffer_loss some[64];
    size_t count, skip = 0;
    while ((count = buffer_losses(buffer, skip, some, 64)) > 0) {
        for (size_t i = 0; i < count; i++)
            if (some[i].stream < day->count && (!*some[i].outlet || strcmp(some[i].outlet, part->name) == 0))
                part->lost[some[i].stream] += (uint32_t)overlap(&day->streams[some[i].stream], &some[i]);
        skip += count;
    }
}

static void finish_parts(struct outlet_part parts[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(parts[i].pending);
        free(parts[i].lost);
    }
}

static int make_parts(const struct day *day, const struct account_options *options,
                      struct outlet_part ret_parts[ACCOUNT_OUTLETS_MAX])
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    int error = batch ? 0 : -ENOMEM;
    for (size_t i = 0; !error && i < options->outlet_count; i++) {
        struct outlet_part *part = &ret_parts[i];
        struct buffer_pending pending;
        *part = (struct outlet_part){options->outlets[i], calloc(day->count + 1, sizeof *part->pending),
                                     calloc(day->count + 1, sizeof *part->lost)};
        error = part->pending && part->lost ? 0 : -ENOMEM;
        if (error || !buffer_cursor_pending(options->buffer, part->name, &pending))
            continue;
        for (size_t r = 0; r < pending.count; r++)
            count_pending(day, options->buffer, &pending.ranges[r], batch, part);
        count_lost(day, options->buffer, part);
    }
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
    return error;
}

static void write_delivered(struct json *json, const struct day_stream *stream, uint32_t index,
                            const struct outlet_part parts[], size_t part_count)
{
    uint32_t most_lost = 0;
    json_key(json, "delivered");
    json_object_begin(json);
    for (size_t i = 0; i < part_count; i++) {
        uint64_t not = (uint64_t)parts[i].pending[index] + parts[i].lost[index];
        json_key_unsigned(json, parts[i].name, not < stream->committed ? stream->committed - not : 0);
        most_lost = parts[i].lost[index] > most_lost ? parts[i].lost[index] : most_lost;
    }
    json_object_end(json);
    json_key_unsigned(json, "lost", most_lost);
}

// Zones and alerts tell what changes: their silence means nothing.
static bool is_sensor(const char *name)
{
    const char *id;
    return stream_subject(name, &id) == SUBJECT_SENSOR;
}

static void write_stream(struct json *json, const struct day *day, uint32_t index, const char *name, bool closed,
                         const struct outlet_part parts[], size_t part_count)
{
    struct day_stream stream = day->streams[index];
    json_key(json, name);
    if (closed)
        day_count_silence(day, &stream, day->to_us);
    json_object_begin(json);
    if (stream.committed) {
        json_key_unsigned(json, "first_seq", stream.first_seq);
        json_key_unsigned(json, "last_seq", stream.last_seq);
    }
    json_key_unsigned(json, "committed", stream.committed);
    write_delivered(json, &stream, index, parts, part_count);
    json_key(json, "refused");
    json_object_begin(json);
    for (int r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++)
        if (stream.refused[r])
            json_key_unsigned(json, refusal_name((enum refusal)r), stream.refused[r]);
    json_object_end(json);
    if (is_sensor(name))
        json_key_number(json, "longest_silence_s", (double)stream.longest_us / 1e6);
    json_object_end(json);
}

static bool is_empty(const struct day_stream *stream)
{
    static const struct day_stream nothing;
    return memcmp(stream, &nothing, sizeof nothing) == 0;
}

static bool is_configured(const struct account_options *options, const char *name)
{
    for (size_t i = 0; i < options->sensor_count; i++)
        if (strcmp(options->sensors[i], name) == 0)
            return true;
    return false;
}

// What a reader should see first, and what stays where there is no room for all.
static bool is_troubled(const struct day_stream *stream, uint32_t index, const struct outlet_part parts[],
                        size_t part_count)
{
    bool troubled = stream->committed == 0;
    for (size_t i = 0; i < part_count; i++)
        troubled |= parts[i].lost[index] > 0;
    for (int r = REFUSAL_NONE + 1; r < REFUSAL_COUNT; r++)
        troubled |= stream->refused[r] > 0;
    return troubled;
}

static void write_streams(struct json *json, const struct day *day, const struct account_options *options, bool closed,
                          bool troubled, const struct outlet_part parts[])
{
    for (uint32_t i = 0; i < day->count; i++) {
        const struct day_stream *stream = &day->streams[i];
        const char *name = buffer_stream_name(options->buffer, i);
        if (!name || (is_empty(stream) && !is_configured(options, name)) ||
            is_troubled(stream, i, parts, options->outlet_count) != troubled)
            continue;
        write_stream(json, day, i, name, closed, parts, options->outlet_count);
    }
}

static void write_report(const struct day *day, const struct account_options *options, bool closed,
                         const struct outlet_part parts[], struct bytes *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "day", day->text);
    json_key_text(&json, "epoch", buffer_epoch(options->buffer));
    json_key_bool(&json, "complete", closed && day->complete);
    json_key(&json, "sensors");
    json_object_begin(&json);
    write_streams(&json, day, options, closed, true, parts);
    write_streams(&json, day, options, closed, false, parts);
    json_object_end(&json);
    json_object_end(&json);
}

// How much of the report stands before the end of the sensors that fit, and how many do not. No text in a report holds a brace.
static size_t find_cut(const struct bytes *report, size_t room, size_t *ret_more)
{
    enum { IN_SENSORS = 2 };
    size_t cut = 0, depth = 0;
    *ret_more = 0;
    for (size_t i = 0; i < report->used; i++) {
        if (report->data[i] == '{' && ++depth == IN_SENSORS && cut == 0)
            cut = i + 1;
        if (report->data[i] != '}' || --depth != IN_SENSORS)
            continue;
        if (i + 1 <= room)
            cut = i + 1;
        else
            ++*ret_more;
    }
    return cut;
}

int day_report_fit(const struct bytes *report, struct bytes *out)
{
    enum { TAIL = 40 }; // what stands behind the sensors
    size_t room = out->max - out->used, more;
    if (report->used <= room) {
        bytes_append(out, report->data, report->used);
        return 0;
    }
    char tail[TAIL];
    size_t cut = find_cut(report, room > TAIL ? room - TAIL : 0, &more);
    bytes_append(out, report->data, cut);
    snprintf(tail, sizeof tail, "},\"more\":%zu}", more);
    bytes_text(out, tail);
    return out->overflow ? -EFBIG : 0;
}

int day_report(struct day *day, const struct account_options *options, bool closed, struct bytes *out)
{
    struct outlet_part parts[ACCOUNT_OUTLETS_MAX] = {0};
    size_t streams = buffer_stream_count(options->buffer);
    if (streams > 0 && !day_stream(day, (uint32_t)streams - 1))
        return -ENOMEM;
    int error = make_parts(day, options, parts);
    if (!error)
        write_report(day, options, closed, parts, out);
    finish_parts(parts, options->outlet_count);
    return error ? error : out->overflow ? -EFBIG : 0;
}
