// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include <sys/types.h>

/*
 * The lines of a file or a pipe, each given as soon as it is there, in a bounded memory.
 */

struct lines {
    int fd; // borrowed
    struct bytes bytes;
    size_t at;     // where the next line begins
    off_t offset;  // of that place, since the beginning
    size_t number; // of the line given last, from 1
    bool skipping; // the rest of a line that was too long
    bool ended;
};

enum { LINES_MAX = 4 << 20 };

void lines_init(struct lines *lines, int fd);
void lines_finish(struct lines *lines);

// 1: a line, without its line feed, good until the next call; 0: that was all; -EMSGSIZE: one longer than LINES_MAX was
// stepped over; another negative errno: reading failed.
int lines_next(struct lines *lines, const char **ret_line, size_t *ret_size);

// Goes on at that place of a file, where line `number` + 1 begins. 0 or -errno.
int lines_seek(struct lines *lines, off_t offset, size_t number);
