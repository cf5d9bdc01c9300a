// SPDX-License-Identifier: Apache-2.0
#include "export.h"

#include "base/json.h"
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "outlet/wire.h"
#include "reading/stream.h"
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A piece ends when it is so long; then one line may still have come. What is read at once is bounded too.
enum { PIECE_FULL = 64 * 1024, READ_RECORDS = 256, READ_BYTES = 64 * 1024 };

struct exports {
    const struct settings *settings;
    struct buffer *buffer;
    const struct clock *clock;
    struct hold *hold; // NULL: nothing waits
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    size_t reading;
    atomic_bool ended;
};

enum part { PART_HEAD, PART_READINGS, PART_END };

struct export
{
    struct exports *exports;
    // What was asked for.
    char sensor[STREAM_SIZE], outlet[ID_MAX + 1]; // "" for any
    uint32_t stream;                              // of `sensor`
    bool has_from, has_to;
    int64_t from_us, to_us;
    // How far it came.
    char tree[WIRE_TOPIC_SIZE];
    enum part part;
    struct buffer_pending ranges; // numbers: what is still to be read; the last has an end, too
    size_t range;
    uint64_t readings, left_out, waiting;
    uint32_t crc;
    struct bytes payload;
    struct buffer_batch batch;
    size_t at;          // in the batch
    uint64_t batch_end; // of its range
};

/* What is asked for. */

static int take_time(const char *text, const char *name, bool *ret_has, int64_t *ret_us, struct fault *why)
{
    char shown[80];
    if (!text)
        return 0;
    if (utc_parse(text, ret_us) != 0)
        return fault_set(why, -EINVAL, _("%s: \"%s\" is not a time; expected one such as 2026-11-22T03:04:05Z"), name,
                         text_escape(text, strlen(text), shown, sizeof shown));
    *ret_has = true;
    return 0;
}

static int take_sensor(struct export *export, const char *sensor, struct fault *why)
{
    struct buffer *buffer = export->exports->buffer;
    char shown[80];
    if (!sensor)
        return 0;
    for (size_t stream = 0; stream < buffer_stream_count(buffer); stream++) {
        const char *name = buffer_stream_name(buffer, (uint32_t)stream);
        if (name && strcmp(name, sensor) == 0) {
            export->stream = (uint32_t)stream;
            snprintf(export->sensor, sizeof export->sensor, "%s", sensor);
            return 0;
        }
    }
    return fault_set(why, -ENOENT, _("no sensor \"%s\" has ever reported here; expected the id of one that has"),
                     text_escape(sensor, strlen(sensor), shown, sizeof shown));
}

// What the outlet has not been acknowledged for.
static int take_outlet(struct export *export, const char *outlet, struct fault *why)
{
    char shown[80];
    if (!outlet)
        return 0;
    if (!buffer_cursor_pending(export->exports->buffer, outlet, &export->ranges))
        return fault_set(why, -ENOENT, _("there is no outlet \"%s\"; expected the name of one of the configuration"),
                         text_escape(outlet, strlen(outlet), shown, sizeof shown));
    snprintf(export->outlet, sizeof export->outlet, "%s", outlet);
    return 0;
}

// Only the numbers [from, to) are read.
static void cut_ranges(struct export *export, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < export->ranges.count; i++) {
        struct buffer_range *range = &export->ranges.ranges[i];
        range->from = range->from < from ? from : range->from;
        range->to = range->to > to ? to : range->to;
    }
}

// What was stored up to now; of a range of times, only the part of the log where it may lie.
static void choose_numbers(struct export *export)
{
    struct buffer *buffer = export->exports->buffer;
    struct buffer_figures figures;
    uint64_t from, to;
    buffer_figures(buffer, &figures);
    cut_ranges(export, figures.oldest, figures.next);
    if (!export->has_from && !export->has_to)
        return;
    if (buffer_find_times(buffer, export->has_from ? export->from_us : INT64_MIN,
                          export->has_to ? export->to_us : INT64_MAX, &from, &to))
        cut_ranges(export, from, to);
    else
        export->ranges.count = 0;
}

static int take_wish(struct export *export, const struct control_export_wish *wish, struct fault *why)
{
    int error = take_time(wish->from, "from", &export->has_from, &export->from_us, why);
    error = error ? error : take_time(wish->to, "to", &export->has_to, &export->to_us, why);
    error = error ? error : take_sensor(export, wish->sensor, why);
    error = error ? error : take_outlet(export, wish->outlet, why);
    if (!error && export->has_from && export->has_to && export->to_us <= export->from_us)
        error = fault_set(why, -EINVAL, _("the range ends before it begins; expected \"to\" later than \"from\""));
    if (!error && wire_tree(export->exports->settings, wish->outlet, export->tree))
        error = fault_set(why, -EINVAL, _("the outlet's topic_prefix cannot begin a topic"));
    return error;
}

/* The text. */

static void key_time(struct json *json, const char *key, bool has, int64_t time_us)
{
    char text[UTC_TEXT_SIZE];
    json_key_text(json, key, has ? utc_text(time_us, text) : NULL);
}

static void write_head(const struct export *export, struct bytes *out)
{
    const struct exports *exports = export->exports;
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_signed(&json, "citygw_export", 1);
    json_key_text(&json, "municipality", exports->settings->gateway.municipality);
    json_key_text(&json, "gateway", exports->settings->gateway.id);
    json_key_text(&json, "epoch", buffer_epoch(exports->buffer));
    json_key_text(&json, "tree", export->tree);
    json_key_text(&json, "outlet", *export->outlet ? export->outlet : NULL);
    json_key_text(&json, "sensor", *export->sensor ? export->sensor : NULL);
    key_time(&json, "from", export->has_from, export->from_us);
    key_time(&json, "to", export->has_to, export->to_us);
    key_time(&json, "made", true, clock_wall_us(exports->clock));
    json_object_end(&json);
    bytes_char(out, '\n');
}

static void write_end(const struct export *export, struct bytes *out)
{
    char crc[9];
    struct json json;
    snprintf(crc, sizeof crc, "%08" PRIx32, export->crc);
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_unsigned(&json, "readings", export->readings);
    if (export->left_out)
        json_key_unsigned(&json, "left_out", export->left_out);
    if (export->waiting)
        json_key_unsigned(&json, "waiting", export->waiting);
    json_key_text(&json, "crc32c", crc);
    json_object_end(&json);
    bytes_char(out, '\n');
}

static bool is_asked_for(const struct export *export, const struct buffer_item *item)
{
    int64_t time_us = item->corrected_us ? item->corrected_us : item->time_us;
    return (!*export->sensor || item->stream == export->stream) && (!export->has_from || time_us >= export->from_us) &&
           (!export->has_to || time_us < export->to_us);
}

static void write_reading(struct export *export, const struct buffer_item *item, struct bytes *out)
{
    struct exports *exports = export->exports;
    char topic[WIRE_TOPIC_SIZE], unknown[24];
    struct json json;
    if (exports->hold && hold_keeps(exports->hold, item)) {
        export->waiting++; // with a time that is not known yet: what was written cannot be corrected
        return;
    }
    const char *name = buffer_stream_name(exports->buffer, item->stream);
    snprintf(unknown, sizeof unknown, "unknown-%" PRIu32, item->stream); // damage took the name
    struct outlet_record record = {.number = item->number,
                                   .sensor = name ? name : unknown,
                                   .seq = item->seq,
                                   .late = true,
                                   .corrected_us = item->corrected_us,
                                   .payload = item->payload,
                                   .size = item->size};
    bytes_clear(&export->payload);
    if (wire_reading(export->tree, buffer_epoch(exports->buffer), &record, topic, &export->payload) ||
        export->payload.overflow) {
        export->left_out++;
        return;
    }
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "topic", topic);
    json_key(&json, "payload");
    json_raw(&json, export->payload.data, export->payload.used);
    json_object_end(&json);
    bytes_char(out, '\n');
    export->readings++;
}

// The next batch of the range, or the next range. 0 or -errno.
static int read_batch(struct export *export)
{
    struct buffer_batch *batch = &export->batch;
    struct buffer_range *range = &export->ranges.ranges[export->range];
    export->at = 0;
    batch->count = 0;
    if (range->from >= range->to) {
        export->range++;
        return 0;
    }
    int error = buffer_read(export->exports->buffer, range->from, READ_RECORDS, READ_BYTES, batch);
    if (!error)
        export->batch_end = range->to;
    if (!error)
        range->from = batch->next > range->from ? batch->next : range->to; // nothing more is kept
    return error;
}

// One batch at most, or what is left of the one before. 0 or -errno.
static int write_readings(struct export *export, struct bytes *out)
{
    const struct buffer_batch *batch = &export->batch;
    int error = 0;
    if (export->at == batch->count && export->range < export->ranges.count)
        error = read_batch(export);
    while (export->at < batch->count && out->used < PIECE_FULL) {
        const struct buffer_item *item = &batch->items[export->at++];
        if (item->number < export->batch_end && is_asked_for(export, item))
            write_reading(export, item, out);
    }
    if (export->at == batch->count && export->range == export->ranges.count)
        export->part = PART_END;
    return error;
}

// The head goes by itself, at once. Then it goes on until there is a piece worth sending: a range or a sensor may leave out
// almost all that is read.
static int write_piece(struct export *export, struct bytes *out)
{
    int error = 0;
    bool head = export->part == PART_HEAD;
    if (head) {
        write_head(export, out);
        export->part = PART_READINGS;
    }
    while (!error && !head && export->part == PART_READINGS && out->used < PIECE_FULL)
        error = export->exports->ended ? -ECANCELED : write_readings(export, out);
    if (error)
        return error;
    export->crc = crc32c(export->crc, out->data, out->used);
    bool last = export->part == PART_END;
    if (last)
        write_end(export, out);
    return out->overflow ? -ENOMEM : !last;
}

/* What control calls. */

static void export_close(void *context)
{
    struct export *export = context;
    bytes_finish(&export->payload);
    bytes_finish(&export->batch.bytes);
    free(export);
}

static int export_open(void *context, const struct control_export_wish *wish, void **ret_export, struct fault *why)
{
    struct exports *exports = context;
    struct export *export = calloc(1, sizeof *export);
    if (!export)
        return fault_set(why, -ENOMEM, _("out of memory"));
    export->exports = exports;
    export->ranges = (struct buffer_pending){.ranges = {{0, UINT64_MAX}}, .count = 1};
    bytes_init(&export->payload, CONTROL_EXPORT_PIECE_MAX / 2);
    int error = take_wish(export, wish, why);
    if (error) {
        export_close(export);
        return error;
    }
    choose_numbers(export);
    *ret_export = export;
    return 0;
}

static bool begin_reading(struct exports *exports)
{
    pthread_mutex_lock(&exports->lock);
    bool may = !exports->ended;
    exports->reading += may;
    pthread_mutex_unlock(&exports->lock);
    return may;
}

static void end_reading(struct exports *exports)
{
    pthread_mutex_lock(&exports->lock);
    exports->reading--;
    pthread_cond_broadcast(&exports->quiet);
    pthread_mutex_unlock(&exports->lock);
}

static int export_read(void *context, struct bytes *piece)
{
    struct export *export = context;
    if (!begin_reading(export->exports))
        return -ECANCELED;
    int more = write_piece(export, piece);
    end_reading(export->exports);
    return more;
}

const struct control_export exports_face = {.open = export_open, .read = export_read, .close = export_close};

struct exports *exports_create(const struct settings *settings, struct buffer *buffer, const struct clock *clock,
                               struct hold *hold)
{
    struct exports *exports = calloc(1, sizeof *exports);
    if (!exports)
        return NULL;
    exports->settings = settings;
    exports->buffer = buffer;
    exports->clock = clock;
    exports->hold = hold;
    pthread_mutex_init(&exports->lock, NULL);
    pthread_cond_init(&exports->quiet, NULL);
    return exports;
}

void exports_end(struct exports *exports)
{
    if (!exports)
        return;
    pthread_mutex_lock(&exports->lock);
    exports->ended = true;
    while (exports->reading)
        pthread_cond_wait(&exports->quiet, &exports->lock);
    pthread_mutex_unlock(&exports->lock);
}

void exports_destroy(struct exports *exports)
{
    if (!exports)
        return;
    pthread_cond_destroy(&exports->quiet);
    pthread_mutex_destroy(&exports->lock);
    free(exports);
}
