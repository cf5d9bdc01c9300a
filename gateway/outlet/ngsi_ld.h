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

// Appends the entity for that record. Check out->overflow.
void ngsi_ld_reading(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                     struct bytes *out);

// The same for what a zone's sensors make together: OnStreetParking, OffStreetParking or CrowdFlowObserved. The record's
// sensor is the zone's id. -ENODATA, and nothing is appended, for a car park without a position, which its model requires.
int ngsi_ld_zone(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                 const struct settings_zone *zone, struct bytes *out);

// What an Alert says besides the time, the values and the numbers of the reading that it is made from.
struct ngsi_ld_alert {
    const char *name;                    // the end of its id: "crowd:plaza"
    const char *source;                  // urn of what raised it
    const char *category, *sub_category; // "traffic", "hazardOnRoad"; sub_category NULL: none
    const char *severity;                // informational, low, medium, high, critical; NULL: not known
    const char *description;             // NULL: none
    int64_t valid_to_us;                 // when it ended; 0: it has not
    double latitude, longitude;          // NAN: not known
};

// The reading's values become the Alert's `data`, under the vocabulary's names, which tell the units.
void ngsi_ld_alert(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                   const struct ngsi_ld_alert *alert, struct bytes *out);

// A bump as an Alert of its own, numbered so that one sent again is the same entity: `pothole` when somebody has confirmed it,
// else `hazardOnRoad`, because one vehicle's jolt is no proof.
void ngsi_ld_bump(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                  bool confirmed, struct bytes *out);
