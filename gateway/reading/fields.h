// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "table.h"

// The name of the quantity that a field of a standard stands for, such as "occupied" for "3431/0/1"; NULL for others.
const char *field_standard(const char *field);

// The quantity of a sensor that a field feeds without a map: a field of a standard, or the quantity's own name.
const struct quantity *field_quantity(const char *field, enum kind kind);

// The quantity that a value without a field feeds, because the sensor has one map, its kind one main quantity, or one
// quantity that unit. *ret_mapping is the map when it is used, else NULL. NULL when there is no telling.
const struct quantity *field_nameless(const struct sensor_entry *entry, const struct raw_value *record,
                                      const struct mapping **ret_mapping);
