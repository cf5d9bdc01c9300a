// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "drivers/driver.h"
#include "reading/sensors.h"

/*
 * Senders that reported and are in no section: what /api/v1/unknown shows, for whoever has to write one. At most 64; the one
 * that was silent longest makes room, and one with a proved identity only for another such.
 *
 *   {"now":"2026-11-26T03:00:05.000Z",
 *    "senders":[{"source":"coap","address":"urn:dev:mac:0024befffe804ff1","identity":null,"id":"0024befffe804ff1",
 *                "kind":"parking","first_seen":"2026-11-26T03:00:00.000Z","last_seen":"2026-11-26T03:00:04.000Z","packs":2,
 *                "values":[{"field":"occupied","value":true,"fits":true},
 *                          {"field":"battery","value":3.6,"unit":"V","fits":false}],"more":0}],
 *    "forgotten":0}
 *
 * `id` and `kind` are guesses; `fits`: the kind takes the field as it is, without a map. `values` are of the last pack, the first
 * 16, and `more` says how many it left out. Bytes that nothing decodes are in `hex`, the first 4 of `bytes`.
 * What could be the identifier of somebody's device stands nowhere in `values` (identifier.h): a field or a text shows its length
 * in its place. The address itself is shown: of a sensor that nobody configured it is all that there is.
 */

struct unknowns;

enum { UNKNOWNS_MAX = 64 };

struct unknowns *unknowns_create(void); // NULL: out of memory
void unknowns_destroy(struct unknowns *unknowns);

// Notes the pack of a sender that is not known; `record` is the first that names no sensor. `source` lives as long as this. False,
// and nothing is noted, when it has a section that is disabled.
bool unknowns_note(struct unknowns *unknowns, const char *source, const struct driver_pack *pack, size_t record,
                   const struct sensors *sensors, int64_t now_us);

// The document; the sensors that there are, so that no guessed id is one of theirs.
void unknowns_write(struct unknowns *unknowns, const struct sensors *sensors, int64_t now_us, struct json *json);

size_t unknowns_count(const struct unknowns *unknowns);
uint64_t unknowns_forgotten(const struct unknowns *unknowns); // that made room, or found none
