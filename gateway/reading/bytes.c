// SPDX-License-Identifier: Apache-2.0
#include "reading/reading.h"

#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <string.h>

/*
 * The stored bytes of a reading, version 1. Integers are little-endian. A "word" is a length byte, that many bytes of
 * UTF-8 without NUL, and a NUL, so that a decoded text can be used where it lies; a "text" is the same with a length of
 * two bytes.
 *
 *   u8   version, 1
 *   u8   kind
 *   u8   time quality
 *   u8   quality
 *   u8   flags: bit 0 unauthenticated, the others 0
 *   i64  time, microseconds since 1970 UTC
 *   word zone, empty for none
 *   u8   number of values (at most 48), then for each
 *          word name, not empty
 *          u8   type: 0 number, 1 bool, 2 text, 3 integer, 4 counter whose total is not what the device says
 *          number and integer: f64, finite; bool: u8, 0 or 1; text: text; counter: f64 total, f64 of the device
 *   u8   number of refused names (at most 16), then for each
 *          word name, not empty
 *
 * Nothing follows. Names are stored in full: numbers for them would tie old buffers to one version of the vocabulary.
 */

enum { VERSION = 1, FLAG_UNAUTHENTICATED = 1, STORED_COUNTER = VALUE_INTEGER + 1 };

static void put_word(struct bytes *out, const char *word)
{
    size_t size = strlen(word);
    if (size > UINT8_MAX) {
        out->overflow = true;
        return;
    }
    bytes_u8(out, (uint8_t)size);
    bytes_append(out, word, size + 1);
}

static void put_text(struct bytes *out, const char *text)
{
    size_t size = strlen(text);
    if (size > UINT16_MAX) {
        out->overflow = true;
        return;
    }
    bytes_u16(out, (uint16_t)size);
    bytes_append(out, text, size + 1);
}

static void put_number(struct bytes *out, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    if (!isfinite(number))
        out->overflow = true;
    else
        bytes_u64(out, bits);
}

static void put_value(struct bytes *out, const struct value *value)
{
    put_word(out, value->name);
    bytes_u8(out, value->is_recounted ? STORED_COUNTER : (uint8_t)value->type);
    if (value->type == VALUE_BOOL)
        bytes_u8(out, value->boolean);
    else if (value->type == VALUE_TEXT)
        put_text(out, value->text);
    else
        put_number(out, value->number);
    if (value->is_recounted)
        put_number(out, value->raw);
}

void reading_encode(const struct reading *reading, struct bytes *out)
{
    bytes_u8(out, VERSION);
    bytes_u8(out, (uint8_t)reading->kind);
    bytes_u8(out, (uint8_t)reading->time_quality);
    bytes_u8(out, (uint8_t)reading->quality);
    bytes_u8(out, reading->unauthenticated ? FLAG_UNAUTHENTICATED : 0);
    bytes_u64(out, (uint64_t)reading->time_us);
    put_word(out, reading->zone);
    bytes_u8(out, (uint8_t)reading->value_count);
    for (size_t i = 0; i < reading->value_count; i++)
        put_value(out, &reading->values[i]);
    bytes_u8(out, (uint8_t)reading->refused_count);
    for (size_t i = 0; i < reading->refused_count; i++)
        put_word(out, reading->refused[i]);
}

// A length that was read, then the bytes and their NUL. NULL, and the view bad, when they are not a text.
static const char *take_text(struct view *view, size_t size)
{
    const char *text = (const char *)view_take(view, size + 1);
    if (text && strnlen(text, size + 1) == size && text_is_utf8(text, size))
        return text;
    view->bad = true;
    return NULL;
}

static const char *take_word(struct view *view)
{
    return take_text(view, view_u8(view));
}

static const char *take_name(struct view *view)
{
    const char *name = take_word(view);
    if (name && !name[0])
        view->bad = true;
    return name;
}

static unsigned take_below(struct view *view, unsigned limit)
{
    unsigned value = view_u8(view);
    if (value < limit)
        return value;
    view->bad = true;
    return 0;
}

static double take_number(struct view *view)
{
    uint64_t bits = view_u64(view);
    double number;
    memcpy(&number, &bits, sizeof number);
    if (!isfinite(number))
        view->bad = true;
    return number;
}

static void take_value(struct view *view, struct value *ret_value)
{
    *ret_value = (struct value){.name = take_name(view)};
    unsigned type = take_below(view, STORED_COUNTER + 1);
    ret_value->is_recounted = type == STORED_COUNTER;
    ret_value->type = ret_value->is_recounted ? VALUE_INTEGER : (enum value_type)type;
    if (ret_value->type == VALUE_BOOL)
        ret_value->boolean = take_below(view, 2);
    else if (ret_value->type == VALUE_TEXT)
        ret_value->text = take_text(view, view_u16(view));
    else
        ret_value->number = take_number(view);
    if (ret_value->is_recounted)
        ret_value->raw = take_number(view);
}

// Fills as far as the view is good.
static void take_reading(struct view *view, struct reading *ret_reading)
{
    ret_reading->kind = (enum kind)take_below(view, KIND_COUNT);
    ret_reading->time_quality = (enum time_quality)take_below(view, TIME_ESTIMATED + 1);
    ret_reading->quality = (enum quality)take_below(view, QUALITY_CALIBRATING + 1);
    ret_reading->unauthenticated = take_below(view, FLAG_UNAUTHENTICATED + 1);
    ret_reading->time_us = (int64_t)view_u64(view);
    ret_reading->zone = take_word(view);
    ret_reading->value_count = take_below(view, READING_VALUES_MAX + 1);
    for (size_t i = 0; i < ret_reading->value_count && !view->bad; i++)
        take_value(view, &ret_reading->values[i]);
    ret_reading->refused_count = take_below(view, READING_REFUSED_MAX + 1);
    for (size_t i = 0; i < ret_reading->refused_count && !view->bad; i++)
        ret_reading->refused[i] = take_name(view);
}

int reading_decode(const uint8_t *data, size_t size, struct reading *ret_reading)
{
    struct view view = {.data = data, .left = size};
    uint8_t version = view_u8(&view);
    if (view.bad || version == 0)
        return -EBADMSG;
    if (version > VERSION)
        return -EPROTONOSUPPORT;
    struct reading reading;
    take_reading(&view, &reading);
    if (view.bad || view.left)
        return -EBADMSG;
    *ret_reading = reading;
    return 0;
}
