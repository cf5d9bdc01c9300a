// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jansson.h>
#include <stdio.h>

// A table of /api/v1/sensors.
void sensors_print(const json_t *document, FILE *to);
