// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"

// Checks what settings alone cannot know about profiles and sensors: quantities of map.* and range.*, their units, and
// that a profile is for the sensor's kind. Disables what is wrong, with a finding for each mistake.
void sensors_check(struct settings *settings, struct findings *findings);

// The profile of that name, or NULL; also NULL for "".
struct settings_device *profile_find(const struct settings *settings, const char *name);
