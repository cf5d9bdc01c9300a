// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "drivers/codec.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What tests of codecs share: one long-lived pack, its values told as text, and bytes written in hex.
 */

struct codec_run {
    struct raw_pack pack;
    enum codec_result result;
    size_t used;
    enum refusal refusal;
    struct fault why;
    unsigned port, object; // for frames that came by one
    struct codec_options options;
    char told[64 * 1024];
};

static inline void codec_tell(struct codec_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void codec_tell(struct codec_run *run, const char *format, ...)
{
    size_t used = strlen(run->told);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->told + used, sizeof run->told - used, format, arguments);
    va_end(arguments);
}

static inline void codec_tell_value(struct codec_run *run, const struct raw_value *value)
{
    codec_tell(run, "%s %s", value->name, value->unit[0] ? value->unit : "-");
    if (value->type == RAW_NUMBER)
        codec_tell(run, " v=%.12g", value->number);
    if (value->type == RAW_BOOL)
        codec_tell(run, " vb=%s", value->boolean ? "true" : "false");
    if (value->type == RAW_TEXT)
        codec_tell(run, " vs=%s", value->text);
    if (value->type == RAW_DATA)
        codec_tell(run, " vd=");
    for (size_t i = 0; value->type == RAW_DATA && i < value->text_size; i++)
        codec_tell(run, "%02x", (uint8_t)value->text[i]);
    if (value->type == RAW_TEXT || value->type == RAW_DATA)
        assert_int_equal(value->text[value->text_size], '\0');
    if (value->has_sum)
        codec_tell(run, " s=%.12g", value->sum);
    if (value->time == RAW_TIME_ABSOLUTE)
        codec_tell(run, " @%" PRId64, value->time_us);
    if (value->time == RAW_TIME_RELATIVE)
        codec_tell(run, " now%+" PRId64, value->time_us);
    codec_tell(run, "\n");
}

// One line a value: name, unit or -, value, sum, time as "@us" or "now+us".
static inline const char *codec_describe(struct codec_run *run)
{
    run->told[0] = '\0';
    for (size_t i = 0; i < run->pack.count; i++)
        codec_tell_value(run, &run->pack.values[i]);
    return run->told;
}

// Decodes a copy that ends where its memory ends, so that reading on is seen.
static inline void codec_try(struct codec_run *run, const char *codec, const void *data, size_t size, bool stream)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size)
        memcpy(copy, data, size);
    const struct codec *found = codec_find(codec);
    struct frame frame = {.data = copy, .size = size, .port = run->port, .object = run->object, .options = &run->options};
    run->used = size;
    run->refusal = REFUSAL_NONE;
    run->why.text[0] = '\0';
    if (stream) {
        run->result = codec_decode_stream(found, &run->options, copy, size, &run->pack, &run->used, &run->refusal, &run->why);
    } else {
        run->refusal = codec_decode(found, &frame, &run->pack, &run->why);
        run->result = run->refusal ? CODEC_REFUSED : CODEC_TAKEN;
    }
    memset(copy, 'x', size);
    free(copy);
}

static inline size_t codec_unhex(const char *hex, uint8_t *ret_data)
{
    size_t size = 0;
    unsigned byte;
    for (; *hex; hex += 2) {
        hex += strspn(hex, " ");
        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        ret_data[size++] = (uint8_t)byte;
    }
    return size;
}
