// SPDX-License-Identifier: Apache-2.0
#include "stranger.h"

#include "base/messages.h"
#include "intake.h"
#include "reading/guess.h"
#include "unknown.h"
#include <string.h>

// The sensor whose address is the base name alone: the sender has left out what parts it from the field.
static const struct sensor *sensor_before(const struct intake *intake, const char *source,
                                          const struct raw_value *record)
{
    char base[GUESS_ADDRESS_MAX + 1];
    const char *field;
    if (record->base_size == 0 || record->base_size > GUESS_ADDRESS_MAX || !record->name[record->base_size])
        return NULL;
    memcpy(base, record->name, record->base_size);
    base[record->base_size] = '\0';
    const struct sensor *sensor = sensors_by_name(intake->sensors, source, base, &field);
    return sensor && !*field ? sensor : NULL;
}

enum refusal stranger_refuse(struct intake *intake, const char *source, const struct driver_pack *pack,
                             const char *name, struct fault *why)
{
    size_t record = pack->sensor ? 0 : intake->pack->unknown_record;
    const struct sensor *begins = pack->sensor ? NULL : sensor_before(intake, source, &pack->raw->values[record]);
    if (begins)
        fault_set(why, 0,
                  _("\"%s\" begins with the sensor %s, and no \":\" or \"/\" follows; expected one at the end of bn"),
                  name, begins->settings->id);
    else if (unknowns_note(intake->unknowns, source, pack, record, intake->sensors, clock_wall_us(intake->clock)))
        fault_set(why, 0, _("unknown sensor %s"), name);
    else
        fault_set(why, 0, _("the section of the sensor %s is wrong, and so it is disabled; citygw check tells why"),
                  name);
    return REFUSAL_UNKNOWN_SENSOR;
}
