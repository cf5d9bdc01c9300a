// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

// How many things in /api/v1/status need a person: sources that are not open, outlets without connection or with an alarm,
// a buffer that cannot write.
size_t status_problems(const json_t *status);

// One screen of it.
void status_print(const json_t *status, FILE *to);
