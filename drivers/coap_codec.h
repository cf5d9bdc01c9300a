// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"
#include "settings/settings.h"

/*
 * Which codec reads the payloads of a sensor that does not speak SenML: the one that its section, or its device's, names.
 */

struct codec_choices;

// Borrows the settings. NULL when out of memory; freed with free().
struct codec_choices *codec_choices_create(const struct settings *settings);

// NULL when that sensor names none.
const struct codec *codec_choice(const struct codec_choices *choices, const char *sensor);
