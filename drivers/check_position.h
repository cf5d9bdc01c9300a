// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"

// Warns of a `position` from which none will come, and of vehicles that measure acceleration and have no position anywhere.
void check_positions(const struct settings *settings, struct findings *findings);

// Whether any sensor's `position` is that port.
bool gives_position(const struct settings *settings, const char *type, const char *name);
