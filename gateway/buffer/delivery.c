// SPDX-License-Identifier: Apache-2.0
#include "delivery.h"

#include "base/messages.h"
#include "pending.h"
#include <errno.h>
#include <string.h>

enum { SYNC_EVERY_US = 5 * 1000 * 1000 };

static uint64_t oldest_kept(const struct buffer *buffer)
{
    return buffer->segments.count ? buffer->segments.list[0].first : buffer->durable;
}

// With the lock held.
static void set_dirty(struct buffer *buffer)
{
    if (!buffer->cursors_dirty) {
        buffer->cursors_dirty = true;
        buffer->cursors_dirty_us = monotonic_us();
        pthread_cond_signal(&buffer->work);
    }
}

// With the file's lock held. Of several threads the last one writes the newest.
static int write_all(struct buffer *buffer)
{
    buffer_lock(buffer);
    struct cursors cursors = buffer->cursors;
    buffer->cursors_dirty = false;
    buffer_unlock(buffer);
    return cursors_write(buffer->disk, &buffer->writer.cursors_file, &cursors);
}

static int open_new(struct buffer *buffer, const char *name, bool from_oldest, struct fault *why)
{
    struct cursors *cursors = &buffer->cursors;
    if (cursors->count == CURSORS_MAX)
        return fault_set(why, -ENOSPC, _("too many outlets; expected at most %d"), CURSORS_MAX);
    // When the file was lost, the outlet may have had a place: rather send again than skip.
    from_oldest = from_oldest || buffer->cursors_lost;
    struct cursor *cursor = &cursors->list[cursors->count++];
    *cursor = (struct cursor){.pending = pending_from(from_oldest ? oldest_kept(buffer) : buffer->durable)};
    memcpy(cursor->name, name, strlen(name));
    set_dirty(buffer);
    return 0;
}

int buffer_cursor_open(struct buffer *buffer, const char *name, bool from_oldest, struct fault *why)
{
    if (!text_is_id(name, strlen(name)))
        return fault_set(why, -EINVAL, _("%s is no name for an outlet; expected 1 to 64 of A-Z a-z 0-9 _ . -"), name);
    buffer_lock(buffer);
    bool known = cursors_find(&buffer->cursors, name);
    int error = known ? 0 : open_new(buffer, name, from_oldest, why);
    bool again = !known && !error && buffer->cursors_lost && buffer->durable > oldest_kept(buffer);
    buffer_unlock(buffer);
    if (again)
        buffer_report(buffer, _("how far %s had come is not known any more; every stored reading is sent to it again"),
                      name);
    return error;
}

uint64_t buffer_cursor(const struct buffer *buffer, const char *name)
{
    struct buffer *mutable = (struct buffer *)buffer;
    buffer_lock(mutable);
    const struct cursor *cursor = cursors_find(&buffer->cursors, name);
    struct buffer_range first = {0, 0};
    if (cursor)
        pending_first(&cursor->pending, oldest_kept(buffer), UINT64_MAX, &first);
    buffer_unlock(mutable);
    return first.from;
}

bool buffer_cursor_pending(const struct buffer *buffer, const char *name, struct buffer_pending *ret_pending)
{
    struct buffer *mutable = (struct buffer *)buffer;
    buffer_lock(mutable);
    const struct cursor *cursor = cursors_find(&buffer->cursors, name);
    if (cursor) {
        *ret_pending = cursor->pending;
        pending_done(ret_pending, 0, oldest_kept(buffer));
    }
    buffer_unlock(mutable);
    return cursor != NULL;
}

// With the lock held.
static bool move(struct buffer *buffer, const char *name, uint64_t from, uint64_t to)
{
    struct cursor *cursor = cursors_find(&buffer->cursors, name);
    return cursor && pending_done(&cursor->pending, from, to < buffer->durable ? to : buffer->durable);
}

void buffer_cursor_done(struct buffer *buffer, const char *name, uint64_t from, uint64_t to)
{
    struct cursors_file *file = &buffer->writer.cursors_file;
    pthread_mutex_lock(&file->lock);
    buffer_lock(buffer);
    bool moved = move(buffer, name, from, to);
    buffer_unlock(buffer);
    // At once and on the outlet's own thread: a kill then costs no more than what is under way.
    if (moved && (file->fd < 0 || write_all(buffer) != 0)) {
        buffer_lock(buffer);
        set_dirty(buffer);
        buffer_unlock(buffer);
    }
    pthread_mutex_unlock(&file->lock);
}

void buffer_cursor_done_soon(struct buffer *buffer, const char *name, uint64_t from, uint64_t to)
{
    buffer_lock(buffer);
    if (move(buffer, name, from, to))
        set_dirty(buffer);
    buffer_unlock(buffer);
}

// What of the segment is pending and can be read.
static uint64_t count_within(const struct segment *segment, const struct buffer_pending *pending)
{
    uint64_t count = 0, from = segment->first;
    struct buffer_range range;
    while (pending_first(pending, from, segment->end, &range)) {
        count += range.to - range.from - segment_missing(segment, range.from, range.to);
        from = range.to;
    }
    return count;
}

uint64_t buffer_cursor_count(const struct buffer *buffer, const char *name)
{
    struct buffer *mutable = (struct buffer *)buffer;
    uint64_t count = 0;
    buffer_lock(mutable);
    const struct cursor *cursor = cursors_find(&buffer->cursors, name);
    const struct segments *segments = &buffer->segments;
    const struct segment *segment = cursor ? segments_from(segments, pending_lowest(&cursor->pending)) : NULL;
    for (; segment && segment < segments->list + segments->count; segment++)
        count += count_within(segment, &cursor->pending);
    buffer_unlock(mutable);
    return count;
}

static bool is_among(const char *name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

// Who only renamed an outlet's section is to learn of it.
static void report_left(struct buffer *buffer, const char *const names[], size_t count)
{
    for (size_t i = 0; i < buffer->cursors.count; i++) {
        const char *name = buffer->cursors.list[i].name;
        uint64_t left = is_among(name, names, count) ? 0 : buffer_cursor_count(buffer, name);
        if (left)
            buffer_report(
                buffer,
                _("the outlet %s left the configuration; %llu readings that it had not sent are not sent to it "
                  "any more, but another outlet can have them replayed while they are kept"),
                name, (unsigned long long)left);
    }
}

void buffer_cursor_keep(struct buffer *buffer, const char *const names[], size_t count)
{
    report_left(buffer, names, count);
    buffer_lock(buffer);
    struct cursors *cursors = &buffer->cursors;
    size_t kept = 0;
    for (size_t i = 0; i < cursors->count; i++)
        if (is_among(cursors->list[i].name, names, count))
            cursors->list[kept++] = cursors->list[i];
    if (kept != cursors->count) {
        cursors->count = kept;
        set_dirty(buffer);
    }
    buffer_unlock(buffer);
}

static int write_file(struct buffer *buffer, bool sync)
{
    struct writer *writer = &buffer->writer;
    struct cursors_file *file = &writer->cursors_file;
    buffer_at_disk(buffer);
    pthread_mutex_lock(&file->lock);
    int error = cursors_open(buffer->disk, buffer->folder, file);
    if (!error)
        error = write_all(buffer);
    if (error)
        cursors_close(file);
    else if (sync)
        error = cursors_sync(buffer->disk, file);
    if (sync && !error) // between two syncs the page cache takes the writes together
        atomic_fetch_add_explicit(&buffer->written_bytes, file->written, memory_order_relaxed);
    pthread_mutex_unlock(&file->lock);
    if (sync || error)
        writer->cursors_sync_us = monotonic_us() + SYNC_EVERY_US; // also when to try again
    if (error && !writer->cursors_failed)
        buffer_report(buffer, _("the outlets' positions cannot be saved (%s); this is tried again"), error_text(error));
    else if (!error && writer->cursors_failed)
        buffer_report(buffer, _("the outlets' positions can be saved again"));
    writer->cursors_failed = error != 0;
    return error;
}

int delivery_sync(struct buffer *buffer)
{
    return write_file(buffer, true);
}

void delivery_serve(struct buffer *buffer, bool leaving)
{
    const struct writer *writer = &buffer->writer;
    int64_t now_us = monotonic_us();
    buffer_at_disk(buffer); // an outlet may have the file's lock while its write takes long
    buffer_lock(buffer);
    bool dirty = buffer->cursors_dirty;
    bool due = dirty && now_us >= buffer->cursors_dirty_us + DELIVERY_WRITE_US;
    buffer_unlock(buffer);
    pthread_mutex_lock(&buffer->writer.cursors_file.lock);
    bool unsynced = dirty || writer->cursors_file.unsynced || writer->cursors_failed;
    pthread_mutex_unlock(&buffer->writer.cursors_file.lock);
    if (unsynced && (leaving || now_us >= writer->cursors_sync_us))
        write_file(buffer, true);
    else if (due && !writer->cursors_failed)
        write_file(buffer, false);
}
