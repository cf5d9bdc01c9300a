// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "drivers/sniff.h"
#include "settings/settings.h"
#include <limits.h>

/*
 * Listening to a serial port that no gateway runs: it is ours alone while it is open (serial_port.h), and nothing is ever
 * written to it.
 */

struct serial_ear;

// Of the section device, baud, parity, stop_bits and rs485 count. Faults name the device, who holds it, and what to do.
int serial_listen_open(const struct settings_serial *port, const struct clock *clock, struct serial_ear **ret_ear,
                       struct fault *why);
void serial_listen_close(struct serial_ear *ear); // NULL is fine

// Waits until something comes, a signal does, or `until_us` of the clock. Returns how many bytes there are, 0 for none yet;
// -EIO: the port is gone.
int serial_listen(struct serial_ear *ear, int64_t until_us, uint8_t *ret_data, int size);

// What the kernel has counted since the open.
void serial_listen_errors(const struct serial_ear *ear, struct sniff_errors *ret_errors);

// The name of that port which stays (/dev/serial/by-path/...), or the name that was given.
const char *serial_lasting_name(const char *device, char ret_name[PATH_MAX]);
