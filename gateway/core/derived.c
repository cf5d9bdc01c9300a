// SPDX-License-Identifier: Apache-2.0
#include "derived.h"

#include "recall.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STORED_MAX = 512 * 1024 };

void derived_init(struct derived *derived, const struct clock *clock, struct buffer *buffer, const struct hold *hold)
{
    *derived = (struct derived){.clock = clock, .buffer = buffer, .hold = hold};
    bytes_init(&derived->stored, STORED_MAX);
}

void derived_finish(struct derived *derived)
{
    bytes_finish(&derived->stored);
    free(derived->runs);
}

static void ask_disk(struct derived *derived, uint32_t stream)
{
    struct reading reading;
    bool any = buffer_stream_newest(derived->buffer, stream) > 0;
    struct buffer_batch *batch = any ? calloc(1, sizeof *batch) : NULL;
    if (batch && recall_newest(derived->buffer, stream, batch, &reading))
        derived->runs[stream].from_us = derived->runs[stream].to_us = reading.time_us;
    derived->runs[stream].is_known = true;
    if (batch)
        bytes_finish(&batch->bytes);
    free(batch);
}

static bool make_runs(struct derived *derived, uint32_t stream)
{
    size_t count = buffer_stream_count(derived->buffer);
    if (stream < derived->run_count)
        return true;
    struct derived_run *larger = realloc(derived->runs, count * sizeof *larger);
    if (!larger)
        return false;
    memset(larger + derived->run_count, 0, (count - derived->run_count) * sizeof *larger);
    derived->runs = larger;
    derived->run_count = count;
    return true;
}

void derived_know(struct derived *derived, uint32_t stream, int64_t newest_us)
{
    if (!make_runs(derived, stream) || derived->runs[stream].is_known)
        return;
    derived->runs[stream].is_known = true;
    derived->runs[stream].from_us = derived->runs[stream].to_us = newest_us;
}

// Equal times of one stream get a microsecond more, as those of sensors do: a database keeps one point for each.
static bool give_time(struct derived *derived, uint32_t stream, int64_t *time_us)
{
    if (!make_runs(derived, stream))
        return false;
    struct derived_run *run = &derived->runs[stream];
    if (!run->is_known)
        ask_disk(derived, stream);
    if (*time_us >= run->from_us && *time_us <= run->to_us)
        *time_us = ++run->to_us;
    else
        run->from_us = run->to_us = *time_us;
    return true;
}

// The first ones of what waits are stored, or can never be.
static void take_out(struct derived *derived, size_t count)
{
    derived->count -= count;
    memmove(derived->list, derived->list + count, derived->count * sizeof derived->list[0]);
    if (derived->count == 0)
        bytes_clear(&derived->stored);
}

// As many of the first `count` as make one pack: how many they are, or what the buffer says.
static int store_some(struct derived *derived, size_t count)
{
    struct buffer_record records[DERIVED_MAX] = {{0}};
    int error;
    for (size_t i = 0; i < count; i++)
        records[i] = (struct buffer_record){.stream = derived->list[i].stream,
                                            .class = derived->list[i].class,
                                            .time_us = derived->list[i].time_us,
                                            .unsure = derived->list[i].unsure,
                                            .boot_us = derived->list[i].boot_us,
                                            .payload = derived->stored.data + derived->list[i].from,
                                            .size = derived->list[i].size};
    while ((error = buffer_append(derived->buffer, records, count, NULL, 0, NULL, 0)) == -EMSGSIZE && count > 1)
        count /= 2;
    return error ? error : (int)count;
}

bool derived_store(struct derived *derived)
{
    uint64_t before = derived->taken;
    while (derived->count > 0) {
        int stored = store_some(derived, derived->count);
        if (stored < 0 && stored != -EMSGSIZE)
            break; // they go on waiting
        derived->taken += stored > 0 ? (uint64_t)stored : 0;
        derived->dropped += stored < 0; // no pack can hold it
        take_out(derived, stored > 0 ? (size_t)stored : 1);
    }
    derived->is_full = derived->is_full && derived->count > 0;
    return derived->taken != before;
}

static void owe(struct derived *derived, uint32_t stream)
{
    if (make_runs(derived, stream))
        derived->runs[stream].is_owed = derived->owes = true;
    derived->is_full = true;
}

static bool put(struct derived *derived, uint32_t stream, const struct reading *reading, enum buffer_class class)
{
    size_t used = derived->stored.used;
    struct reading timed = *reading;
    if (derived->count == DERIVED_MAX || !give_time(derived, stream, &timed.time_us))
        return false;
    reading_encode(&timed, &derived->stored);
    if (derived->stored.overflow) {
        derived->stored.used = used;
        derived->stored.overflow = false;
        return false;
    }
    derived->list[derived->count].stream = stream;
    derived->list[derived->count].class = class;
    derived->list[derived->count].time_us = timed.time_us;
    derived->list[derived->count].boot_us =
        timed.time_us + clock_boot_us(derived->clock) - clock_wall_us(derived->clock);
    derived->list[derived->count].unsure = reading->time_quality == TIME_ESTIMATED && !hold_is_over(derived->hold);
    derived->list[derived->count].from = used;
    derived->list[derived->count++].size = derived->stored.used - used;
    derived->runs[stream].any = true;
    return true;
}

bool derived_add(struct derived *derived, const char *stream, const struct reading *reading, enum buffer_class class)
{
    struct fault why;
    uint32_t number;
    size_t streams = buffer_stream_count(derived->buffer);
    if (derived->count == DERIVED_MAX)
        derived_store(derived);
    if (buffer_stream(derived->buffer, stream, &number, &why) != 0) {
        derived->dropped++;
        return false;
    }
    if (buffer_stream_count(derived->buffer) > streams && derived->made)
        derived->made(derived->context, number);
    if (put(derived, number, reading, class))
        return true;
    derived->dropped++;
    owe(derived, number);
    return false;
}

bool derived_owed(struct derived *derived, uint32_t *ret_stream)
{
    if (!derived->owes || derived->is_full)
        return false;
    for (uint32_t i = 0; i < derived->run_count; i++) {
        if (!derived->runs[i].is_owed)
            continue;
        derived->runs[i].is_owed = false;
        *ret_stream = i;
        return true;
    }
    derived->owes = false;
    return false;
}

bool derived_any(const struct derived *derived, uint32_t stream)
{
    return stream < derived->run_count && derived->runs[stream].any;
}
