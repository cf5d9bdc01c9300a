// SPDX-License-Identifier: Apache-2.0
#include "iota_json.h"

#include "base/clock.h"
#include "base/json.h"
#include "ngsi_ld_entity.h"
#include "reading/stream.h"
#include "smart_models.h"
#include <math.h>
#include <string.h>

#define FORBIDDEN "<>\"'=;()"

const char iota_alert[] = "alert";

enum { TEXT_MAX = 64 * 1024, APIKEY_MAX = 128 };

// The full-width forms of ASCII stand in the same order, U+FF01 being "!".
static void append_full_width(struct bytes *out, char c)
{
    unsigned code = 0xff01 + (unsigned)(c - '!');
    bytes_char(out, (char)(0xe0 | code >> 12));
    bytes_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
    bytes_char(out, (char)(0x80 | (code & 0x3f)));
}

size_t iota_text(const char *text, struct bytes *out)
{
    size_t replaced = 0;
    for (; *text; text++) {
        if (strchr(FORBIDDEN, *text)) {
            append_full_width(out, *text);
            replaced++;
        } else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            bytes_char(out, ' ');
            replaced++;
        } else {
            bytes_char(out, *text);
        }
    }
    return replaced;
}

static size_t write_text(struct json *json, const char *text)
{
    struct bytes plain;
    bytes_init(&plain, TEXT_MAX);
    size_t replaced = iota_text(text, &plain);
    json->out->overflow = json->out->overflow || plain.overflow;
    json_text_n(json, plain.data ? (const char *)plain.data : "", plain.used);
    bytes_finish(&plain);
    return replaced;
}

// Stored names are the vocabulary's, unless the disk was damaged.
static bool is_name(const char *name)
{
    return name[0] && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

// Returns what it replaced or left out.
static size_t write_value(struct json *json, const struct value *value)
{
    if (!is_name(value->name)) {
        return 1;
    }
    if (value->type == VALUE_TEXT) {
        json_key(json, value->name);
        return write_text(json, value->text);
    }
    if (value->type == VALUE_BOOL) {
        json_key_bool(json, value->name, value->boolean);
    } else if (isfinite(value->number)) {
        json_key(json, value->name);
        write_number(json, value->number, value->type == VALUE_INTEGER);
    }
    return 0;
}

static void write_refused(struct json *json, const struct reading *reading)
{
    if (reading->refused_count == 0) {
        return;
    }
    json_key(json, "refused");
    json_array_begin(json);
    for (size_t i = 0; i < reading->refused_count; i++) {
        if (is_name(reading->refused[i])) {
            json_text(json, reading->refused[i]);
        }
    }
    json_array_end(json);
}

static void write_flags(struct json *json, const struct reading *reading)
{
    const char *const *flag = model_flags(model_of_reading(reading, false, NULL));
    for (; *flag; flag++) {
        if (!reading_find(reading, *flag)) {
            json_key_bool(json, *flag, false);
        }
    }
}

size_t iota_json(const struct outlet_record *record, const struct reading *reading, const char *epoch,
                 struct bytes *out)
{
    char time[UTC_TEXT_SIZE];
    struct json json;
    size_t replaced = 0;
    const char *id;
    enum subject subject = stream_subject(record->sensor, &id);
    bool is_bay = subject == SUBJECT_SENSOR && reading->kind == KIND_PARKING;
    const char *status = is_bay ? model_bay_status(reading) : NULL;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "TimeInstant", utc_text_ms(reading->time_us, time));
    json_key_text(&json, "kind", stream_kind_name(record->sensor, reading->kind));
    json_key_text(&json, "epoch", epoch);
    json_key_unsigned(&json, "seq", record->seq);
    json_key_text(&json, "time_quality", time_quality_names[reading->time_quality]);
    json_key_text(&json, "quality", quality_names[reading->quality]);
    json_key_bool(&json, "backlog", record->late && !record->replay);
    json_key_bool(&json, "authenticated", !reading->unauthenticated);
    write_refused(&json, reading);
    if (record->replay) {
        json_key_bool(&json, "replay", true);
    }
    if (status) {
        json_key_text(&json, "status", status);
    }
    for (size_t i = 0; i < reading->value_count; i++) {
        replaced += write_value(&json, &reading->values[i]);
    }
    if (subject != SUBJECT_ALERT) {
        write_flags(&json, reading);
    }
    json_object_end(&json);
    return replaced;
}

static const char *key_named(const struct settings_mqtt *options, const char *name)
{
    static const char prefix[] = "apikey.";
    for (size_t i = 0; i < options->extra_count; i++) {
        const struct settings_extra *extra = &options->extras[i];
        if (strncmp(extra->key, prefix, strlen(prefix)) == 0 && strcmp(extra->key + strlen(prefix), name) == 0 &&
            extra->value[0]) {
            return extra->value;
        }
    }
    return options->apikey;
}

const char *iota_apikey(const struct settings_mqtt *options, enum kind kind)
{
    return key_named(options, kind_names[kind]);
}

const char *iota_apikey_of_alerts(const struct settings_mqtt *options)
{
    const char *key = key_named(options, iota_alert);
    return key[0] || options->extra_count == 0 ? key : options->extras[0].value;
}

const char *iota_device(const char *stream, char ret_device[STREAM_SIZE])
{
    size_t i = 0;
    for (; stream[i] && i < STREAM_SIZE - 1; i++) {
        ret_device[i] = stream[i] == '/' ? ':' : stream[i];
    }
    ret_device[i] = '\0';
    return ret_device;
}

bool iota_apikey_valid(const char *apikey)
{
    size_t size = strlen(apikey);
    for (size_t i = 0; i < size; i++) {
        if (apikey[i] <= ' ' || apikey[i] >= 0x7f || strchr(FORBIDDEN "/+#&?", apikey[i])) {
            return false;
        }
    }
    return size > 0 && size <= APIKEY_MAX;
}
