// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.h"
#include "buffer/buffer.h"
#include "disk.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The outlets' cursors in memory, and their file (see format.h).
 */

enum { CURSORS_MAX = 32 };

struct cursor {
    char name[ID_MAX + 1];
    struct buffer_pending pending;
};

struct cursors {
    struct cursor list[CURSORS_MAX];
    size_t count;
};

// Several threads may write; each holds the lock. Only one of them opens, syncs and closes.
struct cursors_file {
    pthread_mutex_t lock;
    int fd;
    int slot, synced; // where to write next; the last to be synced
    uint64_t generation;
    bool unsynced;
    bool named;     // the file's name is known to be on disk
    size_t written; // bytes, the last time
};

struct cursor *cursors_find(const struct cursors *cursors, const char *name);
uint64_t cursors_lowest(const struct cursors *cursors);  // pending number; UINT64_MAX: there are none
uint64_t cursors_highest(const struct cursors *cursors); // above every acknowledged number; 0: there are none

// Acknowledges [from, to) for all. False: nobody waited for it.
bool cursors_done(struct cursors *cursors, uint64_t from, uint64_t to);

// The first range within [from, to) that some outlet waits for. False: nobody waits for any of it.
bool cursors_pending(const struct cursors *cursors, uint64_t from, uint64_t to, struct buffer_range *ret_range);

// Whether some outlet has had all of [from, to), and whether every one has. Both false where there are no outlets.
bool cursors_some_had(const struct cursors *cursors, uint64_t from, uint64_t to);
bool cursors_all_had(const struct cursors *cursors, uint64_t from, uint64_t to);

// Reads what the file holds and makes sure that it stays. -ENOENT: there is none; -EBADMSG: no slot is readable.
// `ret_file` is filled in any case.
int cursors_read(const struct buffer_disk *disk, int folder, struct cursors *ret_cursors,
                 struct cursors_file *ret_file);

// Opens or makes the file unless it is open.
int cursors_open(const struct buffer_disk *disk, int folder, struct cursors_file *file);
// Writes all of them into the open file.
int cursors_write(const struct buffer_disk *disk, struct cursors_file *file, const struct cursors *cursors);
// Makes durable what was written. With the lock held, which is let go while the disk works. On an error the file is closed.
int cursors_sync(const struct buffer_disk *disk, struct cursors_file *file);
void cursors_close(struct cursors_file *file);
