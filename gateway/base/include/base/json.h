// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * Writes JSON (RFC 8259) straight into a buffer. Commas are put by the writer: a key or value that follows another in
 * the same object or array gets one. Depth is at most 32 (one bit each). Check bytes.overflow at the end.
 */

struct json {
    struct bytes *out;
    uint32_t filled; // bit d: something stands already at depth d
    unsigned depth;
};

void json_begin(struct json *json, struct bytes *out);
void json_object_begin(struct json *json); // {
void json_object_end(struct json *json);   // }
void json_array_begin(struct json *json);  // [
void json_array_end(struct json *json);    // ]
void json_key(struct json *json, const char *key);
void json_text(struct json *json, const char *text); // NULL writes null; malformed UTF-8 becomes U+FFFD
void json_text_n(struct json *json, const char *text, size_t size);
void json_number(struct json *json, double value); // shortest form; null when not finite
void json_signed(struct json *json, int64_t value);
void json_unsigned(struct json *json, uint64_t value);
void json_bool(struct json *json, bool value);
void json_null_value(struct json *json);
void json_raw(struct json *json, const void *text, size_t size); // a value already in JSON

// Key and value in one step.
void json_key_text(struct json *json, const char *key, const char *text);
void json_key_number(struct json *json, const char *key, double value);
void json_key_signed(struct json *json, const char *key, int64_t value);
void json_key_unsigned(struct json *json, const char *key, uint64_t value);
void json_key_bool(struct json *json, const char *key, bool value);
