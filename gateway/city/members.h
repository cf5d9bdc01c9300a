// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/*
 * The sensors of a zone: an array of structs of `size` bytes, each of which begins with a pointer to its sensor's settings.
 */

// The array with room for one more behind `count`, moved perhaps; NULL without memory, and then it is as it was.
void *members_room(void *members, int count, int *room, size_t size);

// The number of the sensor with that id; -1: it does not stand there. *next, which is 0 at first, is where the one behind the last found
// stands: who asks for them in about their order has each at once.
int members_find(const void *members, int count, size_t size, const char *id, int *next);
