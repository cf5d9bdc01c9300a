// SPDX-License-Identifier: Apache-2.0
#include "roll.h"

#include "carry.h"
#include "frame.h"
#include "gone.h"
#include "retention.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENT_LEAST = 64 << 10 }; // smaller ones are not worth their header and state

static void count_written(struct buffer *buffer, size_t size)
{
    atomic_fetch_add_explicit(&buffer->written_bytes, size, memory_order_relaxed);
}

// Appends the state as of what is durable. Names may be read without the lock: they never change once counted.
static struct state append_state(struct buffer *buffer, uint64_t segment, struct bytes *out)
{
    struct state state = {.segment = segment};
    memcpy(state.epoch, buffer->epoch, sizeof state.epoch);
    memcpy(state.secret, buffer->secret, sizeof state.secret);
    buffer_lock(buffer);
    state.next = buffer->durable;
    state.first_seq = buffer->streams.first_seq;
    state.count = buffer->streams.count;
    buffer_unlock(buffer);
    state.corrections = buffer->writer.corrections;
    state_write(out, &state, &buffer->streams);
    return state;
}

int roll_checkpoint(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    struct bytes *bytes = &writer->scratch;
    buffer_at_disk(buffer);
    bytes_clear(bytes);
    struct state state = append_state(buffer, writer->id, bytes);
    if (bytes->overflow)
        return -ENOMEM;
    int slot = 1 - writer->checkpoint_slot;
    int error = checkpoint_write(buffer->disk, buffer->folder, slot, writer->checkpoint_generation + 1, bytes->data,
                                 bytes->used, &writer->checkpoint_named);
    if (error)
        return error;
    count_written(buffer, bytes->used);
    writer->checkpoint_slot = slot;
    writer->checkpoint_generation++;
    writer->checkpoint_next = state.next;
    writer->checkpoint_streams = state.count;
    writer->checkpoint_wanted = false;
    return 0;
}

void roll_correct(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    buffer_lock(buffer);
    struct correct_wish wish = buffer->correct;
    struct corrections corrections = buffer->corrections;
    struct correction correction = {wish.from, buffer->durable, wish.wall_at_boot_us};
    uint64_t oldest = buffer->segments.count ? buffer->segments.list[0].first : buffer->durable;
    buffer_unlock(buffer);
    if (!wish.wanted || buffer->stored < wish.after)
        return;
    if (corrections_add(&corrections, oldest, &correction)) {
        writer->corrections = corrections;
        if (roll_checkpoint(buffer) != 0)
            return; // tried again at the next look
    }
    buffer_lock(buffer);
    buffer->corrections = corrections;
    buffer->correct.wanted = buffer->correct.after > wish.after; // asked again meanwhile
    buffer_unlock(buffer);
    if (buffer->options.wake)
        buffer->options.wake(buffer->options.context);
}

static struct commit_time time_now(const struct buffer *buffer)
{
    const struct clock *clock = buffer->options.clock;
    return (struct commit_time){true, clock->synchronised(clock), clock_wall_us(clock), clock_boot_us(clock)};
}

static void compose_beginning(struct buffer *buffer, uint64_t id, const struct commit_time *now, struct bytes *out)
{
    struct segment_header header = {.id = id, .first = buffer->durable, .made = *now, .before = buffer->writer.newest};
    buffer_lock(buffer);
    const struct segments *segments = &buffer->segments;
    const struct segment *last = segments->count ? &segments->list[segments->count - 1] : NULL;
    if (last && last->end == header.first)
        header.times = last->times;
    buffer_unlock(buffer);
    memcpy(header.epoch, buffer->epoch, sizeof header.epoch);
    memcpy(header.secret, buffer->secret, sizeof header.secret);
    memcpy(header.boot_id, buffer->boot_id, sizeof header.boot_id);
    segment_header_write(out, &header);
    frame_begin(out, FRAME_STATE, 0, NULL, 0);
    append_state(buffer, id, out);
    frame_end(out, SEGMENT_HEADER_SIZE);
    if (out->overflow)
        return;
    if (out->used > SEGMENT_HEADER_SIZE + buffer->segment_bytes / 8) {
        out->used = SEGMENT_HEADER_SIZE; // a copy of the checkpoint that would crowd out the records
        return;
    }
    struct frame_seal seal = {
        frame_seed(buffer->secret, id), header.first, now->wall_us, now->boot_us, now->wall_synced, header.first};
    frame_close(out->data + SEGMENT_HEADER_SIZE, &seal);
}

static bool is_full(int error)
{
    return error == -ENOSPC || error == -EDQUOT;
}

// A whole segment; where less is free, the half of it, and so on.
static int allocate(struct buffer *buffer, int fd, size_t needed, uint64_t *ret_size)
{
    const struct buffer_disk *disk = buffer->disk;
    uint64_t least = segment_disk_bytes(needed > SEGMENT_LEAST ? needed : SEGMENT_LEAST);
    uint64_t size = buffer->segment_bytes > needed ? buffer->segment_bytes : least;
    int error;
    while (is_full(error = disk->allocate(disk, fd, (int64_t)size)) && size > least) {
        disk->truncate(disk, fd, 0); // some file systems keep what they found
        size = segment_disk_bytes(size / 2 > least ? size / 2 : least);
    }
    if (error && error != -EOPNOTSUPP && error != -ENOSYS) // without: it grows as it is written
        return error;
    *ret_size = size;
    return 0;
}

static int fill_file(struct buffer *buffer, int fd, const struct bytes *bytes, size_t frame_bytes, uint64_t *ret_size)
{
    const struct buffer_disk *disk = buffer->disk;
    int error = allocate(buffer, fd, bytes->used + carry_size(&buffer->writer.carry) + frame_bytes, ret_size);
    if (!error)
        error = disk->write(disk, fd, bytes->data, bytes->used, 0);
    if (!error)
        error = disk->sync(disk, fd);
    return error ? error : disk->sync_folder(disk, buffer->folder);
}

static int add_to_list(struct buffer *buffer, uint64_t id, uint64_t size, const struct commit_time *now)
{
    buffer_lock(buffer);
    struct segment *segment = segments_add(&buffer->segments, id);
    if (segment) {
        segment->first = segment->end = buffer->durable;
        segment->used = buffer->writer.used;
        segment->this_boot = true;
        segment->oldest = segment->newest = *now;
        segments_resize(&buffer->segments, segment, size);
        buffer->current_id = id;
    }
    buffer_unlock(buffer);
    return segment ? 0 : -ENOMEM;
}

int roll_begin(struct buffer *buffer, size_t frame_bytes)
{
    struct writer *writer = &buffer->writer;
    const struct buffer_disk *disk = buffer->disk;
    int error = gone_restore(buffer);
    if (error)
        return error;
    writer->reserved = frame_bytes;
    uint64_t id = buffer->segments.next_id++;
    struct commit_time now = time_now(buffer);
    bytes_clear(&writer->scratch);
    compose_beginning(buffer, id, &now, &writer->scratch);
    if (writer->scratch.overflow)
        return -ENOMEM;
    char name[SEGMENT_NAME_SIZE];
    int fd = disk->open(disk, buffer->folder, segment_name(id, name), O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0)
        return fd;
    error = fill_file(buffer, fd, &writer->scratch, frame_bytes, &writer->size);
    writer->used = writer->scratch.used;
    if (!error)
        error = add_to_list(buffer, id, writer->size, &now);
    if (error) {
        close(fd);
        disk->remove(disk, buffer->folder, name);
        return error;
    }
    count_written(buffer, writer->used);
    writer->fd = fd;
    writer->id = id;
    writer->seed = frame_seed(buffer->secret, id);
    // Needed only before something is removed, and tried again then.
    writer->checkpoint_wanted = roll_checkpoint(buffer) != 0;
    error = carry_write(buffer);
    if (!error)
        retention_make_room(buffer);
    return error ? error : writer->fd < 0 ? -EIO : 0; // what went there took the segment with it
}

static void leave_current(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    close(writer->fd);
    writer->fd = -1;
    buffer_lock(buffer);
    struct segment *segment = segments_by_id(&buffer->segments, writer->id);
    bool empty = segment->end == segment->first;
    segments_resize(&buffer->segments, segment, segment_disk_bytes(writer->used));
    if (empty)
        segments_remove(&buffer->segments, buffer->segments.count - 1);
    buffer->current_id = 0;
    buffer_unlock(buffer);
    if (empty) {
        char name[SEGMENT_NAME_SIZE];
        buffer->disk->remove(buffer->disk, buffer->folder, segment_name(writer->id, name));
    }
}

// Whether the cut succeeds does not matter: the next segment's first number says where this one ends.
void roll_close(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    if (writer->fd < 0)
        return;
    if (buffer->disk->truncate(buffer->disk, writer->fd, (int64_t)writer->used) == 0)
        buffer->disk->sync(buffer->disk, writer->fd);
    leave_current(buffer);
}

void roll_condemn(struct buffer *buffer)
{
    struct writer *writer = &buffer->writer;
    if (writer->fd < 0)
        return;
    buffer_lock(buffer);
    buffer->figures.condemned++;
    buffer_unlock(buffer);
    buffer->disk->truncate(buffer->disk, writer->fd, (int64_t)writer->used);
    leave_current(buffer);
}
