// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/driver.h"

// One line per driver file; the table is in drivers.c.
extern const struct driver driver_coap, driver_gpsd, driver_modbus, driver_observe, driver_serial, driver_sim;
