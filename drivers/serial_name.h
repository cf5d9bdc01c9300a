// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits.h>
#include <stdbool.h>

/*
 * Names of serial ports that stay: the kernel counts ttyUSB0, ttyUSB1 in the order in which it finds adapters.
 */

// True for a name such as /dev/ttyUSB0, which may be another port after the next start.
bool serial_name_changes(const char *device);

// The name below `folder` (/dev/serial/by-path) that leads to the same port now; false when there is none.
bool serial_name_lasting(const char *folder, const char *device, char ret_name[PATH_MAX]);
