// SPDX-License-Identifier: Apache-2.0
#include "citygw_json.h"

#include "base/clock.h"
#include "base/json.h"
#include "reading/stream.h"

// Beyond 2^53 a double no longer counts single units, so an integer's digits would claim more than is known.
#define INTEGER_EXACT 9007199254740992.0

static void write_value(struct json *json, const struct value *value)
{
    switch (value->type) {
    case VALUE_BOOL:
        json_bool(json, value->boolean);
        break;
    case VALUE_TEXT:
        json_text(json, value->text);
        break;
    case VALUE_INTEGER:
        if (value->number >= -INTEGER_EXACT && value->number <= INTEGER_EXACT) {
            json_signed(json, (int64_t)value->number);
            break;
        }
        json_number(json, value->number);
        break;
    case VALUE_NUMBER:
        json_number(json, value->number);
        break;
    }
}

static void write_values(struct json *json, const struct reading *reading)
{
    json_key(json, "values");
    json_object_begin(json);
    for (size_t i = 0; i < reading->value_count; i++) {
        json_key(json, reading->values[i].name);
        write_value(json, &reading->values[i]);
    }
    json_object_end(json);
}

static void write_refused(struct json *json, const struct reading *reading)
{
    if (reading->refused_count == 0) {
        return;
    }
    json_key(json, "refused");
    json_array_begin(json);
    for (size_t i = 0; i < reading->refused_count; i++) {
        json_text(json, reading->refused[i]);
    }
    json_array_end(json);
}

static void write_subject(struct json *json, const char *stream, enum kind kind)
{
    static const char *const keys[] = {[SUBJECT_SENSOR] = "sensor", [SUBJECT_ZONE] = "zone", [SUBJECT_ALERT] = "alert"};
    const char *id;
    enum subject subject = stream_subject(stream, &id);
    json_key_text(json, keys[subject], id);
    json_key_text(json, "kind", stream_kind_name(stream, kind));
}

void citygw_json(const struct outlet_record *record, const struct reading *reading, const char *epoch,
                 struct bytes *out)
{
    char time[UTC_TEXT_SIZE];
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    write_subject(&json, record->sensor, reading->kind);
    json_key_text(&json, "epoch", epoch);
    json_key_unsigned(&json, "seq", record->seq);
    json_key_text(&json, "time", utc_text(reading->time_us, time));
    json_key_text(&json, "time_quality", time_quality_names[reading->time_quality]);
    json_key_text(&json, "quality", quality_names[reading->quality]);
    write_values(&json, reading);
    write_refused(&json, reading);
    if (record->replay) {
        json_key_bool(&json, "replay", true);
    } else if (record->late) {
        json_key_bool(&json, "backlog", true);
    }
    if (reading->unauthenticated) {
        json_key_bool(&json, "authenticated", false);
    }
    json_object_end(&json);
}
