// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/raw.h"
#include "reading/reading.h"
#include "reading/refusal.h"
#include "settings/settings.h"

/*
 * The table of configured sensors, and the step from raw values to readings: which sensor is meant, which quantity,
 * scaled, converted, checked, timed.
 *
 * Which quantity a field feeds:
 * - every `map.QUANTITY = FIELD ...` of the sensor, or of its profile (the sensor's own replaces the profile's for the same
 *   quantity), whose FIELD is the field;
 * - without one, a field that LwM2M defines for every device (3431/0/1, 3302/0/5500: occupied; 3434/0/1: people; the list
 *   is in fields.c), or a field that is the quantity's own name;
 * - a value without a field feeds the sensor's only map; else the main quantity of its kind (parking: occupied, crowd:
 *   people) when the unit fits; else the one quantity that its kind has in that unit ("Cel": temperature_c).
 * How it is converted:
 * - a map with a factor, an offset or a unit says it all: field * factor + offset, in the map's unit ("": the quantity's
 *   own); the record's unit is not asked. In a map, % is percent (in SenML it is 0..1);
 * - else from the record's unit. A number whose unit has another dimension refuses the pack. Units of switches and texts
 *   are ignored: SenML's base unit stands on them, too.
 * A sum without a value is the total of a quantity named ..._total, and an unknown field for others. A whole number that
 * comes with a fraction, a switch other than 0 and 1, a text of more than 256 bytes or that is none of the quantity's words
 * counts as outside the range. When a quantity comes twice for one time, the last counts.
 * Times: absolute as given; relative (not 0) counted from reception, both `sensor`; none is reception, `synced` or
 * `estimated`. All lie within the years 1970 to 9999.
 */

struct sensors;

struct sensor {
    const struct settings_sensor *settings;
    size_t index; // 0..sensors_count-1
};

// Builds the table; checks what settings could not know (quantities of map.* and range.*, units, profiles' kinds) and
// disables sensors that are wrong, each with a finding. Borrows `settings`. Disabled sensors are not in the table.
int sensors_create(struct settings *settings, struct findings *findings, struct sensors **ret_sensors);
void sensors_destroy(struct sensors *sensors);
size_t sensors_count(const struct sensors *sensors);
const struct sensor *sensors_at(const struct sensors *sensors, size_t index);
const struct sensor *sensors_find(const struct sensors *sensors, const char *id); // NULL when unknown

// The sensor that a resolved SenML name belongs to, and the field after it (in `name`). A name is the sensor's address,
// then ':' or '/' unless the address ends with one, then the field; a name that is the address alone has the field "".
// Only sensors of that source (as in settings) are looked at. NULL when none matches.
const struct sensor *sensors_by_name(const struct sensors *sensors, const char *source, const char *name,
                                     const char **ret_field);

// Whether a sensor with that id, or that source and address, is configured and disabled.
bool sensors_is_disabled(const struct sensors *sensors, const char *source, const char *name);

// The only sensor of that source, or NULL when there is none or more than one (disabled ones count as others).
const struct sensor *sensors_only(const struct sensors *sensors, const char *source);

// What a pack is normalised against.
struct normalise_context {
    const struct sensors *sensors;
    const char *source;          // "coap", "serial:kerb", "sim"
    const struct sensor *sensor; // when the way named it (/readings/{sensor}); else NULL: found by name
    int64_t received_us;         // wall clock at reception
    bool clock_synchronised;
    bool unauthenticated;
    bool takes_parts; // nobody can say it again: records of no sensor are left out, where others are of one
    const char
        *identity; // that the sender has proved to be, or NULL; it may report sensors that name it, and no others
};

struct normalised {
    const struct sensor *sensor;
    struct reading reading;
    bool has_own_time;             // absolute or relative: it may come later than a newer one
    bool has_device_time, is_rest; // is_rest: what is left of a reading whose fast values went elsewhere
    uint32_t content;              // reading_content() of what the source said; for who needs it
    int64_t device_us;             // see RAW_TIME_DEVICE
};

enum { PACK_READINGS_MAX = 128 };

struct normalised_pack {
    struct normalised readings[PACK_READINGS_MAX];
    size_t count;
    size_t unknown_fields;  // ignored fields of known sensors
    size_t unknown_records; // that name no sensor, or one that is disabled
    size_t unknown_record;  // the first of them, counted from 0
};

// Turns a pack into readings, whole or not at all: the records of one sensor with one time make one reading, in the order
// of first appearance; a reading may be without values when all were refused. Texts of the readings point into `raw`,
// `sensors` and static tables; names of quantities live as long as the program. On refusal the count is 0, and `why` says
// which record and what was expected; for REFUSAL_UNKNOWN_SENSOR it is only what the source called it, as far as it fits. A pack without any
// value is REFUSAL_UNKNOWN_FIELD.
// A number sent as 0/1 for a bool quantity (and the other way) is taken. A value outside its range is left out and named in
// `refused`, with quality `range`. With `sensor` given, names may be the field alone, or the full name; a sensor of another
// source is REFUSAL_IDENTITY, so that nobody speaks by CoAP for a sensor on a serial line. Without, a name
// without an address belongs to the only sensor of a serial line, when it is one of its fields.
enum refusal normalise(const struct normalise_context *context, const struct raw_pack *raw,
                       struct normalised_pack *ret_pack, struct fault *why);
