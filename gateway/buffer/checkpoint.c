// SPDX-License-Identifier: Apache-2.0
#include "checkpoint.h"

#include "base/number.h"
#include "format.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CRC_FROM = 16, STATE_AT = 28, STATE_HEAD = 41 };

static const char *const slot_names[CHECKPOINT_SLOTS] = {"checkpoint.0", "checkpoint.1"};

const char *checkpoint_name(int slot)
{
    return slot_names[slot];
}

static void write_corrections(struct bytes *out, const struct corrections *corrections)
{
    bytes_u8(out, (uint8_t)corrections->count);
    for (size_t i = 0; i < corrections->count; i++) {
        bytes_u64(out, corrections->list[i].from);
        bytes_u64(out, corrections->list[i].to);
        bytes_u64(out, (uint64_t)corrections->list[i].wall_at_boot_us);
    }
}

static bool read_corrections(struct view *view, struct corrections *ret_corrections)
{
    size_t count = view_u8(view);
    uint64_t end = 0;
    for (size_t i = 0; i < count && i < CORRECTIONS_MAX; i++) {
        struct correction *correction = &ret_corrections->list[i];
        correction->from = view_u64(view);
        correction->to = view_u64(view);
        correction->wall_at_boot_us = (int64_t)view_u64(view);
        if (correction->from < end || correction->to <= correction->from)
            return false;
        end = correction->to;
    }
    ret_corrections->count = count;
    return count <= CORRECTIONS_MAX && !view->bad;
}

static struct state_stream read_stream(struct view *view)
{
    struct state_stream stream;
    stream.next_seq = view_u64(view);
    stream.newest_us = (int64_t)view_u64(view);
    stream.newest = view_u64(view);
    stream.size = view_u8(view);
    stream.name = (const char *)view_take(view, stream.size);
    return stream;
}

void state_write(struct bytes *out, const struct state *state, const struct streams *streams)
{
    bytes_append(out, state->epoch, 4);
    bytes_append(out, state->secret, sizeof state->secret);
    bytes_u64(out, state->next);
    bytes_u64(out, state->segment);
    bytes_u64(out, state->first_seq);
    write_corrections(out, &state->corrections);
    bytes_u32(out, (uint32_t)state->count);
    for (size_t i = 0; i < state->count; i++) {
        const char *name = streams->names[i] ? streams->names[i] : "";
        bytes_u64(out, streams->stored_seq[i]);
        bytes_u64(out, (uint64_t)streams->stored_us[i]);
        bytes_u64(out, streams->newest[i]);
        bytes_u8(out, (uint8_t)strlen(name));
        bytes_append(out, name, strlen(name));
    }
}

int state_read(const uint8_t *data, size_t size, struct state *ret_state)
{
    if (size < STATE_HEAD)
        return -EBADMSG;
    struct view view = {data, size, false};
    struct state state = {0};
    memcpy(state.epoch, view_take(&view, 4), 4);
    memcpy(state.secret, view_take(&view, sizeof state.secret), sizeof state.secret);
    state.next = view_u64(&view);
    state.segment = view_u64(&view);
    state.first_seq = view_u64(&view);
    if (!read_corrections(&view, &state.corrections))
        return -EBADMSG;
    state.count = view_u32(&view);
    state.entries = view.data;
    state.entries_size = view.left;
    if (state.count > BUFFER_STREAMS_MAX || state.next == 0 || state.next > UINT64_MAX / 2 || state.first_seq == 0)
        return -EBADMSG;
    for (size_t i = 0; i < state.count; i++)
        if (!read_stream(&view).name || view.bad)
            return -EBADMSG;
    *ret_state = state;
    return 0;
}

void state_streams(const struct state *state,
                   void (*each)(void *context, uint32_t number, const struct state_stream *stream), void *context)
{
    struct view view = {state->entries, state->entries_size, false};
    for (size_t i = 0; i < state->count; i++) {
        struct state_stream stream = read_stream(&view);
        each(context, (uint32_t)i, &stream);
    }
}

// -ENOENT when there is no such slot, or it has never been written.
static int load_slot(const struct buffer_disk *disk, int folder, int slot, struct bytes *ret_bytes)
{
    int fd = disk->open(disk, folder, slot_names[slot], O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return fd;
    struct stat info;
    int error = -EBADMSG;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= CHECKPOINT_MAX &&
        bytes_reserve(ret_bytes, (size_t)info.st_size + 1)) {
        ret_bytes->used = (size_t)info.st_size;
        error = info.st_size == 0 ? -ENOENT : disk->read(disk, fd, ret_bytes->data, ret_bytes->used, 0);
    }
    close(fd);
    return error;
}

static int parse_slot(const struct bytes *bytes, struct checkpoint *ret_checkpoint)
{
    if (bytes->used < STATE_AT || memcmp(bytes->data, CHECKPOINT_MAGIC, 8) != 0)
        return -EBADMSG;
    struct view view = {bytes->data + 8, bytes->used - 8, false};
    uint32_t version = view_u32(&view);
    uint32_t crc = view_u32(&view);
    uint64_t generation = view_u64(&view);
    uint32_t size = view_u32(&view);
    if (version != FORMAT_VERSION || size > view.left ||
        crc != crc32c(0, bytes->data + CRC_FROM, STATE_AT - CRC_FROM + (size_t)size))
        return -EBADMSG;
    int error = state_read(view.data, size, &ret_checkpoint->state);
    if (error == 0)
        ret_checkpoint->generation = generation;
    return error;
}

void checkpoint_read(const struct buffer_disk *disk, int folder, struct checkpoint *ret_checkpoint)
{
    *ret_checkpoint = (struct checkpoint){.slot = CHECKPOINT_SLOTS - 1};
    bytes_init(&ret_checkpoint->bytes, CHECKPOINT_MAX + 1);
    int readable = 0;
    for (int slot = 0; slot < CHECKPOINT_SLOTS; slot++) {
        struct bytes bytes;
        bytes_init(&bytes, CHECKPOINT_MAX + 1);
        struct checkpoint found = {0};
        int error = load_slot(disk, folder, slot, &bytes);
        if (error == 0)
            error = parse_slot(&bytes, &found);
        if (error != 0 && error != -ENOENT)
            ret_checkpoint->damaged |= 1u << slot;
        readable += error == 0;
        if (error == 0 && (!ret_checkpoint->found || found.generation > ret_checkpoint->generation)) {
            bytes_finish(&ret_checkpoint->bytes);
            ret_checkpoint->bytes = bytes;
            ret_checkpoint->state = found.state;
            ret_checkpoint->generation = found.generation;
            ret_checkpoint->slot = slot;
            ret_checkpoint->found = true;
        } else {
            bytes_finish(&bytes);
        }
    }
    ret_checkpoint->newest = readable == CHECKPOINT_SLOTS || (readable == 1 && ret_checkpoint->generation == 1);
}

static void write_head(struct bytes *out, uint64_t generation, const void *state, size_t size)
{
    bytes_append(out, CHECKPOINT_MAGIC, 8);
    bytes_u32(out, FORMAT_VERSION);
    struct bytes head;
    bytes_init(&head, 16);
    bytes_u64(&head, generation);
    bytes_u32(&head, (uint32_t)size);
    bytes_u32(out, crc32c(crc32c(0, head.data, head.used), state, size));
    bytes_append(out, head.data, head.used);
    bytes_append(out, state, size);
    out->overflow = out->overflow || head.overflow;
    bytes_finish(&head);
}

int checkpoint_write(const struct buffer_disk *disk, int folder, int slot, uint64_t generation, const void *state,
                     size_t size, unsigned *named)
{
    struct bytes bytes;
    bytes_init(&bytes, STATE_AT + size);
    write_head(&bytes, generation, state, size);
    int fd = bytes.overflow ? -ENOMEM : disk->open(disk, folder, slot_names[slot], O_RDWR);
    if (fd == -ENOENT) {
        *named &= ~(1u << slot);
        fd = disk->open(disk, folder, slot_names[slot], O_RDWR | O_CREAT);
    }
    int error = fd < 0 ? fd : disk->write(disk, fd, bytes.data, bytes.used, 0);
    if (!error)
        error = disk->sync(disk, fd);
    if (!error && !(*named & 1u << slot))
        error = disk->sync_folder(disk, folder);
    if (!error)
        *named |= 1u << slot;
    if (fd >= 0)
        close(fd);
    bytes_finish(&bytes);
    return error;
}
