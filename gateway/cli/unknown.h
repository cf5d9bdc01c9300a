// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jansson.h>
#include <stdio.h>

// A table of /api/v1/unknown.
void unknown_print(const json_t *document, FILE *to);

// A section of the configuration for one of its senders, with comments for what only people know.
void unknown_print_section(const json_t *sender, FILE *to);
