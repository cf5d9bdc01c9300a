// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT_SIZE = 32 };

// The shortest decimal text that reads back as the same double ("0.1", "-40", "1e+300"); valid in JSON and line protocol.
// `value` must be finite. Returns the length.
size_t number_text(double value, char ret_text[NUMBER_TEXT_SIZE]);

// Reads all of [text, text+size) as one finite decimal number (sign, digits, point, exponent; no blanks, hex, inf or
// nan), whatever the locale. False when it is anything else.
bool number_parse(const char *text, size_t size, double *ret_value);

// The same for an integer without point or exponent, within [min, max].
bool integer_parse(const char *text, size_t size, int64_t min, int64_t max, int64_t *ret_value);

// CRC32C (Castagnoli, RFC 3720 appendix B.4), continued from `crc` (0 at the beginning).
uint32_t crc32c(uint32_t crc, const void *data, size_t size);

// FNV-1a, continued from `hash` (FNV_START at the beginning): for tables and fingerprints, not against an adversary.
#define FNV_START UINT64_C(0xcbf29ce484222325)
static inline uint64_t fnv64(uint64_t hash, const void *data, size_t size)
{
    const uint8_t *at = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}
