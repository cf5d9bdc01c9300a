// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * The Smart Data Models that readings become (smartdatamodels.org: Parking, Transportation, Alert, Device), and which
 * quantity of the vocabulary is which attribute of a model. What a model has no attribute for keeps the vocabulary's name.
 *
 * Nothing is made up. A reading that cannot fill what its model requires (a bay without position or zone, a battery voltage
 * that comes alone) goes out as a Device, which requires next to nothing.
 */

enum model {
    MODEL_DEVICE,
    MODEL_PARKING_SPOT,
    MODEL_CROWD_FLOW,
    MODEL_TRAFFIC_FLOW,
    MODEL_ALERT,
    MODEL_ON_STREET,
    MODEL_OFF_STREET,
    MODEL_COUNT,
};

extern const char *const model_types[MODEL_COUNT];    // "ParkingSpot"
extern const char *const model_contexts[MODEL_COUNT]; // the JSON-LD context of its subject

// The core context of NGSI-LD, which follows the model's.
extern const char model_core_context[];

struct model_attribute {
    enum model model;
    const char *quantity;
    const char *name;      // of the attribute
    const char *unit, *to; // it is converted from the one into the other; NULL: it is the quantity's number
};

// The attribute for that quantity; NULL: it keeps its name.
const struct model_attribute *model_attribute(enum model model, const char *quantity);
double model_value(const struct model_attribute *attribute, double value);

// The code of a quantity's unit, also in the model's own unit; persons are counted as such. NULL when there is none.
const char *model_unit_code(enum model model, enum kind kind, const char *quantity);

// The model of a reading that has a place or not, in that zone (NULL: none that is known).
enum model model_of_reading(const struct reading *reading, bool has_place, const struct settings_zone *zone);
// The model of what a sensor will send, as far as the configuration tells.
enum model model_of_sensor(const struct settings_sensor *sensor, const struct settings_zone *zone);
enum model model_of_zone(const struct settings_zone *zone);
// The end of a zone's id; returns it. Where sensors can be of the same model it begins with "zone:", as both may have one name.
const char *model_zone_name(enum model model, const char *zone, char *ret_name, size_t size);

// Flags that readings have only while they are true, ended by NULL: a broker keeps what an update does not name, so that
// there they are said to be false otherwise.
const char *const *model_flags(enum model model);

// The status of a bay in ParkingSpot's words; "unknown" when the reading says that it is, NULL when it says nothing of it.
const char *model_bay_status(const struct reading *reading);

// What Device calls the thing that a quantity measures, of the words that it allows; NULL when none fits.
const char *model_controlled_property(const char *quantity, const char *unit);

// The position that a reading tells itself.
bool reading_position(const struct reading *reading, double *ret_latitude, double *ret_longitude);

enum { URN_SIZE = 320 };
// urn:ngsi-ld:TYPE:MUNICIPALITY:GATEWAY:NAME; returns `ret_urn`.
char *model_urn(const struct settings_gateway *gateway, const char *type, const char *name, char ret_urn[URN_SIZE]);
