// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/raw.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * A virtual sensor: invents plausible readings of one kind, for demonstrations and tests. Nothing but its state decides
 * them, so that the same seed gives the same readings on every machine.
 */

struct virtual_sensor {
    enum kind kind;
    uint64_t random; // state of the generator
    bool occupied;
    int64_t dwell; // reports until the bay changes
    double battery_v, temperature_c, humidity_pct;
    double latitude, longitude;
    int64_t people, in_total, out_total, vehicles_total;
    int shaking; // samples of a bump that are left
};

// `latitude` and `longitude` are where it stands or drives about; NAN for Osaka's centre.
void virtual_begin(struct virtual_sensor *sensor, enum kind kind, uint64_t seed, double latitude, double longitude);

// The next report: adds its values, named as the quantities of its kind, to the pack. False when they did not fit.
// parking: occupied, battery_v, temperature_c; bump: one event; crowd: people, in_total, out_total; traffic:
// vehicles_total, speed_mps; others: temperature_c, humidity_pct.
bool virtual_report(struct virtual_sensor *sensor, struct raw_pack *pack);

// What a bare measuring head would see of the last report; for devices that send no more than that. parking: distance_m,
// of a head above the bay; bump: acceleration_x_mps2, _y_, _z_, over something now and then; generic: latitude, longitude, speed_mps, of a boat, say; others: nothing.
bool virtual_measure(struct virtual_sensor *sensor, struct raw_pack *pack);
