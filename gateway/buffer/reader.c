// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "frame.h"
#include "gone.h"
#include "inside.h"
#include "reckon.h"
#include "walk.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * Reading what is durable, by any number of threads at once. The lock is held only to find the place; the file is opened
 * by the reader itself, so that a segment may be removed at any time: an open file stays readable.
 */

// A place that the disk fails to read is given up after so many calls over so long a time.
enum { READ_BYTES_MAX = 8 << 20, PATIENCE_CALLS = 10, PATIENCE_US = 60 * 1000 * 1000 };

// Where in which segment to begin, copied out of the list.
struct place {
    uint64_t id, number, offset; // a frame that begins with `number` stands at `offset`
    uint64_t end, used;
    uint32_t seed;
    bool this_boot;
};

// Stands in corrected_us of a copy from another boot than its segment's: the table by numbers does not speak of it.
static const int64_t never_us = INT64_MIN;

// What one call is to read.
struct wish {
    uint64_t from;
    size_t max_items, max_bytes;
};

static bool find_place(struct buffer *buffer, uint64_t from, const struct buffer_batch *batch, struct place *ret_place)
{
    buffer_lock(buffer);
    const struct segment *segment = segments_from(&buffer->segments, from);
    if (segment) {
        struct mark mark = segment_find_mark(segment, from);
        uint32_t seed = frame_seed(buffer->secret, segment->id); // also tells whether the hint is of this buffer
        if (batch->hint_segment == segment->id && batch->hint_seed == seed && batch->hint_number <= from &&
            batch->hint_number >= mark.number)
            mark = (struct mark){batch->hint_number, batch->hint_offset};
        *ret_place = (struct place){
            .id = segment->id,
            .number = mark.number,
            .offset = mark.offset,
            .end = segment->end,
            .used = segment->used,
            .seed = seed,
            .this_boot = segment->this_boot,
        };
    }
    buffer_unlock(buffer);
    return segment != NULL;
}

// Not removed by us, and not known to be gone.
static bool is_kept(struct buffer *buffer, uint64_t id)
{
    buffer_lock(buffer);
    const struct segment *segment = segments_by_id(&buffer->segments, id);
    bool kept = segment && segment->gone < segment->end;
    buffer_unlock(buffer);
    return kept;
}

static void note_gap(struct buffer *buffer, uint64_t id, uint64_t from, uint64_t to)
{
    buffer_lock(buffer);
    struct segment *segment = segments_by_id(&buffer->segments, id);
    uint64_t fresh = segment ? segment_note_gap(segment, from, to) : 0;
    struct segment copy = segment ? *segment : (struct segment){0};
    buffer->figures.lost_damage += fresh;
    buffer_unlock(buffer);
    if (fresh > 0) {
        reckon_damage(buffer, &copy, from, to);
        char name[SEGMENT_NAME_SIZE];
        buffer_report(buffer, _("%s is damaged: %llu readings cannot be read"), segment_name(id, name),
                      (unsigned long long)fresh);
    }
}

// With the lock held: what is remembered of that place, or else what was not asked for the longest.
static struct unread *find_unread(struct buffer *buffer, uint64_t number)
{
    struct unread *oldest = &buffer->unread[0];
    for (size_t i = 0; i < UNREAD_MAX; i++) {
        struct unread *unread = &buffer->unread[i];
        if (unread->number == number)
            return unread;
        if (unread->last_us < oldest->last_us)
            oldest = unread;
    }
    *oldest = (struct unread){.number = number};
    return oldest;
}

// Records [from, to) do not read because the disk failed. Whether that is to be taken for damage now.
static bool is_given_up(struct buffer *buffer, uint64_t id, uint64_t from, uint64_t to)
{
    int64_t now_us = clock_boot_us(buffer->options.clock);
    buffer_lock(buffer);
    const struct segment *segment = segments_by_id(&buffer->segments, id);
    bool given_up = segment && segment_missing(segment, from, to) == to - from;
    if (!given_up) {
        struct unread *unread = find_unread(buffer, from);
        if (unread->calls++ == 0)
            unread->since_us = now_us;
        unread->last_us = now_us;
        given_up = unread->calls >= PATIENCE_CALLS && now_us - unread->since_us >= PATIENCE_US;
        if (given_up)
            *unread = (struct unread){0};
    }
    buffer_unlock(buffer);
    return given_up;
}

static void add_items(const struct frame *frame, const struct place *place, const struct wish *wish,
                      struct buffer_batch *batch, size_t *bytes)
{
    struct view view = {frame->body, frame->body_size, false};
    struct frame_record record;
    uint64_t number = frame->first;
    for (; frame_next_record(&view, &record); number++) {
        if (number < wish->from)
            continue;
        if (number >= place->end || batch->count == wish->max_items)
            return;
        bool copied = record.flags & RECORD_COPIED;
        if (copied && !(record.flags & RECORD_SAME_BOOT) && record.corrected_us == 0)
            record.corrected_us = never_us;
        batch->items[batch->count++] = (struct buffer_item){
            .number = number,
            .stream = record.stream,
            .seq = record.seq,
            .class = (enum buffer_class)record.class,
            .newest = record.flags & RECORD_NEWEST,
            .copied = copied,
            .unsure = record.flags & RECORD_UNSURE,
            .this_boot = place->this_boot && (!copied || record.flags & RECORD_SAME_BOOT),
            .time_us = record.time_us,
            .commit_synced = !copied && frame->flags & FRAME_WALL_SYNCED,
            .commit_us = copied ? record.wall_us : frame->wall_us,
            .commit_boot_us = copied ? record.committed_us : frame->boot_us,
            .boot_us = record.boot_us,
            .corrected_us = record.corrected_us,
            .payload = record.payload,
            .size = record.size,
        };
        batch->next = number + 1;
        *bytes += record.size;
    }
}

// One walk over what was loaded from place->offset, all of it or with holes where the disk said `failed`. 1: it was
// enough; 0 asks for all that is left; or `failed`, when that is what stands in the way.
static int take_items(struct buffer *buffer, const struct place *place, const struct wish *wish, int failed,
                      struct walk *walk, struct buffer_batch *batch)
{
    struct frame frame;
    size_t bytes = 0;
    while (batch->count < wish->max_items && bytes < wish->max_bytes) {
        uint64_t before = walk->next;
        enum walk_step step = walk_next(walk, &frame);
        if (step == WALK_FRAME) {
            if (frame.type == FRAME_RECORDS) // a state or losses could look like records
                add_items(&frame, place, wish, batch, &bytes);
            bool all = batch->count == 0 || batch->next == walk->next;
            batch->hint_segment = place->id;
            batch->hint_seed = place->seed;
            batch->hint_number = all ? walk->next : frame.first;
            batch->hint_offset = place->offset + (all ? walk->offset : walk->frame_at);
            continue;
        }
        if (batch->count > 0)
            return 1; // what is wrong here is for the next call to find out
        if (step == WALK_MORE)
            return 0;
        uint64_t after = step == WALK_GAP ? walk->next : place->end;
        if (failed && after <= wish->from)
            continue; // nobody asked for it
        if (failed && before < after && !is_given_up(buffer, place->id, before, after))
            return failed;
        note_gap(buffer, place->id, before, after);
        if (step == WALK_END) {
            batch->next = place->end;
            return 1;
        }
    }
    return 1;
}

// *ret_failed: why the disk did not give all of it, or 0.
static int load(const struct buffer *buffer, int fd, const struct place *place, size_t size, struct bytes *bytes,
                int *ret_failed)
{
    bytes_clear(bytes);
    if (!bytes_reserve(bytes, size))
        return -ENOMEM;
    *ret_failed = disk_salvage(buffer->disk, fd, bytes->data, size, (int64_t)place->offset);
    bytes->used = size;
    return 0;
}

static void learn_mark(struct buffer *buffer, const struct buffer_batch *batch)
{
    buffer_lock(buffer);
    struct segment *segment = segments_by_id(&buffer->segments, batch->hint_segment);
    if (segment)
        segment_mark(segment, batch->hint_number, batch->hint_offset);
    buffer_unlock(buffer);
}

static int read_file(struct buffer *buffer, int fd, const struct place *place, const struct wish *wish,
                     struct buffer_batch *batch)
{
    size_t rest = place->used > place->offset ? (size_t)(place->used - place->offset) : 0;
    bool exact = place->number == wish->from; // else what is wished for stands somewhere behind the place
    size_t size = wish->max_bytes + (exact ? MARK_SPACING / 4 : 2 * MARK_SPACING);
    for (int enough = 0; enough == 0; size *= 2) {
        size = size < rest ? size : rest;
        int failed;
        int error = load(buffer, fd, place, size, &batch->bytes, &failed);
        if (error)
            return error;
        struct walk walk = {
            .data = batch->bytes.data,
            .size = size,
            .whole = size == rest,
            .seed = place->seed,
            .next = place->number,
            .limit = place->end,
        };
        enough = take_items(buffer, place, wish, failed, &walk, batch);
        if (enough < 0)
            return enough;
    }
    learn_mark(buffer, batch);
    return 0;
}

// A file that cannot be opened is as good as a place that cannot be read; but for want of memory or descriptors, which is no
// fault of the file's.
static int give_up_file(struct buffer *buffer, const struct place *place, const struct wish *wish, int error,
                        struct buffer_batch *batch)
{
    bool ours = error == -ENOMEM || error == -EMFILE || error == -ENFILE;
    uint64_t from = wish->from > place->number ? wish->from : place->number;
    if (ours || !is_given_up(buffer, place->id, from, place->end))
        return error;
    note_gap(buffer, place->id, from, place->end);
    batch->next = place->end;
    return 0;
}

// Leaves the batch empty, and batch->next behind the segment, when nothing of it reads.
static int read_segment(struct buffer *buffer, const struct place *place, const struct wish *wish,
                        struct buffer_batch *batch)
{
    char name[SEGMENT_NAME_SIZE];
    int fd = buffer->disk->open(buffer->disk, buffer->folder, segment_name(place->id, name), O_RDONLY | O_NONBLOCK);
    if (fd == -ENOENT) {
        if (is_kept(buffer, place->id))
            gone_look(buffer);
        batch->next = place->end;
        return 0;
    }
    if (fd < 0)
        return give_up_file(buffer, place, wish, fd, batch);
    int error = read_file(buffer, fd, place, wish, batch);
    close(fd);
    return error;
}

// With the lock held.
static void correct_item(const struct corrections *corrections, struct buffer_item *item)
{
    if (item->corrected_us == never_us)
        item->corrected_us = 0;
    else if (item->corrected_us == 0)
        item->corrected_us = corrections_apply(corrections, item->number, item->boot_us);
}

static void correct_items(struct buffer *buffer, struct buffer_batch *batch)
{
    bool locked = false;
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->items[i].unsure)
            continue;
        if (!locked)
            buffer_lock(buffer);
        locked = true;
        correct_item(&buffer->corrections, &batch->items[i]);
    }
    if (locked)
        buffer_unlock(buffer);
}

int buffer_read(struct buffer *buffer, uint64_t from, size_t max_items, size_t max_bytes,
                struct buffer_batch *ret_batch)
{
    if (ret_batch->bytes.max == 0)
        bytes_init(&ret_batch->bytes, SEGMENT_BYTES_MAX);
    struct wish wish = {
        .from = from,
        .max_items = max_items < BUFFER_BATCH_MAX ? max_items : BUFFER_BATCH_MAX,
        .max_bytes = max_bytes < READ_BYTES_MAX ? max_bytes : READ_BYTES_MAX,
    };
    wish.max_items = wish.max_items ? wish.max_items : 1;
    wish.max_bytes = wish.max_bytes ? wish.max_bytes : 1;
    ret_batch->count = 0;
    ret_batch->next = from;
    struct place place;
    int error = 0;
    while (!error && ret_batch->count == 0 && find_place(buffer, wish.from, ret_batch, &place)) {
        error = read_segment(buffer, &place, &wish, ret_batch);
        wish.from = ret_batch->next > wish.from ? ret_batch->next : wish.from;
    }
    if (error)
        ret_batch->count = 0;
    correct_items(buffer, ret_batch);
    return error;
}
