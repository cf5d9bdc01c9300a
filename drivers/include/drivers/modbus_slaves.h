// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "reading/raw.h"
#include "settings/settings.h"

/*
 * The devices of a Modbus bus, played: their registers hold what virtual sensors say. For demonstrations and tests. They
 * answer on any fd that carries the bus's bytes, mostly the master side of a pty.
 */

struct modbus_slaves;

// The devices of all sensors of [modbus:NAME]. Copies what it needs.
int modbus_slaves_create(const struct settings *settings, const char *name, struct modbus_slaves **ret_slaves,
                         struct fault *why);
void modbus_slaves_destroy(struct modbus_slaves *slaves); // NULL is fine

// Puts a report's values where the sensor's maps say that they are read; factor and offset are undone. What no report
// gives counts up with every report.
void modbus_slaves_put(struct modbus_slaves *slaves, const struct settings *settings,
                       const struct settings_sensor *sensor, const struct raw_pack *report);

// Answers what has been asked on `fd`, which must not block. Returns how many requests it answered.
size_t modbus_slaves_serve(struct modbus_slaves *slaves, int fd);
