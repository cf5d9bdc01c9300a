// SPDX-License-Identifier: Apache-2.0
#include "smart_models.h"

#include "unit_codes.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const model_types[MODEL_COUNT] = {
    [MODEL_DEVICE] = "Device",
    [MODEL_PARKING_SPOT] = "ParkingSpot",
    [MODEL_CROWD_FLOW] = "CrowdFlowObserved",
    [MODEL_TRAFFIC_FLOW] = "TrafficFlowObserved",
    [MODEL_ALERT] = "Alert",
    [MODEL_ON_STREET] = "OnStreetParking",
    [MODEL_OFF_STREET] = "OffStreetParking",
};

#define CONTEXT(subject)                                                                                               \
    "https://raw.githubusercontent.com/smart-data-models/dataModel." subject "/master/context.jsonld"

const char *const model_contexts[MODEL_COUNT] = {
    [MODEL_DEVICE] = CONTEXT("Device"),
    [MODEL_PARKING_SPOT] = CONTEXT("Parking"),
    [MODEL_CROWD_FLOW] = CONTEXT("Transportation"),
    [MODEL_TRAFFIC_FLOW] = CONTEXT("Transportation"),
    [MODEL_ALERT] = CONTEXT("Alert"),
    [MODEL_ON_STREET] = CONTEXT("Parking"),
    [MODEL_OFF_STREET] = CONTEXT("Parking"),
};

const char model_core_context[] = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld";

static const struct model_attribute attributes[] = {
    {MODEL_DEVICE, "battery_pct", "batteryLevel", "/100", "/"},
    {MODEL_DEVICE, "rssi_dbm", "rssi", NULL, NULL},
    {MODEL_CROWD_FLOW, "people", "peopleCount", NULL, NULL},
    {MODEL_CROWD_FLOW, "in", "peopleCountTowards", NULL, NULL},
    {MODEL_CROWD_FLOW, "out", "peopleCountAway", NULL, NULL},
    {MODEL_CROWD_FLOW, "speed_mps", "averageCrowdSpeed", "m/s", "km/h"},
    {MODEL_TRAFFIC_FLOW, "vehicles", "intensity", NULL, NULL},
    {MODEL_TRAFFIC_FLOW, "speed_mps", "averageVehicleSpeed", "m/s", "km/h"},
    {MODEL_ON_STREET, "capacity", "totalSpotNumber", "count", "count"},
    {MODEL_ON_STREET, "free", "availableSpotNumber", "count", "count"},
    {MODEL_ON_STREET, "occupied", "occupiedSpotNumber", "count", "count"},
    {MODEL_ON_STREET, "unknown", "unknown", "count", "count"},
    {MODEL_ON_STREET, "occupancy", "occupancy", "/", "/"},
    {MODEL_OFF_STREET, "capacity", "totalSpotNumber", "count", "count"},
    {MODEL_OFF_STREET, "free", "availableSpotNumber", "count", "count"},
    {MODEL_OFF_STREET, "occupied", "occupiedSpotNumber", "count", "count"},
    {MODEL_OFF_STREET, "unknown", "unknown", "count", "count"},
    {MODEL_OFF_STREET, "occupancy", "occupancy", "/", "/"},
};

const struct model_attribute *model_attribute(enum model model, const char *quantity)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (attributes[i].model == model && strcmp(attributes[i].quantity, quantity) == 0) {
            return &attributes[i];
        }
    }
    return NULL;
}

double model_value(const struct model_attribute *attribute, double value)
{
    double converted = value;
    if (attribute && attribute->to) {
        const struct quantity target = {.name = attribute->name, .unit = attribute->to, .type = VALUE_NUMBER};
        unit_convert(attribute->unit, &target, value, &converted);
    }
    return converted;
}

const char *model_unit_code(enum model model, enum kind kind, const char *quantity)
{
    const struct model_attribute *attribute = model_attribute(model, quantity);
    const struct quantity *known = vocabulary_find(quantity, kind);
    const char *unit = attribute && attribute->to ? attribute->to : known ? known->unit : "";
    if (kind == KIND_CROWD && strcmp(unit, "count") == 0 && strcmp(quantity, "silent") != 0) { // silent: sensors
        return "IE";
    }
    return unit_code(unit);
}

/* Which model. */

static bool has_one_of(const struct reading *reading, const char *const names[])
{
    while (*names && !reading_find(reading, *names)) {
        names++;
    }
    return *names != NULL;
}

// A jolt at a known speed bump or manhole is no hazard that anybody must be told of.
static bool is_event(const struct reading *reading)
{
    static const char *const names[] = {"peak_mps2", "trough_mps2", "severity", "shape", NULL};
    return has_one_of(reading, names) && !reading_find(reading, "known");
}

static bool counts_people(const struct reading *reading)
{
    static const char *const names[] = {
        "people",         "in",        "out", "in_total",   "out_total", "density_per_m2",
        "flow_per_m_min", "speed_mps", "los", "suppressed", NULL};
    return has_one_of(reading, names);
}

static bool counts_vehicles(const struct reading *reading)
{
    static const char *const names[] = {"vehicles", "vehicles_total", "speed_mps", "travel_time_s", "occupancy", NULL};
    return has_one_of(reading, names);
}

enum model model_of_reading(const struct reading *reading, bool has_place, const struct settings_zone *zone)
{
    switch (reading->kind) {
    case KIND_PARKING:
        return has_place && zone && model_bay_status(reading) ? MODEL_PARKING_SPOT : MODEL_DEVICE;
    case KIND_BUMP:
        return is_event(reading) ? MODEL_ALERT : MODEL_DEVICE;
    case KIND_CROWD:
        return counts_people(reading) ? MODEL_CROWD_FLOW : MODEL_DEVICE;
    case KIND_TRAFFIC:
        return counts_vehicles(reading) ? MODEL_TRAFFIC_FLOW : MODEL_DEVICE;
    default:
        return MODEL_DEVICE;
    }
}

enum model model_of_sensor(const struct settings_sensor *sensor, const struct settings_zone *zone)
{
    static const enum model models[KIND_COUNT] = {[KIND_PARKING] = MODEL_PARKING_SPOT,
                                                  [KIND_BUMP] = MODEL_ALERT,
                                                  [KIND_CROWD] = MODEL_CROWD_FLOW,
                                                  [KIND_TRAFFIC] = MODEL_TRAFFIC_FLOW};
    bool has_place = isfinite(sensor->latitude) && isfinite(sensor->longitude);
    return sensor->kind == KIND_PARKING && (!has_place || !zone) ? MODEL_DEVICE : models[sensor->kind];
}

enum model model_of_zone(const struct settings_zone *zone)
{
    if (zone->kind != KIND_PARKING) {
        return zone->kind == KIND_TRAFFIC ? MODEL_TRAFFIC_FLOW : MODEL_CROWD_FLOW;
    }
    if (!isfinite(zone->latitude) || !isfinite(zone->longitude)) {
        return MODEL_DEVICE; // a car park's model requires a place
    }
    return strcmp(zone->category, "offStreet") == 0 ? MODEL_OFF_STREET : MODEL_ON_STREET;
}

const char *model_zone_name(enum model model, const char *zone, char *ret_name, size_t size)
{
    bool is_park = model == MODEL_ON_STREET || model == MODEL_OFF_STREET;
    snprintf(ret_name, size, "%s%s", is_park ? "" : "zone:", zone);
    return ret_name;
}

const char *const *model_flags(enum model model)
{
    static const char *const none[] = {NULL};
    static const char *const crowd[] = {"estimate", "implausible", "suppressed", NULL};
    static const char *const bump[] = {"confirmed", NULL};
    return model == MODEL_CROWD_FLOW ? crowd : model == MODEL_ALERT ? bump : none;
}

const char *model_bay_status(const struct reading *reading)
{
    const struct value *state = reading_find(reading, "state"), *occupied = reading_find(reading, "occupied");
    if (state && state->type == VALUE_TEXT) {
        bool said = strcmp(state->text, "free") == 0 || strcmp(state->text, "occupied") == 0;
        return said ? state->text : "unknown";
    }
    if (occupied && occupied->type == VALUE_BOOL) {
        return occupied->boolean ? "occupied" : "free";
    }
    return NULL;
}

/* Device's words. */

static const struct {
    const char *of, *property; // of a quantity or a unit
} properties[] = {
    {"battery_pct", "batteryLife"},
    {"battery_v", "batteryLife"},
    {"co2_ppm", "airPollution"},
    {"flow_per_m_min", "movementActivity"},
    {"heading_deg", "heading"},
    {"in", "movementActivity"},
    {"in_total", "movementActivity"},
    {"latitude", "location"},
    {"occupancy", "occupancy"},
    {"occupied", "occupancy"},
    {"out", "movementActivity"},
    {"out_total", "movementActivity"},
    {"people", "occupancy"},
    {"pressure_hpa", "atmosphericPressure"},
    {"rain_mm", "precipitation"},
    {"rain_mmh", "precipitation"},
    {"state", "occupancy"},
    {"vehicles", "trafficFlow"},
    {"vehicles_total", "trafficFlow"},
    {"wind_direction_deg", "windDirection"},
    {"wind_gust_mps", "windSpeed"},
    {"wind_speed_mps", "windSpeed"},
    {"%RH", "humidity"},
    {"Cel", "temperature"},
    {"K", "temperature"},
    {"Pa", "pressure"},
    {"W", "power"},
    {"W/m2", "solarRadiation"},
    {"Wh", "energy"},
    {"dB", "noiseLevel"},
    {"hPa", "pressure"},
    {"kPa", "pressure"},
    {"kW", "power"},
    {"kWh", "energy"},
    {"l/s", "waterFlow"},
    {"lx", "light"},
    {"m/s", "speed"},
    {"m3/h", "waterFlow"},
    {"pH", "pH"},
    {"ug/m3", "airPollution"},
};

const char *model_controlled_property(const char *quantity, const char *unit)
{
    const char *found = NULL;
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        if (strcmp(properties[i].of, quantity) == 0) {
            return properties[i].property;
        }
        if (strcmp(properties[i].of, unit) == 0) {
            found = properties[i].property;
        }
    }
    return strcmp(quantity, "snr_db") == 0 ? NULL : found;
}

/* Names and places. */

bool reading_position(const struct reading *reading, double *ret_latitude, double *ret_longitude)
{
    const struct value *latitude = reading_find(reading, "latitude"), *longitude = reading_find(reading, "longitude");
    if (!latitude || !longitude || latitude->type != VALUE_NUMBER || longitude->type != VALUE_NUMBER ||
        !isfinite(latitude->number) || !isfinite(longitude->number)) {
        return false;
    }
    *ret_latitude = latitude->number;
    *ret_longitude = longitude->number;
    return true;
}

char *model_urn(const struct settings_gateway *gateway, const char *type, const char *name, char ret_urn[URN_SIZE])
{
    snprintf(ret_urn, URN_SIZE, "urn:ngsi-ld:%s:%s:%s:%s", type, gateway->municipality, gateway->id, name);
    return ret_urn;
}
