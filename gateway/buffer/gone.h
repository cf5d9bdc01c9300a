// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"

/*
 * Files that somebody takes away while the gateway runs (rm in the buffer's folder, or the folder itself). An open file
 * goes on taking bytes without a name, and nobody could ever read them again: so the writer looks whether its segment
 * still has a name before it calls anything durable.
 */

// Whether the segment that is written to was taken away. Writer's thread.
bool gone_current(struct buffer *buffer);

// Looks for all segments whose files are gone, counts what in them was not delivered yet as damage, and reports it
// in one line. Each is counted and reported once. Any thread, without the lock.
void gone_look(struct buffer *buffer);

// Takes what gone_look found off the list. Writer's thread, without the lock.
void gone_forget(struct buffer *buffer);

// Makes the folder and takes the lock again where they are gone. -EBUSY: another process has it by now. Writer's thread.
int gone_restore(struct buffer *buffer);
