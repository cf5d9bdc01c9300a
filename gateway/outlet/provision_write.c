// SPDX-License-Identifier: Apache-2.0
#include "provision_write.h"

#include "iota_json.h"

enum { TEXT_MAX = 4096 };

void provision_attribute(struct json *json, const char *object_id, const char *name, const char *type, const char *unit)
{
    json_object_begin(json);
    json_key_text(json, "object_id", object_id);
    json_key_text(json, "name", name);
    json_key_text(json, "type", type);
    if (unit) {
        json_key(json, "metadata");
        json_object_begin(json);
        json_key(json, "unitCode");
        json_object_begin(json);
        json_key_text(json, "type", "Text");
        json_key_text(json, "value", unit);
        json_object_end(json);
        json_object_end(json);
    }
    json_object_end(json);
}

// What the agent computes (JEXL) of members that came.
void provision_expression(struct json *json, const char *name, const char *type, const char *expression)
{
    json_object_begin(json);
    json_key_text(json, "name", name);
    json_key_text(json, "type", type);
    json_key_text(json, "expression", expression);
    json_object_end(json);
}

static struct json *begin_static(struct json *json, const char *name, const char *type)
{
    json_object_begin(json);
    json_key_text(json, "name", name);
    json_key_text(json, "type", type);
    json_key(json, "value");
    return json;
}

void provision_static(struct json *json, const char *name, const char *type, const char *value)
{
    struct bytes plain;
    bytes_init(&plain, TEXT_MAX);
    iota_text(value, &plain);
    json_text_n(begin_static(json, name, type), plain.data ? (const char *)plain.data : "", plain.used);
    json_object_end(json);
    bytes_finish(&plain);
}

void provision_static_words(struct json *json, const char *name, const char *const words[], size_t count)
{
    begin_static(json, name, "Array");
    json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        json_text(json, words[i]);
    }
    json_array_end(json);
    json_object_end(json);
}

void provision_static_place(struct json *json, double latitude, double longitude)
{
    begin_static(json, "location", "geo:json");
    json_object_begin(json);
    json_key_text(json, "type", "Point");
    json_key(json, "coordinates");
    json_array_begin(json);
    json_number(json, longitude);
    json_number(json, latitude);
    json_array_end(json);
    json_object_end(json);
    json_object_end(json);
}
