// SPDX-License-Identifier: Apache-2.0
#include "city/zone_crowd.h"
#include "values.h"

void crowd_guard(const struct settings_zone *settings, const struct settings_sensor *sensor, struct reading *reading)
{
    const struct value *people = reading_find(reading, "people");
    if (!people)
        return;
    if (sensor->estimate)
        value_put_true(reading, "estimate");
    if (!settings || people->number >= (double)settings->min_count)
        return;
    value_remove(reading, "people");
    value_remove(reading, "density_per_m2");
    value_put_true(reading, "suppressed");
}
