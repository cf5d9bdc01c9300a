// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/modbus_slaves.h"
#include "simulate_ports.h"

/*
 * Modbus buses that are not there: a pty for each (simulate_ports.h), and devices that answer on it.
 */

struct fake_bus {
    const struct settings_modbus *settings;
    struct fake_port port;
    struct modbus_slaves *slaves;
};

// True when the sensor's device can be played.
bool fake_bus_has(const struct settings *settings, const struct settings_sensor *sensor);

// Opens the buses that have sensors; `buses` has room for all that are configured. To be closed whatever this returns.
int fake_buses_open(const struct settings *settings, struct fake_bus *buses, size_t *ret_count, struct fault *why);
void fake_buses_close(struct fake_bus *buses, size_t count);

// The devices of the bus with that name; NULL when it is not open.
struct modbus_slaves *fake_bus_find(struct fake_bus *buses, size_t count, const char *name);

// Answers what has been asked. Returns how many requests that were.
size_t fake_buses_serve(struct fake_bus *buses, size_t count);
