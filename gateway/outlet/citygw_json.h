// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"
#include "reading/reading.h"

/*
 * The payload of a reading in `format = citygw`: one JSON object in UTF-8. Within citygw/v1 members are only ever added:
 *
 *   {"sensor":"bay-0123","kind":"parking","epoch":"k7f3","seq":1042,"time":"2026-11-22T03:04:05.678Z",
 *    "time_quality":"synced","quality":"good","values":{"occupied":true,"battery_v":3.61}}
 *
 * A zone has "zone":"umeda-lot" instead of "sensor", an alert "alert":"plaza", and what it is about as "kind".
 * And, only when they say something, "refused":[names], "backlog":true, "replay":true and "authenticated":false.
 */

// Appends the object for that record, which is backlog if it says so. Check out->overflow.
void citygw_json(const struct outlet_record *record, const struct reading *reading, const char *epoch,
                 struct bytes *out);
