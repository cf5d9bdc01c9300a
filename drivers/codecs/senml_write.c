// SPDX-License-Identifier: Apache-2.0
#include "drivers/senml_write.h"
#include "base/json.h"
#include "senml.h"
#include <assert.h>
#include <cbor.h>
#include <math.h>
#include <string.h>

// The fields of one record, in the order in which they are written.
struct fields {
    enum senml_field field[SENML_FIELDS];
    struct senml_text text[SENML_FIELDS];
    double number[SENML_FIELDS];
    size_t count;
};

static void add_text(struct fields *fields, enum senml_field field, const char *text)
{
    fields->text[fields->count] = (struct senml_text){text, strlen(text)};
    fields->field[fields->count++] = field;
}

static void add_number(struct fields *fields, enum senml_field field, double number)
{
    fields->number[fields->count] = number;
    fields->field[fields->count++] = field;
}

static void collect(const struct raw_value *value, const char *base_name, struct fields *ret_fields)
{
    assert(value->type != RAW_DATA);
    if (base_name)
        add_text(ret_fields, SENML_BN, base_name);
    if (value->name[0])
        add_text(ret_fields, SENML_N, value->name);
    if (value->unit[0])
        add_text(ret_fields, SENML_U, value->unit);
    if (value->type == RAW_NUMBER)
        add_number(ret_fields, SENML_V, value->number);
    if (value->type == RAW_TEXT)
        add_text(ret_fields, SENML_VS, value->text);
    if (value->type == RAW_BOOL)
        add_number(ret_fields, SENML_VB, value->boolean);
    if (value->has_sum)
        add_number(ret_fields, SENML_S, value->sum);
    if (value->time != RAW_TIME_NONE)
        add_number(ret_fields, SENML_T, (double)value->time_us / 1e6);
}

static void write_json_record(struct json *json, const struct fields *fields)
{
    json_object_begin(json);
    for (size_t i = 0; i < fields->count; i++) {
        const struct senml_label *label = &senml_labels[fields->field[i]];
        json_key(json, label->name);
        if (label->type == SENML_TEXT)
            json_text_n(json, fields->text[i].data, fields->text[i].size);
        else if (label->type == SENML_BOOL)
            json_bool(json, fields->number[i] != 0);
        else
            json_number(json, fields->number[i]);
    }
    json_object_end(json);
}

enum { HEAD_MAX = 9 }; // the longest item without its content

// `encode` is an expression of libcbor's streaming encoder that writes at `at`, of which `HEAD_MAX` bytes are free.
#define CBOR_APPEND(out, encode)                                                                                       \
    do {                                                                                                               \
        if (bytes_reserve(out, HEAD_MAX)) {                                                                            \
            unsigned char *at = (out)->data + (out)->used;                                                             \
            (out)->used += (encode);                                                                                   \
        }                                                                                                              \
    } while (0)

static void cbor_integer(struct bytes *out, int64_t value)
{
    if (value < 0)
        CBOR_APPEND(out, cbor_encode_negint((uint64_t)(-1 - value), at, HEAD_MAX));
    else
        CBOR_APPEND(out, cbor_encode_uint((uint64_t)value, at, HEAD_MAX));
}

static void cbor_number(struct bytes *out, double value)
{
    if (fabs(value) < 0x1p53 && value == floor(value))
        cbor_integer(out, (int64_t)value);
    else if (fabs(value) < 3e38 && (double)(float)value == value)
        CBOR_APPEND(out, cbor_encode_single((float)value, at, HEAD_MAX));
    else
        CBOR_APPEND(out, cbor_encode_double(value, at, HEAD_MAX));
}

static void cbor_text(struct bytes *out, struct senml_text text)
{
    CBOR_APPEND(out, cbor_encode_string_start(text.size, at, HEAD_MAX));
    bytes_append(out, text.data, text.size);
}

static void write_cbor_record(struct bytes *out, const struct fields *fields)
{
    CBOR_APPEND(out, cbor_encode_map_start(fields->count, at, HEAD_MAX));
    for (size_t i = 0; i < fields->count; i++) {
        enum senml_field field = fields->field[i];
        cbor_integer(out, field < SENML_N ? -1 - (int64_t)field : (int64_t)field - SENML_N);
        if (senml_labels[field].type == SENML_TEXT)
            cbor_text(out, fields->text[i]);
        else if (senml_labels[field].type == SENML_BOOL)
            CBOR_APPEND(out, cbor_encode_bool(fields->number[i] != 0, at, HEAD_MAX));
        else
            cbor_number(out, fields->number[i]);
    }
}

void senml_write(struct bytes *out, enum senml_format format, const char *base_name, const struct raw_value *values,
                 size_t count)
{
    struct json json;
    json_begin(&json, out);
    if (format == SENML_JSON)
        json_array_begin(&json);
    else
        CBOR_APPEND(out, cbor_encode_array_start(count, at, HEAD_MAX));
    for (size_t i = 0; i < count; i++) {
        struct fields fields = {.count = 0};
        collect(&values[i], i == 0 && base_name[0] ? base_name : NULL, &fields);
        if (format == SENML_JSON)
            write_json_record(&json, &fields);
        else
            write_cbor_record(out, &fields);
    }
    if (format == SENML_JSON)
        json_array_end(&json);
}
