// SPDX-License-Identifier: Apache-2.0
#include "derived.h"

#include <stdlib.h>

enum { STORED_MAX = 512 * 1024 };

static const int64_t never_us = INT64_MIN / 2, not_asked_us = INT64_MIN, near_us = 1000;

void derived_init(struct derived *derived, const struct clock *clock, struct buffer *buffer, const struct hold *hold)
{
    *derived = (struct derived){.clock = clock, .buffer = buffer, .hold = hold};
    bytes_init(&derived->stored, STORED_MAX);
}

void derived_finish(struct derived *derived)
{
    bytes_finish(&derived->stored);
    free(derived->last_us);
}

// Of that stream, as it is stored: what is told again after a restart may be of the same time.
static int64_t stored_last_us(const struct derived *derived, uint32_t stream)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    uint64_t number = buffer_stream_newest(derived->buffer, stream);
    int64_t last_us = never_us;
    if (batch && number && buffer_read(derived->buffer, number, 1, 1, batch) == 0 && batch->count &&
        batch->items[0].number == number)
        last_us = batch->items[0].corrected_us ? batch->items[0].corrected_us : batch->items[0].time_us;
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
    return last_us;
}

// Equal times of one stream get a microsecond more, as those of sensors do: a database keeps one point for each. A time that is just
// before the last is that of one that was moved so.
static bool give_time(struct derived *derived, uint32_t stream, int64_t *time_us)
{
    if (stream >= derived->last_count) {
        size_t count = buffer_stream_count(derived->buffer);
        int64_t *larger = realloc(derived->last_us, count * sizeof *larger);
        if (!larger)
            return false;
        for (size_t i = derived->last_count; i < count; i++)
            larger[i] = not_asked_us;
        derived->last_us = larger;
        derived->last_count = count;
    }
    int64_t *last_us = &derived->last_us[stream];
    if (*last_us == not_asked_us)
        *last_us = stored_last_us(derived, stream);
    if (*time_us <= *last_us && *time_us > *last_us - near_us)
        *time_us = *last_us + 1;
    *last_us = *time_us;
    return true;
}

static bool drop(struct derived *derived, size_t used)
{
    derived->stored.used = used;
    derived->stored.overflow = false;
    derived->dropped++;
    return false;
}

bool derived_add(struct derived *derived, const char *stream, const struct reading *reading, enum buffer_class class)
{
    struct fault why;
    uint32_t number;
    if (derived->count == DERIVED_MAX)
        derived_store(derived); // much happens in this turn: all sensors fell silent, say
    size_t used = derived->stored.used, streams = buffer_stream_count(derived->buffer);
    if (derived->count == DERIVED_MAX || buffer_stream(derived->buffer, stream, &number, &why) != 0)
        return drop(derived, used);
    if (buffer_stream_count(derived->buffer) > streams && derived->made)
        derived->made(derived->context, number);
    struct reading timed = *reading;
    if (!give_time(derived, number, &timed.time_us))
        return drop(derived, used);
    reading_encode(&timed, &derived->stored);
    if (derived->stored.overflow)
        return drop(derived, used);
    derived->list[derived->count].stream = number;
    derived->list[derived->count].class = class;
    derived->list[derived->count].time_us = timed.time_us;
    derived->list[derived->count].unsure = reading->time_quality == TIME_ESTIMATED && !hold_is_over(derived->hold);
    derived->list[derived->count].from = used;
    derived->list[derived->count++].size = derived->stored.used - used;
    return true;
}

bool derived_store(struct derived *derived)
{
    struct buffer_record records[DERIVED_MAX];
    int64_t ahead_us = clock_boot_us(derived->clock) - clock_wall_us(derived->clock);
    if (derived->count == 0)
        return false;
    for (size_t i = 0; i < derived->count; i++)
        records[i] = (struct buffer_record){.stream = derived->list[i].stream,
                                            .class = derived->list[i].class,
                                            .time_us = derived->list[i].time_us,
                                            .unsure = derived->list[i].unsure,
                                            .boot_us = derived->list[i].time_us + ahead_us,
                                            .payload = derived->stored.data + derived->list[i].from,
                                            .size = derived->list[i].size};
    if (buffer_append(derived->buffer, records, derived->count, NULL, 0, NULL, 0) != 0)
        return false; // they go on waiting
    derived->taken += derived->count;
    derived->count = 0;
    bytes_clear(&derived->stored);
    return true;
}
