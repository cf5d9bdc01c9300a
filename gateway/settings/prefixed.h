// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.h"

/*
 * Keys whose names are open: map.QUANTITY, range.QUANTITY, bump.NAME, apikey.KIND.
 */

enum { PREFIXED_MAX = 64 }; // of one prefix in one section

// Appends to the list that the key's row names in `object`. `suffix` is what follows the prefix.
int prefixed_add(const struct key *key, const char *suffix, const char *text, struct origin origin,
                 struct settings_memory *memory, void *object, struct fault *why);
