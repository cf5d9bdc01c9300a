// SPDX-License-Identifier: Apache-2.0
#include "simulate_buses.h"
#include <string.h>

static const struct settings_modbus *bus_of(const struct settings *settings, const struct settings_sensor *sensor)
{
    for (size_t i = 0; i < settings->modbus_count; i++)
        if (strcmp(settings->modbus[i].name, sensor->source_name) == 0)
            return &settings->modbus[i];
    return NULL;
}

bool fake_bus_has(const struct settings *settings, const struct settings_sensor *sensor)
{
    const struct settings_modbus *bus = bus_of(settings, sensor);
    return !sensor->disabled && sensor->source_type == SOURCE_MODBUS && bus && !bus->disabled;
}

static bool has_sensors(const struct settings *settings, const struct settings_modbus *bus)
{
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (fake_bus_has(settings, &settings->sensor[i]) && bus_of(settings, &settings->sensor[i]) == bus)
            return true;
    return false;
}

int fake_buses_open(const struct settings *settings, struct fake_bus *buses, size_t *ret_count, struct fault *why)
{
    int error = 0;
    *ret_count = 0;
    for (size_t i = 0; i < settings->modbus_count && !error; i++) {
        if (!has_sensors(settings, &settings->modbus[i]))
            continue;
        struct fake_bus *bus = &buses[(*ret_count)++];
        bus->settings = &settings->modbus[i];
        error = modbus_slaves_create(settings, bus->settings->name, &bus->slaves, why);
        if (!error)
            error = fake_port_open(&bus->port, bus->settings->device, why);
    }
    return error;
}

void fake_buses_close(struct fake_bus *buses, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fake_port_close(&buses[i].port);
        modbus_slaves_destroy(buses[i].slaves);
    }
}

struct modbus_slaves *fake_bus_find(struct fake_bus *buses, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(buses[i].settings->name, name) == 0)
            return buses[i].slaves;
    return NULL;
}

size_t fake_buses_serve(struct fake_bus *buses, size_t count)
{
    size_t answered = 0;
    for (size_t i = 0; i < count; i++)
        answered += modbus_slaves_serve(buses[i].slaves, buses[i].port.master);
    return answered;
}
