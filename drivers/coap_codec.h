// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"
#include "settings/settings.h"

/*
 * Which codec reads the payloads of a sensor that does not speak SenML: the one that its section, or its device's, names.
 */

// Content-Formats that say nothing of which sensor they are of.
enum { FORMAT_TEXT = 0, FORMAT_OCTETS = 42, FORMAT_LWM2M_TLV = 11542 };

// The codec for a body of that Content-Format (-1: none given), or NULL. `own` is that of the sensor, or NULL; `one_sensor`: it is
// known whose it is.
const struct codec *codec_for_body(const struct codec *own, bool one_sensor, int format);

struct codec_choices;

// Borrows the settings. NULL when out of memory; freed with free().
struct codec_choices *codec_choices_create(const struct settings *settings);

// NULL when that sensor names none. For a sensor that is not in the settings: one that takes the bytes as they are, so that the
// host can show them when it refuses the sensor.
const struct codec *codec_choice(const struct codec_choices *choices, const char *sensor);

// The LwM2M object that sensors of that one's kind are, such as 3431 for parking; 0 when the sensor is not known or its kind
// has no object of its own. Walks all sensors.
unsigned codec_object(const struct settings *settings, const char *sensor);
