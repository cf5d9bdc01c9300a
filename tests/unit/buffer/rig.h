// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "buffer/buffer.h"
#include "rig_disk.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * A buffer in a folder of its own, with a clock that stands still and a disk that fails when told. Every record's content
 * follows from its number, so that whatever is read back can be checked without a list.
 */

struct rig {
    char path[64];
    struct clock clock;
    atomic_llong boot_us, wall_us;
    atomic_bool synchronised;
    struct rig_disk disk;
    struct buffer_options options;
    struct buffer *buffer;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    char reports[4096];
    atomic_int report_count;
    uint32_t streams[4];
    struct buffer_batch batch;
    bool routine_only; // no events: nothing is copied forward, and a record keeps its number
};

static inline enum buffer_class rig_class(const struct rig *rig, uint64_t number)
{
    return number % 5 == 0 && !rig->routine_only ? BUFFER_EVENT : BUFFER_ROUTINE;
}

// The next `count` calls of that kind fail; negative: all, until told otherwise.
static inline void rig_fail(struct rig *rig, int kind, int count, int error)
{
    atomic_store(&rig->disk.error[kind], error);
    atomic_store(&rig->disk.left[kind], count);
}

static inline struct rig *rig_of_clock(const struct clock *clock)
{
    return (struct rig *)((char *)clock - offsetof(struct rig, clock));
}

static inline int64_t rig_wall(const struct clock *clock)
{
    return atomic_load(&rig_of_clock(clock)->wall_us);
}

static inline int64_t rig_boot(const struct clock *clock)
{
    return atomic_load(&rig_of_clock(clock)->boot_us);
}

static inline bool rig_synchronised(const struct clock *clock)
{
    return atomic_load(&rig_of_clock(clock)->synchronised);
}

static inline void rig_wake(void *context)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->mutex);
    pthread_cond_broadcast(&rig->woken);
    pthread_mutex_unlock(&rig->mutex);
}

static inline void rig_report(void *context, const char *text)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->mutex);
    size_t used = strlen(rig->reports);
    snprintf(rig->reports + used, sizeof rig->reports - used, "%s\n", text);
    atomic_fetch_add(&rig->report_count, 1);
    pthread_mutex_unlock(&rig->mutex);
}

static inline bool rig_reported(struct rig *rig, const char *text)
{
    pthread_mutex_lock(&rig->mutex);
    bool found = strstr(rig->reports, text) != NULL;
    pthread_mutex_unlock(&rig->mutex);
    return found;
}

static inline void rig_forget_reports(struct rig *rig)
{
    pthread_mutex_lock(&rig->mutex);
    rig->reports[0] = '\0';
    atomic_store(&rig->report_count, 0);
    pthread_mutex_unlock(&rig->mutex);
}

static inline struct rig *rig_make(void)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    snprintf(rig->path, sizeof rig->path, "%s/citygw-buffer-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(rig->path));
    rig->clock = (struct clock){rig_wall, rig_boot, rig_synchronised};
    atomic_store(&rig->wall_us, INT64_C(1795000000000000));
    atomic_store(&rig->boot_us, INT64_C(1000000000));
    atomic_store(&rig->synchronised, true);
    rig->disk.disk = disk_system;
    rig->disk.disk.open = rig_open_file;
    rig->disk.disk.read = rig_read_file;
    rig->disk.disk.write = rig_write_file;
    rig->disk.disk.sync = rig_sync_file;
    rig->disk.disk.truncate = rig_truncate_file;
    rig->disk.disk.allocate = rig_allocate_file;
    rig->disk.disk.sync_folder = rig_sync_folder;
    rig->disk.disk.has_room = rig_has_room;
    pthread_mutex_init(&rig->mutex, NULL);
    pthread_mutex_init(&rig->disk.gate, NULL);
    pthread_cond_init(&rig->woken, NULL);
    rig->options = (struct buffer_options){
        .path = rig->path,
        .clock = &rig->clock,
        .max_size_bytes = 64 << 20,
        .segment_bytes = 64 << 10,
        .max_age_us = INT64_C(30) * 86400 * 1000000,
        .keep_delivered_us = INT64_C(86400) * 1000000,
        .wake = rig_wake,
        .report = rig_report,
        .context = rig,
        .disk = &rig->disk.disk,
    };
    return rig;
}

static inline void rig_streams(struct rig *rig)
{
    static const char *const names[] = {"kerb-1", "kerb-2", "bump-1", "crowd-1"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(buffer_stream(rig->buffer, names[i], &rig->streams[i], NULL), 0);
}

static inline void rig_open(struct rig *rig)
{
    struct fault why = {""};
    if (buffer_open(&rig->options, &rig->buffer, &why) != 0)
        fail_msg("%s", why.text);
    rig_streams(rig);
}

static inline void rig_close(struct rig *rig)
{
    buffer_close(rig->buffer);
    rig->buffer = NULL;
}

static inline void rig_reopen(struct rig *rig)
{
    rig_close(rig);
    rig_open(rig);
}

// Calls back with the name of every file in the folder.
static inline void rig_each_file(const char *path, void (*each)(const char *folder, const char *name, void *context),
                                 void *context)
{
    DIR *entries = opendir(path);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (entry->d_name[0] != '.')
            each(path, entry->d_name, context);
    closedir(entries);
}

static inline void rig_remove_file(const char *folder, const char *name, void *context)
{
    (void)context;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static inline void rig_empty(const char *path)
{
    rig_each_file(path, rig_remove_file, NULL);
}

static inline void rig_end(struct rig *rig)
{
    buffer_close(rig->buffer);
    rig_empty(rig->path);
    rmdir(rig->path);
    bytes_finish(&rig->batch.bytes);
    pthread_mutex_destroy(&rig->mutex);
    pthread_mutex_destroy(&rig->disk.gate);
    pthread_cond_destroy(&rig->woken);
    free(rig);
}

static inline struct buffer_figures rig_figures(struct rig *rig)
{
    struct buffer_figures figures;
    buffer_figures(rig->buffer, &figures);
    return figures;
}

// What the record of that number is, whatever the order of streams: stream, time and payload follow from the number.
static inline size_t rig_payload(uint64_t number, char ret_payload[512])
{
    size_t size = (size_t)snprintf(ret_payload, 512, "reading %" PRIu64 " ", number);
    size_t all = size + number * 37 % 120;
    for (; size < all; size++)
        ret_payload[size] = (char)('a' + (number + size) % 26);
    return size;
}

static inline struct buffer_record rig_record(const struct rig *rig, uint64_t number, char payload[512])
{
    size_t size = rig_payload(number, payload);
    return (struct buffer_record){
        .stream = rig->streams[number % 4],
        .class = rig_class(rig, number),
        .time_us = (int64_t)number * 1000,
        .payload = payload,
        .size = size,
    };
}

// Appends the records of [number, number + count) as one pack.
static inline int rig_try_pack(struct rig *rig, uint64_t number, size_t count)
{
    static _Thread_local char payloads[BUFFER_PACK_MAX][512];
    struct buffer_record records[BUFFER_PACK_MAX];
    for (size_t i = 0; i < count; i++)
        records[i] = rig_record(rig, number + i, payloads[i]);
    return buffer_append(rig->buffer, records, count, "key", 3, rig, number);
}

static inline void rig_pack(struct rig *rig, uint64_t number, size_t count)
{
    assert_int_equal(rig_try_pack(rig, number, count), 0);
}

static inline void rig_settled_ignored(void *owner, uint64_t ticket, int status, void *context)
{
    (void)owner;
    (void)ticket;
    (void)status;
    (void)context;
}

// Waits (for at most 20 s) until the predicate holds; it is looked at whenever something was settled, and between.
static inline bool rig_wait(struct rig *rig, bool (*holds)(struct rig *rig, uint64_t number), uint64_t number)
{
    for (int i = 0; i < 20000; i++) {
        if (holds(rig, number))
            return true;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_mutex_lock(&rig->mutex);
        pthread_cond_timedwait(&rig->woken, &rig->mutex, &until);
        pthread_mutex_unlock(&rig->mutex);
    }
    return false;
}

static inline bool rig_is_durable(struct rig *rig, uint64_t next)
{
    return rig_figures(rig).next >= next;
}

static inline void rig_durable(struct rig *rig, uint64_t next)
{
    buffer_flush(rig->buffer);
    assert_true(rig_wait(rig, rig_is_durable, next));
    buffer_settled(rig->buffer, rig_settled_ignored, NULL);
}

// Appends [from, to) one by one, each committed for itself.
static inline void rig_commit_each(struct rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number < to; number++) {
        rig_pack(rig, number, 1);
        rig_durable(rig, number + 1);
    }
}

// Appends [from, to) one by one and commits them.
static inline void rig_commit(struct rig *rig, uint64_t from, uint64_t to)
{
    for (uint64_t number = from; number < to; number++)
        rig_pack(rig, number, 1);
    rig_durable(rig, to);
}

static inline bool rig_beats_after(struct rig *rig, uint64_t boot_us)
{
    return (uint64_t)rig_figures(rig).writer_beat_boot_us >= boot_us;
}

// The writer looks at everything once more, from beginning to end, with the time moved on.
static inline void rig_advance(struct rig *rig, int64_t us)
{
    for (int i = 0; i < 2; i++) {
        atomic_fetch_add(&rig->wall_us, i == 0 ? us : 1);
        long long boot_us = atomic_fetch_add(&rig->boot_us, i == 0 ? us : 1) + (i == 0 ? us : 1);
        buffer_flush(rig->buffer);
        assert_true(rig_wait(rig, rig_beats_after, (uint64_t)boot_us));
    }
}

static inline void rig_check_item(const struct rig *rig, const struct buffer_item *item)
{
    char payload[512];
    size_t size = rig_payload(item->number, payload);
    assert_int_equal(item->size, size);
    assert_memory_equal(item->payload, payload, size);
    assert_int_equal(item->stream, rig->streams[item->number % 4]);
    assert_int_equal(item->time_us, item->number * 1000);
    assert_int_equal(item->class, rig_class(rig, item->number));
}

// Reads everything from `from` on, checks each, and marks in `ret_seen` (by number, below `size`) what came, once.
// Returns how many came.
static inline uint64_t rig_read(struct rig *rig, uint64_t from, bool *ret_seen, size_t size)
{
    uint64_t count = 0, last = from ? from - 1 : 0;
    for (;;) {
        assert_int_equal(buffer_read(rig->buffer, from, 1 + count % 300, 4000, &rig->batch), 0);
        if (rig->batch.count == 0)
            return count;
        for (size_t i = 0; i < rig->batch.count; i++) {
            const struct buffer_item *item = &rig->batch.items[i];
            assert_true(item->number > last);
            last = item->number;
            rig_check_item(rig, item);
            if (ret_seen && item->number < size) {
                assert_false(ret_seen[item->number]);
                ret_seen[item->number] = true;
            }
            count++;
        }
        assert_true(rig->batch.next == last + 1);
        from = rig->batch.next;
    }
}

// All of [from, to) and nothing else is there.
static inline void rig_holds(struct rig *rig, uint64_t from, uint64_t to)
{
    assert_int_equal(rig_read(rig, 1, NULL, 0), to - from);
    assert_int_equal(rig_figures(rig).oldest, from);
    assert_int_equal(rig_figures(rig).next, to);
}

static inline char *rig_file(const struct rig *rig, const char *name, char ret_path[256])
{
    snprintf(ret_path, 256, "%s/%s", rig->path, name);
    return ret_path;
}

static inline bool rig_has(const struct rig *rig, const char *name)
{
    char path[256];
    return access(rig_file(rig, name, path), F_OK) == 0;
}

struct rig_names {
    char names[64][64];
    size_t count;
};

static inline void rig_take_segment(const char *folder, const char *name, void *context)
{
    (void)folder;
    struct rig_names *names = context;
    if (strlen(name) == 16 && strcmp(name + 12, ".seg") == 0 && names->count < 64)
        snprintf(names->names[names->count++], 64, "%s", name);
}

static inline int rig_by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

// The names of the segments, oldest first.
static inline struct rig_names rig_segments(const struct rig *rig)
{
    struct rig_names names = {.count = 0};
    rig_each_file(rig->path, rig_take_segment, &names);
    qsort(names.names, names.count, sizeof *names.names, rig_by_name);
    return names;
}

// A copy of a file in memory; the caller frees it.
static inline uint8_t *rig_load(const struct rig *rig, const char *name, size_t *ret_size)
{
    char path[256];
    int fd = open(rig_file(rig, name, path), O_RDONLY);
    struct stat info;
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    uint8_t *data = malloc((size_t)info.st_size + 1);
    assert_non_null(data);
    assert_int_equal(read(fd, data, (size_t)info.st_size), info.st_size);
    close(fd);
    *ret_size = (size_t)info.st_size;
    return data;
}

static inline void rig_store(const struct rig *rig, const char *name, const void *data, size_t size)
{
    char path[256];
    int fd = open(rig_file(rig, name, path), O_RDWR | O_CREAT | O_TRUNC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    close(fd);
}

// Overwrites `size` bytes of a file with noise.
static inline void rig_spoil(const struct rig *rig, const char *name, size_t at, size_t size)
{
    size_t all;
    uint8_t *data = rig_load(rig, name, &all);
    for (size_t i = at; i < at + size && i < all; i++)
        data[i] = (uint8_t)(data[i] ^ (0x5a + i % 7));
    rig_store(rig, name, data, all);
    free(data);
}
