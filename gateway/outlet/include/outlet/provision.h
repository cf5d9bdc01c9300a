// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * What FIWARE's IoT agent for JSON must be told before it takes readings of an outlet with `format = iota-json`: one service
 * group for each API key, and one device for each sensor, each zone, and each alert that there can be. The JSON is what POST
 * /iot/services and POST /iot/devices take as an element of `services` and `devices`. What the agent then writes are Smart Data
 * Models under the same ids as `format = ngsi-ld` uses.
 */

enum {
    PROVISION_ALERTS = 1 << KIND_COUNT, // beside the bits of the kinds
    PROVISION_GROUPS_MAX = KIND_COUNT + 1,
};

struct provision_group {
    const char *apikey; // borrowed from the settings
    unsigned kinds;     // bit per enum kind: of which there are sensors or zones
};

// The groups of the enabled sensors and zones, in the order of kinds, and of alerts; returns how many there are.
size_t provision_groups(const struct settings *settings, const struct settings_mqtt *outlet,
                        struct provision_group ret_groups[PROVISION_GROUPS_MAX]);

void provision_group(const struct provision_group *group, struct json *json);

// How many devices there can be: sensors, zones, and alerts of sensors, zones and the gateway. The last one always is.
size_t provision_device_count(const struct settings *settings);

// That device; false, and nothing is written, when its sensor or zone is disabled or it has no group.
bool provision_device(const struct settings *settings, const struct provision_group *groups, size_t group_count,
                      size_t index, struct json *json);
