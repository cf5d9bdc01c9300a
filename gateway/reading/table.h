// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "addresses.h"
#include "reading/sensors.h"

// A map.* of a sensor or of its profile, ready to use.
struct mapping {
    const char *field;
    const struct quantity *quantity;
    const char *unit;
    double factor, offset;
    bool converts; // the map says how to convert; the record's unit is not asked
};

struct sensor_entry {
    struct sensor sensor;
    struct mapping *mappings;
    size_t mapping_count;
};

struct sensors {
    struct sensor_entry *entries;
    size_t count;
    const struct sensor_entry **by_id;        // in the order of ids
    const struct settings_sensor **by_source; // in the order of sources; disabled ones, too
    size_t by_source_count;
    const struct settings_sensor **disabled;
    size_t disabled_count;
    struct addresses addresses;
};

// In a file that people write, % is percent; only SenML has it as a ratio.
static inline const char *map_unit(const struct settings_map *map)
{
    return map->unit[0] == '%' && !map->unit[1] ? "/100" : map->unit;
}

static inline const struct sensor_entry *sensors_entry(const struct sensors *sensors, const struct sensor *sensor)
{
    return &sensors->entries[sensor->index];
}
