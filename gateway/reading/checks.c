// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include "base/fault.h"
#include "base/messages.h"
#include "base/number.h"
#include "table.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 80 };

// The quantities of a kind, as many as fit.
static const char *list_quantities(enum kind kind, char *ret_list, size_t size)
{
    const struct quantity *row;
    size_t used = 0;
    ret_list[0] = '\0';
    for (size_t i = 0; (row = vocabulary_at(i)); i++) {
        if (!(row->kinds >> kind & 1))
            continue;
        size_t length = (size_t)snprintf(ret_list + used, size - used, "%s%s", used ? " " : "", row->name);
        if (length >= size - used) {
            ret_list[used] = '\0';
            break;
        }
        used += length;
    }
    return ret_list;
}

static int unknown_quantity(const char *name, enum kind kind, struct fault *why)
{
    const char *nearest = vocabulary_nearest_of(name, kind);
    if (nearest)
        return fault_set(why, -EINVAL, _("a sensor of kind %s has no such quantity; did you mean %s?"),
                         kind_names[kind], nearest);
    if (kind == KIND_ENVIRONMENT || kind == KIND_GENERIC)
        return fault_set(why, -EINVAL,
                         _("not a known quantity; expected a name that ends in its unit, such as soil_temperature_c"));
    char list[240];
    return fault_set(why, -EINVAL, _("a sensor of kind %s has no such quantity; expected one of: %s"), kind_names[kind],
                     list_quantities(kind, list, sizeof list));
}

static int check_unit(const char *unit, const struct quantity *quantity, struct fault *why)
{
    double ignored;
    if (!unit[0])
        return 0;
    if (quantity->type == VALUE_TEXT)
        return fault_set(why, -EINVAL, _("a text has no unit; expected the field alone"));
    if (unit_convert(unit, quantity, 1, &ignored))
        return 0;
    const char *expected = quantity->unit[0] ? quantity->unit : "/";
    if (!unit_known(unit))
        return fault_set(why, -EINVAL, _("unknown unit \"%s\"; expected one that converts into %s"), unit, expected);
    return fault_set(why, -EINVAL, _("the unit \"%s\" does not fit; expected one that converts into %s"), unit,
                     expected);
}

static int check_map(const struct settings_map *map, enum kind kind, struct fault *why)
{
    const struct quantity *quantity = vocabulary_find(map->quantity, kind);
    if (!quantity)
        return unknown_quantity(map->quantity, kind, why);
    if (quantity->type == VALUE_TEXT && (map->factor != 1 || map->offset != 0))
        return fault_set(why, -EINVAL, _("a text cannot be multiplied or added to; expected the field alone"));
    return check_unit(map_unit(map), quantity, why);
}

static int check_range(const struct settings_range *range, enum kind kind, struct fault *why)
{
    char low[NUMBER_TEXT_SIZE], high[NUMBER_TEXT_SIZE];
    const struct quantity *quantity = vocabulary_find(range->quantity, kind);
    if (!quantity)
        return unknown_quantity(range->quantity, kind, why);
    if (quantity->type != VALUE_NUMBER && quantity->type != VALUE_INTEGER)
        return fault_set(why, -EINVAL, _("not a number; only numbers have a range"));
    if (!(range->low < range->high))
        return fault_set(why, -EINVAL, _("the first number must be smaller than the second; expected LOW..HIGH"));
    if (range->low <= quantity->high && range->high >= quantity->low)
        return 0;
    snprintf(low, sizeof low, "%g", quantity->low);
    snprintf(high, sizeof high, "%g", quantity->high);
    return fault_set(why, -EINVAL, _("no value can be in that range; expected a part of %s..%s"), low, high);
}

static void check_profile(struct settings_device *device, struct findings *findings)
{
    char section[KEY_SIZE], key[KEY_SIZE];
    struct fault why;
    snprintf(section, sizeof section, "device:%s", device->name);
    for (size_t i = 0; i < device->map_count; i++) {
        const struct settings_map *map = &device->maps[i];
        if (!check_map(map, (enum kind)device->kind, &why))
            continue;
        snprintf(key, sizeof key, "map.%s", map->quantity);
        findings_add(findings, FINDING_DISABLES, map->origin, section, key, "%s", why.text);
        device->disabled = true;
    }
}

struct settings_device *profile_find(const struct settings *settings, const char *name)
{
    for (size_t i = 0; name[0] && i < settings->device_count; i++)
        if (!strcmp(settings->device[i].name, name))
            return &settings->device[i];
    return NULL;
}

static int check_profile_of(const struct settings *settings, const struct settings_sensor *sensor, struct fault *why)
{
    const struct settings_device *device = profile_find(settings, sensor->device);
    if (!device)
        return 0;
    if (device->disabled)
        return fault_set(why, -EINVAL, _("the profile [device:%s] has mistakes; correct them first"), device->name);
    if (device->kind != sensor->kind)
        return fault_set(why, -EINVAL, _("the profile [device:%s] is for kind %s; expected kind %s"), device->name,
                         kind_names[device->kind], kind_names[sensor->kind]);
    return 0;
}

static void check_sensor(struct settings *settings, struct settings_sensor *sensor, struct findings *findings)
{
    char key[KEY_SIZE];
    struct fault why;
    enum kind kind = (enum kind)sensor->kind;
    if (check_profile_of(settings, sensor, &why))
        settings_disable_sensor(settings, sensor, findings, sensor->origin, "device", "%s", why.text);
    for (size_t i = 0; i < sensor->map_count; i++) {
        const struct settings_map *map = &sensor->maps[i];
        snprintf(key, sizeof key, "map.%s", map->quantity);
        if (check_map(map, kind, &why))
            settings_disable_sensor(settings, sensor, findings, map->origin, key, "%s", why.text);
    }
    for (size_t i = 0; i < sensor->range_count; i++) {
        const struct settings_range *range = &sensor->ranges[i];
        snprintf(key, sizeof key, "range.%s", range->quantity);
        if (check_range(range, kind, &why))
            settings_disable_sensor(settings, sensor, findings, range->origin, key, "%s", why.text);
    }
}

void sensors_check(struct settings *settings, struct findings *findings)
{
    for (size_t i = 0; i < settings->device_count; i++)
        if (!settings->device[i].disabled)
            check_profile(&settings->device[i], findings);
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (!settings->sensor[i].disabled)
            check_sensor(settings, &settings->sensor[i], findings);
}
