// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"

// What can be wrong with the sensors of a Modbus bus, and their profiles: unit ids, fields, nothing to read. Disables them,
// each with a finding.
void modbus_check(struct settings *settings, struct findings *findings);
