// SPDX-License-Identifier: Apache-2.0
#include "modbus_check.h"

#include "base/messages.h"
#include "modbus_target.h"
#include "reading/vocabulary.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = 80 };

// What was counted since the last reading is added up: an offset would be counted each time, too.
static bool can_reset(const struct settings_map *map, enum kind kind)
{
    const struct quantity *quantity = vocabulary_find(map->quantity, kind);
    return quantity && quantity_is_counter(quantity) && map->offset == 0 && map->factor > 0;
}

static int check_map(const struct settings_map *map, enum kind kind, unsigned registers_max, struct fault *why)
{
    struct modbus_field field;
    int error = modbus_field_parse(map->field, &field, why);
    if (!error && field.resets && !can_reset(map, kind))
        return fault_set(why, -EINVAL,
                         _("resets is for a running total; expected a quantity such as in_total, no offset, and no "
                           "negative factor"));
    if (error || modbus_table_has_bits(field.table) || modbus_field_width(&field) <= registers_max)
        return error;
    return fault_set(why, -EINVAL,
                     _("this takes %u registers at once, but registers_per_read is %u; expected that many at least"),
                     modbus_field_width(&field), registers_max);
}

static bool is_own(const struct settings_sensor *sensor, const struct settings_map *map)
{
    return map >= sensor->maps && map < sensor->maps + sensor->map_count;
}

// A profile's mistake disables those who read it, and nobody else who has the profile.
static void check_maps(struct settings *settings, struct settings_sensor *sensor, struct findings *findings)
{
    char key[KEY_SIZE];
    struct fault why;
    const struct settings_map *maps[MODBUS_FIELDS_MAX];
    size_t count = modbus_maps(settings, sensor, maps);
    for (size_t i = 0; i < count; i++) {
        if (check_map(maps[i], (enum kind)sensor->kind, modbus_registers_max(settings, sensor), &why) == 0)
            continue;
        snprintf(key, sizeof key, "map.%s", maps[i]->quantity);
        if (is_own(sensor, maps[i]))
            settings_disable_sensor(settings, sensor, findings, maps[i]->origin, key, "%s", why.text);
        else
            settings_disable_sensor(settings, sensor, findings, maps[i]->origin, "device", "[device:%s] %s: %s",
                                    sensor->device, key, why.text);
    }
    if (count == 0)
        settings_disable_sensor(settings, sensor, findings, sensor->origin, "map.",
                                _("nothing says what to read; expected a line such as map.in_total = input:10 u32, "
                                  "here or in its device"));
}

// Fields are named as tables begin: a sensor's id in front of a field would be taken for the sensor's name.
static bool is_table(const char *id)
{
    for (int i = 0; i < MODBUS_TABLE_COUNT; i++)
        if (strcmp(id, modbus_table_name((enum modbus_table)i)) == 0)
            return true;
    return false;
}

static void check_sensor(struct settings *settings, struct settings_sensor *sensor, struct findings *findings)
{
    unsigned unit;
    struct fault why;
    if (modbus_unit_parse(sensor->address, &unit, &why) != 0)
        settings_disable_sensor(settings, sensor, findings, sensor->origin, "address", "%s", why.text);
    if (is_table(sensor->id))
        settings_disable_sensor(settings, sensor, findings, sensor->origin, NULL,
                                _("a Modbus sensor cannot have this id; expected another than %s"), sensor->id);
    check_maps(settings, sensor, findings);
}

void modbus_check(struct settings *settings, struct findings *findings)
{
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (settings->sensor[i].source_type == SOURCE_MODBUS && !settings->sensor[i].disabled)
            check_sensor(settings, &settings->sensor[i], findings);
}
