// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"
#include "reading/reading.h"
#include "reading/stream.h"

/*
 * A reading as FIWARE's IoT agent for JSON takes it at /json/{apikey}/{sensor}/attrs: one flat object, never in an array (the
 * agent mishandles an array of one), in UTF-8:
 *
 *   {"TimeInstant":"2026-11-22T03:04:05.678Z","kind":"parking","epoch":"k7f3","seq":1042,"time_quality":"synced",
 *    "quality":"good","backlog":false,"authenticated":true,"status":"occupied","occupied":true,"battery_v":3.61}
 *
 * and, only when they say something, "refused":[names] and "replay":true. `status` is ParkingSpot's, of bays that say theirs.
 * Zones and alerts are devices of their own.
 *
 * Orion answers 400 to < > " ' = ; ( ) in any text, and the agent drops the whole measure then. So each is replaced by its
 * full-width twin (＝ for =), which people read the same, and a control character by a blank. Names are a-z, 0-9 and _ only.
 */

// Appends the object. Check out->overflow. Returns how many characters were replaced, and names left out.
size_t iota_json(const struct outlet_record *record, const struct reading *reading, const char *epoch,
                 struct bytes *out);

// Appends the text to `out` as Orion takes it, not terminated. Returns how many characters were replaced.
size_t iota_text(const char *text, struct bytes *out);

// The API key under which readings of that kind go: apikey.KIND, else apikey; "" when there is none.
const char *iota_apikey(const struct settings_mqtt *options, enum kind kind);
// Alerts of all kinds go under apikey.alert, else apikey, else the first of the others.
extern const char iota_alert[];
const char *iota_apikey_of_alerts(const struct settings_mqtt *options);

// The device of a stream at the agent: a sensor's id, "zone:umeda-lot", "alert:crowd:plaza". Returns ret_device.
const char *iota_device(const char *stream, char ret_device[STREAM_SIZE]);

// Whether it can stand in a topic and in the agent's configuration: 1 to 128 printable ASCII characters, but no blank and none
// of / + # & ? and of those above.
bool iota_apikey_valid(const char *apikey);
