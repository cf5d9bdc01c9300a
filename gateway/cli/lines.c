// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

void lines_init(struct lines *lines, int fd)
{
    *lines = (struct lines){.fd = fd};
    bytes_init(&lines->bytes, LINES_MAX);
}

void lines_finish(struct lines *lines)
{
    bytes_finish(&lines->bytes);
}

static void drop(struct lines *lines, size_t size)
{
    struct bytes *bytes = &lines->bytes;
    bytes->used -= size;
    memmove(bytes->data, bytes->data + size, bytes->used);
    lines->at = 0;
}

// Reads more behind what is there. 0 or -errno.
static int fill(struct lines *lines)
{
    struct bytes *bytes = &lines->bytes;
    if (lines->at)
        drop(lines, lines->at);
    if (bytes->used + CHUNK > bytes->max) {
        lines->skipping = true;
        lines->offset += (off_t)bytes->used;
        drop(lines, bytes->used);
    }
    if (!bytes_reserve(bytes, CHUNK))
        return -ENOMEM;
    ssize_t got;
    do
        got = read(lines->fd, bytes->data + bytes->used, CHUNK);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    bytes->used += (size_t)got;
    lines->ended = got == 0;
    return 0;
}

// The line [at, at + size), with its line feed where it has one.
static int give(struct lines *lines, size_t size, bool feed, const char **ret_line, size_t *ret_size)
{
    bool skipped = lines->skipping;
    *ret_line = (const char *)lines->bytes.data + lines->at;
    *ret_size = size - feed;
    lines->at += size;
    lines->offset += (off_t)size;
    lines->number++;
    lines->skipping = false;
    return skipped ? -EMSGSIZE : 1;
}

int lines_next(struct lines *lines, const char **ret_line, size_t *ret_size)
{
    for (;;) {
        size_t left = lines->bytes.used - lines->at;
        const uint8_t *start = left ? lines->bytes.data + lines->at : NULL;
        const uint8_t *feed = left ? memchr(start, '\n', left) : NULL;
        if (feed)
            return give(lines, (size_t)(feed - start) + 1, true, ret_line, ret_size);
        if (lines->ended)
            return left || lines->skipping ? give(lines, left, false, ret_line, ret_size) : 0;
        int error = fill(lines);
        if (error)
            return error;
    }
}

int lines_seek(struct lines *lines, off_t offset, size_t number)
{
    if (lseek(lines->fd, offset, SEEK_SET) < 0)
        return -errno;
    bytes_clear(&lines->bytes);
    lines->at = 0;
    lines->offset = offset;
    lines->number = number;
    lines->skipping = lines->ended = false;
    return 0;
}
