// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"

/*
 * What a device gives, as far as the configuration tells: formats that say themselves what they carry are not asked.
 */

// The section [serial:NAME], or NULL.
const struct settings_serial *port_named(const struct settings *settings, const char *name);

// Whether a map of the sensor's or of its profile's, or a column of its port, says that quantity.
bool gives(const struct settings *settings, const struct settings_sensor *sensor, const char *quantity);

// Warns of parking sensors whose device measures a distance, and nothing tells at which a vehicle stands there.
void check_heads(const struct settings *settings, struct findings *findings);

// Warns of places whose people are what counters have counted, and nothing puts that right.
void check_places(const struct settings *settings, struct findings *findings);
