// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "drivers/driver.h"
#include "reading/refusal.h"

/*
 * A pack that names a sensor that nobody configured, or that its section's mistake has switched off.
 */

struct intake;

// Notes who it is, where that is not known, and says what was probably meant. `name` is the sensor that the request was for, or what the
// first record of a stranger is called. Always REFUSAL_UNKNOWN_SENSOR.
enum refusal stranger_refuse(struct intake *intake, const char *source, const struct driver_pack *pack,
                             const char *name, struct fault *why);
