// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "checkpoint.h"
#include "inside.h"

/*
 * What stands in the buffer's folder at start, by the headers of its files alone, and which buffer that makes it.
 */

// A segment file before it is a segment.
struct found {
    struct segment_header header;
    bool header_reads, needs_scan;
    bool not_a_file; // but a folder or a link, say: it never held a record
    uint64_t id, first, file_bytes;
};

// Fills in all but `first` and `needs_scan` from the file of that id. What cannot be opened has no header.
void found_read(const struct buffer *buffer, struct found *found);

// Sets the buffer's epoch and secret: the checkpoint's, or else those of the newest segment that reads; else the buffer
// begins anew.
void found_identity(struct buffer *buffer, const struct checkpoint *checkpoint, const struct found *found,
                    size_t count);

// Whether that buffer wrote it, and under that name.
bool found_is_ours(const struct buffer *buffer, const struct found *found);
