// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"

/*
 * How far each outlet is: the public cursor functions, and their file. Whoever moves a cursor writes it; the writer's thread
 * opens the file, syncs it, and writes what the others could not.
 */

enum { DELIVERY_WRITE_US = 10 * 1000 };

// Writes what is still to be written after 10 ms and syncs every 5 s; all of it at once when leaving.
void delivery_serve(struct buffer *buffer, bool leaving);

// Writes and syncs now. On an error they are tried again by delivery_serve.
int delivery_sync(struct buffer *buffer);
