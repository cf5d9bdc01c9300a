// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "modbus_worker.h"

/*
 * From a sensor's section and its profile to what is asked of its device.
 */

// How many registers its device gives at once.
unsigned modbus_registers_max(const struct settings *settings, const struct settings_sensor *sensor);

// The maps that count: its own, then those of its profile that it does not replace. Returns how many, at most
// MODBUS_FIELDS_MAX.
size_t modbus_maps(const struct settings *settings, const struct settings_sensor *sensor,
                   const struct settings_map *ret_maps[MODBUS_FIELDS_MAX]);

// True for a sensor of that bus that is not disabled.
bool modbus_is_on(const struct settings_sensor *sensor, const char *bus);

// Fills the target and the names of its fields, as they are written; each is read once. `ret_names` has room for
// MODBUS_FIELDS_MAX. The caller finishes the target whatever this returns.
int modbus_target_init(struct modbus_target *target, const struct settings *settings,
                       const struct settings_sensor *sensor, const char **ret_names, struct fault *why);
void modbus_target_finish(struct modbus_target *target);
