// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/json.h"
#include "reading/reading.h"

/*
 * Writes one normalized NGSI-LD entity, attribute by attribute.
 */

struct entity {
    struct json json;
    char observed_at[UTC_TEXT_SIZE];
};

// Whether the attribute was observed when the reading was made, or is so anyway (a name, a place that was configured).
enum observed { ALWAYS_SO, OBSERVED };

void entity_begin(struct entity *entity, struct bytes *out, int64_t time_us, const char *urn, const char *type);
void entity_text(struct entity *entity, const char *name, const char *text, enum observed observed);
void entity_bool(struct entity *entity, const char *name, bool value);
void entity_unsigned(struct entity *entity, const char *name, uint64_t value);
// `unit_code` NULL: none. What is not finite is left out.
void entity_number(struct entity *entity, const char *name, double value, bool whole, const char *unit_code);
void entity_time(struct entity *entity, const char *name, int64_t time_us);
void entity_words(struct entity *entity, const char *name, const char *const words[], size_t count,
                  enum observed observed);
void entity_point(struct entity *entity, double latitude, double longitude, enum observed observed);
void entity_reference(struct entity *entity, const char *name, const char *urn);
void entity_data(struct entity *entity, const char *name, const struct reading *reading); // all values, as one object
void entity_end(struct entity *entity, const char *context, const char *core_context);

// A number as far as a double tells it. What is whole is written without a point.
void write_number(struct json *json, double value, bool whole);
