// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"
#include <stddef.h>

/*
 * The sensors and zones of the configuration by their ids, for formats that say where a reading is from. Borrows the
 * settings.
 */

struct places {
    const struct settings_sensor **sensors; // sorted by id
    const struct settings_zone **zones;
    size_t sensor_count, zone_count;
};

// -ENOMEM.
int places_init(struct places *places, const struct settings *settings);
void places_finish(struct places *places); // also fine on a zeroed one

// NULL when the configuration has none of that id.
const struct settings_sensor *places_sensor(const struct places *places, const char *id);
const struct settings_zone *places_zone(const struct places *places, const char *id);
