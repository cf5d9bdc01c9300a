// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the buffer asks of the disk, as a table, so that a test can let it fail, or write down what was done in which
 * order. Names are relative to the folder. Everything returns 0 (open: a descriptor) or a negative errno.
 */

struct buffer_disk {
    int (*open)(const struct buffer_disk *disk, int folder, const char *name, int flags);
    int (*read)(const struct buffer_disk *disk, int fd, void *data, size_t size, int64_t offset); // -ENODATA at the end
    int (*write)(const struct buffer_disk *disk, int fd, const void *data, size_t size, int64_t offset);
    int (*sync)(const struct buffer_disk *disk, int fd); // data, and the size that it needs
    int (*truncate)(const struct buffer_disk *disk, int fd, int64_t size);
    int (*allocate)(const struct buffer_disk *disk, int fd, int64_t size);
    int (*remove)(const struct buffer_disk *disk, int folder, const char *name);
    int (*rename)(const struct buffer_disk *disk, int folder, const char *from, const char *to);
    int (*sync_folder)(const struct buffer_disk *disk, int folder);
    bool (*has_room)(const struct buffer_disk *disk, int folder, uint64_t bytes); // for a new file of so many
};

extern const struct buffer_disk disk_system;

// Reads what can be read of [offset, offset + size); what lies past the end or on a bad sector becomes zeros, so that the
// checksums, not the file system, say what is lost. 0, or the first error: some of the zeros may be readable another time.
int disk_salvage(const struct buffer_disk *disk, int fd, uint8_t *data, size_t size, int64_t offset);

// Whether that open file or folder has no name any more: somebody took it away.
bool disk_lost(int fd);
