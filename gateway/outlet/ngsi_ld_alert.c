// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_alert.h"

#include "ngsi_ld_parts.h"
#include "reading/stream.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 192 };

// What an Alert says besides the time, the values and the numbers of the reading that it is made from.
struct told {
    const char *name;                    // the end of its id: "crowd:plaza"
    const char *source;                  // urn of what raised it
    const char *category, *sub_category; // sub_category NULL: none
    const char *severity;                // NULL: not known
    bool is_over;
    double latitude, longitude; // NAN: not known
};

static void write(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                  const struct told *told, struct bytes *out)
{
    struct entity entity;
    char urn[URN_SIZE];
    struct part_place place = part_place(reading, told->latitude, told->longitude);
    entity_begin(&entity, out, reading->time_us, model_urn(context->gateway, model_types[MODEL_ALERT], told->name, urn),
                 model_types[MODEL_ALERT]);
    part_write_place(&entity, &place);
    entity_reference(&entity, "alertSource", told->source);
    entity_text(&entity, "category", told->category, ALWAYS_SO);
    if (told->sub_category) {
        entity_text(&entity, "subCategory", told->sub_category, ALWAYS_SO);
    }
    if (told->severity) {
        entity_text(&entity, "severity", told->severity, OBSERVED);
    }
    entity_time(&entity, "dateIssued", reading->time_us);
    if (told->is_over) {
        entity_time(&entity, "validTo", reading->time_us);
    }
    entity_data(&entity, "data", reading);
    part_write_provenance(&entity, context, record, reading);
    part_end(&entity, context, MODEL_ALERT);
}

static const char *text_of(const struct reading *reading, const char *name)
{
    const struct value *value = reading_find(reading, name);
    return value && value->type == VALUE_TEXT ? value->text : "";
}

/* What goes on. */

static void find_source(const struct ngsi_ld *context, const char *id, bool is_gateway, struct told *told,
                        char urn[URN_SIZE])
{
    char name[NAME_SIZE];
    const struct settings_sensor *sensor = places_sensor(context->places, id);
    const struct settings_zone *zone = places_zone(context->places, id);
    if (is_gateway) {
        model_urn(context->gateway, model_types[MODEL_DEVICE], "gateway", urn);
    } else if (sensor || !zone) {
        model_urn(context->gateway, model_types[MODEL_DEVICE], id, urn);
    } else {
        enum model model = model_of_zone(zone);
        model_urn(context->gateway, model_types[model], model_zone_name(model, id, name, sizeof name), urn);
    }
    told->source = urn;
    told->latitude = is_gateway ? NAN : sensor ? sensor->latitude : zone ? zone->latitude : NAN;
    told->longitude = is_gateway ? NAN : sensor ? sensor->longitude : zone ? zone->longitude : NAN;
}

static const char *severity_of_level(const char *level)
{
    static const char *const words[][2] = {
        {"notice", "informational"}, {"warning", "medium"}, {"high", "high"}, {"critical", "critical"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i][0], level) == 0) {
            return words[i][1];
        }
    }
    return NULL;
}

const char *alert_category(const char *kind)
{
    static const char *const categories[][2] = {{"parking", "traffic"},
                                                {"bump", "traffic"},
                                                {"traffic", "traffic"},
                                                {"crowd", "security"},
                                                {"gateway", "security"}};
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
        if (strcmp(categories[i][0], kind) == 0) {
            return categories[i][1];
        }
    }
    return "environment";
}

void ngsi_ld_alert(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                   struct bytes *out)
{
    char urn[URN_SIZE], name[NAME_SIZE];
    const char *id;
    const char *kind = stream_kind_name(record->sensor, reading->kind);
    stream_subject(record->sensor, &id);
    bool is_gateway = strcmp(kind, "gateway") == 0;
    bool is_crowded = strcmp(text_of(reading, "condition"), "density") == 0;
    snprintf(name, sizeof name, "%s:%s", kind, id);
    struct told told = {.name = name,
                        .category = alert_category(kind),
                        .sub_category = is_crowded ? "crowdRisk" : NULL,
                        .severity = severity_of_level(text_of(reading, "level")),
                        .is_over = stream_is_over(record->sensor, reading)};
    find_source(context, id, is_gateway, &told, urn);
    write(context, record, reading, &told, out);
}

/* Bumps. */

static const char *severity_of_bump(const struct reading *reading)
{
    static const char *const words[] = {"low", "medium", "high"};
    const struct value *severity = reading_find(reading, "severity");
    bool known = severity && severity->type == VALUE_INTEGER && severity->number >= 1 && severity->number <= 3;
    return known ? words[(int)severity->number - 1] : NULL;
}

static bool is_pothole(const struct reading *reading)
{
    const struct value *confirmed = reading_find(reading, "confirmed");
    return confirmed && confirmed->type == VALUE_BOOL && confirmed->boolean &&
           strcmp(text_of(reading, "shape"), "hump") != 0;
}

void ngsi_ld_bump(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                  struct bytes *out)
{
    char source[URN_SIZE], name[NAME_SIZE];
    snprintf(name, sizeof name, "%s:%s:%" PRIu64, record->sensor, context->epoch, record->seq);
    const struct told told = {.name = name,
                              .source = model_urn(context->gateway, model_types[MODEL_DEVICE], record->sensor, source),
                              .category = "traffic",
                              .sub_category = is_pothole(reading) ? "pothole" : "hazardOnRoad",
                              .severity = severity_of_bump(reading),
                              .latitude = NAN, // a vehicle is only where it says that it is
                              .longitude = NAN};
    write(context, record, reading, &told, out);
}
