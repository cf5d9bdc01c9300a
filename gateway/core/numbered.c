// SPDX-License-Identifier: Apache-2.0
#include "numbered.h"

#include "intake.h"
#include "leave_out.h"
#include <string.h>

static const char name[] = "frame";

// How many numbers there are, as the sensor's `range.frame` or its codec says; 0: not known.
static uint64_t modulus_of(const struct settings_sensor *settings, const struct value *value)
{
    for (size_t i = 0; i < settings->range_count; i++)
        if (strcmp(settings->ranges[i].quantity, name) == 0 && settings->ranges[i].high >= 0)
            return (uint64_t)settings->ranges[i].high + 1;
    return value->counter_bits ? UINT64_C(1) << value->counter_bits : 0;
}

static bool says_only_its_number(struct intake *intake, struct normalised *one, size_t before)
{
    struct reading *reading = &one->reading;
    const struct value *value = reading_find(reading, name);
    (void)before;
    if (!value)
        return false;
    frames_take(&intake->live[one->sensor->index].frames, (uint32_t)value->number,
                modulus_of(one->sensor->settings, value));
    size_t at = (size_t)(value - reading->values);
    memmove(&reading->values[at], &reading->values[at + 1], (--reading->value_count - at) * sizeof *value);
    return reading->value_count == 0 && reading->refused_count == 0;
}

void numbered_take(struct intake *intake)
{
    leave_out(intake, says_only_its_number);
}
