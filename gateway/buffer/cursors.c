// SPDX-License-Identifier: Apache-2.0
#include "cursors.h"

#include "base/bytes.h"
#include "base/number.h"
#include "format.h"
#include "pending.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 3, CRC_FROM = 16, HEAD_SIZE = 28 };

static const char file_name[] = "cursors";

struct cursor *cursors_find(const struct cursors *cursors, const char *name)
{
    for (size_t i = 0; i < cursors->count; i++)
        if (strcmp(cursors->list[i].name, name) == 0)
            return (struct cursor *)&cursors->list[i];
    return NULL;
}

uint64_t cursors_lowest(const struct cursors *cursors)
{
    uint64_t lowest = UINT64_MAX;
    for (size_t i = 0; i < cursors->count; i++)
        if (pending_lowest(&cursors->list[i].pending) < lowest)
            lowest = pending_lowest(&cursors->list[i].pending);
    return lowest;
}

uint64_t cursors_highest(const struct cursors *cursors)
{
    uint64_t highest = 0;
    for (size_t i = 0; i < cursors->count; i++)
        if (pending_open(&cursors->list[i].pending) > highest)
            highest = pending_open(&cursors->list[i].pending);
    return highest;
}

bool cursors_done(struct cursors *cursors, uint64_t from, uint64_t to)
{
    bool changed = false;
    for (size_t i = 0; i < cursors->count; i++)
        changed = pending_done(&cursors->list[i].pending, from, to) || changed;
    return changed;
}

bool cursors_pending(const struct cursors *cursors, uint64_t from, uint64_t to, struct buffer_range *ret_range)
{
    struct buffer_range first = {UINT64_MAX, 0}, range;
    for (size_t i = 0; i < cursors->count; i++)
        if (pending_first(&cursors->list[i].pending, from, to, &range) &&
            (range.from < first.from || (range.from == first.from && range.to > first.to)))
            first = range;
    if (first.from < first.to)
        *ret_range = first;
    return first.from < first.to;
}

bool cursors_some_had(const struct cursors *cursors, uint64_t from, uint64_t to)
{
    struct buffer_range range;
    for (size_t i = 0; i < cursors->count; i++)
        if (!pending_first(&cursors->list[i].pending, from, to, &range))
            return true;
    return false;
}

bool cursors_all_had(const struct cursors *cursors, uint64_t from, uint64_t to)
{
    struct buffer_range range;
    return cursors->count > 0 && !cursors_pending(cursors, from, to, &range);
}

static bool read_pending(struct view *view, struct buffer_pending *ret_pending)
{
    ret_pending->count = view_u8(view);
    for (size_t i = 0; i < ret_pending->count && i <= BUFFER_RANGES_MAX; i++) {
        ret_pending->ranges[i].from = view_u64(view);
        ret_pending->ranges[i].to = view_u64(view);
    }
    return pending_fits(ret_pending);
}

static bool read_entries(struct view *view, uint32_t count, struct cursors *ret_cursors)
{
    if (count > CURSORS_MAX)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct cursor *cursor = &ret_cursors->list[i];
        size_t size = view_u8(view);
        const uint8_t *name = view_take(view, size);
        if (!name || !text_is_id((const char *)name, size) || !read_pending(view, &cursor->pending))
            return false;
        memcpy(cursor->name, name, size);
        cursor->name[size] = '\0';
    }
    ret_cursors->count = count;
    return true;
}

static bool slot_parse(const uint8_t slot[CURSOR_SLOT_SIZE], struct cursors *ret_cursors, uint64_t *ret_generation)
{
    struct view view = {slot, CURSOR_SLOT_SIZE, false};
    if (memcmp(view_take(&view, 8), CURSORS_MAGIC, 8) != 0 || view_u32(&view) != FORMAT_VERSION)
        return false;
    uint32_t crc = view_u32(&view);
    uint64_t generation = view_u64(&view);
    struct cursors cursors = {0};
    if (!read_entries(&view, view_u32(&view), &cursors) ||
        crc != crc32c(0, slot + CRC_FROM, (size_t)(view.data - slot) - CRC_FROM))
        return false;
    *ret_cursors = cursors;
    *ret_generation = generation;
    return true;
}

// Neither of the two.
static int third_slot(int slot, int other)
{
    return slot == other ? (slot + 1) % SLOTS : SLOTS - slot - other;
}

int cursors_read(const struct buffer_disk *disk, int folder, struct cursors *ret_cursors, struct cursors_file *ret_file)
{
    *ret_file = (struct cursors_file){.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};
    *ret_cursors = (struct cursors){0};
    int fd = disk->open(disk, folder, file_name, O_RDWR | O_NONBLOCK);
    if (fd < 0)
        return fd;
    int newest = -1, before = -1;
    uint64_t generations[SLOTS];
    for (int slot = 0; slot < SLOTS; slot++) {
        uint8_t bytes[CURSOR_SLOT_SIZE];
        struct cursors cursors;
        disk_salvage(disk, fd, bytes, sizeof bytes, (int64_t)slot * CURSOR_SLOT_SIZE);
        if (!slot_parse(bytes, &cursors, &generations[slot]))
            continue;
        if (newest < 0 || generations[slot] > generations[newest]) {
            *ret_cursors = cursors;
            before = newest;
            newest = slot;
        } else if (before < 0 || generations[slot] > generations[before]) {
            before = slot;
        }
    }
    if (newest >= 0) {
        // It may stand in the page cache alone: then the one before, when there is one, is the one on disk.
        ret_file->unsynced = disk->sync(disk, fd) != 0;
        ret_file->synced = ret_file->unsynced && before >= 0 ? before : newest;
        ret_file->slot = third_slot(newest, ret_file->synced);
        ret_file->generation = generations[newest];
    }
    close(fd);
    return newest >= 0 ? 0 : -EBADMSG;
}

static void slot_fill(struct bytes *out, const struct cursors *cursors, uint64_t generation)
{
    struct bytes rest;
    bytes_init(&rest, CURSOR_SLOT_SIZE - CRC_FROM);
    bytes_u64(&rest, generation);
    bytes_u32(&rest, (uint32_t)cursors->count);
    for (size_t i = 0; i < cursors->count; i++) {
        size_t size = strlen(cursors->list[i].name);
        const struct buffer_pending *pending = &cursors->list[i].pending;
        bytes_u8(&rest, (uint8_t)size);
        bytes_append(&rest, cursors->list[i].name, size);
        bytes_u8(&rest, (uint8_t)pending->count);
        for (size_t k = 0; k < pending->count; k++) {
            bytes_u64(&rest, pending->ranges[k].from);
            bytes_u64(&rest, pending->ranges[k].to);
        }
    }
    bytes_append(out, CURSORS_MAGIC, 8);
    bytes_u32(out, FORMAT_VERSION);
    bytes_u32(out, rest.overflow ? 0 : crc32c(0, rest.data, rest.used));
    bytes_append(out, rest.data, rest.used);
    out->overflow = out->overflow || rest.overflow;
    bytes_finish(&rest);
}

int cursors_open(const struct buffer_disk *disk, int folder, struct cursors_file *file)
{
    if (file->fd >= 0 && !disk_lost(file->fd))
        return 0;
    cursors_close(file); // what is written into a file without a name is for nobody
    int fd = disk->open(disk, folder, file_name, O_RDWR | O_NONBLOCK);
    if (fd == -ENOENT) {
        file->named = false;
        fd = disk->open(disk, folder, file_name, O_RDWR | O_CREAT | O_NONBLOCK);
    }
    if (fd < 0)
        return fd;
    int error = file->named ? 0 : disk->sync_folder(disk, folder);
    if (error) {
        close(fd);
        return error;
    }
    file->named = true;
    file->fd = fd;
    return 0;
}

int cursors_write(const struct buffer_disk *disk, struct cursors_file *file, const struct cursors *cursors)
{
    struct bytes bytes;
    bytes_init(&bytes, CURSOR_SLOT_SIZE);
    slot_fill(&bytes, cursors, file->generation + 1);
    int error = bytes.overflow
                    ? -ENOMEM
                    : disk->write(disk, file->fd, bytes.data, bytes.used, (int64_t)file->slot * CURSOR_SLOT_SIZE);
    file->written = bytes.used;
    bytes_finish(&bytes);
    if (!error) {
        file->generation++;
        file->unsynced = true;
    }
    return error;
}

int cursors_sync(const struct buffer_disk *disk, struct cursors_file *file)
{
    int slot = file->slot, fd = file->fd;
    uint64_t generation = file->generation;
    file->slot = third_slot(slot, file->synced);
    pthread_mutex_unlock(&file->lock);
    int error = disk->sync(disk, fd);
    pthread_mutex_lock(&file->lock);
    if (error) {
        cursors_close(file); // a failed sync may be forgotten by this descriptor
        return error;
    }
    file->synced = slot;
    file->unsynced = file->generation != generation;
    return 0;
}

void cursors_close(struct cursors_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
