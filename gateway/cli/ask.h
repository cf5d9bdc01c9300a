// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.h"
#include <jansson.h>

/*
 * What verbs that show something of the running gateway have in common: ask, then print the answer as it came (--json) or
 * read it.
 */

// Asks for `path`. The parsed answer, which the caller releases with json_decref; NULL when there is none (the user has
// been told). With --json the answer has been printed already.
json_t *ask_gateway(const struct options *options, const char *path);

// The same with an order: POSTs `body`, which may be NULL when there was no memory for it.
json_t *order_gateway(const struct options *options, const char *path, const char *body);

// Members of an object, forgiving: "" or 0 when missing, null or of another type.
const char *text_at(const json_t *object, const char *key);
double number_at(const json_t *object, const char *key);

// A value as people write it: texts without quotes, numbers at their shortest.
void value_shown(const json_t *value, char *ret_text, size_t size);

// "occupied=yes battery_v=3.61", cut where there is no more room.
const char *values_shown(json_t *values, char *ret_text, size_t size);
