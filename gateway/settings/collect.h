// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loading.h"

/*
 * The lines of one file become sections with their entries.
 */

// The file being read, and the section that its lines belong to.
struct reader {
    struct loading *loading;
    const char *file;
    bool included;
    bool lost; // nothing can be told of the section: its keys are passed over
    struct section *section;
};

void collect_text(struct reader *reader, const char *text, size_t size);

enum finding_level collect_level(const struct reader *reader); // of what belongs to no section
struct origin collect_origin(const struct reader *reader, int line);
