// SPDX-License-Identifier: Apache-2.0
#include "modbus_target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const int64_t poll_default_us = 10 * 1000000LL;

static const struct settings_device *find_device(const struct settings *settings, const struct settings_sensor *sensor)
{
    for (size_t i = 0; i < settings->device_count; i++)
        if (strcmp(settings->device[i].name, sensor->device) == 0)
            return &settings->device[i];
    return NULL;
}

unsigned modbus_registers_max(const struct settings *settings, const struct settings_sensor *sensor)
{
    const struct settings_device *device = find_device(settings, sensor);
    return device ? (unsigned)device->registers_per_read : MODBUS_REGISTERS_MAX;
}

static bool is_replaced(const struct settings_sensor *sensor, const char *quantity)
{
    for (size_t i = 0; i < sensor->map_count; i++)
        if (strcmp(sensor->maps[i].quantity, quantity) == 0)
            return true;
    return false;
}

size_t modbus_maps(const struct settings *settings, const struct settings_sensor *sensor,
                   const struct settings_map *ret_maps[MODBUS_FIELDS_MAX])
{
    size_t count = 0;
    const struct settings_device *device = find_device(settings, sensor);
    for (size_t i = 0; i < sensor->map_count && count < MODBUS_FIELDS_MAX; i++)
        ret_maps[count++] = &sensor->maps[i];
    for (size_t i = 0; device && i < device->map_count && count < MODBUS_FIELDS_MAX; i++)
        if (!is_replaced(sensor, device->maps[i].quantity))
            ret_maps[count++] = &device->maps[i];
    return count;
}

bool modbus_is_on(const struct settings_sensor *sensor, const char *bus)
{
    return !sensor->disabled && sensor->source_type == SOURCE_MODBUS && strcmp(sensor->source_name, bus) == 0;
}

static bool is_among(const char *name, const char *const names[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int parse_fields(struct modbus_target *target, const struct settings *settings,
                        const struct settings_sensor *sensor, const char **ret_names, struct fault *why)
{
    const struct settings_map *maps[MODBUS_FIELDS_MAX];
    size_t count = modbus_maps(settings, sensor, maps);
    target->fields = calloc(count + 1, sizeof *target->fields);
    if (!target->fields)
        return fault_errno(why, -ENOMEM, "%s", sensor->id);
    for (size_t i = 0; i < count; i++) {
        if (is_among(maps[i]->field, ret_names, target->field_count))
            continue;
        int error = modbus_field_parse(maps[i]->field, &target->fields[target->field_count], why);
        if (error)
            return error;
        ret_names[target->field_count++] = maps[i]->field;
    }
    return 0;
}

static int plan(struct modbus_reads *reads, const struct modbus_target *target, unsigned registers_max, unsigned gap)
{
    reads->reads = calloc(target->field_count + 1, sizeof *reads->reads);
    reads->places = calloc(target->field_count + 1, sizeof *reads->places);
    if (!reads->reads || !reads->places)
        return -ENOMEM;
    reads->count = modbus_plan(target->fields, target->field_count, registers_max, gap, reads->reads, reads->places);
    return reads->count > 0 || target->field_count == 0 ? 0 : -ENOMEM;
}

int modbus_target_init(struct modbus_target *target, const struct settings *settings,
                       const struct settings_sensor *sensor, const char **ret_names, struct fault *why)
{
    const struct settings_device *device = find_device(settings, sensor);
    unsigned most = modbus_registers_max(settings, sensor);
    *target = (struct modbus_target){.poll_us = device && device->poll_us > 0 ? device->poll_us : poll_default_us};
    int error = modbus_unit_parse(sensor->address, &target->unit, why);
    if (!error)
        error = parse_fields(target, settings, sensor, ret_names, why);
    if (error)
        return error;
    error = plan(&target->joined, target, most, MODBUS_GAP);
    if (!error)
        error = plan(&target->careful, target, most, 0);
    return error ? fault_errno(why, error, "%s", sensor->id) : 0;
}

void modbus_target_finish(struct modbus_target *target)
{
    free(target->fields);
    free(target->joined.reads);
    free(target->joined.places);
    free(target->careful.reads);
    free(target->careful.places);
    *target = (struct modbus_target){0};
}
