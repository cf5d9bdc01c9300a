// SPDX-License-Identifier: Apache-2.0
#include "recovery.h"

#include "base/messages.h"
#include "folder.h"
#include "found.h"
#include "reckon.h"
#include "roll.h"
#include "scan.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct recovery {
    struct buffer *buffer;
    struct checkpoint checkpoint;
    struct folder_list files;
    struct found *found;
    size_t count;
    uint64_t unread_bytes;    // of files after the last one that reads: they held records of unknown numbers
    uint64_t lost;            // not in a file that is known
    size_t skipping;          // streams
    struct buffer_range head; // these are missing before the oldest segment; empty: none
    bool put_aside;           // some segment
    bool end_is_whole, first_seq_raised;
    struct scan scan;
};

static void read_headers(struct recovery *recovery)
{
    for (size_t i = 0; i < recovery->files.count; i++) {
        recovery->found[i].id = recovery->files.ids[i];
        found_read(recovery->buffer, &recovery->found[i]);
    }
    recovery->count = recovery->files.count;
}

static size_t content_size(const struct bytes *bytes)
{
    size_t size = bytes->used;
    while (size > 0 && bytes->data[size - 1] == 0)
        size--;
    return size;
}

// Whether a power cut came while the file was being made, before anything of use stood in it: nothing behind its header, or no
// checkpoint that knows of it.
static bool was_never_made(const struct recovery *recovery, const struct found *found, uint64_t content)
{
    bool last = found->id == recovery->files.ids[recovery->files.count - 1];
    const struct checkpoint *checkpoint = &recovery->checkpoint;
    bool later = checkpoint->found ? found->id > checkpoint->state.segment : recovery->files.count == 1;
    return last && (content <= SEGMENT_HEADER_SIZE || (later && checkpoint->damaged == 0 && !found->header_reads));
}

// Puts away a segment that may hold `content` bytes of records.
static void put_aside(struct recovery *recovery, const struct found *found, uint64_t content)
{
    char name[SEGMENT_NAME_SIZE];
    folder_set_aside(recovery->buffer, segment_name(found->id, name));
    recovery->unread_bytes += content;
    recovery->put_aside = true;
}

// What a file that does not read may hold at most.
static uint64_t full_size(const struct recovery *recovery, const struct found *found)
{
    return found->file_bytes ? found->file_bytes : recovery->buffer->segment_bytes;
}

// Loads it. An error means that what is missing may still be there.
static int load_whole(struct recovery *recovery, const struct found *found)
{
    struct buffer *buffer = recovery->buffer;
    struct bytes *bytes = &recovery->scan.bytes;
    bool unread = false;
    int error = segment_load(buffer->disk, buffer->folder, found->id, bytes, &unread);
    if (error)
        bytes_clear(bytes);
    return error == -ENOENT ? 0 : error == 0 && unread ? -EIO : error;
}

// Finds out where a file's records begin. False: it is not for us, and has been put away.
static bool place(struct recovery *recovery, struct found *found, uint64_t previous_first)
{
    struct buffer *buffer = recovery->buffer;
    char name[SEGMENT_NAME_SIZE];
    segment_name(found->id, name);
    struct bytes *bytes = &recovery->scan.bytes;
    uint64_t content = 0;
    bool whole = true;
    if (found->not_a_file) {
        put_aside(recovery, found, 0);
        return false;
    }
    found->first = found_is_ours(buffer, found) ? found->header.first : 0;
    bool by_header = found->first != 0;
    if (!by_header) {
        whole = load_whole(recovery, found) == 0;
        found->first = scan_first(&recovery->scan, found->id, bytes);
        content = whole ? content_size(bytes) : full_size(recovery, found);
        found->needs_scan = true;
    }
    if (found->first == 0 && whole && was_never_made(recovery, found, content)) {
        buffer->disk->remove(buffer->disk, buffer->folder, name);
        return false;
    }
    if (found->first == 0 || found->first < previous_first) {
        put_aside(recovery, found, content);
        return false;
    }
    found->header_reads = by_header;
    if (!by_header)
        buffer_report(buffer, _("the header of %s is damaged; what follows it is still read"), name);
    recovery->unread_bytes = 0;
    return true;
}

// What made room and is in the ledger goes, where a power cut came before its name went.
static void remove_evicted(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    size_t gone = 0;
    while (gone < recovery->count && recovery->found[gone].first < buffer->ledger.evicted) {
        char name[SEGMENT_NAME_SIZE];
        buffer->disk->remove(buffer->disk, buffer->folder, segment_name(recovery->found[gone++].id, name));
    }
    recovery->count -= gone;
    memmove(recovery->found, recovery->found + gone, recovery->count * sizeof *recovery->found);
}

static void place_all(struct recovery *recovery)
{
    size_t kept = 0;
    for (size_t i = 0; i < recovery->count; i++) {
        struct found *found = &recovery->found[i];
        if (place(recovery, found, kept ? recovery->found[kept - 1].first : 0))
            recovery->found[kept++] = *found;
        else if (kept)
            recovery->found[kept - 1].needs_scan = true; // it tells how much is missing behind it
    }
    recovery->count = kept;
}

// The last one would be cut where it ceases to read. When it is the disk that failed, nobody knows where that is: it is
// kept as it is, for a person or a better day.
static void spare_unread_end(struct recovery *recovery)
{
    while (recovery->count > 0) {
        const struct found *last = &recovery->found[recovery->count - 1];
        int error = load_whole(recovery, last);
        if (error == 0 || error == -ENOMEM)
            return; // for want of memory, the scan gives up without touching anything
        put_aside(recovery, last, full_size(recovery, last));
        recovery->count--;
        if (recovery->count > 0)
            recovery->found[recovery->count - 1].needs_scan = true; // it tells how much is missing behind it
    }
}

static void read_cursors(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    int error = cursors_read(buffer->disk, buffer->folder, &buffer->cursors, &buffer->writer.cursors_file);
    if (error == 0)
        return;
    bool fresh = recovery->files.count == 0 && !recovery->checkpoint.found && recovery->checkpoint.damaged == 0;
    buffer->cursors_lost = !fresh;
    buffer->cursors_dirty = true;
    if (error != -ENOENT)
        folder_set_aside(buffer, "cursors");
}

static const char tail_name[] = "tail.new";

// After a failed sync nobody knows what of the file is on the disk, and a second one proves nothing: what was read of it is
// written to another, which takes its name.
static int write_anew(struct buffer *buffer, const char *name, const uint8_t *data, size_t size)
{
    const struct buffer_disk *disk = buffer->disk;
    int fd = disk->open(disk, buffer->folder, tail_name, O_CREAT | O_TRUNC | O_WRONLY);
    int error = fd < 0 ? fd : disk->write(disk, fd, data, size, 0);
    if (!error)
        error = disk->sync(disk, fd);
    if (fd >= 0)
        close(fd);
    if (!error)
        error = disk->rename(disk, buffer->folder, tail_name, name);
    if (!error)
        error = disk->sync_folder(disk, buffer->folder);
    else
        disk->remove(disk, buffer->folder, tail_name);
    return error;
}

// Cuts off what a power cut left behind the last whole frame (but nothing that is damage), and makes durable what a killed
// process had only given to the kernel.
static void settle_tail(struct buffer *buffer, struct segment *segment, const struct bytes *bytes, uint64_t file_bytes,
                        bool cut)
{
    char name[SEGMENT_NAME_SIZE];
    int fd = buffer->disk->open(buffer->disk, buffer->folder, segment_name(segment->id, name), O_RDWR | O_NONBLOCK);
    int error = fd < 0 ? fd : 0;
    if (!error && cut && segment->used < file_bytes)
        error = buffer->disk->truncate(buffer->disk, fd, (int64_t)segment->used);
    if (!error)
        error = buffer->disk->sync(buffer->disk, fd);
    if (fd >= 0)
        close(fd);
    if (cut)
        segments_resize(&buffer->segments, segment, segment_disk_bytes(segment->used));
    if (error && cut && segment->used <= bytes->used)
        error = write_anew(buffer, name, bytes->data, (size_t)segment->used);
    if (error)
        buffer_report(buffer, _("the end of %s could not be written: %s"), name, error_text(error));
}

static int scan_one(struct recovery *recovery, struct segment *segment, const struct found *found, uint64_t limit)
{
    struct buffer *buffer = recovery->buffer;
    struct bytes *bytes = &recovery->scan.bytes;
    int error = segment_load(buffer->disk, buffer->folder, found->id, bytes, NULL);
    if (error == -ENOMEM)
        return error;
    if (error)
        bytes_clear(bytes);
    uint64_t lost = buffer->figures.lost_damage;
    scan_segment(&recovery->scan, segment, limit, bytes);
    lost = buffer->figures.lost_damage - lost;
    if (lost > 0) {
        char name[SEGMENT_NAME_SIZE];
        buffer_report(buffer, _("%s is damaged: %llu readings cannot be read"), segment_name(found->id, name),
                      (unsigned long long)lost);
    }
    if (limit == UINT64_MAX)
        settle_tail(buffer, segment, bytes, found->file_bytes, lost == 0);
    return 0;
}

static struct segment *add_segment(struct buffer *buffer, const struct found *found, uint64_t limit,
                                   const struct found *next)
{
    struct segment *segment = segments_add(&buffer->segments, found->id);
    if (!segment)
        return NULL;
    segment->first = found->first;
    segment->end = limit;
    segment->used = found->file_bytes < SEGMENT_BYTES_MAX ? found->file_bytes : SEGMENT_BYTES_MAX;
    static const uint8_t nowhere[sizeof buffer->boot_id];
    segment->this_boot = found->header_reads &&
                         memcmp(found->header.boot_id, buffer->boot_id, sizeof buffer->boot_id) == 0 &&
                         memcmp(nowhere, buffer->boot_id, sizeof nowhere) != 0;
    if (found->header_reads)
        segment->oldest = found->header.made;
    if (next && next->header_reads)
        segment->newest = next->header.before;
    if (next && next->header_reads)
        segment->times = next->header.times;
    segments_resize(&buffer->segments, segment, segment_disk_bytes(found->file_bytes));
    return segment;
}

static bool is_counted(const struct recovery *recovery, const struct segment *segment, uint64_t limit)
{
    return limit <= recovery->scan.counted && segment->newest.known;
}

static int add_segments(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    struct scan *scan = &recovery->scan;
    if (recovery->count && recovery->found[0].first > scan->counted)
        scan->missing = recovery->found[0].first - scan->counted; // an old checkpoint: any stream may have had them
    for (size_t i = 0; i < recovery->count; i++) {
        const struct found *found = &recovery->found[i];
        const struct found *next = i + 1 < recovery->count ? found + 1 : NULL;
        uint64_t limit = next ? next->first : UINT64_MAX;
        struct segment *segment = add_segment(buffer, found, limit, next);
        if (!segment)
            return -ENOMEM;
        int error = 0;
        if (limit > found->first && (found->needs_scan || !is_counted(recovery, segment, limit)))
            error = scan_one(recovery, segment, found, limit);
        if (error)
            return error;
        if (segment->end <= segment->first) {
            char name[SEGMENT_NAME_SIZE];
            segments_remove(&buffer->segments, buffer->segments.count - 1);
            buffer->disk->remove(buffer->disk, buffer->folder, segment_name(found->id, name));
        }
    }
    return 0;
}

// Numbers go on behind everything that anything knows of, so that none is ever given twice.
static void find_next(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    const struct segments *segments = &buffer->segments;
    uint64_t end = segments->count ? segments->list[segments->count - 1].end : 1;
    uint64_t next = end > recovery->scan.synced ? end : recovery->scan.synced;
    next += recovery->unread_bytes / RECORD_HEADER_SIZE;
    // What retention removes, it first moves the cursors over: a cursor before the oldest misses a file.
    // What made room is in the ledger, and no damage.
    uint64_t lowest = cursors_lowest(&buffer->cursors);
    lowest = lowest > buffer->ledger.evicted ? lowest : buffer->ledger.evicted;
    uint64_t oldest = segments->count ? segments->list[0].first : recovery->scan.counted;
    recovery->head = (struct buffer_range){lowest, oldest};
    uint64_t lost = buffer->figures.lost_damage;
    scan_gap(&recovery->scan, NULL, segments->count ? end : oldest, next);
    buffer->figures.lost_damage += lowest < oldest ? oldest - lowest : 0;
    recovery->lost = buffer->figures.lost_damage - lost;
    recovery->end_is_whole = next == end;
    buffer->durable = next;
}

// What a stream that we do not know of begins with. It may have existed, and its sequence may not come again.
static uint64_t find_first_seq(const struct recovery *recovery)
{
    const struct buffer *buffer = recovery->buffer;
    const struct streams *streams = &buffer->streams;
    const struct scan *scan = &recovery->scan;
    const struct checkpoint *checkpoint = &recovery->checkpoint;
    // A stream is in a checkpoint before any of its records is written.
    bool all_known = checkpoint->found && !scan->unknown_streams && (scan->missing == 0 || checkpoint->newest);
    if (all_known)
        return streams->first_seq;
    // The state that the last open wrote names all but those that came after it; theirs are the numbers since.
    const struct segments *segments = &buffer->segments;
    uint64_t last = segments->count ? segments->list[segments->count - 1].id : 0;
    bool last_state = last > 0 && scan->state_segment == last && recovery->files.highest == last;
    if (!last_state || !recovery->end_is_whole)
        return buffer->durable; // no sequence was ever higher than the number of its record
    uint64_t seq = streams->first_seq + scan->missing - scan->state_missing;
    for (size_t i = 0; i < streams->count; i++)
        if (!streams->names[i] && streams->next_seq[i] > seq)
            seq = streams->next_seq[i];
    return seq < buffer->durable ? seq : buffer->durable;
}

// Any stream may have had the records that are missing since it was last seen: all of these numbers are left out.
static void find_sequences(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    struct streams *streams = &buffer->streams;
    const struct scan *scan = &recovery->scan;
    const struct segments *segments = &buffer->segments;
    const struct commit_time *last = segments->count ? &segments->list[segments->count - 1].newest : NULL;
    int64_t doubtful_us = last && last->known ? last->wall_us : INT64_MIN;
    for (size_t i = 0; i < streams->count; i++) {
        uint64_t skipped = scan->missing - scan->seen_at[i], next = streams->next_seq[i];
        streams->next_seq[i] += skipped;
        streams->stored_seq[i] = streams->next_seq[i];
        // What is missing may have been later than all that is known: what comes now is rather not called the newest.
        if (skipped > 0 && streams->stored_us[i] < doubtful_us)
            streams->stored_us[i] = doubtful_us;
        streams->newest_us[i] = streams->stored_us[i];
        if (skipped > 0)
            reckon_skipped(buffer, (uint32_t)i, next, next + skipped - 1);
        buffer->figures.skipped += skipped;
        recovery->skipping += skipped > 0;
    }
    uint64_t first_seq = find_first_seq(recovery);
    recovery->first_seq_raised = first_seq > streams->first_seq;
    streams->first_us = recovery->first_seq_raised ? doubtful_us : INT64_MIN;
    streams->first_seq = first_seq > streams->first_seq ? first_seq : streams->first_seq;
}

// Whose loss that is. What is read here costs only where there is damage.
static void enter_damage(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    const struct segments *segments = &buffer->segments;
    struct segment head = {.first = recovery->head.from, .end = recovery->head.to};
    if (head.first < head.end)
        reckon_damage(buffer, &head, head.first, head.end);
    for (size_t i = 0; i < segments->count; i++) {
        struct segment segment = segments->list[i];
        if (segment.gap_count > 0)
            reckon_damage(buffer, &segment, segment.first, segment.end);
    }
    reckon_serve(buffer);
}

// What is known to be lost is one thing, what is left out as a precaution another.
static void report_missing(const struct recovery *recovery)
{
    const struct buffer *buffer = recovery->buffer;
    unsigned long long lost = buffer->figures.lost_damage, skipped = buffer->figures.skipped;
    if (skipped > 0) {
        buffer_report(buffer,
                      _("%llu stored readings are lost in all; besides, as a precaution %llu sequence numbers of %zu "
                        "sensors are left out, since nobody can tell which of them were in use"),
                      lost, skipped, recovery->skipping);
    } else if (recovery->lost > 0) {
        buffer_report(buffer, _("up to %llu readings that had been stored are missing; the buffer goes on after them"),
                      (unsigned long long)recovery->lost);
    }
    if (recovery->first_seq_raised) {
        buffer_report(buffer,
                      _("names of sensors may be lost; as a precaution, one that is not known here begins with the "
                        "sequence number %llu"),
                      (unsigned long long)buffer->streams.first_seq);
    }
}

static void prepare_writer(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    struct writer *writer = &buffer->writer;
    const struct segments *segments = &buffer->segments;
    bool fresh = recovery->files.count == 0 && !recovery->checkpoint.found;
    buffer->corrections = writer->corrections = recovery->scan.corrections;
    writer->checkpoint_generation = recovery->checkpoint.generation;
    writer->checkpoint_slot = recovery->checkpoint.slot;
    writer->checkpoint_next = recovery->scan.counted;
    writer->checkpoint_streams = recovery->checkpoint.found ? recovery->checkpoint.state.count : 0;
    writer->checkpoint_wanted = recovery->checkpoint.damaged || (!recovery->checkpoint.found && !fresh);
    writer->id = recovery->checkpoint.state.segment;
    if (segments->count) {
        const struct segment *last = &segments->list[segments->count - 1];
        writer->id = last->id > writer->id ? last->id : writer->id;
        writer->newest = last->newest;
    }
    uint64_t highest = recovery->checkpoint.state.segment;
    buffer->segments.next_id = (recovery->files.highest > highest ? recovery->files.highest : highest) + 1;
}

static void read_checkpoint(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    checkpoint_read(buffer->disk, buffer->folder, &recovery->checkpoint);
    for (int slot = 0; slot < CHECKPOINT_SLOTS; slot++)
        if (recovery->checkpoint.damaged & 1u << slot)
            folder_set_aside(buffer, checkpoint_name(slot));
    if (recovery->files.count > 0 && !recovery->checkpoint.found && recovery->checkpoint.damaged == 0)
        buffer_report(buffer,
                      _("the checkpoints are missing; the sensors' names and sequence numbers are read from the "
                        "stored readings"));
}

static int recover(struct recovery *recovery)
{
    struct buffer *buffer = recovery->buffer;
    struct scan *scan = &recovery->scan;
    int error = folder_scan(buffer, &recovery->files);
    if (error)
        return error;
    recovery->found = calloc(recovery->files.count + 1, sizeof *recovery->found);
    scan->seen_at = calloc(BUFFER_STREAMS_MAX, sizeof *scan->seen_at);
    if (!recovery->found || !scan->seen_at)
        return -ENOMEM;
    buffer->disk->remove(buffer->disk, buffer->folder, tail_name); // what another start did not bring to its end
    read_checkpoint(recovery);
    read_headers(recovery);
    found_identity(buffer, &recovery->checkpoint, recovery->found, recovery->count);
    ledger_load(buffer);
    place_all(recovery);
    remove_evicted(recovery);
    spare_unread_end(recovery);
    read_cursors(recovery);
    scan->counted = recovery->count ? recovery->found[0].first : 1;
    if (recovery->checkpoint.found) {
        scan->counted = recovery->checkpoint.state.next;
        scan_state(scan, &recovery->checkpoint.state);
    }
    uint64_t acknowledged = cursors_highest(&buffer->cursors);
    scan->synced = acknowledged > scan->counted ? acknowledged : scan->counted;
    error = add_segments(recovery);
    if (error)
        return error;
    find_next(recovery);
    find_sequences(recovery);
    enter_damage(recovery);
    report_missing(recovery);
    prepare_writer(recovery);
    // What was skipped here is known from nothing else once the files are aside: the next start must find it written.
    if (recovery->put_aside || scan->missing > 0)
        buffer->writer.checkpoint_wanted = roll_checkpoint(buffer) != 0;
    return 0;
}

int recovery_run(struct buffer *buffer, struct fault *why)
{
    struct recovery recovery = {.buffer = buffer};
    recovery.scan.buffer = buffer;
    bytes_init(&recovery.scan.bytes, SEGMENT_BYTES_MAX);
    int error = recover(&recovery);
    bytes_finish(&recovery.scan.bytes);
    bytes_finish(&recovery.checkpoint.bytes);
    free(recovery.scan.seen_at);
    free(recovery.found);
    free(recovery.files.ids);
    return error ? fault_errno(why, error, _("cannot read the buffer %s"), buffer->path) : 0;
}
