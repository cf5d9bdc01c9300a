// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"

/*
 * What may be kept, and what goes first. Called on the writer's thread, but for retention_has_room.
 */

// Removes the oldest segments until all, with the new one that is open, keep the size limit.
void retention_make_room(struct buffer *buffer);

// For a full disk: removes the oldest segment when every outlet had it. False: somebody still wants it.
bool retention_gives_delivered(struct buffer *buffer);

// For a full disk: removes the oldest segment, when the settings allow it. False: there is nothing to remove.
bool retention_give_way(struct buffer *buffer);

// Once a minute: removes what is too old, or delivered long enough ago.
void retention_tick(struct buffer *buffer);

// Whether so many more bytes can be taken without dropping what no outlet has had. Called with the lock held.
bool retention_has_room(const struct buffer *buffer, size_t bytes);
