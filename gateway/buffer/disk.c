// SPDX-License-Identifier: Apache-2.0
#include "disk.h"

#include "base/files.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { SECTOR_BYTES = 4096 };

static int system_open(const struct buffer_disk *disk, int folder, const char *name, int flags)
{
    (void)disk;
    int fd = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
    return fd < 0 ? -errno : fd;
}

static int system_read(const struct buffer_disk *disk, int fd, void *data, size_t size, int64_t offset)
{
    (void)disk;
    return file_read_at(fd, data, size, offset);
}

static int system_write(const struct buffer_disk *disk, int fd, const void *data, size_t size, int64_t offset)
{
    (void)disk;
    return file_write_at(fd, data, size, offset);
}

static int system_sync(const struct buffer_disk *disk, int fd)
{
    (void)disk;
    return fdatasync(fd) == 0 ? 0 : -errno;
}

static int system_truncate(const struct buffer_disk *disk, int fd, int64_t size)
{
    (void)disk;
    return ftruncate(fd, size) == 0 ? 0 : -errno;
}

static int system_allocate(const struct buffer_disk *disk, int fd, int64_t size)
{
    (void)disk;
    return fallocate(fd, 0, 0, size) == 0 ? 0 : -errno;
}

static int system_remove(const struct buffer_disk *disk, int folder, const char *name)
{
    (void)disk;
    return unlinkat(folder, name, 0) == 0 ? 0 : -errno;
}

static int system_rename(const struct buffer_disk *disk, int folder, const char *from, const char *to)
{
    (void)disk;
    return renameat(folder, from, folder, to) == 0 ? 0 : -errno;
}

// A fresh descriptor every time: after a failed fsync the old one may report a success that did not happen.
static int system_sync_folder(const struct buffer_disk *disk, int folder)
{
    (void)disk;
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fsync(fd) == 0 ? 0 : -errno;
    close(fd);
    return error;
}

static bool system_has_room(const struct buffer_disk *disk, int folder, uint64_t bytes)
{
    struct statvfs space;
    (void)disk;
    if (fstatvfs(folder, &space) != 0)
        return false;
    bool inodes = space.f_files == 0 || space.f_favail > 0; // some file systems do not count them
    return inodes && (uint64_t)space.f_bavail * space.f_frsize >= bytes;
}

const struct buffer_disk disk_system = {
    .open = system_open,
    .read = system_read,
    .write = system_write,
    .sync = system_sync,
    .truncate = system_truncate,
    .allocate = system_allocate,
    .remove = system_remove,
    .rename = system_rename,
    .sync_folder = system_sync_folder,
    .has_room = system_has_room,
};

// Takes what reads of the sector up to the first byte that does not, in halves. 1: the file ends there.
static int salvage_sector(const struct buffer_disk *disk, int fd, uint8_t *data, size_t size, int64_t offset)
{
    size_t done = 0, part = size;
    while (done < size) {
        part = part < size - done ? part : size - done;
        int error = disk->read(disk, fd, data + done, part, offset + (int64_t)done);
        if (error && part == 1) {
            memset(data + done, 0, size - done);
            return error == -ENODATA ? 1 : error;
        }
        if (error)
            part /= 2;
        else
            done += part;
    }
    return 0;
}

int disk_salvage(const struct buffer_disk *disk, int fd, uint8_t *data, size_t size, int64_t offset)
{
    if (disk->read(disk, fd, data, size, offset) == 0)
        return 0;
    int first_error = 0;
    for (size_t done = 0, part; done < size; done += part) {
        size_t left = size - done, sector = SECTOR_BYTES - (size_t)(offset + (int64_t)done) % SECTOR_BYTES;
        part = left < sector ? left : sector;
        int error = salvage_sector(disk, fd, data + done, part, offset + (int64_t)done);
        if (error == 1) {
            memset(data + done + part, 0, left - part);
            break;
        }
        first_error = first_error ? first_error : error;
    }
    return first_error;
}

bool disk_lost(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_nlink == 0;
}
