// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "disk.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

/*
 * The system's disk, but for calls that are told to fail.
 */

enum {
    FAIL_OPEN,
    FAIL_WRITE,
    FAIL_SYNC,
    FAIL_ALLOCATE,
    FAIL_READ,
    FAIL_TRUNCATE,
    FAIL_FOLDER,
    FAIL_REOPEN,
    FAIL_KINDS
};

struct rig_disk {
    struct buffer_disk disk;
    atomic_int left[FAIL_KINDS], error[FAIL_KINDS]; // so many calls fail; negative: all of them
    atomic_int syncs, folder_syncs, creates;
    atomic_llong free_bytes;         // a larger file cannot be allocated; 0: any can
    atomic_llong bad_at, bad_bytes;  // a place in segments of full size (64 kB) that cannot be read; 0 bytes: none
    pthread_mutex_t gate;            // who holds it holds up every sync
    _Atomic(void (*)(void)) on_read; // called before each read, on whoever's thread; may be NULL
};

static inline bool rig_fails(const struct buffer_disk *disk, int kind, int *ret_error)
{
    struct rig_disk *rig = (struct rig_disk *)disk;
    int left = atomic_load(&rig->left[kind]);
    if (left == 0)
        return false;
    if (left > 0)
        atomic_fetch_sub(&rig->left[kind], 1);
    *ret_error = -atomic_load(&rig->error[kind]);
    return true;
}

static inline int rig_open_file(const struct buffer_disk *disk, int folder, const char *name, int flags)
{
    int error;
    if (flags & O_CREAT && rig_fails(disk, FAIL_OPEN, &error))
        return error;
    if ((flags & O_ACCMODE) == O_RDONLY && rig_fails(disk, FAIL_REOPEN, &error))
        return error;
    if (flags & O_CREAT)
        atomic_fetch_add(&((struct rig_disk *)disk)->creates, 1);
    return disk_system.open(disk, folder, name, flags);
}

static inline bool rig_is_bad(const struct buffer_disk *disk, int fd, size_t size, int64_t offset)
{
    struct rig_disk *rig = (struct rig_disk *)disk;
    int64_t at = atomic_load(&rig->bad_at), bytes = atomic_load(&rig->bad_bytes);
    struct stat info;
    return offset < at + bytes && at < offset + (int64_t)size && fstat(fd, &info) == 0 && info.st_size >= 64 << 10;
}

static inline int rig_read_file(const struct buffer_disk *disk, int fd, void *data, size_t size, int64_t offset)
{
    int error;
    void (*on_read)(void) = atomic_load(&((struct rig_disk *)disk)->on_read);
    if (on_read)
        on_read();
    if (rig_is_bad(disk, fd, size, offset))
        return -EIO;
    return rig_fails(disk, FAIL_READ, &error) ? error : disk_system.read(disk, fd, data, size, offset);
}

static inline int rig_write_file(const struct buffer_disk *disk, int fd, const void *data, size_t size, int64_t offset)
{
    int error;
    if (rig_fails(disk, FAIL_WRITE, &error)) {
        disk_system.write(disk, fd, data, size / 2, offset); // a part of it arrives
        return error;
    }
    return disk_system.write(disk, fd, data, size, offset);
}

static inline int rig_sync_file(const struct buffer_disk *disk, int fd)
{
    int error;
    pthread_mutex_t *gate = &((struct rig_disk *)disk)->gate;
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    atomic_fetch_add(&((struct rig_disk *)disk)->syncs, 1);
    return rig_fails(disk, FAIL_SYNC, &error) ? error : disk_system.sync(disk, fd);
}

static inline int rig_allocate_file(const struct buffer_disk *disk, int fd, int64_t size)
{
    int error;
    int64_t free_bytes = atomic_load(&((struct rig_disk *)disk)->free_bytes);
    if (free_bytes && size > free_bytes)
        return -ENOSPC;
    return rig_fails(disk, FAIL_ALLOCATE, &error) ? error : disk_system.allocate(disk, fd, size);
}

static inline bool rig_has_room(const struct buffer_disk *disk, int folder, uint64_t bytes)
{
    struct rig_disk *rig = (struct rig_disk *)disk;
    int64_t free_bytes = atomic_load(&rig->free_bytes);
    return atomic_load(&rig->left[FAIL_ALLOCATE]) == 0 && (!free_bytes || (int64_t)bytes <= free_bytes) &&
           disk_system.has_room(disk, folder, bytes);
}

static inline int rig_truncate_file(const struct buffer_disk *disk, int fd, int64_t size)
{
    int error;
    return rig_fails(disk, FAIL_TRUNCATE, &error) ? error : disk_system.truncate(disk, fd, size);
}

static inline int rig_sync_folder(const struct buffer_disk *disk, int folder)
{
    atomic_fetch_add(&((struct rig_disk *)disk)->folder_syncs, 1);
    int error;
    return rig_fails(disk, FAIL_FOLDER, &error) ? error : disk_system.sync_folder(disk, folder);
}
