// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is wrong now. An alert is of one kind and id, as in the topic alert/{kind}/{id}; it has one condition or several, and is over when
 * the last has ended. Kind and id are any short texts: a sensor's or a zone's kind and id, "gateway" and "certificate".
 *
 * Whenever an alert changes, what it is now is to be stored and sent (see alert_reading.h): all of it, so that the newest message
 * suffices, and the retained one is the whole truth. The worst condition stands in front.
 */

enum alert_level { ALERT_NOTICE, ALERT_WARNING, ALERT_HIGH, ALERT_CRITICAL, ALERT_LEVEL_COUNT };
extern const char *const alert_level_names[ALERT_LEVEL_COUNT]; // "notice", ...

enum {
    ALERT_KIND_SIZE = 16,
    ALERT_ID_SIZE = 65,
    ALERT_NAME_SIZE = 24,
    ALERT_QUANTITY_SIZE = 64,
    ALERT_CONDITIONS_MAX = 8
};

struct alert_condition {
    char name[ALERT_NAME_SIZE]; // "stale"
    enum alert_level level;
    int64_t since_us; // UTC; 0: not known
    double value;
    char value_name[ALERT_QUANTITY_SIZE]; // "silent_s"; "" for none
    char quantity[ALERT_QUANTITY_SIZE];   // or ""
};

struct alert {
    char kind[ALERT_KIND_SIZE], id[ALERT_ID_SIZE];
    struct alert_condition conditions[ALERT_CONDITIONS_MAX]; // the worst first, then the oldest
    size_t count;                                            // 0: it is over
};

struct alerts;

// A table of at most that many active alerts; it takes memory as it fills. NULL without memory.
struct alerts *alerts_create(size_t max);
void alerts_destroy(struct alerts *alerts); // NULL is fine

// A condition begins, or goes on with another level, in which case it keeps its `since`. Returns the alert when that is news, to be
// stored and sent; it is valid until the table is changed. NULL when it is none: the condition was active at that level (its value is
// taken), or there is no room (counted).
const struct alert *alerts_begin(struct alerts *alerts, const char *kind, const char *id,
                                 const struct alert_condition *condition);

// A condition ends; with NULL, all of them do. NULL when it was not active.
const struct alert *alerts_end(struct alerts *alerts, const char *kind, const char *id, const char *condition);

const struct alert *alerts_find(const struct alerts *alerts, const char *kind, const char *id); // NULL: none
size_t alerts_count(const struct alerts *alerts);
const struct alert *alerts_at(const struct alerts *alerts, size_t index); // 0..count-1, in no order
uint64_t alerts_refused(const struct alerts *alerts);                     // that found no room
