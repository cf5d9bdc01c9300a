// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"
#include "reckon.h"

/*
 * Events outlive routine readings: those of a segment that makes room are copied forward (see MAKING ROOM in format.h).
 * Writer's thread only.
 */

void carry_init(struct carry *carry);
void carry_finish(struct carry *carry);

// Takes up those events of the segment that somebody waits for or that are young; of too many, the newest. The numbers that
// they had are appended to `ret_kept`. Nothing is taken, and -ENOMEM returned, when there is no memory.
int carry_take(struct buffer *buffer, const struct audience *audience, const struct segment *segment,
               const struct bytes *bytes, struct bytes *ret_kept);

// Drops what carry_take took up since there were so many.
struct carry_mark carry_mark(const struct carry *carry);
void carry_back(struct carry *carry, struct carry_mark mark);

// How many bytes carry_write is going to write.
size_t carry_size(const struct carry *carry);

// Writes and syncs what is carried into the segment that is open, and publishes it; fine when there is nothing. On failure
// the segment is given up and everything stays carried.
int carry_write(struct buffer *buffer);
