// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "inside.h"

/*
 * The buffer's folder: who has it, what stands in it, and putting aside what does not read.
 */

struct folder_list {
    uint64_t *ids; // of segments, ascending
    size_t count, size;
    uint64_t highest; // id that ever stood here, as far as names tell
};

// Takes the lock for this process. -EBUSY with a sentence that names the holder.
int folder_lock(int folder, const char *path, int *ret_fd, struct fault *why);

// Lists the segments; of those set aside, only the newest few are kept. The caller frees ret_list->ids.
int folder_scan(const struct buffer *buffer, struct folder_list *ret_list);

// Renames a file to NAME.damaged and reports it.
void folder_set_aside(struct buffer *buffer, const char *name);
