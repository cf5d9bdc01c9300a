// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"

/*
 * The writer's segments one after the other, and the checkpoint that goes with each. Writer's thread only.
 */

// Makes the next segment, with room for a frame of that size at least, and writes its header and the state, durable. Where
// the disk has less than a whole segment free, it is made smaller. On failure there is none, as before.
int roll_begin(struct buffer *buffer, size_t frame_bytes);

// Closes the segment at its used length; fine when there is none.
void roll_close(struct buffer *buffer);

// Gives up a segment whose write or sync failed: it is never synced again, since a second sync may claim what is not so.
void roll_condemn(struct buffer *buffer);

// Writes the state as of what is durable.
int roll_checkpoint(struct buffer *buffer);

// Does what buffer_correct asked, once everything that had been appended by then is durable.
void roll_correct(struct buffer *buffer);
