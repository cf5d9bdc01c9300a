// SPDX-License-Identifier: Apache-2.0
#include "segment.h"

#include "base/number.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_DIGITS = 12, ID_DIGITS_MOST = 18, MARKS_STEP = 16, HEADER_CRC_AT = SEGMENT_HEADER_SIZE - 4 };

char *segment_name(uint64_t id, char ret_name[SEGMENT_NAME_SIZE])
{
    snprintf(ret_name, SEGMENT_NAME_SIZE, "%012" PRIu64 ".seg", id);
    return ret_name;
}

bool segment_id(const char *name, uint64_t *ret_id)
{
    int64_t id;
    size_t digits = strspn(name, "0123456789");
    bool as_we_write = digits == ID_DIGITS || (digits > ID_DIGITS && digits <= ID_DIGITS_MOST && name[0] != '0');
    if (!as_we_write || strcmp(name + digits, ".seg") != 0 || !integer_parse(name, digits, 1, INT64_MAX, &id))
        return false;
    *ret_id = (uint64_t)id;
    return true;
}

void segment_header_write(struct bytes *out, const struct segment_header *header)
{
    size_t start = out->used;
    unsigned flags = (header->made.wall_synced ? SEGMENT_WALL_SYNCED : 0u) |
                     (header->before.wall_synced ? SEGMENT_BEFORE_SYNCED : 0u) |
                     (header->before.known ? SEGMENT_BEFORE_KNOWN : 0u) |
                     (header->times.known ? SEGMENT_TIMES_KNOWN : 0u);
    bytes_append(out, SEGMENT_MAGIC, 8);
    bytes_u32(out, FORMAT_VERSION);
    bytes_append(out, header->epoch, 4);
    bytes_u64(out, header->id);
    bytes_u64(out, header->first);
    bytes_append(out, header->boot_id, sizeof header->boot_id);
    bytes_append(out, header->secret, sizeof header->secret);
    bytes_u64(out, (uint64_t)header->made.wall_us);
    bytes_u64(out, (uint64_t)header->made.boot_us);
    bytes_u64(out, (uint64_t)header->before.wall_us);
    bytes_u64(out, (uint64_t)header->before.boot_us);
    bytes_u64(out, (uint64_t)header->times.least_us);
    bytes_u64(out, (uint64_t)header->times.greatest_us);
    bytes_u32(out, flags);
    if (!out->overflow)
        bytes_u32(out, crc32c(0, out->data + start, HEADER_CRC_AT));
}

int segment_header_read(const uint8_t *data, size_t size, struct segment_header *ret_header)
{
    if (size < SEGMENT_HEADER_SIZE || memcmp(data, SEGMENT_MAGIC, 8) != 0)
        return -EBADMSG;
    struct view tail = {data + HEADER_CRC_AT, 4, false};
    struct view view = {data + 8, SEGMENT_HEADER_SIZE - 8, false};
    if (view_u32(&tail) != crc32c(0, data, HEADER_CRC_AT) || view_u32(&view) != FORMAT_VERSION)
        return -EBADMSG;
    struct segment_header header = {0};
    memcpy(header.epoch, view_take(&view, 4), 4);
    header.id = view_u64(&view);
    header.first = view_u64(&view);
    memcpy(header.boot_id, view_take(&view, sizeof header.boot_id), sizeof header.boot_id);
    memcpy(header.secret, view_take(&view, sizeof header.secret), sizeof header.secret);
    header.made.wall_us = (int64_t)view_u64(&view);
    header.made.boot_us = (int64_t)view_u64(&view);
    header.before.wall_us = (int64_t)view_u64(&view);
    header.before.boot_us = (int64_t)view_u64(&view);
    header.times.least_us = (int64_t)view_u64(&view);
    header.times.greatest_us = (int64_t)view_u64(&view);
    uint32_t flags = view_u32(&view);
    header.made.known = true;
    header.made.wall_synced = flags & SEGMENT_WALL_SYNCED;
    header.before.known = flags & SEGMENT_BEFORE_KNOWN;
    header.times.known = flags & SEGMENT_TIMES_KNOWN;
    header.before.wall_synced = flags & SEGMENT_BEFORE_SYNCED;
    if (header.first == 0 || header.first > UINT64_MAX / 2)
        return -EBADMSG;
    *ret_header = header;
    return 0;
}

int segment_load(const struct buffer_disk *disk, int folder, uint64_t id, struct bytes *ret_bytes, bool *ret_unread)
{
    char name[SEGMENT_NAME_SIZE];
    int fd = disk->open(disk, folder, segment_name(id, name), O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return fd;
    struct stat info;
    int error = fstat(fd, &info) == 0 ? 0 : -errno;
    if (!error) {
        off_t all = S_ISREG(info.st_mode) ? info.st_size : 0;
        size_t size = all > SEGMENT_BYTES_MAX ? SEGMENT_BYTES_MAX : (size_t)all;
        bytes_clear(ret_bytes);
        if (bytes_reserve(ret_bytes, size)) {
            bool unread = disk_salvage(disk, fd, ret_bytes->data, size, 0) != 0;
            ret_bytes->used = size;
            if (ret_unread)
                *ret_unread = unread;
        } else {
            error = -ENOMEM;
        }
    }
    close(fd);
    return error;
}

static void segment_finish(struct segment *segment)
{
    free(segment->marks);
    free(segment->gaps);
}

void segments_finish(struct segments *segments)
{
    for (size_t i = 0; i < segments->count; i++)
        segment_finish(&segments->list[i]);
    free(segments->list);
    *segments = (struct segments){0};
}

struct segment *segments_add(struct segments *segments, uint64_t id)
{
    if (segments->count == segments->size) {
        size_t size = segments->size ? 2 * segments->size : 64;
        struct segment *list = realloc(segments->list, size * sizeof *list);
        if (!list)
            return NULL;
        segments->list = list;
        segments->size = size;
    }
    struct segment *segment = &segments->list[segments->count++];
    *segment = (struct segment){.id = id};
    return segment;
}

void segments_remove(struct segments *segments, size_t index)
{
    segments->bytes -= segments->list[index].disk_bytes;
    segment_finish(&segments->list[index]);
    segments->count--;
    memmove(&segments->list[index], &segments->list[index + 1], (segments->count - index) * sizeof *segments->list);
}

void segments_resize(struct segments *segments, struct segment *segment, uint64_t disk_bytes)
{
    segments->bytes = segments->bytes - segment->disk_bytes + disk_bytes;
    segment->disk_bytes = disk_bytes;
}

struct segment *segments_by_id(const struct segments *segments, uint64_t id)
{
    size_t low = 0, high = segments->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (segments->list[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < segments->count && segments->list[low].id == id ? &segments->list[low] : NULL;
}

struct segment *segments_from(const struct segments *segments, uint64_t number)
{
    size_t low = 0, high = segments->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (segments->list[middle].end <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < segments->count ? &segments->list[low] : NULL;
}

void segment_mark(struct segment *segment, uint64_t number, uint64_t offset)
{
    struct mark last = segment->mark_count ? segment->marks[segment->mark_count - 1] : (struct mark){0, 0};
    if (offset < last.offset + MARK_SPACING || number <= last.number)
        return;
    if (segment->mark_count % MARKS_STEP == 0) {
        struct mark *marks = realloc(segment->marks, (segment->mark_count + MARKS_STEP) * sizeof *marks);
        if (!marks)
            return; // only slower
        segment->marks = marks;
    }
    segment->marks[segment->mark_count++] = (struct mark){number, offset};
}

struct mark segment_find_mark(const struct segment *segment, uint64_t number)
{
    struct mark best = {segment->first, SEGMENT_HEADER_SIZE};
    for (size_t i = 0; i < segment->mark_count && segment->marks[i].number <= number; i++)
        best = segment->marks[i];
    return best;
}

uint64_t segment_missing(const struct segment *segment, uint64_t from, uint64_t to)
{
    uint64_t missing = 0;
    if (segment->gone > from) {
        missing = (segment->gone < to ? segment->gone : to) - from;
        from += missing;
    }
    for (size_t i = 0; i < segment->gap_count; i++) {
        uint64_t low = segment->gaps[i].from > from ? segment->gaps[i].from : from;
        uint64_t high = segment->gaps[i].to < to ? segment->gaps[i].to : to;
        missing += low < high ? high - low : 0;
    }
    return missing;
}

uint64_t segment_note_gap(struct segment *segment, uint64_t from, uint64_t to)
{
    if (from >= to)
        return 0;
    uint64_t fresh = to - from - segment_missing(segment, from, to);
    if (fresh == 0)
        return 0;
    // Swallow what the new range covers or touches, so that the ranges stay disjoint.
    for (size_t i = segment->gap_count; i-- > 0;) {
        struct gap *gap = &segment->gaps[i];
        if (gap->from > to || gap->to < from)
            continue;
        from = gap->from < from ? gap->from : from;
        to = gap->to > to ? gap->to : to;
        *gap = segment->gaps[--segment->gap_count];
    }
    if (!segment->gaps)
        segment->gaps = calloc(GAPS_MAX, sizeof *segment->gaps);
    if (segment->gaps && segment->gap_count < GAPS_MAX)
        segment->gaps[segment->gap_count++] = (struct gap){from, to};
    return fresh;
}
