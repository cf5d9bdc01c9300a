// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_entity.h"

#include <math.h>

// Beyond 2^53 a double no longer counts single units, so an integer's digits would claim more than is known.
#define INTEGER_EXACT 9007199254740992.0

void write_number(struct json *json, double value, bool whole)
{
    if (whole && fabs(value) <= INTEGER_EXACT) {
        json_signed(json, (int64_t)value);
    } else {
        json_number(json, value);
    }
}

void entity_begin(struct entity *entity, struct bytes *out, int64_t time_us, const char *urn, const char *type)
{
    utc_text_ms(time_us, entity->observed_at);
    json_begin(&entity->json, out);
    json_object_begin(&entity->json);
    json_key_text(&entity->json, "id", urn);
    json_key_text(&entity->json, "type", type);
}

static struct json *begin(struct entity *entity, const char *name, const char *type)
{
    struct json *json = &entity->json;
    json_key(json, name);
    json_object_begin(json);
    json_key_text(json, "type", type);
    return json;
}

static struct json *begin_property(struct entity *entity, const char *name)
{
    struct json *json = begin(entity, name, "Property");
    json_key(json, "value");
    return json;
}

static void end(struct entity *entity, enum observed observed)
{
    if (observed == OBSERVED) {
        json_key_text(&entity->json, "observedAt", entity->observed_at);
    }
    json_object_end(&entity->json);
}

void entity_text(struct entity *entity, const char *name, const char *text, enum observed observed)
{
    json_text(begin_property(entity, name), text);
    end(entity, observed);
}

void entity_bool(struct entity *entity, const char *name, bool value)
{
    json_bool(begin_property(entity, name), value);
    end(entity, OBSERVED);
}

void entity_unsigned(struct entity *entity, const char *name, uint64_t value)
{
    json_unsigned(begin_property(entity, name), value);
    end(entity, OBSERVED);
}

void entity_number(struct entity *entity, const char *name, double value, bool whole, const char *unit_code)
{
    if (!isfinite(value)) {
        return;
    }
    write_number(begin_property(entity, name), value, whole);
    if (unit_code) {
        json_key_text(&entity->json, "unitCode", unit_code);
    }
    end(entity, OBSERVED);
}

void entity_time(struct entity *entity, const char *name, int64_t time_us)
{
    char text[UTC_TEXT_SIZE];
    struct json *json = begin_property(entity, name);
    json_object_begin(json);
    json_key_text(json, "@type", "DateTime");
    json_key_text(json, "@value", utc_text_ms(time_us, text));
    json_object_end(json);
    end(entity, ALWAYS_SO);
}

void entity_words(struct entity *entity, const char *name, const char *const words[], size_t count,
                  enum observed observed)
{
    struct json *json = begin_property(entity, name);
    json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        json_text(json, words[i]);
    }
    json_array_end(json);
    end(entity, observed);
}

void entity_point(struct entity *entity, double latitude, double longitude, enum observed observed)
{
    struct json *json = begin(entity, "location", "GeoProperty");
    json_key(json, "value");
    json_object_begin(json);
    json_key_text(json, "type", "Point");
    json_key(json, "coordinates");
    json_array_begin(json);
    json_number(json, longitude); // GeoJSON's order (RFC 7946 section 3.1.1)
    json_number(json, latitude);
    json_array_end(json);
    json_object_end(json);
    end(entity, observed);
}

void entity_reference(struct entity *entity, const char *name, const char *urn)
{
    json_key_text(begin(entity, name, "Relationship"), "object", urn);
    end(entity, ALWAYS_SO);
}

static void write_value(struct json *json, const struct value *value)
{
    if (value->type == VALUE_BOOL) {
        json_key_bool(json, value->name, value->boolean);
    } else if (value->type == VALUE_TEXT) {
        json_key_text(json, value->name, value->text);
    } else if (isfinite(value->number)) {
        json_key(json, value->name);
        write_number(json, value->number, value->type == VALUE_INTEGER);
    }
}

void entity_data(struct entity *entity, const char *name, const struct reading *reading)
{
    struct json *json = begin_property(entity, name);
    json_object_begin(json);
    for (size_t i = 0; i < reading->value_count; i++) {
        write_value(json, &reading->values[i]);
    }
    json_object_end(json);
    end(entity, OBSERVED);
}

void entity_end(struct entity *entity, const char *context, const char *core_context)
{
    struct json *json = &entity->json;
    json_key(json, "@context");
    json_array_begin(json);
    json_text(json, context);
    json_text(json, core_context);
    json_array_end(json);
    json_object_end(json);
}
