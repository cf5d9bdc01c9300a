// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "disk.h"
#include "format.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is known in memory of each segment, and the list of them, oldest first. No records are kept in memory: the page
 * cache does that.
 */

struct commit_time {
    bool known, wall_synced;
    int64_t wall_us, boot_us;
};

// Between which times records lie, as far as any were counted in.
struct time_span {
    bool known;
    int64_t least_us, greatest_us;
};

static inline void time_span_add(struct time_span *span, int64_t time_us)
{
    span->least_us = span->known && span->least_us < time_us ? span->least_us : time_us;
    span->greatest_us = span->known && span->greatest_us > time_us ? span->greatest_us : time_us;
    span->known = true;
}

// A place to begin reading from: a frame whose first record has that number stands at that offset.
struct mark {
    uint64_t number;
    uint64_t offset;
};

// Records [from, to) do not read; counted and reported once.
struct gap {
    uint64_t from, to;
};

struct segment {
    uint64_t id;
    uint64_t first, end; // records [first, end), as far as durable
    uint64_t used;       // no byte from here on belongs to them
    uint64_t disk_bytes; // what it takes on disk
    uint64_t gone;       // records below cannot be read any more, since the file was taken away; 0: it is there
    bool this_boot;
    struct commit_time oldest, newest;
    struct time_span times; // of its records; not known: any
    struct mark *marks;
    size_t mark_count;
    struct gap *gaps;
    size_t gap_count;
};

struct segments {
    struct segment *list;
    size_t count, size;
    uint64_t bytes; // the sum of disk_bytes
    uint64_t next_id;
};

enum { SEGMENT_NAME_SIZE = 48, MARK_SPACING = 64 * 1024, GAPS_MAX = 1024 };

// What a segment's header says.
struct segment_header {
    char epoch[5];
    uint8_t secret[8], boot_id[16];
    uint64_t id, first;
    struct commit_time made, before; // before: the newest commit in the segment before
    struct time_span times;          // of the segment before
};

char *segment_name(uint64_t id, char ret_name[SEGMENT_NAME_SIZE]);
bool segment_id(const char *name, uint64_t *ret_id);

void segment_header_write(struct bytes *out, const struct segment_header *header);
int segment_header_read(const uint8_t *data, size_t size, struct segment_header *ret_header); // -EBADMSG

// Reads a whole segment, unreadable parts as zeros: *ret_unread (may be NULL) says that there are some.
// -ENOENT, -ENOMEM, -EMFILE ...
int segment_load(const struct buffer_disk *disk, int folder, uint64_t id, struct bytes *ret_bytes, bool *ret_unread);

void segments_finish(struct segments *segments);
struct segment *segments_add(struct segments *segments, uint64_t id); // at the end; NULL: out of memory
void segments_remove(struct segments *segments, size_t index);
void segments_resize(struct segments *segments, struct segment *segment, uint64_t disk_bytes);
struct segment *segments_by_id(const struct segments *segments, uint64_t id);

// The segment that holds the number, or else the first one after it; NULL: none.
struct segment *segments_from(const struct segments *segments, uint64_t number);

// Remembers that place when the last one known is far enough before it.
void segment_mark(struct segment *segment, uint64_t number, uint64_t offset);
struct mark segment_find_mark(const struct segment *segment, uint64_t number);

// Remembers the gap and returns how many of its records were not known to be missing before.
uint64_t segment_note_gap(struct segment *segment, uint64_t from, uint64_t to);
// How many records of [from, to) are known to be missing.
uint64_t segment_missing(const struct segment *segment, uint64_t from, uint64_t to);

// What so many bytes take on disk.
static inline uint64_t segment_disk_bytes(uint64_t used)
{
    return (used + 4095) & ~(uint64_t)4095;
}
