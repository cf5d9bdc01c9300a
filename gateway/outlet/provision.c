// SPDX-License-Identifier: Apache-2.0
#include "outlet/provision.h"

#include "iota_json.h"
#include "smart_models.h"
#include "unit_codes.h"
#include <math.h>
#include <string.h>

enum { TEXT_MAX = 4096, EXPRESSION_SIZE = 128, MAPPED_MAX = 64 };

static const char *const value_types[] = {
    [VALUE_NUMBER] = "Number", [VALUE_BOOL] = "Boolean", [VALUE_TEXT] = "Text", [VALUE_INTEGER] = "Number"};

/* Groups. */

static struct provision_group *group_of(struct provision_group *groups, size_t *count, const char *apikey)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(groups[i].apikey, apikey) == 0) {
            return &groups[i];
        }
    }
    groups[*count] = (struct provision_group){.apikey = apikey};
    return &groups[(*count)++];
}

size_t provision_groups(const struct settings *settings, const struct settings_mqtt *outlet,
                        struct provision_group ret_groups[KIND_COUNT])
{
    unsigned kinds = 0;
    size_t count = 0;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        kinds |= settings->sensor[i].disabled ? 0 : 1u << settings->sensor[i].kind;
    }
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *apikey = iota_apikey(outlet, (enum kind)kind);
        if (kinds >> kind & 1 && apikey[0]) {
            group_of(ret_groups, &count, apikey)->kinds |= 1u << kind;
        }
    }
    return count;
}

static bool is_of_one_kind(unsigned kinds)
{
    return (kinds & (kinds - 1)) == 0;
}

/* Attributes: what the agent makes of the members of a measure. */

static void write_attribute(struct json *json, const char *object_id, const char *name, const char *type,
                            const char *unit)
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
static void write_expression(struct json *json, const char *name, const char *type, const char *expression)
{
    json_object_begin(json);
    json_key_text(json, "name", name);
    json_key_text(json, "type", type);
    json_key_text(json, "expression", expression);
    json_object_end(json);
}

static void write_converted(struct json *json, const struct model_attribute *attribute)
{
    struct bytes expression;
    bytes_init(&expression, EXPRESSION_SIZE);
    bytes_printf(&expression, "%s * ", attribute->quantity);
    struct json factor = {.out = &expression};
    json_number(&factor, model_value(attribute, 1));
    json_object_begin(json);
    json_key_text(json, "name", attribute->name);
    json_key_text(json, "type", "Number");
    json_key(json, "expression");
    json_text_n(json, (const char *)expression.data, expression.used);
    json_object_end(json);
    bytes_finish(&expression);
}

static void write_quantity(struct json *json, enum model model, enum kind kind, const struct quantity *quantity)
{
    const struct model_attribute *attribute = model_attribute(model, quantity->name);
    bool converted = attribute && attribute->to;
    const char *name = attribute && !converted ? attribute->name : quantity->name;
    const char *unit = converted ? unit_code(quantity->unit) : model_unit_code(model, kind, quantity->name);
    write_attribute(json, quantity->name, name, value_types[quantity->type], unit);
    if (converted) {
        write_converted(json, attribute);
    }
}

static void write_provenance(struct json *json)
{
    static const char *const members[][2] = {{"kind", "Text"},
                                             {"epoch", "Text"},
                                             {"seq", "Number"},
                                             {"quality", "Text"},
                                             {"time_quality", "Text"},
                                             {"backlog", "Boolean"},
                                             {"authenticated", "Boolean"},
                                             {"refused", "Array"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        write_attribute(json, members[i][0], members[i][0], members[i][1], NULL);
    }
}

// When, and for what moves, where: by the name that the model has for it.
static void write_time_and_place(struct json *json, enum model model)
{
    static const char *const times[MODEL_COUNT] = {[MODEL_DEVICE] = "dateLastValueReported",
                                                   [MODEL_CROWD_FLOW] = "dateObserved",
                                                   [MODEL_TRAFFIC_FLOW] = "dateObserved",
                                                   [MODEL_ALERT] = "dateIssued"};
    if (times[model]) {
        write_expression(json, times[model], "DateTime", "TimeInstant");
    }
    if (model == MODEL_ALERT) {
        write_expression(json, "location", "geo:json", "{coordinates: [longitude,latitude], type: 'Point'}");
    }
}

// Quantities that sensors of that kind alone may have, and those that all may have.
static bool is_expected(const struct quantity *quantity, enum kind kind)
{
    bool any = quantity->kinds == (1u << KIND_COUNT) - 1;
    return any || (quantity->kinds >> kind & 1 && kind < KIND_ENVIRONMENT);
}

static void write_kind(struct json *json, enum model model, enum kind kind)
{
    const struct quantity *quantity;
    write_time_and_place(json, model);
    if (kind == KIND_PARKING) {
        write_attribute(json, "status", "status", "Text", NULL);
    }
    for (size_t i = 0; (quantity = vocabulary_at(i)) != NULL; i++) {
        if (is_expected(quantity, kind)) {
            write_quantity(json, model, kind, quantity);
        }
    }
    write_provenance(json);
}

static enum model model_of_kind(enum kind kind)
{
    const struct settings_sensor typical = {.kind = (int)kind};
    const struct settings_zone zone = {.kind = KIND_PARKING};
    return model_of_sensor(&typical, &zone);
}

void provision_group(const struct provision_group *group, struct json *json)
{
    enum model model = MODEL_DEVICE;
    int kind = 0;
    while (kind < KIND_COUNT - 1 && !(group->kinds >> kind & 1)) {
        kind++;
    }
    if (is_of_one_kind(group->kinds)) {
        model = model_of_kind((enum kind)kind);
    }
    json_object_begin(json);
    json_key_text(json, "apikey", group->apikey);
    json_key_text(json, "resource", "/iot/json");
    json_key_text(json, "entity_type", model_types[model]);
    json_key_text(json, "transport", "MQTT");
    json_key_text(json, "payloadType", "iotagent");
    json_key_bool(json, "timestamp", true);
    json_key(json, "attributes");
    json_array_begin(json);
    if (is_of_one_kind(group->kinds)) { // else the devices say what they have
        write_kind(json, model, (enum kind)kind);
    }
    json_array_end(json);
    json_key(json, "static_attributes");
    json_array_begin(json);
    json_array_end(json);
    json_object_end(json);
}

/* Devices. */

static struct json *begin_static(struct json *json, const char *name, const char *type)
{
    json_object_begin(json);
    json_key_text(json, "name", name);
    json_key_text(json, "type", type);
    json_key(json, "value");
    return json;
}

static void write_static(struct json *json, const char *name, const char *type, const char *value)
{
    struct bytes plain;
    bytes_init(&plain, TEXT_MAX);
    iota_text(value, &plain);
    json_text_n(begin_static(json, name, type), plain.data ? (const char *)plain.data : "", plain.used);
    json_object_end(json);
    bytes_finish(&plain);
}

static void write_static_words(struct json *json, const char *name, const char *const words[], size_t count)
{
    begin_static(json, name, "Array");
    json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        json_text(json, words[i]);
    }
    json_array_end(json);
    json_object_end(json);
}

static void write_static_place(struct json *json, double latitude, double longitude)
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

static const struct settings_zone *find_zone(const struct settings *settings, const char *id)
{
    for (size_t i = 0; i < settings->zone_count; i++) {
        if (strcmp(settings->zone[i].id, id) == 0) {
            return &settings->zone[i];
        }
    }
    return NULL;
}

static const struct settings_device *find_profile(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->device_count; i++) {
        if (strcmp(settings->device[i].name, name) == 0) {
            return &settings->device[i];
        }
    }
    return NULL;
}

// What the maps of a sensor and of its device profile tell that it measures.
struct mapped {
    const struct quantity *list[MAPPED_MAX];
    size_t count;
};

static void add_maps(struct mapped *mapped, enum kind kind, const struct settings_map *maps, size_t count)
{
    for (size_t i = 0; i < count && mapped->count < MAPPED_MAX; i++) {
        const struct quantity *quantity = vocabulary_find(maps[i].quantity, kind);
        size_t at = 0;
        while (at < mapped->count && mapped->list[at] != quantity) {
            at++;
        }
        if (quantity && at == mapped->count) {
            mapped->list[mapped->count++] = quantity;
        }
    }
}

static void collect_maps(const struct settings *settings, const struct settings_sensor *sensor, struct mapped *ret)
{
    const struct settings_device *profile = find_profile(settings, sensor->device);
    ret->count = 0;
    add_maps(ret, (enum kind)sensor->kind, sensor->maps, sensor->map_count);
    if (profile) {
        add_maps(ret, (enum kind)sensor->kind, profile->maps, profile->map_count);
    }
}

static void write_controlled(struct json *json, enum kind kind, const struct mapped *mapped)
{
    const char *words[MAPPED_MAX + 1];
    size_t count = 0;
    if (kind == KIND_PARKING) {
        words[count++] = "occupancy";
    }
    for (size_t i = 0; i < mapped->count; i++) {
        const char *word = model_controlled_property(mapped->list[i]->name, mapped->list[i]->unit);
        size_t at = 0;
        while (word && at < count && strcmp(words[at], word) != 0) {
            at++;
        }
        if (word && at == count) {
            words[count++] = word;
        }
    }
    write_static_words(json, "controlledProperty", words, count);
}

static void write_statics(const struct settings *settings, const struct settings_sensor *sensor, enum model model,
                          const struct settings_zone *zone, const struct mapped *mapped, struct json *json)
{
    char urn[URN_SIZE];
    if (sensor->name[0]) {
        write_static(json, "name", "Text", sensor->name);
    }
    if (model != MODEL_ALERT && isfinite(sensor->latitude) && isfinite(sensor->longitude)) {
        write_static_place(json, sensor->latitude, sensor->longitude);
    }
    if (model == MODEL_PARKING_SPOT) {
        const char *site = model_types[model_of_zone(zone)];
        write_static_words(json, "category", &zone->category, 1);
        write_static(json, "refParkingSite", "Relationship", model_urn(&settings->gateway, site, zone->id, urn));
    } else if (model == MODEL_ALERT) {
        write_static(json, "alertSource", "Relationship",
                     model_urn(&settings->gateway, model_types[MODEL_DEVICE], sensor->id, urn));
        write_static(json, "category", "Text", "traffic");
        write_static(json, "subCategory", "Text", "hazardOnRoad");
    } else if (model == MODEL_DEVICE) {
        write_controlled(json, (enum kind)sensor->kind, mapped);
    }
}

static const struct provision_group *find_group(const struct provision_group *groups, size_t count, enum kind kind)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i].kinds >> kind & 1) {
            return &groups[i];
        }
    }
    return NULL;
}

bool provision_device(const struct settings *settings, const struct provision_group *groups, size_t group_count,
                      const struct settings_sensor *sensor, struct json *json)
{
    char urn[URN_SIZE];
    enum kind kind = (enum kind)sensor->kind;
    const struct provision_group *group = sensor->disabled ? NULL : find_group(groups, group_count, kind);
    const struct settings_zone *zone = find_zone(settings, sensor->zone);
    enum model model = model_of_sensor(sensor, zone);
    struct mapped mapped;
    if (!group) {
        return false;
    }
    collect_maps(settings, sensor, &mapped);
    json_object_begin(json);
    json_key_text(json, "device_id", sensor->id);
    json_key_text(json, "apikey", group->apikey);
    json_key_text(json, "entity_name", model_urn(&settings->gateway, model_types[model], sensor->id, urn));
    json_key_text(json, "entity_type", model_types[model]);
    json_key_text(json, "transport", "MQTT");
    json_key_text(json, "payloadType", "iotagent");
    json_key_bool(json, "timestamp", true);
    json_key(json, "attributes");
    json_array_begin(json);
    if (!is_of_one_kind(group->kinds) || model != model_of_kind(kind)) {
        write_kind(json, model, kind);
    }
    for (size_t i = 0; i < mapped.count; i++) {
        if (!is_expected(mapped.list[i], kind)) {
            write_quantity(json, model, kind, mapped.list[i]);
        }
    }
    json_array_end(json);
    json_key(json, "static_attributes");
    json_array_begin(json);
    write_statics(settings, sensor, model, zone, &mapped, json);
    json_array_end(json);
    json_object_end(json);
    return true;
}
