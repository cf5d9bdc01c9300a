// SPDX-License-Identifier: Apache-2.0
#include "reading/stream.h"

#include "base/text.h"
#include <stdio.h>
#include <string.h>

const char gateway_alert_kind[] = "gateway";
const char *const gateway_alerts[GATEWAY_ALERT_COUNT] = {"certificate", "clock", "disk",
                                                         "autonomy",    "power", "duplicate"};

static const char zone_prefix[] = "zone/", alert_prefix[] = "alert/", gateway_prefix[] = "alert/gateway/";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

enum subject stream_subject(const char *stream, const char **ret_id)
{
    const char *slash = strrchr(stream, '/');
    *ret_id = slash ? slash + 1 : stream;
    return begins(stream, zone_prefix) ? SUBJECT_ZONE : begins(stream, alert_prefix) ? SUBJECT_ALERT : SUBJECT_SENSOR;
}

const char *stream_alert_kind(const char *stream, unsigned *ret_size)
{
    const char *kind = stream + sizeof alert_prefix - 1;
    *ret_size = (unsigned)strcspn(kind, "/");
    return kind;
}

const char *stream_kind_name(const char *stream, enum kind kind)
{
    return begins(stream, gateway_prefix) ? gateway_alert_kind : kind_names[kind];
}

bool stream_is_name(const char *text)
{
    const char *id = text;
    unsigned size;
    if (strlen(text) >= STREAM_SIZE)
        return false;
    if (begins(text, zone_prefix)) {
        id += sizeof zone_prefix - 1;
    } else if (begins(text, alert_prefix)) {
        const char *kind = stream_alert_kind(text, &size);
        if (!text_is_id(kind, size) || kind[size] != '/')
            return false;
        id = kind + size + 1;
    }
    return text_is_id(id, strlen(id));
}

void stream_zone(const char *zone, char ret_stream[STREAM_SIZE])
{
    snprintf(ret_stream, STREAM_SIZE, "%s%s", zone_prefix, zone);
}

void stream_alert(const char *kind, const char *id, char ret_stream[STREAM_SIZE])
{
    snprintf(ret_stream, STREAM_SIZE, "%s%s/%s", alert_prefix, kind, id);
}

bool stream_is_state(const char *stream, enum kind kind)
{
    const char *id;
    return stream_subject(stream, &id) != SUBJECT_SENSOR || kind_is_state(kind);
}

bool stream_is_over(const char *stream, const struct reading *reading)
{
    const char *id;
    if (stream_subject(stream, &id) != SUBJECT_ALERT)
        return false;
    const struct value *active = reading_find(reading, "active");
    return active && !active->boolean;
}
