// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A byte buffer with a maximum given at birth. Appending past the maximum (or out of memory) sets `overflow` and leaves
 * the content as it was; later appends do nothing, so that a writer may check once at the end.
 */

struct bytes {
    uint8_t *data;
    size_t used, size, max;
    bool overflow;
};

void bytes_init(struct bytes *bytes, size_t max);
void bytes_finish(struct bytes *bytes); // frees; also fine on a zeroed one
void bytes_clear(struct bytes *bytes);  // keeps the memory for the next use
// Holds just this from now on, in memory of about its size: for what is kept long. It does not overlap what it holds.
void bytes_keep(struct bytes *bytes, const void *data, size_t size);
bool bytes_reserve(struct bytes *bytes, size_t extra); // room for `extra` more; false: overflow
void bytes_append(struct bytes *bytes, const void *data, size_t size);
void bytes_text(struct bytes *bytes, const char *text);
void bytes_char(struct bytes *bytes, char c);
void bytes_printf(struct bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Little-endian integers, for stored formats.
void bytes_u8(struct bytes *bytes, uint8_t value);
void bytes_u16(struct bytes *bytes, uint16_t value);
void bytes_u32(struct bytes *bytes, uint32_t value);
void bytes_u64(struct bytes *bytes, uint64_t value);

/* A reader over borrowed bytes; reading past the end sets `bad` and gives zeros. */
struct view {
    const uint8_t *data;
    size_t left;
    bool bad;
};

uint8_t view_u8(struct view *view);
uint16_t view_u16(struct view *view);
uint32_t view_u32(struct view *view);
uint64_t view_u64(struct view *view);
const uint8_t *view_take(struct view *view, size_t size); // NULL when fewer are left
