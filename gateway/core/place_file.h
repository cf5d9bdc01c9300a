// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/places.h"
#include <jansson.h>

/*
 * Places as JSON, for the file of where the sensors stand:
 *
 *   [{"id": "3N8QZ1B0K7XR", "told": true, "base": [34.7025, 135.4959], "earlier": [18 numbers of struct place_sums],
 *     "hits": [[1800000000000000, "9f86d081884c7d65", 34.7, 135.5, 4.2, 12, 90, 2, 1]]}]
 *
 * What is not known is null.
 */

// An array; the caller owns it. NULL without memory.
json_t *place_file_save(const struct places *places);
// Entries that make no sense are passed over.
void place_file_restore(struct places *places, const json_t *saved);
