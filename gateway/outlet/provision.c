// SPDX-License-Identifier: Apache-2.0
#include "outlet/provision.h"

#include "iota_json.h"
#include "ngsi_ld_alert.h"
#include "provision_write.h"
#include "reading/stream.h"
#include "smart_models.h"
#include "unit_codes.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EXPRESSION_SIZE = 128, MAPPED_MAX = 64, NAME_SIZE = 192 };

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
                        struct provision_group ret_groups[PROVISION_GROUPS_MAX])
{
    unsigned kinds = 0;
    size_t count = 0;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        kinds |= settings->sensor[i].disabled ? 0 : 1u << settings->sensor[i].kind;
    }
    for (size_t i = 0; i < settings->zone_count; i++) {
        kinds |= settings->zone[i].disabled ? 0 : 1u << settings->zone[i].kind;
    }
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        const char *apikey = iota_apikey(outlet, (enum kind)kind);
        if (kinds >> kind & 1 && apikey[0]) {
            group_of(ret_groups, &count, apikey)->kinds |= 1u << kind;
        }
    }
    const char *apikey = iota_apikey_of_alerts(outlet);
    if (apikey[0]) {
        group_of(ret_groups, &count, apikey)->kinds |= PROVISION_ALERTS;
    }
    return count;
}

static bool is_of_one_kind(unsigned kinds)
{
    return (kinds & (kinds - 1)) == 0;
}

/* Attributes: what the agent makes of the members of a measure. */

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

static void write_quantity(struct json *json, enum model model, enum kind kind, const struct quantity *quantity,
                           const char *type)
{
    const struct model_attribute *attribute = model_attribute(model, quantity->name);
    bool converted = attribute && attribute->to && strcmp(attribute->name, quantity->name) != 0;
    const char *name = attribute && !converted ? attribute->name : quantity->name;
    const char *unit = converted ? unit_code(quantity->unit) : model_unit_code(model, kind, quantity->name);
    provision_attribute(json, quantity->name, name, type, unit);
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
        provision_attribute(json, members[i][0], members[i][0], members[i][1], NULL);
    }
}

// When, by the name that the model has for it.
static void write_time(struct json *json, enum model model)
{
    static const char *const times[MODEL_COUNT] = {
        [MODEL_DEVICE] = "dateLastValueReported",  [MODEL_CROWD_FLOW] = "dateObserved",
        [MODEL_TRAFFIC_FLOW] = "dateObserved",     [MODEL_ALERT] = "dateIssued",
        [MODEL_ON_STREET] = "observationDateTime", [MODEL_OFF_STREET] = "observationDateTime"};
    if (times[model]) {
        provision_expression(json, times[model], "DateTime", "TimeInstant");
    }
}

// Quantities that sensors of that kind alone may have, and those that all may have.
static bool is_expected(const struct quantity *quantity, enum kind kind)
{
    bool any = quantity->kinds == (1u << KIND_COUNT) - 1;
    return any || (quantity->kinds >> kind & 1 && kind < KIND_ENVIRONMENT);
}

// A zone's `occupied` is how many of its bays are.
static void write_kind(struct json *json, enum model model, enum kind kind, bool is_zone)
{
    const struct quantity *quantity;
    write_time(json, model);
    if (model == MODEL_ALERT) { // a vehicle's
        provision_expression(json, "location", "geo:json", "{coordinates: [longitude,latitude], type: 'Point'}");
    }
    if (kind == KIND_PARKING && (model == MODEL_PARKING_SPOT || model == MODEL_DEVICE)) {
        provision_attribute(json, "status", "status", "Text", NULL);
    }
    for (size_t i = 0; (quantity = vocabulary_at(i)) != NULL; i++) {
        if (is_expected(quantity, kind)) {
            bool is_number = is_zone && strcmp(quantity->name, "occupied") == 0;
            write_quantity(json, model, kind, quantity, value_types[is_number ? VALUE_INTEGER : quantity->type]);
        }
    }
    write_provenance(json);
}

// Of all alerts; the numbers of some conditions come besides, under their quantities' names.
static void write_alert_attributes(struct json *json)
{
    static const char *const members[][2] = {{"active", "Boolean"}, {"condition", "Text"}, {"level", "Text"},
                                             {"since", "Text"},     {"quantity", "Text"},  {"conditions", "Text"}};
    write_time(json, MODEL_ALERT);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        provision_attribute(json, members[i][0], members[i][0], members[i][1], NULL);
    }
    write_provenance(json);
}

static enum model model_of_kind(enum kind kind)
{
    const struct settings_sensor typical = {.kind = (int)kind};
    const struct settings_zone zone = {.kind = KIND_PARKING};
    return model_of_sensor(&typical, &zone);
}

static enum model model_of_group(unsigned kinds)
{
    int kind = 0;
    if (!is_of_one_kind(kinds)) {
        return MODEL_DEVICE;
    }
    while (kind < KIND_COUNT && !(kinds >> kind & 1)) {
        kind++;
    }
    return kind < KIND_COUNT ? model_of_kind((enum kind)kind) : MODEL_ALERT;
}

// Where they differ the devices say what they have.
static void write_group_attributes(unsigned kinds, enum model model, struct json *json)
{
    if (kinds == PROVISION_ALERTS) {
        write_alert_attributes(json);
    }
    for (int kind = 0; kind < KIND_COUNT && is_of_one_kind(kinds); kind++) {
        if (kinds >> kind & 1) {
            write_kind(json, model, (enum kind)kind, false);
        }
    }
}

void provision_group(const struct provision_group *group, struct json *json)
{
    enum model model = model_of_group(group->kinds);
    json_object_begin(json);
    json_key_text(json, "apikey", group->apikey);
    json_key_text(json, "resource", "/iot/json");
    json_key_text(json, "entity_type", model_types[model]);
    json_key_text(json, "transport", "MQTT");
    json_key_text(json, "payloadType", "iotagent");
    json_key_bool(json, "timestamp", true);
    json_key(json, "attributes");
    json_array_begin(json);
    write_group_attributes(group->kinds, model, json);
    json_array_end(json);
    json_key(json, "static_attributes");
    json_array_begin(json);
    json_array_end(json);
    json_object_end(json);
}

/* Devices. */

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
    provision_static_words(json, "controlledProperty", words, count);
}

static void write_statics(const struct settings *settings, const struct settings_sensor *sensor, enum model model,
                          const struct settings_zone *zone, const struct mapped *mapped, struct json *json)
{
    char urn[URN_SIZE], name[NAME_SIZE];
    if (sensor->name[0]) {
        provision_static(json, "name", "Text", sensor->name);
    }
    if (model != MODEL_ALERT && isfinite(sensor->latitude) && isfinite(sensor->longitude)) {
        provision_static_place(json, sensor->latitude, sensor->longitude);
    }
    if (model == MODEL_PARKING_SPOT) {
        enum model site = model_of_zone(zone);
        model_zone_name(site, zone->id, name, sizeof name);
        provision_static_words(json, "category", &zone->category, 1);
        provision_static(json, "refParkingSite", "Relationship",
                         model_urn(&settings->gateway, model_types[site], name, urn));
    } else if (model == MODEL_ALERT) {
        provision_static(json, "alertSource", "Relationship",
                         model_urn(&settings->gateway, model_types[MODEL_DEVICE], sensor->id, urn));
        provision_static(json, "category", "Text", "traffic");
        provision_static(json, "subCategory", "Text", "hazardOnRoad");
    } else if (model == MODEL_DEVICE) {
        write_controlled(json, (enum kind)sensor->kind, mapped);
    }
}

static const struct provision_group *find_group(const struct provision_group *groups, size_t count, unsigned bit)
{
    for (size_t i = 0; i < count; i++) {
        if (groups[i].kinds & bit) {
            return &groups[i];
        }
    }
    return NULL;
}

// Up to the list of its attributes, which is open then.
static void begin_device(const struct settings *settings, const struct provision_group *group, const char *stream,
                         enum model model, const char *name, struct json *json)
{
    char device[STREAM_SIZE], urn[URN_SIZE];
    json_object_begin(json);
    json_key_text(json, "device_id", iota_device(stream, device));
    json_key_text(json, "apikey", group->apikey);
    json_key_text(json, "entity_name", model_urn(&settings->gateway, model_types[model], name, urn));
    json_key_text(json, "entity_type", model_types[model]);
    json_key_text(json, "transport", "MQTT");
    json_key_text(json, "payloadType", "iotagent");
    json_key_bool(json, "timestamp", true);
    json_key(json, "attributes");
    json_array_begin(json);
}

static void begin_statics(struct json *json)
{
    json_array_end(json);
    json_key(json, "static_attributes");
    json_array_begin(json);
}

static void end_device(struct json *json)
{
    json_array_end(json);
    json_object_end(json);
}

static void write_sensor(const struct settings *settings, const struct provision_group *group,
                         const struct settings_sensor *sensor, struct json *json)
{
    enum kind kind = (enum kind)sensor->kind;
    const struct settings_zone *zone = find_zone(settings, sensor->zone);
    enum model model = model_of_sensor(sensor, zone);
    struct mapped mapped;
    collect_maps(settings, sensor, &mapped);
    begin_device(settings, group, sensor->id, model, sensor->id, json);
    if (!is_of_one_kind(group->kinds) || model != model_of_kind(kind)) {
        write_kind(json, model, kind, false);
    }
    for (size_t i = 0; i < mapped.count; i++) {
        if (!is_expected(mapped.list[i], kind)) {
            write_quantity(json, model, kind, mapped.list[i], value_types[mapped.list[i]->type]);
        }
    }
    begin_statics(json);
    write_statics(settings, sensor, model, zone, &mapped, json);
    end_device(json);
}

static void write_zone(const struct settings *settings, const struct provision_group *group,
                       const struct settings_zone *zone, struct json *json)
{
    char stream[STREAM_SIZE], name[NAME_SIZE];
    enum model model = model_of_zone(zone);
    stream_zone(zone->id, stream);
    begin_device(settings, group, stream, model, model_zone_name(model, zone->id, name, sizeof name), json);
    write_kind(json, model, (enum kind)zone->kind, true);
    begin_statics(json);
    if (zone->name[0]) {
        provision_static(json, "name", "Text", zone->name);
    }
    if (isfinite(zone->latitude) && isfinite(zone->longitude)) {
        provision_static_place(json, zone->latitude, zone->longitude);
    }
    end_device(json);
}

// What it is about: an entity of that model, at that place.
struct about {
    const char *kind, *id, *name;
    const char *sub_category; // NULL: none
    enum model model;
    double latitude, longitude;
};

static void write_alert(const struct settings *settings, const struct provision_group *group, const struct about *about,
                        struct json *json)
{
    char stream[STREAM_SIZE], name[NAME_SIZE], urn[URN_SIZE];
    stream_alert(about->kind, about->id, stream);
    snprintf(name, sizeof name, "%s:%s", about->kind, about->id);
    begin_device(settings, group, stream, MODEL_ALERT, name, json);
    if (!is_of_one_kind(group->kinds)) {
        write_alert_attributes(json);
    }
    begin_statics(json);
    if (isfinite(about->latitude) && isfinite(about->longitude)) {
        provision_static_place(json, about->latitude, about->longitude);
    }
    provision_static(json, "alertSource", "Relationship",
                     model_urn(&settings->gateway, model_types[about->model], about->name, urn));
    provision_static(json, "category", "Text", alert_category(about->kind));
    if (about->sub_category) {
        provision_static(json, "subCategory", "Text", about->sub_category);
    }
    end_device(json);
}

static void write_alert_of_zone(const struct settings *settings, const struct provision_group *group,
                                const struct settings_zone *zone, struct json *json)
{
    char name[NAME_SIZE];
    enum model model = model_of_zone(zone);
    const struct about about = {.kind = kind_names[zone->kind],
                                .id = zone->id,
                                .name = model_zone_name(model, zone->id, name, sizeof name),
                                .sub_category = "crowdRisk",
                                .model = model,
                                .latitude = zone->latitude,
                                .longitude = zone->longitude};
    write_alert(settings, group, &about, json);
}

static void write_alert_of_sensor(const struct settings *settings, const struct provision_group *group,
                                  const struct settings_sensor *sensor, struct json *json)
{
    const struct about about = {.kind = kind_names[sensor->kind],
                                .id = sensor->id,
                                .name = sensor->id,
                                .model = MODEL_DEVICE,
                                .latitude = sensor->latitude,
                                .longitude = sensor->longitude};
    write_alert(settings, group, &about, json);
}

static void write_alert_of_gateway(const struct settings *settings, const struct provision_group *group, const char *id,
                                   struct json *json)
{
    const struct about about = {
        .kind = "gateway", .id = id, .name = "gateway", .model = MODEL_DEVICE, .latitude = NAN, .longitude = NAN};
    write_alert(settings, group, &about, json);
}

size_t provision_device_count(const struct settings *settings)
{
    return 2 * settings->sensor_count + 2 * settings->zone_count + GATEWAY_ALERT_COUNT;
}

bool provision_device(const struct settings *settings, const struct provision_group *groups, size_t group_count,
                      size_t index, struct json *json)
{
    size_t sensors = settings->sensor_count, each = sensors + settings->zone_count;
    bool is_alert = index >= each;
    size_t at = is_alert ? index - each : index;
    const struct settings_sensor *sensor = at < sensors ? &settings->sensor[at] : NULL;
    const struct settings_zone *zone = !sensor && at < each ? &settings->zone[at - sensors] : NULL;
    unsigned bit = is_alert ? PROVISION_ALERTS : 1u << (sensor ? sensor->kind : zone->kind);
    const struct provision_group *group = find_group(groups, group_count, bit);
    if (!group || (sensor && sensor->disabled) ||
        (zone && (zone->disabled || (is_alert && zone->kind != KIND_CROWD)))) {
        return false; // of zones only a crowd is an alert
    }
    if (sensor) {
        (is_alert ? write_alert_of_sensor : write_sensor)(settings, group, sensor, json);
    } else if (zone) {
        (is_alert ? write_alert_of_zone : write_zone)(settings, group, zone, json);
    } else {
        write_alert_of_gateway(settings, group, gateway_alerts[at - each], json);
    }
    return true;
}
