// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "city/places.h"

/*
 * Places as bytes, for the file `places` in the buffer's folder. Integers are little-endian, numbers IEEE 754; what is not known is NAN:
 *
 *   u32  version, 1
 *   u32  number of places, then for each
 *          u64  id
 *          u8   whether somebody was told that it is confirmed
 *          f64  latitude and longitude of its base
 *          5 * u64, 6 * f64, 2 * i64: struct place_sums in its order
 *          u8   number of hits, then for each: i64 time, u64 vehicle, 6 * f64: struct place_hit in its order, u8 shape
 *   u64  FNV-1a of all before
 *
 * A place takes 1171 bytes at most, so that a file has its bound with the number of places.
 */

enum { PLACE_BYTES_MAX = 8 + 1 + 2 * 8 + 13 * 8 + 1 + PLACE_HITS_MAX * (8 * 8 + 1) };

// Appends; check out->overflow.
void place_file_write(const struct places *places, struct bytes *out);
// Puts them back. A place that makes no sense is passed over. -EBADMSG: these are not such bytes, and nothing is changed.
int place_file_read(struct places *places, const uint8_t *data, size_t size);
