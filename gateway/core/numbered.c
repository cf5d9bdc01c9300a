// SPDX-License-Identifier: Apache-2.0
#include "numbered.h"

#include "intake.h"
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

static bool take_number(struct intake *intake, struct normalised *one)
{
    struct reading *reading = &one->reading;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        if (strcmp(value->name, name) != 0)
            continue;
        struct sensor_live *live = &intake->live[one->sensor->index];
        frames_take(&live->frames, (uint32_t)value->number, modulus_of(one->sensor->settings, value));
        live->last_boot_us = clock_boot_us(intake->clock); // it was heard
        memmove(&reading->values[i], &reading->values[i + 1], (--reading->value_count - i) * sizeof *value);
        return true;
    }
    return false;
}

void numbered_take(struct intake *intake)
{
    struct normalised_pack *pack = intake->pack;
    size_t kept = 0;
    for (size_t i = 0; i < pack->count; i++) {
        struct normalised *one = &pack->readings[i];
        if (take_number(intake, one) && one->reading.value_count == 0 && one->reading.refused_count == 0)
            continue;
        if (kept != i)
            pack->readings[kept] = *one;
        kept++;
    }
    pack->count = kept;
}
