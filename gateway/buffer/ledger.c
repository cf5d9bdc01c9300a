// SPDX-License-Identifier: Apache-2.0
#include "ledger.h"

#include "base/messages.h"
#include "base/number.h"
#include "folder.h"
#include "frame.h"
#include "inside.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_SIZE = 32, CRC_FROM = 16, LOG_BYTES = 256 << 10, RETRY_US = 5 * 1000 * 1000 };

static const char *const file_names[LEDGER_FILES] = {"ledger.0", "ledger.1"};

int ledger_init(struct ledger *ledger)
{
    losses_init(&ledger->losses);
    return -pthread_mutex_init(&ledger->mutex, NULL);
}

void ledger_finish(struct ledger *ledger)
{
    losses_finish(&ledger->losses);
    pthread_mutex_destroy(&ledger->mutex);
}

uint8_t ledger_outlet(struct buffer *buffer, const char *name)
{
    pthread_mutex_lock(&buffer->ledger.mutex);
    buffer_lock(buffer);
    uint8_t outlet = losses_outlet(&buffer->ledger.losses, name);
    buffer_unlock(buffer);
    pthread_mutex_unlock(&buffer->ledger.mutex);
    return outlet;
}

// No frame of a segment, or of another generation, passes for one of ours.
static uint32_t seed_of(const struct buffer *buffer, uint64_t generation)
{
    return frame_seed(buffer->secret, ~generation);
}

static size_t most(struct buffer *buffer)
{
    buffer_lock(buffer);
    size_t streams = buffer->streams.count;
    buffer_unlock(buffer);
    return streams > BUFFER_LOSSES_MAX ? streams : BUFFER_LOSSES_MAX;
}

static void put_loss(struct bytes *out, const struct losses *losses, const struct loss *loss)
{
    const char *name = losses->names[loss->outlet];
    bytes_u32(out, loss->stream);
    bytes_u8(out, loss->reason);
    bytes_u64(out, loss->first);
    bytes_u64(out, loss->last);
    bytes_u64(out, loss->count);
    bytes_u64(out, (uint64_t)loss->since_us);
    bytes_u64(out, (uint64_t)loss->until_us);
    bytes_u8(out, (uint8_t)strlen(name));
    bytes_append(out, name, strlen(name));
}

static bool take_loss(struct view *view, struct losses *losses, struct loss *ret_loss)
{
    struct loss loss = {.stream = view_u32(view), .reason = view_u8(view)};
    loss.first = view_u64(view);
    loss.last = view_u64(view);
    loss.count = view_u64(view);
    loss.since_us = (int64_t)view_u64(view);
    loss.until_us = (int64_t)view_u64(view);
    size_t size = view_u8(view);
    const uint8_t *name = view_take(view, size);
    if (!name || size > ID_MAX || loss.reason > BUFFER_LOSS_DAMAGE || loss.stream >= BUFFER_STREAMS_MAX ||
        loss.first > loss.last)
        return false;
    char text[ID_MAX + 1] = "";
    memcpy(text, name, size);
    loss.outlet = losses_outlet(losses, text);
    *ret_loss = loss;
    return true;
}

// One batch as a frame. The first of a file has number 1 and holds all that came before, with its sums.
static void put_batch(struct buffer *buffer, const struct losses *losses, const struct loss *batch, size_t count,
                      uint64_t evicted, uint64_t number, uint64_t generation, struct bytes *out)
{
    const struct clock *clock = buffer->options.clock;
    size_t start = out->used;
    frame_begin(out, FRAME_LOSSES, 0, NULL, 0);
    bytes_u64(out, evicted);
    for (size_t i = 0; i < 3; i++)
        bytes_u64(out, losses->lost[i]);
    bytes_u64(out, losses->joined);
    bytes_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        put_loss(out, losses, &batch[i]);
    frame_end(out, start);
    struct frame_seal seal = {.seed = seed_of(buffer, generation), .first = number, .wall_us = clock_wall_us(clock)};
    if (!out->overflow)
        frame_close(out->data + start, &seal);
}

static void put_head(struct bytes *out, uint64_t generation, uint64_t before)
{
    struct bytes tail;
    bytes_init(&tail, 16);
    bytes_u64(&tail, generation);
    bytes_u64(&tail, before);
    bytes_append(out, LEDGER_MAGIC, 8);
    bytes_u32(out, FORMAT_VERSION);
    bytes_u32(out, crc32c(0, tail.data, tail.used));
    bytes_append(out, tail.data, tail.used);
    bytes_finish(&tail);
}

static int write_at(struct buffer *buffer, int file, const struct bytes *bytes, uint64_t at, int flags, bool whole)
{
    const struct buffer_disk *disk = buffer->disk;
    int fd = disk->open(disk, buffer->folder, file_names[file], O_RDWR | O_NONBLOCK | flags);
    if (fd < 0)
        return fd;
    int error = disk->write(disk, fd, bytes->data, bytes->used, (int64_t)at);
    if (!error && whole)
        error = disk->truncate(disk, fd, (int64_t)bytes->used);
    if (!error)
        error = disk->sync(disk, fd);
    close(fd);
    if (!error)
        atomic_fetch_add_explicit(&buffer->written_bytes, bytes->used, memory_order_relaxed);
    return error;
}

static int write_whole(struct buffer *buffer, int file, const struct bytes *bytes)
{
    struct ledger *ledger = &buffer->ledger;
    if (ledger->bad & 1u << file) {
        ledger->bad &= ~(1u << file);
        ledger->named &= ~(1u << file);
        folder_set_aside(buffer, file_names[file]);
    }
    int error = write_at(buffer, file, bytes, 0, 0, true);
    if (error == -ENOENT) {
        ledger->named &= ~(1u << file);
        error = write_at(buffer, file, bytes, 0, O_CREAT, true);
    }
    if (!error && !(ledger->named & 1u << file))
        error = buffer->disk->sync_folder(buffer->disk, buffer->folder);
    if (!error)
        ledger->named |= 1u << file;
    return error;
}

// All of it into one file and then into the other. The first is one that is not needed, and the second is only touched when
// that is on disk: so one of them is whole at any time. `total`: the batches that it sums up. 0 when one holds all of it.
static int rewrite(struct buffer *buffer, const struct losses *losses, uint64_t evicted, uint64_t total)
{
    struct ledger *ledger = &buffer->ledger;
    struct bytes bytes;
    bytes_init(&bytes, LEDGER_BYTES_MAX);
    uint64_t generation = ++ledger->highest, before = total > 0 ? total - 1 : 0;
    put_head(&bytes, generation, before);
    put_batch(buffer, losses, losses->list, losses->count, evicted, 1, generation, &bytes);
    int first = ledger->whole & 1u ? 1 : 0;
    int error = bytes.overflow ? -ENOMEM : write_whole(buffer, first, &bytes);
    ledger->whole &= ~(1u << first);
    if (!error) {
        ledger->generation = generation;
        ledger->before = before;
        ledger->batches = 1;
        ledger->used = bytes.used;
        ledger->whole = 1u << first | (write_whole(buffer, 1 - first, &bytes) == 0 ? 1u << (1 - first) : 0);
    }
    ledger->rewrite = ledger->whole != LEDGER_WHOLE;
    ledger->retry_us = monotonic_us() + RETRY_US;
    bytes_finish(&bytes);
    return error;
}

// Into the files that hold all that was before. 0 when it is on disk in one of them at least.
static int append(struct buffer *buffer, const struct losses *losses, const struct loss *batch, size_t count,
                  uint64_t evicted)
{
    struct ledger *ledger = &buffer->ledger;
    bool grown = ledger->used > LOG_BYTES + 4 * losses->count * sizeof *batch;
    int error = -EIO;
    if ((ledger->rewrite || ledger->batches == 0 || grown) &&
        (error = rewrite(buffer, losses, evicted, ledger->before + ledger->batches + 1)) == 0)
        return 0;
    struct bytes bytes;
    bytes_init(&bytes, LEDGER_BYTES_MAX);
    put_batch(buffer, losses, batch, count, evicted, ledger->batches + 1, ledger->generation, &bytes);
    unsigned whole = 0;
    for (int file = 0; !bytes.overflow && file < LEDGER_FILES; file++) {
        int one = ledger->whole & 1u << file ? write_at(buffer, file, &bytes, ledger->used, 0, false) : 0;
        whole |= ledger->whole & 1u << file && one == 0 ? 1u << file : 0;
        error = one ? one : error;
    }
    if (whole) { // or else what stands there is written over by the next one
        ledger->batches++;
        ledger->used += bytes.used;
        ledger->whole = whole;
    }
    ledger->rewrite = whole != LEDGER_WHOLE;
    bytes_finish(&bytes);
    return whole ? 0 : error;
}

static void show(struct buffer *buffer, const struct losses *losses, uint64_t evicted)
{
    struct ledger *ledger = &buffer->ledger;
    buffer_lock(buffer);
    struct loss *old = ledger->losses.list;
    ledger->losses = *losses;
    ledger->evicted = evicted;
    buffer_unlock(buffer);
    free(old);
}

static int add_locked(struct buffer *buffer, struct loss *batch, size_t count, uint64_t evicted, bool anyway)
{
    struct ledger *ledger = &buffer->ledger;
    struct losses losses;
    evicted = evicted > ledger->evicted ? evicted : ledger->evicted;
    int error = losses_with(&ledger->losses, batch, count, most(buffer), &losses);
    if (error)
        return error;
    error = append(buffer, &losses, batch, count, evicted);
    if (error && !anyway)
        losses_finish(&losses);
    else
        show(buffer, &losses, evicted);
    return anyway ? 0 : error;
}

int ledger_add(struct buffer *buffer, struct loss *batch, size_t count, uint64_t evicted, bool anyway)
{
    pthread_mutex_lock(&buffer->ledger.mutex);
    int error = add_locked(buffer, batch, count, evicted, anyway);
    pthread_mutex_unlock(&buffer->ledger.mutex);
    return error;
}

// Appends to `out` the parts of it that the ledger does not hold.
static void take_uncovered(const struct losses *losses, const struct loss *loss, struct bytes *out)
{
    struct loss rest = *loss, part = *loss;
    uint64_t left = loss->count;
    while (rest.first <= loss->last && losses_uncovered(losses, &rest, &part.first, &part.last)) {
        uint64_t size = part.last - part.first + 1;
        part.count = left < size ? left : size;
        left -= part.count;
        bytes_append(out, &part, sizeof part);
        rest.first = part.last + 1;
    }
}

void ledger_add_new(struct buffer *buffer, const struct loss *batch, size_t count)
{
    struct ledger *ledger = &buffer->ledger;
    struct bytes fresh;
    bytes_init(&fresh, SIZE_MAX / 2);
    pthread_mutex_lock(&ledger->mutex);
    for (size_t i = 0; i < count; i++)
        take_uncovered(&ledger->losses, &batch[i], &fresh);
    if (fresh.used > 0)
        add_locked(buffer, (struct loss *)(void *)fresh.data, fresh.used / sizeof *batch, 0, true);
    pthread_mutex_unlock(&ledger->mutex);
    bytes_finish(&fresh);
}

void ledger_serve(struct buffer *buffer, bool now)
{
    struct ledger *ledger = &buffer->ledger;
    pthread_mutex_lock(&ledger->mutex);
    if (ledger->rewrite && (now || monotonic_us() >= ledger->retry_us))
        rewrite(buffer, &ledger->losses, ledger->evicted, ledger->before + ledger->batches);
    pthread_mutex_unlock(&ledger->mutex);
}

/* Reading it at start. */

struct copy {
    struct bytes bytes;
    uint64_t generation, before;
    bool there, reads; // `reads`: its head does
    bool bad;          // is to be set aside
};

static void load_copy(struct buffer *buffer, int file, struct copy *ret_copy)
{
    const struct buffer_disk *disk = buffer->disk;
    bytes_init(&ret_copy->bytes, LEDGER_BYTES_MAX);
    int fd = disk->open(disk, buffer->folder, file_names[file], O_RDWR | O_NONBLOCK);
    ret_copy->there = fd >= 0 || fd != -ENOENT;
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= LEDGER_BYTES_MAX &&
        bytes_reserve(&ret_copy->bytes, (size_t)info.st_size + 1)) {
        disk_salvage(disk, fd, ret_copy->bytes.data, (size_t)info.st_size, 0);
        ret_copy->bytes.used = (size_t)info.st_size;
        disk->sync(disk, fd); // what a killed process had only given to the kernel
    }
    if (fd >= 0)
        close(fd);
    const uint8_t *data = ret_copy->bytes.data;
    if (ret_copy->bytes.used < HEAD_SIZE || memcmp(data, LEDGER_MAGIC, 8) != 0)
        return;
    struct view view = {data + 8, HEAD_SIZE - 8, false};
    uint32_t version = view_u32(&view), crc = view_u32(&view);
    ret_copy->generation = view_u64(&view);
    ret_copy->before = view_u64(&view);
    ret_copy->reads = version == FORMAT_VERSION && crc == crc32c(0, data + CRC_FROM, HEAD_SIZE - CRC_FROM);
}

static bool read_batch(const struct buffer *buffer, const struct copy *copy, size_t at, struct frame *ret_frame)
{
    return at < copy->bytes.used &&
           frame_read(copy->bytes.data + at, copy->bytes.used - at, seed_of(buffer, copy->generation), ret_frame) ==
               FRAME_WHOLE &&
           ret_frame->type == FRAME_LOSSES;
}

// The next batch that reads in one of the copies, at `at` or behind it.
static bool find_batch(const struct buffer *buffer, struct copy copies[LEDGER_FILES], size_t *at,
                       struct frame *ret_frame)
{
    size_t end = 0;
    for (int file = 0; file < LEDGER_FILES; file++)
        end = copies[file].reads && copies[file].bytes.used > end ? copies[file].bytes.used : end;
    for (; *at < end; *at += 8)
        for (int file = 0; file < LEDGER_FILES; file++)
            if (copies[file].reads && read_batch(buffer, &copies[file], *at, ret_frame))
                return true;
    return false;
}

static bool take_batch(struct buffer *buffer, const struct frame *frame)
{
    struct ledger *ledger = &buffer->ledger;
    struct view view = {frame->body, frame->body_size, false};
    uint64_t evicted = view_u64(&view), lost[3], joined;
    for (size_t i = 0; i < 3; i++)
        lost[i] = view_u64(&view);
    joined = view_u64(&view);
    uint32_t count = view_u32(&view);
    struct loss *batch = count <= frame->body_size ? calloc(count + 1, sizeof *batch) : NULL;
    uint32_t taken = 0;
    while (batch && taken < count && take_loss(&view, &ledger->losses, &batch[taken]))
        taken++;
    struct losses losses;
    bool fits = batch && taken == count && !view.bad &&
                losses_with(&ledger->losses, batch, count, BUFFER_STREAMS_MAX, &losses) == 0;
    free(batch);
    if (!fits)
        return false;
    memcpy(losses.lost, lost, sizeof lost); // as summed up by who wrote it
    losses.joined = joined;
    show(buffer, &losses, evicted > ledger->evicted ? evicted : ledger->evicted);
    return true;
}

// Which of the copies lacks a batch that the other has. The second is written last: it may lack the end.
static void compare_copies(struct buffer *buffer, struct copy copies[LEDGER_FILES], size_t at, bool last)
{
    struct frame frame;
    for (int file = 0; file < LEDGER_FILES; file++)
        if (copies[file].reads && !read_batch(buffer, &copies[file], at, &frame)) {
            buffer->ledger.whole &= ~(1u << file);
            copies[file].bad = copies[file].bad || !(last && file == LEDGER_FILES - 1);
            buffer->ledger.rewrite = true;
        }
}

static void take_batches(struct buffer *buffer, struct copy copies[LEDGER_FILES])
{
    struct ledger *ledger = &buffer->ledger;
    struct frame frame, next;
    size_t at = HEAD_SIZE;
    bool found = find_batch(buffer, copies, &at, &frame);
    for (uint64_t expected = 1; found; expected++) {
        size_t here = at;
        bool gap = frame.first != expected;
        at += frame_padded(frame.length);
        bool more = find_batch(buffer, copies, &at, &next);
        for (int file = 0; (gap || !take_batch(buffer, &frame)) && file < LEDGER_FILES; file++)
            copies[file].bad = copies[file].bad || copies[file].reads;
        if (gap)
            take_batch(buffer, &frame);
        compare_copies(buffer, copies, here, !more);
        expected = ledger->batches = frame.first;
        ledger->used = here + frame_padded(frame.length);
        found = more;
        frame = next;
    }
}

// How many batches it sums up.
static uint64_t total_of(const struct buffer *buffer, const struct copy *copy)
{
    struct frame frame;
    uint64_t last = 0;
    for (size_t at = HEAD_SIZE; at < copy->bytes.used;) {
        bool reads = read_batch(buffer, copy, at, &frame);
        last = reads ? frame.first : last;
        at += reads ? frame_padded(frame.length) : 8;
    }
    return copy->before + last;
}

// Of two generations, the one counts that sums up more: where the disk failed while the newer one was written, the older one
// may have gone on. Otherwise it is the newer one, when it begins with a whole batch; the older one was being replaced.
static void choose(const struct buffer *buffer, struct copy copies[LEDGER_FILES])
{
    struct frame frame;
    for (int file = 0; file < LEDGER_FILES; file++) {
        struct copy *copy = &copies[file];
        copy->bad = copy->there && copy->bytes.used > 0 && !copy->reads;
        if (copy->reads && (!read_batch(buffer, copy, HEAD_SIZE, &frame) || frame.first != 1) &&
            copies[1 - file].generation != copy->generation) {
            copy->bad = true;
            copy->reads = false;
        }
    }
    if (copies[0].reads && copies[1].reads && copies[0].generation != copies[1].generation) {
        uint64_t first = total_of(buffer, &copies[0]), second = total_of(buffer, &copies[1]);
        bool older = copies[0].generation < copies[1].generation;
        copies[first < second || (first == second && older) ? 0 : 1].reads = false;
    }
}

void ledger_load(struct buffer *buffer)
{
    struct ledger *ledger = &buffer->ledger;
    struct copy copies[LEDGER_FILES] = {0};
    bool any = false;
    for (int file = 0; file < LEDGER_FILES; file++) {
        load_copy(buffer, file, &copies[file]);
        any = any || copies[file].there;
    }
    choose(buffer, copies);
    ledger->whole = (copies[0].reads ? 1u : 0) | (copies[1].reads ? 2u : 0);
    take_batches(buffer, copies);
    for (int file = 0; file < LEDGER_FILES; file++) {
        const struct copy *copy = &copies[file];
        if (copy->generation > ledger->highest)
            ledger->highest = copy->generation;
        if (copy->reads) {
            ledger->generation = copy->generation;
            ledger->before = copy->before;
        }
        // Not all is as it was written: the next batch begins a new generation.
        ledger->rewrite = ledger->rewrite || (any && (!copy->reads || copy->bytes.used != ledger->used));
        ledger->rewrite = ledger->rewrite || copy->bad;
        ledger->bad |= copy->bad ? 1u << file : 0;
        ledger->whole &= copy->bad ? ~(1u << file) : LEDGER_WHOLE;
        bytes_finish(&copies[file].bytes);
    }
    if (ledger->rewrite)
        rewrite(buffer, &ledger->losses, ledger->evicted, ledger->before + ledger->batches);
}
