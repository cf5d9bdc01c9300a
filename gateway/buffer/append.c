// SPDX-License-Identifier: Apache-2.0
#include "frame.h"
#include "inside.h"
#include "reckon.h"
#include "retention.h"

#include "base/messages.h"
#include <errno.h>
#include <string.h>

/*
 * The loop's side: streams, appending, and being told what is durable.
 */

enum { PATIENCE_US = 1000 * 1000 };

int buffer_stream(struct buffer *buffer, const char *name, uint32_t *ret_stream, struct fault *why)
{
    size_t size = strlen(name);
    if (size == 0 || size > STREAM_NAME_MAX)
        return fault_set(why, -EINVAL, _("%s is no name for a stream; expected 1 to %d bytes"), name, STREAM_NAME_MAX);
    buffer_lock(buffer);
    int error = 0;
    if (!streams_find(&buffer->streams, name, size, ret_stream)) {
        uint64_t first = buffer->streams.first_seq;
        error = streams_add(&buffer->streams, name, size, ret_stream);
        buffer->figures.skipped += error ? 0 : first - 1;
        if (!error && first > 1)
            reckon_skipped(buffer, *ret_stream, 1, first - 1);
    }
    buffer_unlock(buffer);
    return error ? fault_errno(why, error, _("no more room for the sensor %s"), name) : 0;
}

const char *buffer_stream_name(const struct buffer *buffer, uint32_t stream)
{
    struct buffer *shared = (struct buffer *)buffer;
    buffer_lock(shared);
    const char *name = stream < buffer->streams.count ? buffer->streams.names[stream] : NULL;
    buffer_unlock(shared);
    return name;
}

uint64_t buffer_stream_next_seq(const struct buffer *buffer, uint32_t stream)
{
    struct buffer *shared = (struct buffer *)buffer;
    buffer_lock(shared);
    uint64_t seq = stream < buffer->streams.count ? buffer->streams.next_seq[stream] : 0;
    buffer_unlock(shared);
    return seq;
}

uint64_t buffer_stream_newest(const struct buffer *buffer, uint32_t stream)
{
    struct buffer *shared = (struct buffer *)buffer;
    buffer_lock(shared);
    uint64_t number = stream < buffer->streams.count ? buffer->streams.newest[stream] : 0;
    const struct segment *segment = segments_from(&buffer->segments, number);
    if (!segment || segment->first > number || segment_missing(segment, number, number + 1))
        number = 0;
    buffer_unlock(shared);
    return number;
}

size_t buffer_stream_count(const struct buffer *buffer)
{
    struct buffer *shared = (struct buffer *)buffer;
    buffer_lock(shared);
    size_t count = buffer->streams.count;
    buffer_unlock(shared);
    return count;
}

// The pack's padded size on disk; SIZE_MAX when it is larger than any segment.
static size_t pack_size(const struct buffer_record *records, size_t count, size_t key_size)
{
    size_t size = FRAME_HEADER_SIZE + key_size;
    for (size_t i = 0; i < count; i++) {
        if (records[i].size > SEGMENT_BYTES_MAX)
            return SIZE_MAX;
        size += frame_record_head(records[i].unsure ? RECORD_UNSURE : 0);
        size += records[i].size; // at most 256 times 64 MB; on 32 bits it may wrap, so it is tested below
        if (size > SEGMENT_BYTES_MAX)
            return SIZE_MAX;
    }
    return frame_padded(size);
}

// While the disk fails for longer than a moment, the answer is that nothing can be stored: nobody is to wait for what may
// take hours. What waits already is tried again, so that this ends by itself. With the lock held.
static int refuse_while_failing(const struct buffer *buffer)
{
    bool long_ago = buffer->failing && monotonic_us() - buffer->failing_since_us > PATIENCE_US;
    return long_ago ? buffer->failing : 0;
}

// With the lock held.
static int may_append(struct buffer *buffer, const struct buffer_record *records, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (records[i].stream >= buffer->streams.count)
            return -EINVAL;
    int error = refuse_while_failing(buffer);
    if (error)
        return error;
    if (buffer->requests.tail - buffer->requests.told >= REQUESTS_MAX)
        return -EBUSY;
    if (!retention_has_room(buffer, size))
        return -ENOSPC;
    struct bytes *frames = &buffer->filling->frames;
    if (size > frames->max - frames->used)
        return -EBUSY;
    return bytes_reserve(frames, size) ? 0 : -ENOMEM;
}

// A time ahead of the wall clock counts as now, so that one reading from the far future does not end all later ones' being
// newest. What is unsure, or comes while the clock stands before the latest time known, is newest by its arrival.
static bool note_latest(int64_t *latest_us, const struct buffer_record *record, int64_t wall_us)
{
    if (record->unsure)
        return true;
    int64_t time_us = streams_order_us(record->time_us, wall_us);
    bool newest = time_us >= *latest_us || *latest_us > wall_us;
    *latest_us = time_us > *latest_us ? time_us : *latest_us;
    return newest;
}

static void append_record(struct bytes *frames, const struct buffer_record *record, struct streams *streams,
                          int64_t wall_us)
{
    bool newest = note_latest(&streams->newest_us[record->stream], record, wall_us);
    frame_record(frames, &(struct frame_record){
                             .stream = record->stream,
                             .seq = streams->next_seq[record->stream]++,
                             .time_us = record->time_us,
                             .class = (uint8_t)record->class,
                             .flags = (uint8_t)((newest ? RECORD_NEWEST : 0) | (record->unsure ? RECORD_UNSURE : 0)),
                             .boot_us = record->boot_us,
                             .payload = record->payload,
                             .size = record->size,
                         });
}

// With the lock held, and room for all of it.
static void append_frame(struct buffer *buffer, const struct buffer_record *records, size_t count, const void *key,
                         size_t key_size)
{
    struct group *group = buffer->filling;
    size_t start = group->frames.used;
    int64_t wall_us = clock_wall_us(buffer->options.clock);
    frame_begin(&group->frames, FRAME_RECORDS, count, key, key_size);
    for (size_t i = 0; i < count; i++)
        append_record(&group->frames, &records[i], &buffer->streams, wall_us);
    frame_end(&group->frames, start);
    buffer->appended += count;
}

static void count_request(struct buffer *buffer, void *owner, uint64_t ticket)
{
    struct group *group = buffer->filling;
    struct requests *requests = &buffer->requests;
    if (requests->told == requests->tail) // only as much of the ring is ever touched as waited at once
        requests->told = requests->durable = requests->tail = 0;
    requests->ring[requests->tail % REQUESTS_MAX] = (struct request){owner, ticket, buffer->appended};
    requests->tail++;
    if (group->requests++ == 0) {
        group->started_us = monotonic_us();
        pthread_cond_signal(&buffer->work);
    } else if (group->frames.used >= GROUP_BYTES_EARLY || group->requests == REQUESTS_MAX / 2) {
        pthread_cond_signal(&buffer->work);
    }
}

int buffer_append(struct buffer *buffer, const struct buffer_record *records, size_t count, const void *key,
                  size_t key_size, void *owner, uint64_t ticket)
{
    if (count == 0 || count > BUFFER_PACK_MAX || key_size > BUFFER_KEY_MAX)
        return -EINVAL;
    size_t size = pack_size(records, count, key_size);
    if (size > segment_capacity(buffer))
        return -EMSGSIZE;
    buffer_lock(buffer);
    int error = may_append(buffer, records, count, size);
    if (error) {
        // An overflow would make the group refuse what comes later, and there is memory to be had again perhaps.
        buffer->filling->frames.overflow = false;
    } else {
        append_frame(buffer, records, count, key, key_size);
        count_request(buffer, owner, ticket);
    }
    buffer_unlock(buffer);
    return error;
}

void buffer_settled(struct buffer *buffer, void (*settled)(void *owner, uint64_t ticket, int status, void *context),
                    void *context)
{
    struct request some[64];
    size_t count;
    do {
        // Copied out, so that a callback may append.
        buffer_lock(buffer);
        struct requests *requests = &buffer->requests;
        for (count = 0; count < sizeof some / sizeof *some && requests->told < requests->durable; count++)
            some[count] = requests->ring[requests->told++ % REQUESTS_MAX];
        buffer_unlock(buffer);
        for (size_t i = 0; i < count; i++)
            settled(some[i].owner, some[i].ticket, 0, context);
    } while (count > 0);
}

void buffer_flush(struct buffer *buffer)
{
    buffer_lock(buffer);
    buffer->flush = true;
    pthread_cond_signal(&buffer->work);
    buffer_unlock(buffer);
}

int buffer_correct(struct buffer *buffer, uint64_t from, int64_t wall_at_boot_us)
{
    if (from == 0)
        return -EINVAL;
    buffer_lock(buffer);
    struct correct_wish *wish = &buffer->correct;
    from = wish->wanted && wish->from < from ? wish->from : from;
    *wish = (struct correct_wish){true, from, buffer->appended, wall_at_boot_us};
    buffer->flush = true;
    pthread_cond_signal(&buffer->work);
    buffer_unlock(buffer);
    return 0;
}

void buffer_estimates_given(struct buffer *buffer, uint64_t below)
{
    atomic_store(&buffer->estimates_given, below);
}

bool buffer_corrected_to(const struct buffer *buffer, uint64_t *ret_to)
{
    struct buffer *shared = (struct buffer *)buffer;
    buffer_lock(shared);
    bool done = !buffer->correct.wanted;
    if (done)
        *ret_to = corrections_end(&buffer->corrections);
    buffer_unlock(shared);
    return done;
}
