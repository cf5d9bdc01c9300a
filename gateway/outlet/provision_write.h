// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include <stddef.h>

/*
 * The elements of a group's and a device's lists, as FIWARE's IoT agent takes them.
 */

// What the agent makes of a member of a measure. `unit` NULL: none.
void provision_attribute(struct json *json, const char *object_id, const char *name, const char *type,
                         const char *unit);
// What the agent computes (JEXL) of members that came.
void provision_expression(struct json *json, const char *name, const char *type, const char *expression);

// What is so anyway. Texts are written as Orion takes them (see iota_text).
void provision_static(struct json *json, const char *name, const char *type, const char *value);
void provision_static_words(struct json *json, const char *name, const char *const words[], size_t count);
void provision_static_place(struct json *json, double latitude, double longitude); // "location"
