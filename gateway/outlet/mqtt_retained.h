// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "settings/settings.h"
#include "topics.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which topics of an outlet may hold a retained message at the broker, kept in a small text file, one topic a line. The
 * file is written before anything new is published, so it never misses one; what stands in it but is no longer part of
 * the configuration has vanished (also while the gateway was stopped) and must be emptied at the broker. A damaged file
 * can do no harm: lines that cannot be topics of ours are skipped, and their number is bounded.
 */

enum { RETAINED_MAX = 65536, RETAINED_LINE_MAX = TOPIC_SIZE, RETAINED_FILE_MAX = 16 * 1024 * 1024 };

enum vanished_state { VANISHED_WAITING, VANISHED_SENT, VANISHED_EMPTIED };

struct vanished {
    char *topic;
    enum vanished_state state;
};

struct retained {
    char *path;        // "" when nothing is kept
    char **present;    // sorted
    uint64_t *numbers; // beside it: the highest number of a reading that was sent there retained
    size_t present_count, present_size, numbers_size;
    struct vanished *vanished;
    size_t vanished_count, vanished_size;
    size_t vanished_next; // none before it waits
    bool dirty;           // the file does not say what it must
};

// Learns the present topics from the settings and the vanished ones from the file. `folder` may be NULL or "": then
// nothing is kept. Writes nothing. A file that cannot be read is a fault for the log, and as good as none. -ENOMEM.
int retained_init(struct retained *retained, const char *folder, const char *outlet, const struct settings *settings,
                  const char *tree, struct fault *why);
void retained_finish(struct retained *retained);

// Makes sure that the topic is among the present ones. -ENOMEM, -ENOSPC when there are too many.
int retained_add(struct retained *retained, const char *topic);

// Of a topic among the present ones: where the number of the newest reading stands that was sent there retained (0: none),
// so that no older one replaces it. NULL when the topic is not among them, and then nothing may be retained there.
uint64_t *retained_number(const struct retained *retained, const char *topic);

// Writes the file when it is out of date.
int retained_write(struct retained *retained, struct fault *why);

// The next topic to empty, or NULL; its index for the two functions below.
const char *retained_next_vanished(struct retained *retained, size_t *ret_index);
void retained_mark(struct retained *retained, size_t index, enum vanished_state state);

// After a lost connection, what was sent and not acknowledged waits again.
bool retained_all_emptied(const struct retained *retained);
