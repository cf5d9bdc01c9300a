// SPDX-License-Identifier: Apache-2.0
#include "payload.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *payload, const char *key)
{
    const char *text = json_string_value(json_object_get(payload, key));
    return text ? text : "";
}

bool payload_stream(const json_t *payload, char ret_stream[STREAM_SIZE])
{
    const char *sensor = text_of(payload, "sensor"), *zone = text_of(payload, "zone"),
               *alert = text_of(payload, "alert"), *kind = text_of(payload, "kind");
    char stream[2 * STREAM_SIZE]; // longer ones are cut, and no name
    if (*sensor)
        snprintf(stream, sizeof stream, "%s", strchr(sensor, '/') ? "" : sensor);
    else if (*zone)
        snprintf(stream, sizeof stream, "zone/%s", zone);
    else
        snprintf(stream, sizeof stream, "alert/%s/%s", kind, alert);
    if (!stream_is_name(stream))
        return false;
    memcpy(ret_stream, stream, strlen(stream) + 1);
    return true;
}
