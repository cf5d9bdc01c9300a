// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "passage.h"
#include "trigger.h"

/*
 * What zones know, as bytes that outlive a restart. Writing and reading are one description: the same function puts a member into `out`,
 * or fills it from `in`, whose `bad` tells that these are not such bytes.
 */

struct keep {
    struct bytes *out; // one of the two
    struct view *in;
    int next; // while members are read: see members_find()
};

void keep_flag(struct keep *keep, bool *flag);                       // u32, 0 or 1
void keep_number(struct keep *keep, uint32_t *number, uint32_t max); // u32, at most that
void keep_time(struct keep *keep, int64_t *time_us);                 // i64
void keep_amount(struct keep *keep, double *amount);                 // f64, 0 to 1e18
void keep_trigger(struct keep *keep, struct trigger *trigger);       // flags on and waits, time
void keep_tally(struct keep *keep, struct tally *tally);             // all of it, with as many times as there are
void keep_passage(struct keep *keep, struct passage *passage);       // the same
void keep_word(struct keep *keep, const char *word, char *ret_word,
               size_t ret_size); // length u8, bytes; ret_word is read

// How a zone's bytes are read: what it knows itself, then its members one by one. Without `zone` they only look whether these are such bytes.
struct keep_form {
    uint32_t version;
    void (*head)(struct keep *keep, void *zone);
    int (*member)(struct keep *keep, const char *id, void *zone); // 0 or -ENOMEM
};

// Looks at all of it first: -EBADMSG changes nothing. -ENOMEM.
int keep_read(const struct keep_form *form, void *zone, const uint8_t *data, size_t size);
