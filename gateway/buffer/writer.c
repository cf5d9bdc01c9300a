// SPDX-License-Identifier: Apache-2.0
#include "writer.h"

#include "base/messages.h"
#include "carry.h"
#include "delivery.h"
#include "frame.h"
#include "gone.h"
#include "reckon.h"
#include "retention.h"
#include "roll.h"
#include <errno.h>
#include <time.h>

enum {
    BEAT_US = 1000 * 1000,
    RETRY_FIRST_US = 100 * 1000,
    RETRY_LAST_US = 5 * 1000 * 1000,
    RETRY_AT_ONCE = 4,
    GIVE_WAY_MOST = 3,
    FULL_LONG_US = 10 * 1000 * 1000,
};

const int64_t buffer_commit_bounds_us[11] = {1000,   2000,   5000,   10000,   20000,  50000,
                                             100000, 200000, 500000, 1000000, 2000000};

// Frames of the flying group that fit into the segment, sealed for it.
struct run {
    size_t size;
    uint64_t next;
    struct frame_seal seal;
};

static struct run seal_run(const struct buffer *buffer)
{
    const struct writer *writer = &buffer->writer;
    const struct group *group = writer->flying;
    const struct clock *clock = buffer->options.clock;
    struct run run = {
        .next = buffer->durable,
        .seal = {writer->seed, buffer->durable, clock_wall_us(clock), clock_boot_us(clock), clock->synchronised(clock),
                 buffer->durable},
    };
    size_t room = (size_t)(writer->size - writer->used);
    while (group->done + run.size < group->frames.used) {
        uint8_t *bytes = group->frames.data + group->done + run.size;
        size_t step = frame_step(bytes);
        if (run.size + step > room)
            break;
        run.seal.first = run.next;
        frame_close(bytes, &run.seal);
        run.size += step;
        run.next += frame_peek(bytes).records;
    }
    return run;
}

// What becomes durable, for the checkpoint and for whoever reads. With the lock held.
static void count_run(struct buffer *buffer, const struct run *run, struct segment *segment)
{
    const struct group *group = buffer->writer.flying;
    const uint8_t *bytes = group->frames.data + group->done;
    struct frame frame;
    for (size_t at = 0; at < run->size; at += frame_padded(frame.length)) {
        frame = frame_peek(bytes + at);
        struct view view = {frame.body, frame.body_size, false};
        struct frame_record record;
        for (uint64_t number = frame.first; frame_next_record(&view, &record); number++) {
            buffer->streams.stored_seq[record.stream] = record.seq + 1;
            time_span_add(&segment->times, record.time_us);
            if (record.flags & RECORD_NEWEST)
                streams_note_newest(&buffer->streams, record.stream, frame_order_us(&frame, &record), number);
        }
    }
}

static void publish(struct buffer *buffer, const struct run *run)
{
    struct writer *writer = &buffer->writer;
    writer->newest = (struct commit_time){true, run->seal.wall_synced, run->seal.wall_us, run->seal.boot_us};
    buffer_lock(buffer);
    struct segment *segment = segments_by_id(&buffer->segments, writer->id);
    count_run(buffer, run, segment);
    segment_mark(segment, segment->end, writer->used);
    if (segment->end == segment->first)
        segment->oldest = writer->newest;
    segment->newest = writer->newest;
    segment->end = run->next;
    segment->used = writer->used = writer->used + run->size;
    buffer->figures.committed += run->next - buffer->durable;
    buffer->stored += run->next - buffer->durable;
    buffer->durable = run->next;
    buffer->flying_bytes -= run->size;
    struct requests *requests = &buffer->requests;
    while (requests->durable < requests->tail && requests->ring[requests->durable % REQUESTS_MAX].end <= buffer->stored)
        requests->durable++;
    buffer_unlock(buffer);
    writer->flying->done += run->size;
    if (buffer->options.wake)
        buffer->options.wake(buffer->options.context);
}

// A segment with room for the next frame, and the streams' names on disk before their records.
static int prepare(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    const struct group *group = writer->flying;
    size_t step = frame_step(group->frames.data + group->done);
    buffer_at_disk(buffer);
    if (writer->fd >= 0 && writer->used + step > writer->size)
        roll_close(buffer);
    int error = writer->fd < 0 ? roll_begin(buffer, step) : 0;
    return !error && writer->checkpoint_streams < group->streams ? roll_checkpoint(buffer) : error;
}

static int write_run(struct buffer *buffer, const struct run *run)
{
    struct writer *writer = &buffer->writer;
    const uint8_t *bytes = writer->flying->frames.data + writer->flying->done;
    int error = buffer->disk->write(buffer->disk, writer->fd, bytes, run->size, (int64_t)writer->used);
    if (!error) {
        atomic_fetch_add_explicit(&buffer->written_bytes, run->size, memory_order_relaxed);
        error = buffer->disk->sync(buffer->disk, writer->fd);
    }
    if (error)
        roll_condemn(buffer);
    return error;
}

// Writes what fits into one segment and syncs it. -ESTALE: into a file that somebody has removed.
static int commit_run(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    struct run run = {0};
    int error = prepare(buffer);
    if (!error) {
        run = seal_run(buffer);
        error = write_run(buffer, &run);
    }
    if (writer->fd >= 0 && gone_current(buffer)) {
        roll_condemn(buffer);
        error = -ESTALE;
    }
    if (error)
        return error;
    publish(buffer, &run);
    return 0;
}

static void count_commit(struct buffer *buffer, int64_t took_us)
{
    struct buffer_figures *figures = &buffer->figures;
    enum { BOUNDS = sizeof buffer_commit_bounds_us / sizeof *buffer_commit_bounds_us };
    figures->commits++;
    figures->commit_us_sum += (uint64_t)took_us;
    for (size_t i = 0; i < BOUNDS; i++)
        figures->commit_histogram[i] += took_us <= buffer_commit_bounds_us[i];
    figures->commit_histogram[BOUNDS]++;
}

static void set_failing(struct buffer *buffer, int error)
{
    buffer_lock(buffer);
    if (!buffer->failing)
        buffer->failing_since_us = monotonic_us();
    buffer->failing = error == -EDQUOT ? -ENOSPC : error == 0 || error == -ENOSPC ? error : -EIO;
    buffer_unlock(buffer);
}

// That the disk is full counts when there is too little room for another segment (where somebody has a quota nobody can
// tell), or when it has gone on for long.
static bool is_full_indeed(const struct buffer *buffer, int error)
{
    return error == -EDQUOT || !buffer->disk->has_room(buffer->disk, buffer->folder, buffer->segment_bytes) ||
           monotonic_us() - buffer->writer.failing_us > FULL_LONG_US;
}

// The oldest makes room. What was full only for a moment is to cost nothing; and what fills the disk may be somebody else,
// who would take all that we give: of what an outlet still wants only a little goes until a group was stored again.
static bool made_room(struct buffer *buffer, int error)
{
    struct writer *writer = &buffer->writer;
    if (writer->failures == 0)
        return true;
    if (retention_gives_delivered(buffer))
        return true;
    bool may = writer->gave_way < GIVE_WAY_MOST && is_full_indeed(buffer, error) && retention_give_way(buffer);
    writer->gave_way += may;
    return may;
}

// What can be done about it now. A file that was taken away is replaced.
static bool mended(struct buffer *buffer, int error, bool leaving)
{
    if (error == -ESTALE) {
        gone_look(buffer);
        gone_forget(buffer);
        return true;
    }
    return (error == -ENOSPC || error == -EDQUOT) && !leaving && made_room(buffer, error);
}

// The group keeps its numbers and is tried again, for ever; appends wait only for a moment (see append.c). True: at once.
static bool commit_failed(struct buffer *buffer, int error, bool leaving)
{
    struct writer *writer = &buffer->writer;
    writer->failing_us = writer->failures ? writer->failing_us : monotonic_us();
    bool again = mended(buffer, error, leaving) && writer->failures < RETRY_AT_ONCE;
    int64_t wait_us = RETRY_FIRST_US << (writer->failures < 6 ? writer->failures : 6);
    writer->failures++;
    writer->retry_us = monotonic_us() + (wait_us < RETRY_LAST_US ? wait_us : RETRY_LAST_US);
    if (again)
        return true;
    if (!writer->failing)
        buffer_report(buffer, _("readings cannot be stored (%s); this is tried again"), error_text(error));
    writer->failing = true;
    set_failing(buffer, error);
    return false;
}

static void commit(struct buffer *buffer, bool leaving)
{
    struct writer *writer = &buffer->writer;
    struct group *group = writer->flying;
    if (!group || (monotonic_us() < writer->retry_us && !leaving))
        return;
    while (group->done < group->frames.used) {
        int error = commit_run(buffer);
        if (error && !commit_failed(buffer, error, leaving))
            return;
    }
    if (writer->failing) {
        buffer_report(buffer, _("readings can be stored again"));
        set_failing(buffer, 0);
    }
    writer->failing = false;
    writer->failures = writer->gave_way = 0;
    writer->retry_us = 0;
    writer->flying = NULL;
    buffer_lock(buffer);
    count_commit(buffer, monotonic_us() - group->started_us);
    buffer_unlock(buffer);
}

static bool is_early(const struct group *group)
{
    return group->frames.used >= GROUP_BYTES_EARLY || group->requests >= REQUESTS_MAX / 2;
}

// When the group that fills is to be taken; with the lock held.
static int64_t group_due_us(const struct buffer *buffer)
{
    const struct group *group = buffer->filling;
    return buffer->flush || buffer->closing || is_early(group) ? 0
                                                               : group->started_us + buffer->options.commit_interval_us;
}

// Takes the group when it is due. Returns whether the buffer is being closed.
static bool take_group(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    buffer_lock(buffer);
    buffer->figures.writer_beat_boot_us = clock_boot_us(buffer->options.clock);
    struct group *group = buffer->filling;
    if (!writer->flying) {
        if (group->requests > 0 && monotonic_us() >= group_due_us(buffer)) {
            writer->flying = group;
            buffer->flying_bytes = group->frames.used;
            group->streams = buffer->streams.count;
            buffer->filling = &buffer->groups[group == &buffer->groups[0]];
            bytes_clear(&buffer->filling->frames);
            buffer->filling->requests = buffer->filling->done = 0;
        }
        buffer->flush = false;
    }
    bool closing = buffer->closing;
    buffer_unlock(buffer);
    return closing;
}

static bool is_done(struct buffer *buffer)
{
    buffer_lock(buffer);
    bool done = buffer->writer.flying || buffer->filling->requests == 0; // flying still: it failed, and nobody waits
    buffer_unlock(buffer);
    return done;
}

static void wait_for_work(struct buffer *buffer)
{
    const struct writer *writer = &buffer->writer;
    buffer_lock(buffer);
    int64_t now_us = monotonic_us();
    int64_t until_us = now_us + BEAT_US;
    if (writer->flying) {
        until_us = writer->retry_us < until_us ? writer->retry_us : until_us;
    } else if (buffer->filling->requests > 0) {
        int64_t due_us = group_due_us(buffer);
        until_us = due_us < until_us ? due_us : until_us;
    } else if (buffer->flush) {
        until_us = 0;
    }
    if (buffer->cursors_dirty && !writer->cursors_failed && buffer->cursors_dirty_us + DELIVERY_WRITE_US < until_us)
        until_us = buffer->cursors_dirty_us + DELIVERY_WRITE_US;
    if (until_us > now_us && !buffer->closing) {
        struct timespec until = {until_us / 1000000, (long)(until_us % 1000000) * 1000};
        pthread_cond_timedwait(&buffer->work, &buffer->mutex, &until);
    }
    buffer_unlock(buffer);
}

static void leave(struct buffer *buffer)
{
    const struct writer *writer = &buffer->writer;
    if (writer->flying) {
        buffer_lock(buffer);
        unsigned long long left = buffer->appended - buffer->stored;
        buffer_unlock(buffer);
        buffer_report(buffer, _("%llu readings could not be stored before the end; they were not acknowledged"), left);
    }
    if (carry_size(&writer->carry) > 0)
        roll_begin(buffer, 0); // the last chance of events whose segment is gone
    if (carry_size(&writer->carry) > 0) {
        buffer_report(buffer, _("%zu events of a segment that made room found no place; they are lost"),
                      reckon_carried(buffer));
        ledger_serve(buffer, true);
    }
    roll_close(buffer);
    if (writer->checkpoint_wanted || writer->checkpoint_next != buffer->durable ||
        writer->checkpoint_streams != buffer->streams.count)
        roll_checkpoint(buffer);
}

void *writer_run(void *context)
{
    struct buffer *buffer = context;
    for (;;) {
        bool leaving = take_group(buffer);
        reckon_serve(buffer);
        commit(buffer, leaving);
        roll_correct(buffer);
        delivery_serve(buffer, leaving);
        ledger_serve(buffer, leaving);
        if (leaving && is_done(buffer))
            break;
        retention_tick(buffer);
        atomic_store(&buffer->at_disk_us, 0);
        wait_for_work(buffer);
    }
    leave(buffer);
    return NULL;
}
