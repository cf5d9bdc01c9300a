// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * Opens a serial port for us alone: raw, 8 bits, any baud rate, never the controlling terminal, never blocking. What the
 * port had received before is thrown away. Faults name the device and say what to do.
 *
 * USB adapters are asked to hand on bytes at once and not every 16 ms (ASYNC_LOW_LATENCY); those that cannot stay as they are.
 *
 * "Alone" is a lock that others who ask for it see (flock), and on real ports TIOCEXCL, which also keeps out those who do
 * not ask.
 */
struct serial_line {
    const char *device;
    int64_t baud;
    enum parity parity;
    int stop_bits; // 1 or 2
    bool rs485;    // the kernel switches the transmitter on while it sends (TIOCSRS485)
};

int serial_port_open(const struct serial_line *line, int *ret_fd, struct fault *why);
void serial_port_close(int fd);
