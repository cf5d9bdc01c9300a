// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * What FIWARE's IoT agent for JSON must be told before it takes readings of an outlet with `format = iota-json`: one service
 * group for each API key, and one device for each sensor. The JSON is what POST /iot/services and POST /iot/devices take as
 * an element of `services` and `devices`. What the agent then writes are Smart Data Models under the same ids as
 * `format = ngsi-ld` uses.
 */

struct provision_group {
    const char *apikey; // borrowed from the settings
    unsigned kinds;     // bit per enum kind: of which there are sensors
};

// The groups of the enabled sensors, in the order of kinds; returns how many there are, at most KIND_COUNT.
size_t provision_groups(const struct settings *settings, const struct settings_mqtt *outlet,
                        struct provision_group ret_groups[KIND_COUNT]);

void provision_group(const struct provision_group *group, struct json *json);

// One device; false, and nothing is written, when the sensor is disabled or its kind has no group.
bool provision_device(const struct settings *settings, const struct provision_group *groups, size_t group_count,
                      const struct settings_sensor *sensor, struct json *json);
