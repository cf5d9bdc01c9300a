// SPDX-License-Identifier: Apache-2.0
#include "gone.h"

#include "base/files.h"
#include "base/messages.h"
#include "folder.h"
#include "reckon.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

bool gone_current(struct buffer *buffer)
{
    if (disk_lost(buffer->writer.fd))
        return true;
    // It may also have been moved elsewhere; a reader has found that out then.
    buffer_lock(buffer);
    const struct segment *segment = segments_by_id(&buffer->segments, buffer->writer.id);
    bool gone = segment && segment->gone > 0;
    buffer_unlock(buffer);
    return gone;
}

static uint64_t *take_ids(struct buffer *buffer, size_t *ret_count)
{
    buffer_lock(buffer);
    size_t count = buffer->segments.count;
    uint64_t *ids = calloc(count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < count; i++)
        ids[i] = buffer->segments.list[i].id;
    buffer_unlock(buffer);
    *ret_count = ids ? count : 0;
    return ids;
}

static bool has_file(const struct buffer *buffer, uint64_t id)
{
    char name[SEGMENT_NAME_SIZE];
    return faccessat(buffer->folder, segment_name(id, name), F_OK, 0) == 0 || errno != ENOENT;
}

// What every outlet had is not lost; where there are no outlets, nothing was delivered.
static uint64_t count_lost(const struct buffer *buffer, const struct segment *segment)
{
    struct buffer_range range = {0, segment->first};
    uint64_t lost = 0;
    if (buffer->cursors.count == 0)
        return segment->end - segment->first - segment_missing(segment, segment->first, segment->end);
    while (cursors_pending(&buffer->cursors, range.to, segment->end, &range))
        lost += range.to - range.from - segment_missing(segment, range.from, range.to);
    return lost;
}

// False: it is known already, or was dropped by us in the meantime.
static bool mark_gone(struct buffer *buffer, uint64_t id, uint64_t *lost)
{
    buffer_lock(buffer);
    struct segment *segment = segments_by_id(&buffer->segments, id);
    bool fresh = segment && segment->gone < segment->end;
    struct segment copy = segment ? *segment : (struct segment){0};
    if (fresh) {
        uint64_t count = count_lost(buffer, segment);
        buffer->figures.lost_damage += count;
        *lost += count;
        segment->gone = segment->end;
    }
    buffer_unlock(buffer);
    if (fresh)
        reckon_damage(buffer, &copy, copy.first, copy.end);
    return fresh;
}

void gone_look(struct buffer *buffer)
{
    size_t count, files = 0;
    uint64_t lost = 0, *ids = take_ids(buffer, &count);
    for (size_t i = 0; i < count; i++)
        if (!has_file(buffer, ids[i]) && mark_gone(buffer, ids[i], &lost))
            files++;
    free(ids);
    if (files > 0) {
        buffer_report(buffer,
                      _("somebody removed %zu files of the buffer while they were in use; %llu readings in them that "
                        "were not yet sent everywhere are lost; new readings go to new files"),
                      files, (unsigned long long)lost);
    }
}

void gone_forget(struct buffer *buffer)
{
    buffer_lock(buffer);
    struct segments *segments = &buffer->segments;
    bool removed = false;
    for (size_t i = segments->count; i-- > 0;) {
        if (segments->list[i].gone == 0 || segments->list[i].id == buffer->current_id)
            continue;
        segments_remove(segments, i);
        removed = true;
    }
    uint64_t oldest = segments->count ? segments->list[0].first : buffer->durable;
    if (removed)
        cursors_done(&buffer->cursors, 0, oldest); // or the next start would find it missing once more
    buffer->cursors_dirty = buffer->cursors_dirty || removed;
    buffer_unlock(buffer);
}

// The new folder takes the old one's descriptor, in one step: readers on other threads hold its number.
static int make_folder(struct buffer *buffer)
{
    int error = folder_make(buffer->path, NULL);
    if (error)
        return error;
    int fd = open(buffer->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    error = dup3(fd, buffer->folder, O_CLOEXEC) < 0 ? -errno : 0;
    close(fd);
    int parent = error ? -1 : openat(buffer->folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return error; // a folder above that we may not read: its name is on disk when the system says so
    error = fsync(parent) == 0 ? 0 : -errno;
    close(parent);
    return error;
}

int gone_restore(struct buffer *buffer)
{
    int error = disk_lost(buffer->folder) ? make_folder(buffer) : 0;
    if (error || !disk_lost(buffer->lock_fd))
        return error;
    int fd;
    error = folder_lock(buffer->folder, buffer->path, &fd, NULL);
    if (error)
        return error;
    close(buffer->lock_fd);
    buffer->lock_fd = fd;
    buffer_lock(buffer);
    buffer->cursors_dirty = true; // their file may be gone as well
    buffer_unlock(buffer);
    return 0;
}
