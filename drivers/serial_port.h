// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "settings/settings.h"
#include <stdint.h>

/*
 * Opens a serial port for us alone: raw, 8 bits, any baud rate, never the controlling terminal, never blocking. What the
 * port had received before is thrown away. Faults name the device and say what to do.
 *
 * "Alone" is a lock that others who ask for it see (flock), and on real ports TIOCEXCL, which also keeps out those who do
 * not ask.
 */
int serial_port_open(const char *device, int64_t baud, enum parity parity, int *ret_fd, struct fault *why);
void serial_port_close(int fd);
