// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rig.h"

/*
 * Power cuts without a power switch. A recording disk writes down everything that the buffer does to its files; a model
 * of a disk then says in which states a cut at any moment could have left them:
 *
 *   - what was synced is there;
 *   - what was not may be there or not, in any selection (reordered), cut off anywhere or with sectors missing;
 *   - what stood unsynced when a sync failed may be lost for ever, even if a later sync succeeds;
 *   - names made or removed since the folder's last sync may be as before.
 */

enum cut_kind { CUT_WRITE, CUT_RESIZE, CUT_SYNC, CUT_SYNC_FAILED, CUT_CREATE, CUT_REMOVE, CUT_RENAME, CUT_FOLDER };

enum { CUT_FILES_MAX = 400, CUT_FDS_MAX = 1024, CUT_PENDING_MAX = 600 };

struct cut_op {
    enum cut_kind kind;
    int file, other; // other: the new name of a rename
    int64_t offset;  // or the new size
    size_t size;
    uint8_t *data;
    uint64_t settled; // what the gateway had been told when this was done
};

struct cut_record {
    struct buffer_disk disk;
    pthread_mutex_t lock; // outlets' threads write beside the writer's
    struct cut_op *ops;
    atomic_size_t count;
    size_t size;
    char names[CUT_FILES_MAX][40];
    int name_count;
    int fds[CUT_FDS_MAX];
    atomic_ullong settled;
    atomic_uint fail_every; // each so manieth sync fails; 0: none
    unsigned sync_count;
};

static inline int cut_name(struct cut_record *record, const char *name)
{
    for (int i = 0; i < record->name_count; i++)
        if (strcmp(record->names[i], name) == 0)
            return i;
    assert_true(record->name_count < CUT_FILES_MAX);
    snprintf(record->names[record->name_count], sizeof record->names[0], "%s", name);
    return record->name_count++;
}

static inline void cut_note(struct cut_record *record, struct cut_op op)
{
    pthread_mutex_lock(&record->lock);
    if (record->count == record->size) {
        record->size = record->size ? 2 * record->size : 1024;
        record->ops = realloc(record->ops, record->size * sizeof *record->ops);
        assert_non_null(record->ops);
    }
    op.settled = atomic_load(&record->settled);
    record->ops[record->count++] = op;
    pthread_mutex_unlock(&record->lock);
}

static inline int cut_open(const struct buffer_disk *disk, int folder, const char *name, int flags)
{
    struct cut_record *record = (struct cut_record *)disk;
    bool there = faccessat(folder, name, F_OK, 0) == 0;
    int fd = disk_system.open(disk, folder, name, flags);
    if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY) {
        assert_true(fd < CUT_FDS_MAX);
        record->fds[fd] = cut_name(record, name);
        if (!there)
            cut_note(record, (struct cut_op){.kind = CUT_CREATE, .file = record->fds[fd]});
    }
    return fd;
}

static inline int cut_write(const struct buffer_disk *disk, int fd, const void *data, size_t size, int64_t offset)
{
    struct cut_record *record = (struct cut_record *)disk;
    struct cut_op op = {
        .kind = CUT_WRITE, .file = record->fds[fd], .offset = offset, .size = size, .data = malloc(size)};
    assert_non_null(op.data);
    memcpy(op.data, data, size);
    cut_note(record, op);
    return disk_system.write(disk, fd, data, size, offset);
}

static inline int cut_sync(const struct buffer_disk *disk, int fd)
{
    struct cut_record *record = (struct cut_record *)disk;
    unsigned fail_every = atomic_load(&record->fail_every);
    if (fail_every && ++record->sync_count % fail_every == 0) {
        cut_note(record, (struct cut_op){.kind = CUT_SYNC_FAILED, .file = record->fds[fd]});
        return -EIO;
    }
    cut_note(record, (struct cut_op){.kind = CUT_SYNC, .file = record->fds[fd]});
    return 0;
}

static inline int cut_truncate(const struct buffer_disk *disk, int fd, int64_t size)
{
    struct cut_record *record = (struct cut_record *)disk;
    cut_note(record, (struct cut_op){.kind = CUT_RESIZE, .file = record->fds[fd], .offset = size});
    return disk_system.truncate(disk, fd, size);
}

static inline int cut_remove(const struct buffer_disk *disk, int folder, const char *name)
{
    struct cut_record *record = (struct cut_record *)disk;
    cut_note(record, (struct cut_op){.kind = CUT_REMOVE, .file = cut_name(record, name)});
    return disk_system.remove(disk, folder, name);
}

static inline int cut_rename(const struct buffer_disk *disk, int folder, const char *from, const char *to)
{
    struct cut_record *record = (struct cut_record *)disk;
    struct cut_op op = {.kind = CUT_RENAME, .file = cut_name(record, from), .other = cut_name(record, to)};
    cut_note(record, op);
    return disk_system.rename(disk, folder, from, to);
}

static inline int cut_sync_folder(const struct buffer_disk *disk, int folder)
{
    (void)folder;
    cut_note((struct cut_record *)disk, (struct cut_op){.kind = CUT_FOLDER, .file = -1});
    return 0;
}

static inline void cut_begin(struct cut_record *record)
{
    memset(record, 0, sizeof *record);
    pthread_mutex_init(&record->lock, NULL);
    atomic_store(&record->settled, 1);
    record->disk = disk_system;
    record->disk.open = cut_open;
    record->disk.write = cut_write;
    record->disk.sync = cut_sync;
    record->disk.truncate = cut_truncate;
    record->disk.allocate = cut_truncate; // the same thing: a new size, zeros
    record->disk.remove = cut_remove;
    record->disk.rename = cut_rename;
    record->disk.sync_folder = cut_sync_folder;
}

static inline void cut_end(struct cut_record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->ops[i].data);
    free(record->ops);
}

/* The model of the disk. */

struct cut_file {
    bool there, was_there; // now; and at the folder's last sync
    uint8_t *data;         // what is durable
    size_t size;
    const struct cut_op *pending[CUT_PENDING_MAX];
    bool limbo[CUT_PENDING_MAX]; // stood there when a sync failed
    size_t pending_count;
};

struct cut_model {
    struct cut_file files[CUT_FILES_MAX];
    uint64_t random;
};

static inline uint64_t cut_random(struct cut_model *model)
{
    model->random ^= model->random << 13;
    model->random ^= model->random >> 7;
    model->random ^= model->random << 17;
    return model->random;
}

static inline void cut_resize(uint8_t **data, size_t *size, size_t to)
{
    if (to > *size) {
        *data = realloc(*data, to);
        assert_non_null(*data);
        memset(*data + *size, 0, to - *size);
    }
    *size = to;
}

// Applies a write without some of its sectors.
static inline void cut_apply_holed(struct cut_model *model, uint8_t **data, size_t *size, const struct cut_op *op)
{
    size_t at = (size_t)op->offset, end = at + op->size;
    cut_resize(data, size, end > *size ? end : *size);
    while (at < end) {
        size_t next = (at / 512 + 1) * 512 < end ? (at / 512 + 1) * 512 : end;
        if (cut_random(model) % 2)
            memcpy(*data + at, op->data + (at - (size_t)op->offset), next - at);
        at = next;
    }
}

// Applies an operation, or the first `torn` bytes of it.
static inline void cut_apply(uint8_t **data, size_t *size, const struct cut_op *op, size_t torn)
{
    if (op->kind == CUT_RESIZE) {
        cut_resize(data, size, (size_t)op->offset);
        return;
    }
    if ((size_t)op->offset + torn > *size)
        cut_resize(data, size, (size_t)op->offset + torn);
    memcpy(*data + op->offset, op->data, torn);
}

// A later write over the same place takes the earlier one's page with it, and so does a cut of the file; any later write
// brings the file's size.
static inline bool cut_is_superseded(const struct cut_file *file, size_t index)
{
    const struct cut_op *old = file->pending[index];
    int64_t end = old->offset + (int64_t)old->size;
    for (size_t i = index + 1; i < file->pending_count; i++) {
        const struct cut_op *op = file->pending[i];
        if (file->limbo[i])
            continue;
        if (old->kind == CUT_RESIZE)
            return true;
        bool over = op->kind == CUT_WRITE && op->offset < end && old->offset < op->offset + (int64_t)op->size;
        if (over || (op->kind == CUT_RESIZE && op->offset < end))
            return true;
    }
    return false;
}

static inline void cut_file_sync(struct cut_file *file)
{
    size_t kept = 0;
    for (size_t i = 0; i < file->pending_count; i++) {
        if (file->limbo[i] && cut_is_superseded(file, i))
            continue;
        if (file->limbo[i]) {
            file->pending[kept] = file->pending[i];
            file->limbo[kept++] = true;
        } else {
            cut_apply(&file->data, &file->size, file->pending[i], file->pending[i]->size);
        }
    }
    file->pending_count = kept;
}

static inline void cut_forget(struct cut_file *file)
{
    file->there = false;
    file->pending_count = 0;
}

static inline void cut_file_create(struct cut_file *file)
{
    free(file->data);
    file->data = NULL;
    file->size = 0;
    file->pending_count = 0;
    file->there = true;
}

static inline void cut_step(struct cut_model *model, const struct cut_op *op)
{
    struct cut_file *file = op->file >= 0 ? &model->files[op->file] : NULL;
    switch (op->kind) {
    case CUT_WRITE:
    case CUT_RESIZE:
        assert_true(file->pending_count < CUT_PENDING_MAX);
        file->limbo[file->pending_count] = false;
        file->pending[file->pending_count++] = op;
        break;
    case CUT_SYNC:
        cut_file_sync(file);
        break;
    case CUT_SYNC_FAILED:
        for (size_t i = 0; i < file->pending_count; i++)
            file->limbo[i] = true;
        break;
    case CUT_CREATE:
        cut_file_create(file);
        break;
    case CUT_REMOVE:
        file->there = false; // its content may come back with its name
        break;
    case CUT_RENAME:
        free(model->files[op->other].data);
        model->files[op->other] = *file;
        *file = (struct cut_file){.was_there = file->was_there};
        break;
    case CUT_FOLDER:
        for (int i = 0; i < CUT_FILES_MAX; i++) {
            model->files[i].was_there = model->files[i].there;
            if (!model->files[i].there)
                cut_forget(&model->files[i]);
        }
        break;
    }
}

enum cut_mode { CUT_ALL, CUT_NOTHING, CUT_PREFIX, CUT_ANY, CUT_LAZY_NAMES, CUT_MODES };

static inline bool cut_arrives(struct cut_model *model, enum cut_mode mode, size_t index, size_t prefix)
{
    switch (mode) {
    case CUT_ALL:
        return true;
    case CUT_NOTHING:
        return false;
    case CUT_PREFIX:
        return index < prefix;
    default:
        return cut_random(model) % 2;
    }
}

// Stores the file as a cut could have left it.
static inline void cut_store(struct cut_model *model, const struct cut_file *file, enum cut_mode mode,
                             const struct rig *rig, const char *name)
{
    uint8_t *data = malloc(file->size + 1);
    size_t size = file->size, prefix = file->pending_count ? cut_random(model) % (file->pending_count + 1) : 0;
    assert_non_null(data);
    if (file->size)
        memcpy(data, file->data, file->size);
    for (size_t i = 0; i < file->pending_count; i++) {
        const struct cut_op *op = file->pending[i];
        if (!cut_arrives(model, mode, i, prefix))
            continue;
        uint64_t tear = mode != CUT_ALL && op->size > 0 ? cut_random(model) % 4 : 0;
        if (tear == 1) {
            cut_apply_holed(model, &data, &size, op);
            continue;
        }
        bool torn = tear == 2;
        cut_apply(&data, &size, op, torn ? cut_random(model) % op->size : op->size);
    }
    rig_store(rig, name, data, size);
    free(data);
}

// Fills the rig's folder with one of the states that a cut now could leave.
static inline void cut_materialise(struct cut_model *model, const struct cut_record *record, enum cut_mode mode,
                                   const struct rig *rig)
{
    rig_empty(rig->path);
    for (int i = 0; i < record->name_count; i++) {
        const struct cut_file *file = &model->files[i];
        bool there = file->there;
        if (mode == CUT_LAZY_NAMES && file->there != file->was_there && cut_random(model) % 2)
            there = file->was_there;
        if (there)
            cut_store(model, file, mode, rig, record->names[i]);
    }
}

static inline void cut_model_end(struct cut_model *model)
{
    for (int i = 0; i < CUT_FILES_MAX; i++)
        free(model->files[i].data);
    free(model);
}
