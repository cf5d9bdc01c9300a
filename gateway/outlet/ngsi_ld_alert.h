// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ngsi_ld.h"

/*
 * Entities of the model Alert; the values of their readings become its `data`, under the vocabulary's names, which tell the
 * units.
 */

// What is wrong with a sensor, in a zone or with the gateway: one entity for each that can be, urn:…:KIND:ID. It is over when its
// `data` says "active":false; `validTo` tells since when, and stays at the broker when it begins anew: it lies before `dateIssued`
// then. Category by kind; too dense a crowd is `crowdRisk`.
void ngsi_ld_alert(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                   struct bytes *out);

// A bump as an Alert of its own, numbered so that one sent again is the same entity: `pothole` when the place is confirmed and
// is no hump, else `hazardOnRoad`, because one vehicle's jolt is no proof.
void ngsi_ld_bump(const struct ngsi_ld *context, const struct outlet_record *record, const struct reading *reading,
                  struct bytes *out);

// The category, of those that the model allows, of what is wrong with that kind (stream_kind_name).
const char *alert_category(const char *kind);
