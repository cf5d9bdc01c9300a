// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * A serial port that is not there: a pty whose slave stands, by a link, where the configuration expects the device. The
 * daemon opens it as it would a real one; it cannot tell.
 */

struct fake_port {
    int master;
    char *device;         // the link
    char slave[64];       // what it points to
    bool open;            // somebody has the slave open
    struct bytes pending; // the rest of a line that did not fit yet
};

// Makes the pty and the link. Refuses (-EEXIST) a path at which anything but a link into /dev/pts stands. Zero-initialise
// the port; it may be closed whatever this returned.
int fake_port_open(struct fake_port *port, const char *device, struct fault *why);

// Writes one line whole (also what is left of the line before). False when nobody listens or the line is full: then
// nothing of it was written.
bool fake_port_write(struct fake_port *port, const void *line, size_t size);

// Removes the link if it is still ours, and closes.
void fake_port_close(struct fake_port *port);
