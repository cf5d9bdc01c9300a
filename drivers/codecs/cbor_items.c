// SPDX-License-Identifier: Apache-2.0
#include "cbor_items.h"
#include "base/number.h"
#include <cbor.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TAG_DECIMAL_FRACTION = 4, EXPONENT_MAX = 64 };

static void set_integer(struct item *item, uint64_t value, bool negative)
{
    item->type = ITEM_INTEGER;
    item->integer = value;
    item->negative = negative;
    item->number = negative ? -1.0 - (double)value : (double)value;
}

#define INTEGER_CALLBACKS(bits)                                                                                        \
    static void take_uint##bits(void *item, uint##bits##_t value)                                                      \
    {                                                                                                                  \
        set_integer(item, value, false);                                                                               \
    }                                                                                                                  \
    static void take_negint##bits(void *item, uint##bits##_t value)                                                    \
    {                                                                                                                  \
        set_integer(item, value, true);                                                                                \
    }
INTEGER_CALLBACKS(8)
INTEGER_CALLBACKS(16)
INTEGER_CALLBACKS(32)
INTEGER_CALLBACKS(64)

static void take_double(void *context, double value)
{
    struct item *item = context;
    item->type = ITEM_FLOAT;
    item->number = value;
}

static void take_float(void *context, float value)
{
    take_double(context, (double)value);
}

static void take_bool(void *context, bool value)
{
    struct item *item = context;
    item->type = ITEM_BOOL;
    item->boolean = value;
}

static void set_string(struct item *item, enum item_type type, cbor_data data, size_t size)
{
    item->type = type;
    item->data = (const char *)data;
    item->size = size;
}

static void take_text(void *context, cbor_data data, size_t size)
{
    set_string(context, ITEM_TEXT, data, size);
}

static void take_bytes(void *context, cbor_data data, size_t size)
{
    set_string(context, ITEM_BYTES, data, size);
}

static void set_head(struct item *item, enum item_type type, size_t count, bool open)
{
    item->type = type;
    item->integer = count;
    item->open = open;
}

static void open_text(void *context)
{
    set_head(context, ITEM_TEXT, 0, true);
}

static void open_bytes(void *context)
{
    set_head(context, ITEM_BYTES, 0, true);
}

static void take_array(void *context, size_t count)
{
    set_head(context, ITEM_ARRAY, count, false);
}

static void open_array(void *context)
{
    set_head(context, ITEM_ARRAY, 0, true);
}

static void take_map(void *context, size_t pairs)
{
    set_head(context, ITEM_MAP, pairs, false);
}

static void open_map(void *context)
{
    set_head(context, ITEM_MAP, 0, true);
}

static void take_tag(void *context, uint64_t tag)
{
    struct item *item = context;
    item->type = ITEM_TAG;
    item->integer = tag;
}

static void take_break(void *context)
{
    set_head(context, ITEM_BREAK, 0, false);
}

static void take_other(void *context)
{
    set_head(context, ITEM_OTHER, 0, false);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = take_uint8,
    .uint16 = take_uint16,
    .uint32 = take_uint32,
    .uint64 = take_uint64,
    .negint8 = take_negint8,
    .negint16 = take_negint16,
    .negint32 = take_negint32,
    .negint64 = take_negint64,
    .byte_string = take_bytes,
    .byte_string_start = open_bytes,
    .string = take_text,
    .string_start = open_text,
    .array_start = take_array,
    .indef_array_start = open_array,
    .map_start = take_map,
    .indef_map_start = open_map,
    .tag = take_tag,
    .float2 = take_float,
    .float4 = take_float,
    .float8 = take_double,
    .boolean = take_bool,
    .null = take_other,
    .undefined = take_other,
    .indef_break = take_break,
};

int items_next(struct items *items, struct item *ret_item)
{
    struct item item = {0};
    if (items->at == items->size)
        return -ENODATA;
    struct cbor_decoder_result result =
        cbor_stream_decode(items->data + items->at, items->size - items->at, &callbacks, &item);
    if (result.status == CBOR_DECODER_NEDATA)
        return -ENODATA;
    if (result.status != CBOR_DECODER_FINISHED)
        return -EBADMSG;
    items->at += result.read;
    *ret_item = item;
    return 0;
}

static bool has_items(const struct item *item)
{
    return item->open || item->type == ITEM_ARRAY || item->type == ITEM_MAP || item->type == ITEM_TAG;
}

// Whatever count a head claims, every item takes a byte at least, so that the loop ends with the bytes.
int items_skip(struct items *items, const struct item *item, unsigned depth_max)
{
    if (item->type == ITEM_BREAK)
        return -EBADMSG;
    if (!has_items(item))
        return 0;
    if (depth_max == 0)
        return -ELOOP;
    uint64_t count = item->type == ITEM_TAG ? 1 : item->integer;
    bool pairs = item->type == ITEM_MAP;
    for (uint64_t i = 0; item->open || i < count; i++) {
        for (int half = 0; half <= pairs; half++) {
            struct item inner;
            int error = items_next(items, &inner);
            if (error == 0 && item->open && half == 0 && inner.type == ITEM_BREAK)
                return 0;
            if (error == 0)
                error = items_skip(items, &inner, depth_max - 1);
            if (error != 0)
                return error;
        }
    }
    return 0;
}

static int take_integer(struct items *items, struct item *ret_item)
{
    int error = items_next(items, ret_item);
    return error != 0 || ret_item->type == ITEM_INTEGER ? error : -EDOM;
}

// [exponent, mantissa]: mantissa times ten to the exponent, rounded once by way of its decimal text.
static int decimal_fraction(struct items *items, double *ret_number)
{
    struct item array, exponent, mantissa;
    int error = items_next(items, &array);
    if (error == 0 && (array.type != ITEM_ARRAY || array.integer != 2))
        error = -EDOM;
    if (error == 0)
        error = take_integer(items, &exponent);
    if (error == 0)
        error = take_integer(items, &mantissa);
    if (error != 0)
        return error;
    if (exponent.integer > EXPONENT_MAX || mantissa.integer > INT64_MAX)
        return -EDOM;
    int64_t digits = mantissa.negative ? -1 - (int64_t)mantissa.integer : (int64_t)mantissa.integer;
    int64_t ten = exponent.negative ? -1 - (int64_t)exponent.integer : (int64_t)exponent.integer;
    char text[64];
    int size = snprintf(text, sizeof text, "%" PRId64 "e%" PRId64, digits, ten);
    return number_parse(text, (size_t)size, ret_number) ? 0 : -EDOM;
}

int items_number(struct items *items, const struct item *item, double *ret_number)
{
    if (item->type == ITEM_TAG && item->integer == TAG_DECIMAL_FRACTION)
        return decimal_fraction(items, ret_number);
    if ((item->type != ITEM_INTEGER && item->type != ITEM_FLOAT) || !isfinite(item->number))
        return -EDOM;
    *ret_number = item->number;
    return 0;
}
