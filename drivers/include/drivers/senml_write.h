// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "reading/raw.h"
#include <stddef.h>

/*
 * Writes SenML packs (RFC 8428), as a sensor would send them: for the simulator and for tests.
 */

enum senml_format { SENML_JSON = 110, SENML_CBOR = 112 }; // as CoAP Content-Formats

// Appends one pack, without a line end. `base_name` goes in front of every value's name (bn), "" for none. Of a value the
// name, unit, number, boolean or text, sum and time are written; data values are not for this writer. `count` is 1 at
// least. Check out->overflow.
void senml_write(struct bytes *out, enum senml_format format, const char *base_name, const struct raw_value *values,
                 size_t count);
