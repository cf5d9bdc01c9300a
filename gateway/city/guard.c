// SPDX-License-Identifier: Apache-2.0
#include "city/zone_crowd.h"
#include "values.h"

void crowd_guard(const struct settings_zone *settings, const struct settings_sensor *sensor, struct reading *reading)
{
    static const char *const telling[] = {"people", "density_per_m2", "flow_per_m_min", "los"};
    const struct value *people = reading_find(reading, "people");
    if (!people)
        return;
    if (sensor->estimate)
        value_put_true(reading, "estimate");
    if (!settings || people->number >= (double)settings->min_count)
        return;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        value_remove(reading, telling[i]);
    value_put_true(reading, "suppressed");
}
