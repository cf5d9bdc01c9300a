// SPDX-License-Identifier: Apache-2.0
#include "buffer/buffer.h"

#include "base/files.h"
#include "base/messages.h"
#include "carry.h"
#include "folder.h"
#include "inside.h"
#include "recovery.h"
#include "writer.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int64_t lifetime_us = INT64_C(1) << 52; // more than a hundred: two wall clocks that have nothing in common

enum {
    SEGMENT_SMALL = 64 << 10,
    SEGMENT_LARGE = 4 << 20,
    SEGMENTS_IN_ALL = 16,
    STATE_BYTES_MAX = CHECKPOINT_MAX,
    STACK_BYTES = 256 << 10
};

int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void buffer_report(const struct buffer *buffer, const char *format, ...)
{
    if (!buffer->options.report)
        return;
    char text[sizeof((struct fault *)0)->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buffer->options.report(buffer->options.context, text);
}

void buffer_at_disk(struct buffer *buffer)
{
    atomic_store(&buffer->at_disk_us, clock_boot_us(buffer->options.clock));
}

bool commit_age(const struct buffer *buffer, const struct commit_time *time, bool this_boot, int64_t *ret_age_us)
{
    const struct clock *clock = buffer->options.clock;
    if (!time->known || (!this_boot && !(time->wall_synced && clock->synchronised(clock))))
        return false;
    int64_t now_us = this_boot ? clock_boot_us(clock) : clock_wall_us(clock);
    int64_t age_us;
    if (__builtin_sub_overflow(now_us, this_boot ? time->boot_us : time->wall_us, &age_us))
        return false;
    *ret_age_us = age_us > 0 ? age_us : 0;
    return true;
}

static uint64_t choose_segment_bytes(const struct buffer_options *options)
{
    uint64_t bytes = options->segment_bytes;
    if (bytes == 0) {
        bytes = options->max_size_bytes / SEGMENTS_IN_ALL;
        bytes = bytes < SEGMENT_SMALL ? SEGMENT_SMALL : bytes > SEGMENT_LARGE ? SEGMENT_LARGE : bytes;
    }
    bytes = bytes < SEGMENT_BYTES_MIN ? SEGMENT_BYTES_MIN : bytes > SEGMENT_BYTES_MAX ? SEGMENT_BYTES_MAX : bytes;
    return bytes & ~(uint64_t)4095;
}

static int make_lock(struct buffer *buffer)
{
    pthread_condattr_t attributes;
    int error = -pthread_condattr_init(&attributes);
    if (error)
        return error;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    error = -pthread_cond_init(&buffer->work, &attributes);
    pthread_condattr_destroy(&attributes);
    if (error)
        return error;
    error = -pthread_mutex_init(&buffer->mutex, NULL);
    if (!error) {
        error = ledger_init(&buffer->ledger);
        if (error)
            pthread_mutex_destroy(&buffer->mutex);
    }
    if (error)
        pthread_cond_destroy(&buffer->work);
    return error;
}

static void release(struct buffer *buffer)
{
    cursors_close(&buffer->writer.cursors_file);
    if (buffer->writer.fd >= 0)
        close(buffer->writer.fd);
    if (buffer->lock_fd >= 0)
        close(buffer->lock_fd);
    if (buffer->folder >= 0)
        close(buffer->folder);
    bytes_finish(&buffer->writer.scratch);
    bytes_finish(&buffer->skipped);
    carry_finish(&buffer->writer.carry);
    bytes_finish(&buffer->groups[0].frames);
    bytes_finish(&buffer->groups[1].frames);
    segments_finish(&buffer->segments);
    streams_finish(&buffer->streams);
    free(buffer->requests.ring);
    free(buffer->path);
    ledger_finish(&buffer->ledger);
    pthread_mutex_destroy(&buffer->mutex);
    pthread_cond_destroy(&buffer->work);
    free(buffer);
}

static struct buffer *allocate(const struct buffer_options *options)
{
    struct buffer *buffer = calloc(1, sizeof *buffer);
    if (!buffer)
        return NULL;
    if (make_lock(buffer) != 0) {
        free(buffer);
        return NULL;
    }
    buffer->folder = buffer->lock_fd = buffer->writer.fd = buffer->writer.cursors_file.fd = -1;
    buffer->options = *options;
    buffer->disk = options->disk ? options->disk : &disk_system;
    buffer->segment_bytes = choose_segment_bytes(options);
    bytes_init(&buffer->groups[0].frames, GROUP_BYTES_MAX);
    bytes_init(&buffer->groups[1].frames, GROUP_BYTES_MAX);
    bytes_init(&buffer->skipped, SKIPPED_MAX);
    carry_init(&buffer->writer.carry);
    bytes_init(&buffer->writer.scratch, STATE_BYTES_MAX);
    buffer->filling = &buffer->groups[0];
    buffer->path = strdup(options->path);
    buffer->requests.ring = calloc(REQUESTS_MAX, sizeof *buffer->requests.ring);
    if (!buffer->path || !buffer->requests.ring || streams_init(&buffer->streams) != 0) {
        release(buffer);
        return NULL;
    }
    buffer->options.path = buffer->path;
    clock_boot_id(buffer->boot_id);
    return buffer;
}

static int open_folder(struct buffer *buffer, struct fault *why)
{
    int error = folder_make(buffer->path, why);
    if (error)
        return error;
    buffer->folder = open(buffer->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (buffer->folder < 0)
        return fault_errno(why, -errno, _("cannot open the buffer's folder %s"), buffer->path);
    return folder_lock(buffer->folder, buffer->path, &buffer->lock_fd, why);
}

// Signals are the business of the thread that opens us.
static int start_thread(struct buffer *buffer, struct fault *why)
{
    buffer->figures.writer_beat_boot_us = clock_boot_us(buffer->options.clock);
    sigset_t all, before;
    pthread_attr_t attributes;
    int error = -pthread_attr_init(&attributes);
    if (error)
        return fault_errno(why, error, _("cannot start the buffer's thread"));
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = -pthread_create(&buffer->thread, &attributes, writer_run, buffer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error)
        return fault_errno(why, error, _("cannot start the buffer's thread"));
    return 0;
}

int buffer_open(const struct buffer_options *options, struct buffer **ret_buffer, struct fault *why)
{
    struct buffer *buffer = allocate(options);
    if (!buffer)
        return fault_errno(why, -ENOMEM, _("cannot open the buffer %s"), options->path);
    int error = open_folder(buffer, why);
    if (!error)
        error = recovery_run(buffer, why);
    if (!error)
        error = start_thread(buffer, why);
    if (error) {
        release(buffer);
        return error;
    }
    *ret_buffer = buffer;
    return 0;
}

uint64_t buffer_close(struct buffer *buffer)
{
    if (!buffer)
        return 0;
    buffer_lock(buffer);
    buffer->closing = true;
    pthread_cond_signal(&buffer->work);
    buffer_unlock(buffer);
    pthread_join(buffer->thread, NULL);
    uint64_t left = buffer->appended - buffer->stored;
    release(buffer);
    return left;
}

const char *buffer_epoch(const struct buffer *buffer)
{
    return buffer->epoch;
}

// Between the segment's first and last commit, in the proportion of the numbers.
static int64_t time_within(const struct segment *segment, uint64_t number)
{
    int64_t from_us = segment->oldest.known ? segment->oldest.wall_us : segment->newest.wall_us;
    int64_t to_us = segment->newest.known ? segment->newest.wall_us : from_us, between_us;
    if (number <= segment->first || __builtin_sub_overflow(to_us, from_us, &between_us))
        return from_us;
    double part = (double)(number - segment->first) / (double)(segment->end - 1 - segment->first);
    return between_us > lifetime_us || between_us < -lifetime_us ? from_us
                                                                 : from_us + (int64_t)((double)between_us * part);
}

int64_t buffer_commit_time(struct buffer *buffer, uint64_t number)
{
    int64_t time_us = 0;
    buffer_lock(buffer);
    const struct segments *segments = &buffer->segments;
    const struct segment *segment = segments_from(segments, number);
    for (; time_us == 0 && segment && segment < segments->list + segments->count; segment++)
        if (segment->gone < segment->end && (segment->oldest.known || segment->newest.known))
            time_us = time_within(segment, number);
    buffer_unlock(buffer);
    return time_us;
}

uint64_t buffer_end(const struct buffer *buffer)
{
    struct buffer *shared = (struct buffer *)buffer;
    buffer_lock(shared);
    uint64_t end = buffer->durable;
    buffer_unlock(shared);
    return end;
}

static bool may_hold(const struct buffer *buffer, const struct segment *segment, int64_t from_us, int64_t to_us)
{
    if (segment->end == segment->first || segment->gone >= segment->end)
        return false;
    if (!segment->times.known || corrections_within(&buffer->corrections, segment->first, segment->end))
        return true;
    return segment->times.greatest_us >= from_us && segment->times.least_us < to_us;
}

bool buffer_find_times(const struct buffer *buffer, int64_t from_us, int64_t to_us, uint64_t *ret_from,
                       uint64_t *ret_to)
{
    struct buffer *shared = (struct buffer *)buffer;
    uint64_t from = 0, to = 0;
    buffer_lock(shared);
    for (size_t i = 0; from_us < to_us && i < buffer->segments.count; i++) {
        const struct segment *segment = &buffer->segments.list[i];
        if (!may_hold(buffer, segment, from_us, to_us))
            continue;
        from = from ? from : segment->first;
        to = segment->end;
    }
    buffer_unlock(shared);
    if (from < to) {
        *ret_from = from;
        *ret_to = to;
    }
    return from < to;
}

// With the lock held.
static void take_boot(const struct buffer *buffer, const struct segment *segment, bool first, struct buffer_boot *boot)
{
    bool began_set = segment->oldest.known && segment->oldest.wall_synced;
    boot->clock_was_set |= began_set || (segment->newest.known && segment->newest.wall_synced);
    boot->settled |= (first && began_set) || corrections_within(&buffer->corrections, segment->first, segment->end);
}

void buffer_boot(const struct buffer *buffer, int64_t since_us, struct buffer_boot *ret_boot)
{
    struct buffer *shared = (struct buffer *)buffer;
    bool first = true;
    *ret_boot = (struct buffer_boot){0};
    buffer_lock(shared);
    for (size_t i = 0; i < buffer->segments.count; i++) {
        const struct segment *segment = &buffer->segments.list[i];
        if (!segment->this_boot)
            continue;
        take_boot(buffer, segment, first, ret_boot);
        first = false;
        if (ret_boot->since == 0 && (!segment->newest.known || segment->newest.boot_us >= since_us))
            ret_boot->since = segment->first;
    }
    if (ret_boot->since == 0)
        ret_boot->since = buffer->durable;
    buffer_unlock(shared);
    ret_boot->clock_was_set |= ret_boot->settled;
}

void buffer_figures(struct buffer *buffer, struct buffer_figures *ret_figures)
{
    uint64_t free_bytes = 0, total_bytes = 0;
    folder_space(buffer->path, &free_bytes, &total_bytes);
    buffer_lock(buffer);
    const struct segments *segments = &buffer->segments;
    struct buffer_figures figures = buffer->figures;
    bool empty = segments->count == 0 || segments->list[0].first == buffer->durable;
    figures.oldest = empty ? buffer->durable : segments->list[0].first;
    figures.oldest_commit_us = empty ? 0 : segments->list[0].oldest.wall_us;
    figures.next = buffer->durable;
    figures.bytes = segments->bytes;
    figures.waiting = (size_t)(buffer->requests.tail - buffer->requests.durable);
    figures.failing = buffer->failing != 0;
    figures.ledger_entries = buffer->ledger.losses.count;
    figures.ledger_joined = buffer->ledger.losses.joined;
    memcpy(figures.ledger_lost, buffer->ledger.losses.lost, sizeof figures.ledger_lost);
    buffer_unlock(buffer);
    figures.free_bytes = (int64_t)free_bytes;
    figures.written_bytes = atomic_load_explicit(&buffer->written_bytes, memory_order_relaxed);
    figures.writer_syncing_since_boot_us = atomic_load(&buffer->at_disk_us);
    *ret_figures = figures;
}
