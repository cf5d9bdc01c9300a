// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"
#include "places.h"
#include "reading/reading.h"
#include "smart_models.h"

/*
 * A reading as an NGSI-LD entity (ETSI GS CIM 009), normalized, with its @context, in UTF-8:
 *
 *   {"id":"urn:ngsi-ld:ParkingSpot:271004:umeda-01:bay-0123","type":"ParkingSpot",
 *    "location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[135.4959,34.7025]}},
 *    "category":…,"refParkingSite":…,"status":{"type":"Property","value":"occupied","observedAt":"2026-11-22T03:04:05.678Z"},
 *    "battery_v":{"type":"Property","value":3.61,"unitCode":"VLT","observedAt":…},
 *    "epoch":…,"seq":…,"quality":…,"time_quality":…,"backlog":…,"authenticated":…,"@context":[…]}
 *
 * Which model it is stands in smart_models.h. Times are UTC with three decimals, what is beyond them is cut off: brokers
 * refuse more. What is not a number is left out, since null would delete the attribute at the broker. backlog and authenticated
 * are always there, since a broker keeps what an update does not name.
 */

struct ngsi_ld {
    const struct settings_gateway *gateway;
    const struct places *places;
    const char *epoch;
    const char *context; // the address of a JSON-LD context in the place of the model's; NULL or "": the model's
};

// Appends the entity for that record: of a sensor, of a zone (what its sensors make together: OnStreetParking, OffStreetParking,
// CrowdFlowObserved, TrafficFlowObserved) or an alert. Check out->overflow.
void ngsi_ld_reading(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                     struct bytes *out);

// Whether the entity is that one reading's: of all others, the next reading of the stream is the same entity again.
bool ngsi_ld_is_own(const struct outlet_record *record, const struct reading *reading);
