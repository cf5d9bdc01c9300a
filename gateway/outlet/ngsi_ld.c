// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld.h"

#include "ngsi_ld_alert.h"
#include "ngsi_ld_parts.h"
#include "reading/stream.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PROPERTIES_MAX = 16, NAME_SIZE = 128 };

struct part_place part_place(const struct reading *reading, double latitude, double longitude)
{
    struct part_place place = {.latitude = latitude, .longitude = longitude};
    place.told = reading_position(reading, &place.latitude, &place.longitude);
    place.known = isfinite(place.latitude) && isfinite(place.longitude);
    return place;
}

void part_write_place(struct entity *entity, const struct part_place *place)
{
    if (place->known) {
        entity_point(entity, place->latitude, place->longitude, place->told ? OBSERVED : ALWAYS_SO);
    }
}

static void write_name(struct entity *entity, const char *name)
{
    if (name[0]) {
        entity_text(entity, "name", name, ALWAYS_SO);
    }
}

void part_write_provenance(struct entity *entity, const struct ngsi_ld *context, const struct outlet_record *record,
                           const struct reading *reading)
{
    entity_text(entity, "epoch", context->epoch, OBSERVED);
    entity_unsigned(entity, "seq", record->seq);
    entity_text(entity, "quality", quality_names[reading->quality], OBSERVED);
    entity_text(entity, "time_quality", time_quality_names[reading->time_quality], OBSERVED);
    if (reading->refused_count > 0) {
        entity_words(entity, "refused", reading->refused, reading->refused_count, OBSERVED);
    }
    entity_bool(entity, "backlog", record->late && !record->replay);
    if (record->replay) {
        entity_bool(entity, "replay", true);
    }
    entity_bool(entity, "authenticated", !reading->unauthenticated);
}

// What the entity says elsewhere.
static bool is_said_otherwise(enum model model, const char *quantity)
{
    static const struct {
        enum model model;
        const char *quantity;
    } said[] = {{MODEL_PARKING_SPOT, "state"},
                {MODEL_PARKING_SPOT, "occupied"},
                {MODEL_CROWD_FLOW, "period_s"},
                {MODEL_TRAFFIC_FLOW, "period_s"}};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        if (said[i].model == model && strcmp(said[i].quantity, quantity) == 0) {
            return true;
        }
    }
    return false;
}

static void write_value(struct entity *entity, enum model model, enum kind kind, const struct value *value)
{
    const struct model_attribute *attribute = model_attribute(model, value->name);
    const char *name = attribute ? attribute->name : value->name;
    if (value->type == VALUE_BOOL) {
        entity_bool(entity, name, value->boolean);
    } else if (value->type == VALUE_TEXT) {
        entity_text(entity, name, value->text, OBSERVED);
    } else {
        entity_number(entity, name, model_value(attribute, value->number), value->type == VALUE_INTEGER,
                      model_unit_code(model, kind, value->name));
    }
}

static void write_values(struct entity *entity, enum model model, const struct part_place *place,
                         const struct reading *reading)
{
    for (size_t i = 0; i < reading->value_count; i++) {
        const char *name = reading->values[i].name;
        bool is_place = place->told && (strcmp(name, "latitude") == 0 || strcmp(name, "longitude") == 0);
        if (!is_place && !is_said_otherwise(model, name)) {
            write_value(entity, model, reading->kind, &reading->values[i]);
        }
    }
    for (const char *const *flag = model_flags(model); *flag; flag++) {
        if (!reading_find(reading, *flag)) {
            entity_bool(entity, *flag, false);
        }
    }
}

/* What each model has of its own. */

static void write_bay(struct entity *entity, const struct ngsi_ld *context, const struct outlet_record *record,
                      const struct reading *reading, const struct settings_zone *zone)
{
    char urn[URN_SIZE], name[NAME_SIZE];
    enum model site = model_of_zone(zone);
    entity_text(entity, "status", model_bay_status(reading), OBSERVED);
    entity_words(entity, "category", &zone->category, 1, ALWAYS_SO);
    entity_reference(
        entity, "refParkingSite",
        model_urn(context->gateway, model_types[site], model_zone_name(site, zone->id, name, sizeof name), urn));
    entity_reference(entity, "refDevice", model_urn(context->gateway, model_types[MODEL_DEVICE], record->sensor, urn));
}

static void write_period(struct entity *entity, const struct reading *reading)
{
    const struct value *period = reading_find(reading, "period_s");
    entity_time(entity, "dateObserved", reading->time_us);
    double period_us = period && period->type != VALUE_TEXT ? period->number * 1e6 : NAN;
    if (period_us >= 0 && period_us <= (double)reading->time_us) {
        entity_time(entity, "dateObservedFrom", reading->time_us - (int64_t)period_us);
        entity_time(entity, "dateObservedTo", reading->time_us);
    }
}

static void write_device(struct entity *entity, const struct reading *reading)
{
    static const char *const sensor[] = {"sensor"};
    const char *properties[PROPERTIES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < reading->value_count && count < PROPERTIES_MAX; i++) {
        const char *name = reading->values[i].name;
        const struct quantity *quantity = vocabulary_find(name, reading->kind);
        const char *property = model_controlled_property(name, quantity ? quantity->unit : "");
        size_t at = 0;
        while (property && at < count && strcmp(properties[at], property) != 0) {
            at++;
        }
        if (property && at == count) {
            properties[count++] = property;
        }
    }
    entity_words(entity, "controlledProperty", properties, count, ALWAYS_SO);
    entity_words(entity, "deviceCategory", sensor, 1, ALWAYS_SO);
    entity_time(entity, "dateLastValueReported", reading->time_us);
}

/* Entities. */

void part_end(struct entity *entity, const struct ngsi_ld *context, enum model model)
{
    bool own = context->context && context->context[0];
    entity_end(entity, own ? context->context : model_contexts[model], model_core_context);
}

static void write_sensor(const struct ngsi_ld *context, const struct outlet_record *record,
                         const struct reading *reading, struct bytes *out)
{
    struct entity entity;
    char urn[URN_SIZE];
    const struct settings_sensor *sensor = places_sensor(context->places, record->sensor);
    const struct settings_zone *zone = places_zone(context->places, reading->zone);
    struct part_place place = part_place(reading, sensor ? sensor->latitude : NAN, sensor ? sensor->longitude : NAN);
    enum model model = model_of_reading(reading, place.known, zone);
    if (model == MODEL_ALERT) {
        ngsi_ld_bump(context, record, reading, out);
        return;
    }
    entity_begin(&entity, out, reading->time_us, model_urn(context->gateway, model_types[model], record->sensor, urn),
                 model_types[model]);
    part_write_place(&entity, &place);
    write_name(&entity, sensor ? sensor->name : "");
    if (model == MODEL_PARKING_SPOT) {
        write_bay(&entity, context, record, reading, zone);
    } else if (model == MODEL_DEVICE) {
        write_device(&entity, reading);
    } else {
        write_period(&entity, reading);
    }
    write_values(&entity, model, &place, reading);
    part_write_provenance(&entity, context, record, reading);
    part_end(&entity, context, model);
}

static void write_zone(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                       const char *id, struct bytes *out)
{
    struct entity entity;
    char urn[URN_SIZE], name[NAME_SIZE];
    const struct settings_zone *zone = places_zone(context->places, id);
    struct part_place place = part_place(reading, zone ? zone->latitude : NAN, zone ? zone->longitude : NAN);
    enum model model = zone ? model_of_zone(zone) : MODEL_DEVICE;
    entity_begin(&entity, out, reading->time_us,
                 model_urn(context->gateway, model_types[model], model_zone_name(model, id, name, sizeof name), urn),
                 model_types[model]);
    part_write_place(&entity, &place);
    write_name(&entity, zone ? zone->name : "");
    if (model == MODEL_ON_STREET || model == MODEL_OFF_STREET) {
        entity_time(&entity, "observationDateTime", reading->time_us);
    } else if (model == MODEL_DEVICE) {
        write_device(&entity, reading);
    } else {
        write_period(&entity, reading);
    }
    write_values(&entity, model, &place, reading);
    part_write_provenance(&entity, context, record, reading);
    part_end(&entity, context, model);
}

void ngsi_ld_reading(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                     struct bytes *out)
{
    const char *id;
    switch (stream_subject(record->sensor, &id)) {
    case SUBJECT_ZONE:
        write_zone(context, record, reading, id, out);
        break;
    case SUBJECT_ALERT:
        ngsi_ld_alert(context, record, reading, out);
        break;
    case SUBJECT_SENSOR:
        write_sensor(context, record, reading, out);
        break;
    }
}

bool ngsi_ld_is_own(const struct outlet_record *record, const struct reading *reading)
{
    const char *id;
    return stream_subject(record->sensor, &id) == SUBJECT_SENSOR &&
           model_of_reading(reading, false, NULL) == MODEL_ALERT;
}
