// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

#include <string.h>

// Resources of LwM2M and uCIFI objects (OMA registry) that mean the same in every device, so that one that speaks them needs
// no map. Of an object that a device has several of, the first instance.
static const struct {
    const char *field, *quantity;
} standard_fields[] = {
    {"3/0/9", "battery_pct"},               // Device, battery level
    {"3302/0/5500", "occupied"},            // Presence, digital input state
    {"3303/0/5700", "temperature_c"},       // Temperature, sensor value
    {"3304/0/5700", "humidity_pct"},        // Humidity, sensor value
    {"3313/0/5702", "acceleration_x_mps2"}, // Accelerometer, X value
    {"3313/0/5703", "acceleration_y_mps2"},
    {"3313/0/5704", "acceleration_z_mps2"},
    {"3330/0/5700", "distance_m"},  // Distance, sensor value
    {"3336/0/5705", "heading_deg"}, // Location, compass direction
    {"3336/0/6051", "latitude"},    // and numeric latitude
    {"3336/0/6052", "longitude"},
    {"3431/0/1", "occupied"},       // Parking sensor, occupancy
    {"3431/0/2", "duration_s"},     // and duration of it
    {"3432/0/1", "vehicles_total"}, // Traffic counter, cumulated number of vehicles
    {"3434/0/1", "people"},         // People counter, actual number of persons
    {"3434/0/3", "in_total"},       // and cumulated number of persons
};

static const char *const main_quantities[KIND_COUNT] = {
    [KIND_PARKING] = "occupied",
    [KIND_CROWD] = "people",
};

const char *field_standard(const char *field)
{
    bool numbered = field[0] >= '0' && field[0] <= '9'; // no quantity's name is
    for (size_t i = 0; numbered && i < sizeof standard_fields / sizeof standard_fields[0]; i++)
        if (!strcmp(standard_fields[i].field, field))
            return standard_fields[i].quantity;
    return NULL;
}

const struct quantity *field_quantity(const char *field, enum kind kind)
{
    const char *standard = field_standard(field);
    return vocabulary_find(standard ? standard : field, kind);
}

// The unit of a record says something of numbers only: a base unit also stands on texts and switches beside them.
static bool unit_fits(const struct raw_value *record, const struct quantity *quantity)
{
    double ignored;
    bool number = record->type == RAW_NUMBER || record->type == RAW_NONE;
    return !number || unit_convert(record->unit, quantity, 0, &ignored);
}

const struct quantity *field_nameless(const struct sensor_entry *entry, const struct raw_value *record,
                                      const struct mapping **ret_mapping)
{
    enum kind kind = (enum kind)entry->sensor.settings->kind;
    const struct mapping *only = entry->mapping_count == 1 ? entry->mappings : NULL;
    *ret_mapping = only;
    if (only && (only->converts || unit_fits(record, only->quantity)))
        return only->quantity;
    *ret_mapping = NULL;
    const struct quantity *main = main_quantities[kind] ? vocabulary_find(main_quantities[kind], kind) : NULL;
    if (main && unit_fits(record, main))
        return main;
    const struct quantity *by_unit = vocabulary_by_unit(record->unit, kind);
    if (by_unit)
        return by_unit;
    *ret_mapping = only;
    return only ? only->quantity : main;
}
