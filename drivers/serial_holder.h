// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

/*
 * Who else has a serial port open: for the person who has to end it.
 */

enum { SERIAL_HOLDER_SIZE = 80 };

enum serial_holder { HOLDER_NONE, HOLDER_SUSPECT, HOLDER_FOUND };

// "minicom (process 4711)", "agetty (process 612), a login on this port", or for a suspect "ModemManager (process 501), perhaps".
// None does not mean that there is none: only root sees what the programs of others have open. Walks /proc.
enum serial_holder serial_holder_find(const char *device, char ret_holder[SERIAL_HOLDER_SIZE]);
