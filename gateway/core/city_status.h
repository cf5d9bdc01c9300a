// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/status.h"

/*
 * What status and metrics show of the city room: active alerts, zones, roads.
 */

struct city;
struct city_status;
struct settings;

// Borrows both. NULL: out of memory.
struct city_status *city_status_create(const struct city *city, const struct settings *settings);
void city_status_destroy(struct city_status *status); // NULL is fine

// The result lives until the next call, and its texts as long as nothing changes in the city room.
const struct status_city *city_status_take(struct city_status *status);
