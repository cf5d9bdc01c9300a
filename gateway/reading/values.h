// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "table.h"

enum outcome {
    VALUE_TAKEN,
    VALUE_OUTSIDE,    // no such value can be, or it is of another type
    VALUE_WRONG_UNIT, // the record's unit is of another dimension
};

// Reads one raw value as that quantity of the sensor: scaled by the map when there is one, converted, checked.
enum outcome value_read(const struct settings_sensor *sensor, const struct raw_value *record,
                        const struct quantity *quantity, const struct mapping *mapping, struct value *ret_value);
