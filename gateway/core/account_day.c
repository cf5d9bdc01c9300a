// SPDX-License-Identifier: Apache-2.0
#include "account_day.h"

#include "base/files.h"
#include "base/json.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FILE_MAX = 16 << 20 };

void day_move(struct day *day, int64_t time_us)
{
    time_t now = (time_t)(time_us / 1000000);
    struct tm start, end;
    localtime_r(&now, &start);
    start.tm_hour = start.tm_min = start.tm_sec = 0;
    start.tm_isdst = -1;
    end = start;
    end.tm_mday++;
    day->from_us = (int64_t)mktime(&start) * 1000000;
    day->to_us = (int64_t)mktime(&end) * 1000000;
    strftime(day->text, sizeof day->text, "%Y-%m-%d", &start);
}

void day_begin(struct day *day, int64_t time_us)
{
    day_move(day, time_us);
    day->complete = true;
    day->first = day->end = 0;
    if (day->count)
        memset(day->streams, 0, day->count * sizeof *day->streams);
}

void day_finish(struct day *day)
{
    free(day->streams);
    *day = (struct day){0};
}

struct day_stream *day_stream(struct day *day, uint32_t stream)
{
    if (stream >= day->count) {
        size_t count = (size_t)stream + 1 > 2 * day->count ? (size_t)stream + 1 : 2 * day->count;
        struct day_stream *streams =
            stream < BUFFER_STREAMS_MAX ? realloc(day->streams, count * sizeof *streams) : NULL;
        if (!streams)
            return NULL;
        memset(streams + day->count, 0, (count - day->count) * sizeof *streams);
        day->streams = streams;
        day->count = count;
    }
    return &day->streams[stream];
}

void day_count_silence(const struct day *day, struct day_stream *stream, int64_t until_us)
{
    int64_t since_us = stream->last_us ? stream->last_us : day->from_us;
    if (until_us - since_us > stream->longest_us)
        stream->longest_us = until_us - since_us;
}

// Where it is not of the day (the wall clock of then was wrong), the commit is counted all the same and makes no silence.
static void count_item(struct day *day, const struct buffer_item *item, int64_t time_us)
{
    struct day_stream *stream = item->copied ? NULL : day_stream(day, item->stream); // a copy was counted before
    if (!day->first)
        day->first = item->number;
    day->end = item->number + 1;
    if (!stream)
        return;
    if (time_us >= day->from_us) {
        day_count_silence(day, stream, time_us);
        stream->last_us = time_us;
    } else {
        day->complete = false; // some other day lacks it
    }
    stream->first_seq = stream->committed++ ? stream->first_seq : item->seq;
    stream->last_seq = item->seq;
}

// When it was committed, as far as is known now; never in the future.
static int64_t committed_us(const struct buffer_item *item, int64_t now_us, int64_t now_boot_us)
{
    bool better = item->this_boot && !item->commit_synced;
    int64_t time_us = better ? now_us - (now_boot_us - item->commit_boot_us) : item->commit_us;
    return time_us < now_us ? time_us : now_us;
}

int64_t day_next_us(const struct day *day, struct buffer *buffer, const struct clock *clock)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    int64_t time_us = 0;
    if (batch && buffer_read(buffer, day->next, 1, 1, batch) == 0 && batch->count > 0)
        time_us = committed_us(&batch->items[0], clock_wall_us(clock), clock_boot_us(clock));
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
    return time_us;
}

int day_count(struct day *day, struct buffer *buffer, const struct clock *clock)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    int error = batch ? 0 : -ENOMEM;
    bool over = false;
    while (!error && !over) {
        error = buffer_read(buffer, day->next, BUFFER_BATCH_MAX, DAY_READ_BYTES, batch);
        if (error || batch->next <= day->next)
            break;
        int64_t now_us = clock_wall_us(clock), now_boot_us = clock_boot_us(clock);
        size_t taken = 0;
        for (; taken < batch->count && !over; taken += !over) {
            int64_t time_us = committed_us(&batch->items[taken], now_us, now_boot_us);
            over = time_us >= day->to_us;
            if (!over)
                count_item(day, &batch->items[taken], time_us);
        }
        day->next = over ? batch->items[taken].number : batch->next;
    }
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
    return error;
}

/* The file: a JSON object, so that a person can look at it. */

static void write_stream(struct json *json, const struct day_stream *stream)
{
    json_object_begin(json);
    json_key_unsigned(json, "first_seq", stream->first_seq);
    json_key_unsigned(json, "last_seq", stream->last_seq);
    json_key_unsigned(json, "committed", stream->committed);
    json_key_signed(json, "last_us", stream->last_us);
    json_key_signed(json, "longest_us", stream->longest_us);
    json_key(json, "refused");
    json_array_begin(json);
    for (int i = 0; i < REFUSAL_COUNT; i++)
        json_unsigned(json, stream->refused[i]);
    json_array_end(json);
    json_object_end(json);
}

static void write_day(const struct day *day, const struct buffer *buffer, struct bytes *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "day", day->text);
    json_key_text(&json, "epoch", buffer_epoch(buffer));
    json_key_bool(&json, "complete", day->complete);
    json_key_unsigned(&json, "next", day->next);
    json_key_unsigned(&json, "first", day->first);
    json_key_unsigned(&json, "end", day->end);
    json_key(&json, "streams");
    json_object_begin(&json);
    for (uint32_t i = 0; i < day->count; i++) {
        const char *name = buffer_stream_name(buffer, i);
        if (!name)
            continue;
        json_key(&json, name);
        write_stream(&json, &day->streams[i]);
    }
    json_object_end(&json);
    json_object_end(&json);
}

int day_save(const struct day *day, const struct buffer *buffer, const char *path, struct fault *why)
{
    struct bytes text;
    bytes_init(&text, FILE_MAX);
    write_day(day, buffer, &text);
    int error = text.overflow ? fault_errno(why, -ENOMEM, "%s", path) : file_replace(path, text.data, text.used, why);
    bytes_finish(&text);
    return error;
}

static uint64_t unsigned_at(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

static void stream_from_json(const json_t *from, struct day_stream *ret_stream)
{
    const json_t *refused = json_object_get(from, "refused");
    *ret_stream = (struct day_stream){.first_seq = unsigned_at(from, "first_seq"),
                                      .last_seq = unsigned_at(from, "last_seq"),
                                      .committed = unsigned_at(from, "committed"),
                                      .last_us = (int64_t)unsigned_at(from, "last_us"),
                                      .longest_us = (int64_t)unsigned_at(from, "longest_us")};
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        ret_stream->refused[i] = (uint32_t)json_integer_value(json_array_get(refused, i));
}

static int take_file(struct day *day, struct buffer *buffer, const json_t *root)
{
    const char *text = json_string_value(json_object_get(root, "day"));
    const char *epoch = json_string_value(json_object_get(root, "epoch"));
    const json_t *streams = json_object_get(root, "streams");
    struct tm noon = {.tm_hour = 12, .tm_isdst = -1};
    if (!text || !epoch || !streams || !strptime(text, "%Y-%m-%d", &noon))
        return -EBADMSG;
    if (strcmp(epoch, buffer_epoch(buffer)) != 0)
        return -ESTALE;
    day_begin(day, (int64_t)mktime(&noon) * 1000000);
    day->complete = json_is_true(json_object_get(root, "complete"));
    day->next = unsigned_at(root, "next");
    day->first = unsigned_at(root, "first");
    day->end = unsigned_at(root, "end");
    for (uint32_t i = 0; i < buffer_stream_count(buffer); i++) {
        const char *name = buffer_stream_name(buffer, i);
        const json_t *from = name ? json_object_get(streams, name) : NULL;
        struct day_stream *stream = from ? day_stream(day, i) : NULL;
        if (stream)
            stream_from_json(from, stream);
    }
    return 0;
}

int day_load(struct day *day, struct buffer *buffer, const char *path)
{
    struct bytes text;
    bytes_init(&text, FILE_MAX + 2);
    int error = file_read(path, FILE_MAX, &text, NULL);
    json_t *root = error ? NULL : json_loadb((const char *)text.data, text.used, 0, NULL);
    if (!error)
        error = root ? take_file(day, buffer, root) : -EBADMSG;
    json_decref(root);
    bytes_finish(&text);
    return error;
}
