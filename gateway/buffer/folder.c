// SPDX-License-Identifier: Apache-2.0
#include "folder.h"

#include "base/messages.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { DAMAGED_KEPT = 8 };

static const char damaged_end[] = ".damaged";

static int refuse_busy(int fd, const char *path, struct fault *why)
{
    char text[32] = "";
    ssize_t size = pread(fd, text, sizeof text - 1, 0);
    long holder = size > 0 ? strtol(text, NULL, 10) : 0;
    close(fd);
    return fault_set(why, -EBUSY, _("the buffer %s is in use by process %ld; expected only one gateway on it"), path,
                     holder);
}

int folder_lock(int folder, const char *path, int *ret_fd, struct fault *why)
{
    int fd = openat(folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
    if (fd < 0)
        return fault_errno(why, -errno, _("cannot write into the buffer's folder %s"), path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return refuse_busy(fd, path, why);
        int error = -errno;
        close(fd);
        return fault_errno(why, error, _("cannot lock the buffer's folder %s"), path);
    }
    // Only a help for people: a full disk must not keep us from starting.
    char text[32];
    int size = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)size, 0) < 0)
        size = 0;
    *ret_fd = fd;
    return 0;
}

static int by_id(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static int list_add(struct folder_list *list, uint64_t id)
{
    if (list->count == list->size) {
        size_t size = list->size ? 2 * list->size : 64;
        uint64_t *ids = realloc(list->ids, size * sizeof *ids);
        if (!ids)
            return -ENOMEM;
        list->ids = ids;
        list->size = size;
    }
    list->ids[list->count++] = id;
    list->highest = id > list->highest ? id : list->highest;
    return 0;
}

// "000000000012.seg.damaged"
static bool damaged_id(const char *name, uint64_t *ret_id)
{
    char segment[SEGMENT_NAME_SIZE];
    size_t size = strlen(name), end = sizeof damaged_end - 1;
    if (size <= end || size - end >= sizeof segment || strcmp(name + size - end, damaged_end) != 0)
        return false;
    memcpy(segment, name, size - end);
    segment[size - end] = '\0';
    return segment_id(segment, ret_id);
}

static void trim_damaged(const struct buffer *buffer, struct folder_list *damaged)
{
    if (damaged->count > DAMAGED_KEPT)
        qsort(damaged->ids, damaged->count, sizeof *damaged->ids, by_id);
    for (size_t i = 0; i + DAMAGED_KEPT < damaged->count; i++) {
        char name[SEGMENT_NAME_SIZE];
        snprintf(name, sizeof name, "%012" PRIu64 ".seg%s", damaged->ids[i], damaged_end);
        buffer->disk->remove(buffer->disk, buffer->folder, name);
    }
}

int folder_scan(const struct buffer *buffer, struct folder_list *ret_list)
{
    int fd = openat(buffer->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        int error = -errno;
        if (fd >= 0)
            close(fd);
        return error;
    }
    struct folder_list list = {0}, damaged = {0};
    int error = 0;
    for (struct dirent *entry; !error && (entry = readdir(entries));) {
        uint64_t id;
        if (segment_id(entry->d_name, &id))
            error = list_add(&list, id);
        else if (damaged_id(entry->d_name, &id))
            error = list_add(&damaged, id);
    }
    closedir(entries);
    if (!error) {
        trim_damaged(buffer, &damaged);
        if (list.count > 1)
            qsort(list.ids, list.count, sizeof *list.ids, by_id);
        list.highest = damaged.highest > list.highest ? damaged.highest : list.highest;
        *ret_list = list;
    } else {
        free(list.ids);
    }
    free(damaged.ids);
    return error;
}

void folder_set_aside(struct buffer *buffer, const char *name)
{
    buffer_lock(buffer);
    buffer->figures.set_aside++;
    buffer_unlock(buffer);
    char aside[64];
    snprintf(aside, sizeof aside, "%s%s", name, damaged_end);
    int error = buffer->disk->rename(buffer->disk, buffer->folder, name, aside);
    if (error) {
        buffer_report(buffer, _("the file %s cannot be read and is ignored (renaming it failed: %s)"), name,
                      error_text(error));
    } else {
        buffer_report(buffer, _("the file %s cannot be read; it was set aside as %s"), name, aside);
    }
}
