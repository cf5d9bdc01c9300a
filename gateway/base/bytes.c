// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_init(struct bytes *bytes, size_t max)
{
    *bytes = (struct bytes){.max = max};
}

void bytes_finish(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){.max = bytes->max};
}

void bytes_clear(struct bytes *bytes)
{
    bytes->used = 0;
    bytes->overflow = false;
}

enum { START_SIZE = 64 };

static bool grow(struct bytes *bytes, size_t extra)
{
    if (bytes->overflow || extra > bytes->max - bytes->used) {
        bytes->overflow = true;
        return false;
    }
    size_t need = bytes->used + extra;
    if (need <= bytes->size)
        return true;
    size_t size = bytes->size ? bytes->size : START_SIZE;
    while (size < need)
        size *= 2;
    if (size > bytes->max)
        size = bytes->max;
    uint8_t *data = realloc(bytes->data, size);
    if (!data) {
        bytes->overflow = true;
        return false;
    }
    bytes->data = data;
    bytes->size = size;
    return true;
}

bool bytes_reserve(struct bytes *bytes, size_t extra)
{
    bool fits = !bytes->overflow && extra <= bytes->size - bytes->used;
    return fits || grow(bytes, extra);
}

void bytes_append(struct bytes *bytes, const void *data, size_t size)
{
    if (!size || !bytes_reserve(bytes, size))
        return;
    memcpy(bytes->data + bytes->used, data, size);
    bytes->used += size;
}

void bytes_keep(struct bytes *bytes, const void *data, size_t size)
{
    bytes_clear(bytes);
    if (size > bytes->size || size < bytes->size / 2) {
        bytes_finish(bytes);
        bytes->data = size && size <= bytes->max ? malloc(size) : NULL;
        bytes->size = bytes->data ? size : 0;
    }
    bytes_append(bytes, data, size);
}

void bytes_text(struct bytes *bytes, const char *text)
{
    bytes_append(bytes, text, strlen(text));
}

void bytes_char(struct bytes *bytes, char c)
{
    bytes_append(bytes, &c, 1);
}

void bytes_printf(struct bytes *bytes, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    // vsnprintf wants a place for the NUL, which is not counted as used.
    if (length >= 0 && bytes_reserve(bytes, (size_t)length + 1)) {
        vsnprintf((char *)bytes->data + bytes->used, (size_t)length + 1, format, again);
        bytes->used += (size_t)length;
    }
    va_end(again);
}

// Inline with its constant size: these are most of what a stored reading is made of.
static inline void append_little(struct bytes *bytes, uint64_t value, size_t size)
{
    uint64_t little = htole64(value);
    bytes_append(bytes, &little, size);
}

void bytes_u8(struct bytes *bytes, uint8_t value)
{
    append_little(bytes, value, 1);
}

void bytes_u16(struct bytes *bytes, uint16_t value)
{
    append_little(bytes, value, 2);
}

void bytes_u32(struct bytes *bytes, uint32_t value)
{
    append_little(bytes, value, 4);
}

void bytes_u64(struct bytes *bytes, uint64_t value)
{
    append_little(bytes, value, 8);
}

const uint8_t *view_take(struct view *view, size_t size)
{
    if (view->bad || size > view->left) {
        view->bad = true;
        return NULL;
    }
    const uint8_t *at = view->data;
    view->data += size;
    view->left -= size;
    return at;
}

static inline uint64_t take_little(struct view *view, size_t size)
{
    const uint8_t *raw = view_take(view, size);
    uint64_t little = 0;
    if (raw)
        memcpy(&little, raw, size);
    return le64toh(little);
}

uint8_t view_u8(struct view *view)
{
    return (uint8_t)take_little(view, 1);
}

uint16_t view_u16(struct view *view)
{
    return (uint16_t)take_little(view, 2);
}

uint32_t view_u32(struct view *view)
{
    return (uint32_t)take_little(view, 4);
}

uint64_t view_u64(struct view *view)
{
    return take_little(view, 8);
}
