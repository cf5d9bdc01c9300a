// SPDX-License-Identifier: Apache-2.0
#include "evict.h"

#include "carry.h"
#include "delivery.h"
#include "frame.h"
#include "pending.h"
#include "roll.h"
#include "walk.h"
#include <errno.h>
#include <stdlib.h>

enum { UNREAD_TRIES = 3 };

// A segment on its way out.
struct leaving {
    struct segment segment; // a copy
    enum evict_reason reason;
    struct audience audience;
    struct bytes bytes;  // its content
    bool lost;           // none of that can be had: damage
    struct bytes kept;   // numbers of its records that are not lost
    struct bytes losses; // of struct loss
};

static bool is_full(int error)
{
    return error == -ENOSPC || error == -EDQUOT;
}

// The outlets that have not had all of the segment lose the rest: counted, and nobody waits for it any more.
static void count_loss(struct buffer *buffer, const struct leaving *leaving)
{
    const struct segment *segment = &leaving->segment;
    uint64_t *lost = leaving->reason == EVICT_AGE ? &buffer->figures.lost_age : &buffer->figures.lost_full;
    struct buffer_range range = {0, segment->first};
    buffer_lock(buffer);
    while (cursors_pending(&buffer->cursors, range.to, segment->end, &range))
        *lost += range.to - range.from - segment_missing(&buffer->segments.list[0], range.from, range.to);
    const uint64_t *kept = (const uint64_t *)(const void *)leaving->kept.data;
    for (size_t i = 0; i < leaving->kept.used / sizeof *kept; i++)
        *lost -= cursors_pending(&buffer->cursors, kept[i], kept[i] + 1, &range);
    cursors_done(&buffer->cursors, 0, segment->end);
    buffer_unlock(buffer);
}

static bool has_gaps(const struct buffer *buffer, const struct leaving *leaving)
{
    struct walk walk = walk_over(buffer, &leaving->segment, &leaving->bytes);
    struct frame frame;
    enum walk_step step;
    while ((step = walk_next(&walk, &frame)) == WALK_FRAME) {
    }
    return step == WALK_GAP || walk.next < leaving->segment.end;
}

static bool is_pending(const struct leaving *leaving)
{
    const struct segment *segment = &leaving->segment;
    struct buffer_range range;
    for (size_t i = 0; i < leaving->audience.count; i++)
        if (pending_first(&leaving->audience.list[i].pending, segment->first, segment->end, &range))
            return true;
    return false;
}

static int load(struct buffer *buffer, struct leaving *leaving)
{
    bool unread = false;
    int error = segment_load(buffer->disk, buffer->folder, leaving->segment.id, &leaving->bytes, &unread);
    if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
        return error;
    if (error != -ENOENT && (error || unread) && ++buffer->writer.unread_evictions <= UNREAD_TRIES)
        return -EIO; // it stays for now: what is in it may read the next time
    buffer->writer.unread_evictions = 0;
    leaving->lost = error != 0;
    if (error)
        bytes_clear(&leaving->bytes);
    return 0;
}

// What of it is lost, and which events are not. Where it does not read, that is damage.
static int reckon(struct buffer *buffer, struct leaving *leaving)
{
    const struct segment *segment = &leaving->segment;
    reckon_audience(buffer, &leaving->audience);
    bool full = leaving->reason == EVICT_FULL, pending = is_pending(leaving);
    if (leaving->reason == EVICT_DELIVERED || (!full && !pending))
        return 0;
    int error = load(buffer, leaving);
    reckon_audience(buffer, &leaving->audience); // what was delivered while it was loaded is not lost
    pending = is_pending(leaving);
    if (!error && full)
        error = carry_take(buffer, &leaving->audience, segment, &leaving->bytes, &leaving->kept);
    if (error)
        return error;
    struct segment damaged = *segment;
    damaged.id = leaving->lost ? 0 : segment->id; // what did not read here may not be found to read there
    if (pending && has_gaps(buffer, leaving))
        reckon_damage(buffer, &damaged, segment->first, segment->end);
    enum buffer_loss_reason reason = full ? BUFFER_LOSS_FULL : BUFFER_LOSS_AGE;
    bool reckoned =
        reckon_pending(buffer, &leaving->audience, segment, &leaving->bytes, reason, &leaving->kept, &leaving->losses);
    return reckoned ? 0 : -ENOMEM;
}

// Events go forward before the rest goes. Without a segment to write them to, the disk is full: they are carried in memory
// until this one has made room for it.
static int prepare(struct buffer *buffer, struct leaving *leaving)
{
    struct writer *writer = &buffer->writer;
    struct carry_mark mark = carry_mark(&writer->carry);
    int error = reckon(buffer, leaving);
    if (!error && writer->fd >= 0)
        error = carry_write(buffer);
    if (error)
        carry_back(&writer->carry, mark);
    return error;
}

// Where nothing of it is lost and nothing went forward, the ledger says nothing.
static bool is_entered(const struct leaving *leaving)
{
    return leaving->losses.used > 0 || leaving->kept.used > 0;
}

static int enter(struct buffer *buffer, struct leaving *leaving, bool anyway)
{
    size_t count = leaving->losses.used / sizeof(struct loss);
    if (!is_entered(leaving))
        return 0;
    return ledger_add(buffer, (struct loss *)(void *)leaving->losses.data, count, leaving->segment.end, anyway);
}

// The order matters: what counts its records, and what is lost with them, must be on disk before it goes, and readers must
// not find it in the list when its file is gone.
static bool leave(struct buffer *buffer, struct leaving *leaving)
{
    struct writer *writer = &buffer->writer;
    struct carry_mark mark = carry_mark(&writer->carry);
    int error = prepare(buffer, leaving);
    if (error)
        return false;
    int entered = enter(buffer, leaving, false);
    if (entered && !is_full(entered)) {
        carry_back(&writer->carry, mark);
        return false;
    }
    bool decided = !entered && is_entered(leaving);
    count_loss(buffer, leaving); // once: the cursors stand behind it from now on
    error = delivery_sync(buffer);
    if (error && !is_full(error) && !decided) { // a full disk: nothing else would make room
        if (entered)
            enter(buffer, leaving, true); // nobody waits for it any more, and the next try would not know who had
        return false;
    }
    buffer_lock(buffer);
    segments_remove(&buffer->segments, 0);
    buffer_unlock(buffer);
    char name[SEGMENT_NAME_SIZE];
    buffer->disk->remove(buffer->disk, buffer->folder, segment_name(leaving->segment.id, name));
    if (entered)
        enter(buffer, leaving, true); // now there is room
    return true;
}

bool evict_oldest(struct buffer *buffer, enum evict_reason reason)
{
    uint64_t end = buffer->segments.list[0].end;
    if (buffer->writer.checkpoint_next < end && roll_checkpoint(buffer) != 0)
        return false;
    struct leaving *leaving = calloc(1, sizeof *leaving);
    if (!leaving)
        return false;
    leaving->reason = reason;
    bytes_init(&leaving->bytes, SEGMENT_BYTES_MAX);
    bytes_init(&leaving->kept, SEGMENT_BYTES_MAX);
    bytes_init(&leaving->losses, SIZE_MAX / 2);
    buffer_lock(buffer);
    leaving->segment = buffer->segments.list[0];
    buffer_unlock(buffer);
    buffer_at_disk(buffer);
    bool gone = leave(buffer, leaving);
    bytes_finish(&leaving->bytes);
    bytes_finish(&leaving->kept);
    bytes_finish(&leaving->losses);
    free(leaving);
    return gone;
}
