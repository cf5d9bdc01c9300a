// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/number.h"
#include "base/text.h"
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void json_begin(struct json *json, struct bytes *out)
{
    *json = (struct json){.out = out};
}

// Puts the comma before a value or key, unless it is the first, or follows its key.
static void before_value(struct json *json)
{
    uint32_t bit = UINT32_C(1) << json->depth;
    if (json->filled & bit)
        bytes_char(json->out, ',');
    json->filled |= bit;
}

static void open_with(struct json *json, char bracket)
{
    before_value(json);
    bytes_char(json->out, bracket);
    json->depth++;
    assert(json->depth < 32);
    json->filled &= ~(UINT32_C(1) << json->depth);
}

static void close_with(struct json *json, char bracket)
{
    assert(json->depth > 0);
    json->depth--;
    bytes_char(json->out, bracket);
}

void json_object_begin(struct json *json)
{
    open_with(json, '{');
}

void json_object_end(struct json *json)
{
    close_with(json, '}');
}

void json_array_begin(struct json *json)
{
    open_with(json, '[');
}

void json_array_end(struct json *json)
{
    close_with(json, ']');
}

static void quoted(struct bytes *out, const char *text, size_t size)
{
    bytes_char(out, '"');
    size_t plain = 0; // bytes that need no escape, not yet written
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        bytes_append(out, text + plain, i - plain);
        plain = i + 1;
        if (c == '"' || c == '\\')
            bytes_printf(out, "\\%c", c);
        else
            bytes_printf(out, "\\u%04x", c);
    }
    bytes_append(out, text + plain, size - plain);
    bytes_char(out, '"');
}

// Malformed bytes become U+FFFD, one each.
static void quoted_mended(struct bytes *out, const char *text, size_t size)
{
    struct bytes mended;
    bytes_init(&mended, 3 * size + 1);
    for (size_t i = 0; i < size;) {
        size_t length = 1;
        while (length <= 4 && i + length <= size && !text_is_utf8(text + i, length))
            length++;
        if (length <= 4 && i + length <= size) {
            bytes_append(&mended, text + i, length);
            i += length;
        } else {
            bytes_text(&mended, "\xef\xbf\xbd");
            i++;
        }
    }
    quoted(out, mended.data ? (const char *)mended.data : "", mended.used);
    bytes_finish(&mended);
}

void json_text_n(struct json *json, const char *text, size_t size)
{
    before_value(json);
    if (text_is_utf8(text, size))
        quoted(json->out, text, size);
    else
        quoted_mended(json->out, text, size);
}

void json_text(struct json *json, const char *text)
{
    if (text)
        json_text_n(json, text, strlen(text));
    else
        json_null_value(json);
}

void json_key(struct json *json, const char *key)
{
    json_text(json, key);
    bytes_char(json->out, ':');
    json->filled &= ~(UINT32_C(1) << json->depth); // the value that follows takes no comma
}

void json_raw(struct json *json, const void *text, size_t size)
{
    before_value(json);
    bytes_append(json->out, text, size);
}

void json_number(struct json *json, double value)
{
    char text[NUMBER_TEXT_SIZE];
    if (!isfinite(value)) {
        json_null_value(json);
        return;
    }
    json_raw(json, text, number_text(value, text));
}

void json_signed(struct json *json, int64_t value)
{
    char text[24];
    json_raw(json, text, (size_t)snprintf(text, sizeof text, "%" PRId64, value));
}

void json_unsigned(struct json *json, uint64_t value)
{
    char text[24];
    json_raw(json, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

void json_bool(struct json *json, bool value)
{
    json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void json_null_value(struct json *json)
{
    json_raw(json, "null", 4);
}

void json_key_text(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

void json_key_number(struct json *json, const char *key, double value)
{
    json_key(json, key);
    json_number(json, value);
}

void json_key_signed(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_signed(json, value);
}

void json_key_unsigned(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_unsigned(json, value);
}

void json_key_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}
