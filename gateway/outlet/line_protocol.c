// SPDX-License-Identifier: Apache-2.0
#include "line_protocol.h"

#include "base/number.h"
#include "reading/stream.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

// The protocol has no line breaks inside a line: control bytes become blanks. A backslash at the end would escape the
// separator that follows, and no escape exists for it.
static void append_name(const char *text, struct bytes *out)
{
    if (!*text)
        bytes_char(out, '-');
    for (const char *at = text; *at; at++) {
        char c = is_control(*at) ? ' ' : *at;
        if (c == '\\' && !at[1])
            c = '/';
        if (c == ',' || c == '=' || c == ' ')
            bytes_char(out, '\\');
        bytes_char(out, c);
    }
}

static void append_quoted(const char *text, struct bytes *out)
{
    bytes_char(out, '"');
    for (const char *at = text; *at; at++) {
        if (*at == '"' || *at == '\\')
            bytes_char(out, '\\');
        bytes_char(out, is_control(*at) ? ' ' : *at);
    }
    bytes_char(out, '"');
}

static void append_tag(const char *key, const char *value, struct bytes *out)
{
    bytes_char(out, ',');
    bytes_text(out, key);
    bytes_char(out, '=');
    append_name(value, out);
}

static void append_text_field(const char *key, const char *value, struct bytes *out)
{
    bytes_printf(out, ",%s=", key);
    append_quoted(value, out);
}

static void append_integer(double number, struct bytes *out)
{
    // Beyond 2^63 the conversion would be undefined; INT64_MAX itself has no double.
    double whole = round(number);
    int64_t value = whole >= 0x1p63 ? INT64_MAX : whole < -0x1p63 ? INT64_MIN : (int64_t)whole;
    bytes_printf(out, "%lldi", (long long)value);
}

static void append_value(const struct value *value, struct bytes *out)
{
    bool numeric = value->type == VALUE_NUMBER || value->type == VALUE_INTEGER;
    // The protocol has neither NaN nor infinity.
    if (numeric && !isfinite(value->number))
        return;
    bytes_char(out, ',');
    append_name(value->name, out);
    bytes_char(out, '=');
    char text[NUMBER_TEXT_SIZE];
    if (value->type == VALUE_TEXT)
        append_quoted(value->text, out);
    else if (value->type == VALUE_BOOL)
        bytes_text(out, value->boolean ? "true" : "false");
    else if (value->type == VALUE_INTEGER)
        append_integer(value->number, out);
    else
        bytes_append(out, text, number_text(value->number, text));
}

// Zones and alerts have measurements of their own: who asks for the people of all sensors does not count those of a square twice.
static void append_measurement(const struct line_identity *identity, const char *stream, const struct reading *reading,
                               struct bytes *out)
{
    static const char *const names[] = {[SUBJECT_ZONE] = "zone", [SUBJECT_ALERT] = "alert"};
    const char *id;
    enum subject subject = stream_subject(stream, &id);
    bytes_text(out, subject == SUBJECT_SENSOR ? kind_names[reading->kind] : names[subject]);
    append_tag("gateway", identity->gateway, out);
    if (subject == SUBJECT_ALERT) {
        append_tag("id", id, out);
    }
    if (subject != SUBJECT_SENSOR) {
        append_tag("kind", stream_kind_name(stream, reading->kind), out);
    }
    append_tag("municipality", identity->municipality, out);
    if (subject == SUBJECT_SENSOR)
        append_tag("sensor", stream, out);
    append_tag("zone", subject == SUBJECT_ZONE ? id : reading->zone, out);
}

void line_append(const struct line_identity *identity, const char *sensor, uint64_t seq, const struct reading *reading,
                 struct bytes *out)
{
    append_measurement(identity, sensor, reading, out);

    bytes_text(out, " epoch=");
    append_quoted(identity->epoch, out);
    bytes_printf(out, ",seq=%llui", (unsigned long long)(seq > INT64_MAX ? INT64_MAX : seq));
    append_text_field("quality", quality_names[reading->quality], out);
    append_text_field("time_quality", time_quality_names[reading->time_quality], out);
    if (reading->unauthenticated)
        bytes_text(out, ",authenticated=false");
    for (size_t i = 0; i < reading->value_count; i++)
        append_value(&reading->values[i], out);

    bytes_printf(out, " %lld\n", (long long)reading->time_us);
}
