// SPDX-License-Identifier: Apache-2.0
#include "../../gateway/buffer/frame.h"
#include "base/number.h"
#include "buffer/buffer.h"
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Damages the files of a small buffer and opens it. The input is a list of edits: file 1, what 1, place 2, size 1, and that
 * many bytes. With the lowest bit of the first byte of all the checksums are made right again, so that what is behind them
 * is reached. The buffer must open, read on in order, take a record, and open again.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES_MAX = 8, EDITS_MAX = 16, HEADER_CRC_AT = SEGMENT_HEADER_SIZE - 4 };

struct file {
    char name[64];
    uint8_t data[16384];
    size_t size;
};

static char folder[64];
static struct file originals[FILES_MAX];
static size_t file_count;

static const struct buffer_options *options(void)
{
    static struct buffer_options made;
    made = (struct buffer_options){
        .path = folder,
        .clock = &clock_system,
        .max_size_bytes = 1 << 20,
        .segment_bytes = 8192,
        .max_age_us = INT64_C(86400) * 1000000,
        .keep_delivered_us = INT64_C(86400) * 1000000,
    };
    return &made;
}

static char *in_folder(const char *name, char ret_path[256])
{
    snprintf(ret_path, 256, "%s/%s", folder, name);
    return ret_path;
}

static void load(const char *name)
{
    struct file *file = &originals[file_count];
    char path[256];
    int fd = open(in_folder(name, path), O_RDONLY);
    ssize_t size = read(fd, file->data, sizeof file->data);
    close(fd);
    if (size >= 0 && file_count < FILES_MAX) {
        snprintf(file->name, sizeof file->name, "%s", name);
        file->size = (size_t)size;
        file_count++;
    }
}

static void empty_folder(bool take)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry; (entry = readdir(entries));) {
        char path[256];
        if (entry->d_name[0] == '.')
            continue;
        if (take && strcmp(entry->d_name, "lock") != 0)
            load(entry->d_name);
        unlink(in_folder(entry->d_name, path));
    }
    closedir(entries);
}

static void append_and_close(struct buffer *buffer, size_t count)
{
    uint32_t stream;
    int error = buffer_stream(buffer, "kerb-1", &stream, NULL);
    for (size_t i = 0; i < count && !error; i++) {
        char text[64];
        size_t length = (size_t)snprintf(text, sizeof text, "reading %zu", i);
        struct buffer_record records[2] = {{stream, BUFFER_ROUTINE, 1, false, 0, text, length},
                                           {stream, BUFFER_EVENT, 2, false, 0, text, 3}};
        buffer_append(buffer, records, 2, "key", 3, NULL, 0);
    }
    buffer_close(buffer);
}

// A buffer of three opens: three segments, both checkpoints, a cursor.
static void make_originals(void)
{
    strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/segment-fuzz-XXXXXX" : "/tmp/segment-fuzz-XXXXXX");
    if (!mkdtemp(folder))
        abort();
    for (size_t i = 0; i < 3; i++) {
        struct buffer *buffer;
        if (buffer_open(options(), &buffer, NULL) != 0)
            abort();
        buffer_cursor_open(buffer, "mqtt", true, NULL);
        append_and_close(buffer, 4);
    }
    empty_folder(true);
}

static void put(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static void mend_segment(struct file *file)
{
    if (file->size < SEGMENT_HEADER_SIZE)
        return;
    put(file->data + HEADER_CRC_AT, crc32c(0, file->data, HEADER_CRC_AT), 4);
    uint32_t seed = frame_seed(file->data + 48, strtoull(file->name, NULL, 10));
    for (size_t at = SEGMENT_HEADER_SIZE; at + FRAME_HEADER_SIZE <= file->size; at += 8) {
        uint8_t *frame = file->data + at;
        size_t length = (size_t)get(frame + 4, 4);
        if (get(frame, 4) == FRAME_MAGIC && length >= FRAME_HEADER_SIZE && length <= file->size - at) {
            struct frame_seal seal = {seed,
                                      get(frame + 16, 8),
                                      (int64_t)get(frame + 24, 8),
                                      (int64_t)get(frame + 32, 8),
                                      frame[45] & FRAME_WALL_SYNCED,
                                      get(frame + 8, 8)};
            frame_close(frame, &seal);
        }
    }
}

static void mend(struct file *file)
{
    if (strstr(file->name, ".seg")) {
        mend_segment(file);
    } else if (strncmp(file->name, "checkpoint", 10) == 0 && file->size >= 28) {
        size_t state = (size_t)get(file->data + 24, 4);
        if (state <= file->size - 28)
            put(file->data + 12, crc32c(0, file->data + 16, 12 + state), 4);
    }
}

static void edit(struct file files[], struct view *view)
{
    struct file *file = &files[view_u8(view) % file_count];
    uint8_t what = view_u8(view);
    size_t at = view_u16(view) % sizeof file->data, size = view_u8(view);
    const uint8_t *bytes = view_take(view, size < view->left ? size : view->left);
    size = bytes ? (size_t)(view->data - bytes) : 0;
    if (what % 4 == 0)
        file->size = at; // cut or extended
    else if (what % 4 == 1)
        memset(file->data + at, 0, size < sizeof file->data - at ? size : sizeof file->data - at);
    else if (size > 0 && size <= sizeof file->data - at)
        memcpy(file->data + at, bytes, size);
}

static void store(const struct file *file)
{
    char path[256];
    int fd = open(in_folder(file->name, path), O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, file->data, file->size) != (ssize_t)file->size)
        abort();
    close(fd);
}

// So that the sanitizer sees every byte that was handed out.
static void touch(const uint8_t *data, size_t size)
{
    static volatile uint64_t sum;
    sum = fnv64(sum, data, size);
}

static void read_all(struct buffer *buffer)
{
    static struct buffer_batch batch;
    uint64_t next = 1;
    do {
        assert(buffer_read(buffer, next, 100, 4000, &batch) == 0);
        for (size_t i = 0; i < batch.count; i++) {
            assert(batch.items[i].number >= next);
            next = batch.items[i].number + 1;
            touch(batch.items[i].payload, batch.items[i].size);
            buffer_commit_time(buffer, batch.items[i].number);
        }
    } while (batch.count > 0);
}

static void ignore_key(const uint8_t *key, size_t size, int64_t age_us, void *context)
{
    (void)context;
    (void)age_us;
    touch(key, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct file files[FILES_MAX];
    if (file_count == 0)
        make_originals();
    memcpy(files, originals, sizeof files);
    struct view view = {data, size, false};
    bool mended = view_u8(&view) & 1;
    for (int i = 0; i < EDITS_MAX && view.left > 0; i++)
        edit(files, &view);
    empty_folder(false);
    for (size_t i = 0; i < file_count; i++) {
        if (mended)
            mend(&files[i]);
        store(&files[i]);
    }
    for (int i = 0; i < 2; i++) {
        struct buffer *buffer;
        assert(buffer_open(options(), &buffer, NULL) == 0);
        read_all(buffer);
        buffer_recent_keys(buffer, INT64_C(3600) * 1000000, ignore_key, NULL);
        append_and_close(buffer, 1);
    }
    return 0;
}
